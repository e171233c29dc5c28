"""A process for a storm of SIGINTs: it does nothing but wait, many times

It does what sender.py tells it.
"""

import asyncio
import functools
import itertools
import json
import os
import random
import signal
import sys
import traceback
import types
import warnings

from asyncio_fgbg import (
    call_in_background, run_in_foreground, schedule_coroutine,
)
from support import TIMEOUT

from .background import Background, Work, open_gate, pause

# The commands, one byte each.
WAIT, PROMPT, ENTER, SETTLE = b'w', b'p', b'\n', b's'


class Failure(Exception):
    """What is raised on purpose."""


class Storm(Background):
    """Waits in the foreground, and the account of what is lost.

    Each function among WAITS returns what is to be waited for, one after the
    other, and what that may return.
    """

    def __init__(self, loop, *, seed, quiet=False):
        self.choices = random.Random(seed)
        self.handler = None     # that of an earlier wait
        super().__init__(loop, seed=seed, quiet=quiet)

    def wait(self, waits, expose):
        """Wait for one of *waits*; return what *expose* does.

        It is a function that calls its argument where SIGINT may strike.
        """
        self.ending = []        # works that must have ended with the wait
        awaitables, values = self.choices.choice(waits)(self)
        self.results, self.error = [], None
        handler = signal.default_int_handler
        if self.handler is not None and self.choices.randrange(2):
            # As a debugger or a server may do that has saved it.
            handler = self.handler
        signal.signal(signal.SIGINT, handler)
        self.loop.call_soon(self.save_handler)
        try:
            return expose(functools.partial(self.bring, awaitables))
        finally:
            for result in self.results:
                if result not in values:
                    self.lose('endings', f'{result!r} is none of {values!r}')
            if self.error is not None:
                self.lose('endings', repr(self.error))
            for work in self.ending:
                self.check_work(work)
            if signal.getsignal(signal.SIGINT) is handler:
                # The wait may have been interrupted before it began.
                signal.signal(signal.SIGINT, signal.default_int_handler)
            if self.check_background():
                self.mend_background()

    def save_handler(self):
        self.handler = signal.getsignal(signal.SIGINT)

    def wait_at_prompt(self):
        """Wait for Ctrl-C, after it was said that it may strike."""
        self.loop.call_soon(print, 'storm', 'waits')
        self.wait(ENDLESS_WAITS, lambda act: act())

    def bring(self, awaitables):
        try:
            for awaitable in awaitables:
                self.results.append(run_in_foreground(awaitable))
        except Failure:
            pass
        except (Exception, asyncio.CancelledError) as exc:
            self.error = exc

    def seconds(self):
        return max(0, self.choices.uniform(-0.001, 0.003))

    def work(self, seconds=None):
        self.works.append(Work(self.loop, seconds))
        return self.works[-1]

    def own_work(self, seconds=None):
        self.ending.append(self.work(seconds))
        return self.ending[-1]

    def owe(self, future, value, gate=None):
        self.owed.append((future, value, gate))
        return future

    def task(self, seconds=None):
        work = self.work(seconds)
        return self.owe(schedule_coroutine(work.run()), work.value, work.gate)

    def endless_coroutine(self):
        return [self.own_work().run()], []

    def endless_coroutine_that_ignores_cancellation(self):
        async def ignore():
            try:
                await work.run()
            except asyncio.CancelledError:
                pass

        work = self.own_work()
        return [ignore()], []

    def endless_task(self):
        return [self.task()], []

    def endless_future(self):
        gate = self.loop.create_future()
        return [self.owe(gate, None, gate)], []

    def endless_gather(self):
        async def gather():
            return await asyncio.gather(*[work.run() for work in works])

        works = [self.work(), self.work(self.seconds())]
        return [gather()], []

    def ending_coroutine(self):
        work = self.own_work(self.seconds())
        return [work.run()], [work.value]

    def ending_coroutine_that_fails(self):
        async def fail():
            await work.run()
            raise Failure

        work = self.own_work(self.seconds())
        return [fail()], []

    def ending_task(self):
        return [self.task(self.seconds())], [self.owed[-1][1]]

    def ending_task_again(self):
        pending = [owed for owed in self.owed
                   if owed[2] is not None and not owed[2].done()]
        if not pending:
            self.task()
            pending = self.owed[-1:]
        future, value, gate = self.choices.choice(pending)
        self.loop.call_later(self.seconds(), open_gate, gate)
        return [future], [value]

    def ending_future(self):
        gate = self.loop.create_future()
        self.loop.call_later(self.seconds(), open_gate, gate)
        return [self.owe(gate, None, gate)], [None]

    def ending_call(self):
        seconds = self.seconds()
        call = functools.partial(pause, seconds)
        return [self.owe(call_in_background(call), seconds)], [seconds]

    def ending_gather(self):
        tasks = [self.task(self.seconds()) for _ in range(3)]
        values = [value for _, value, _ in self.owed[-3:]]
        return [self.owe(asyncio.gather(*tasks), values)], [values]

    def ending_shield(self):
        task = self.task(self.seconds())
        value = self.owed[-1][1]
        return [self.owe(asyncio.shield(task), value)], [value]

    def ending_wait_for(self):
        async def wait_for():
            try:
                return await asyncio.wait_for(work.run(), timeout)
            except asyncio.TimeoutError:
                return None

        work = self.work(self.seconds())
        timeout = self.choices.choice([TIMEOUT, self.seconds()])
        return [wait_for()], [work.value, None]

    def ending_wait(self):
        tasks = {self.task(self.seconds()) for _ in range(3)}
        return [asyncio.wait(tasks)], [(tasks, set())]

    def ending_steps(self):
        return (asyncio.sleep(0) for _ in range(100)), [None]

    def ending_steps_of_tasks(self):
        async def step(number):
            for _ in range(number):
                await asyncio.sleep(0)

        # One ends after the other.
        return [self.owe(schedule_coroutine(step(number)), None)
                for number in range(1, 101)], [None]


WAITS = [function for name, function in vars(Storm).items()
         if name.startswith(('endless', 'ending'))]
ENDLESS_WAITS = [function for function in WAITS
                 if function.__name__.startswith('endless')]


def make_loop(name):
    if name == 'uvloop':
        import uvloop
        loop = uvloop.new_event_loop()
    else:
        loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    return loop


def mask_sigint(how):
    signal.pthread_sigmask(how, [signal.SIGINT])


def expose(signals, act):
    """Call act() open to SIGINT; return what KeyboardInterrupt came out of.

    No more than *signals* may arrive.  Each raises at most once, so that as
    many tries are safe from them all.
    """
    interrupted = ''
    try:
        if signals > 1:
            interrupted = expose(signals - 1, act)
        else:
            mask_sigint(signal.SIG_UNBLOCK)
            act()
        mask_sigint(signal.SIG_BLOCK)       # raises for one that is due
    except KeyboardInterrupt as exc:
        mask_sigint(signal.SIG_BLOCK)
        codes = [frame.f_code
                 for frame, _ in traceback.walk_tb(exc.__traceback__)]
        interrupted = ('helper' if run_in_foreground.__code__ in codes
                       else 'prompt')
    return interrupted


def read_command():
    return os.read(0, 1)


def obey(storm, expose):
    """Do what standard input says, and write after each how it has ended."""
    waits = ENDLESS_WAITS if storm.quiet else WAITS
    while True:
        interrupted = ''
        command = read_command()
        if command == WAIT:
            interrupted = storm.wait(waits, expose)
        elif command == PROMPT:
            interrupted = expose(read_command)
        elif command == SETTLE:
            storm.settle()
            storm.start()
        elif command == ENTER:
            continue
        else:
            break
        print(json.dumps({'interrupted': interrupted, 'losses': storm.losses,
                          'notes': storm.notes}), flush=True)


def main(*, seed, loop, signals, quiet):
    # What is interrupted before its wait has begun.
    warnings.filterwarnings('ignore', 'coroutine .* was never awaited')
    mask_sigint(signal.SIG_BLOCK)
    # Any signal makes Python look for others.
    signal.signal(signal.SIGUSR1, lambda signum, frame: None)
    if signals > 1:
        # On a busy machine, the process may stand still for 0.1 s between two
        # of them: the next one would interrupt whatever runs.
        sys.modules[run_in_foreground.__module__].time = \
            types.SimpleNamespace(monotonic=itertools.count(1, 0.001).__next__)
    storm = Storm(make_loop(loop), seed=seed, quiet=quiet)
    obey(storm, functools.partial(expose, signals))
    storm.close()
