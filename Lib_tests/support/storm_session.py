"""A process for a storm of SIGINTs: it does nothing but wait, many times

Run as a script, it does what storm_sender.py tells it.
"""

import argparse
import asyncio
import faulthandler
import functools
import itertools
import json
import os
import random
import signal
import sys
import types
import warnings

from asyncio_fgbg import (
    call_in_background, run_in_foreground, schedule_coroutine,
)
from support import TIMEOUT
from support.storm_background import Background, Work, open_gate, pause

# The commands, one byte each.
WAIT, PROMPT, ENTER, SETTLE = b'w', b'p', b'\n', b's'


class Failure(Exception):
    pass


class Storm(Background):
    """Waits in the foreground, and the account of what is lost.

    Each function among WAITS prepares something, yields what is to be waited
    for, one after the other, and looks at how that has ended.
    """

    def __init__(self, loop, *, seed, quiet=False):
        self.choices = random.Random(seed)
        self.handler = None     # that of an earlier wait
        super().__init__(loop, seed=seed, quiet=quiet)

    def wait(self, waits, expose):
        """Wait for one of *waits*; return what *expose* does.

        It is a function that calls its argument where SIGINT may strike.
        """
        wait = self.choices.choice(waits)(self)
        awaitables = next(wait)
        self.results, self.error = [], None
        handler = signal.default_int_handler
        if self.handler is not None and self.choices.randrange(2):
            # As a debugger or a server may do that has saved it.
            handler = self.handler
        signal.signal(signal.SIGINT, handler)
        self.loop.call_soon(self.save_handler)
        interrupted = expose(functools.partial(self.bring, awaitables))
        next(wait, None)
        if self.error is not None:
            self.lose('endings', repr(self.error))
        if signal.getsignal(signal.SIGINT) is handler:
            # The wait may have been interrupted before it began.
            signal.signal(signal.SIGINT, signal.default_int_handler)
        self.check_background()
        return interrupted

    def save_handler(self):
        self.handler = signal.getsignal(signal.SIGINT)

    def wait_at_prompt(self):
        """Wait for Ctrl-C, after it was said that it may strike."""
        self.loop.call_soon(print, 'storm', 'waits')
        if self.wait(ENDLESS_WAITS, catch):
            raise KeyboardInterrupt

    def bring(self, awaitables):
        try:
            for awaitable in awaitables:
                self.results.append(run_in_foreground(awaitable))
        except (Exception, asyncio.CancelledError) as exc:
            self.error = exc

    def expect(self, *values):
        for result in self.results:
            if result not in values:
                self.lose('endings', f'{result!r} is none of {values!r}')

    def seconds(self):
        return max(0, self.choices.uniform(-0.001, 0.003))

    def work(self, seconds=None):
        work = Work(self.loop, seconds)
        self.works.append(work)
        return work

    def owe(self, future, value, gate=None):
        self.owed.append((future, value, gate))
        return future

    def task(self, seconds=None):
        work = self.work(seconds)
        return self.owe(schedule_coroutine(work.run()), work.value, work.gate)

    def coroutine(self):
        work = self.work()
        yield [work.run()]
        self.expect()
        self.check_work(work)

    def coroutine_that_ends(self):
        work = self.work(self.seconds())
        yield [work.run()]
        self.expect(work.value)
        self.check_work(work)

    def coroutine_that_fails(self):
        async def fail():
            await work.run()
            raise Failure

        work = self.work(self.seconds())
        yield [fail()]
        if isinstance(self.error, Failure):
            self.error = None
        self.expect()
        self.check_work(work)

    def coroutine_that_ignores_cancellation(self):
        async def ignore():
            try:
                await work.run()
            except asyncio.CancelledError:
                pass

        work = self.work()
        yield [ignore()]
        self.expect()
        self.check_work(work)

    def shared_task(self):
        yield [self.task()]
        self.expect()

    def shared_task_that_ends(self):
        yield [self.task(self.seconds())]
        self.expect(self.owed[-1][1])

    def shared_task_again(self):
        pending = [owed for owed in self.owed
                   if owed[2] is not None and not owed[2].done()]
        if not pending:
            self.task()
            pending = self.owed[-1:]
        future, value, gate = self.choices.choice(pending)
        self.loop.call_later(self.seconds(), open_gate, gate)
        yield [future]
        self.expect(value)

    def shared_future(self):
        gate = self.loop.create_future()
        yield [self.owe(gate, None, gate)]
        self.expect()

    def shared_future_that_ends(self):
        gate = self.loop.create_future()
        self.loop.call_later(self.seconds(), open_gate, gate)
        yield [self.owe(gate, None, gate)]
        self.expect(None)

    def shared_call(self):
        seconds = self.seconds()
        call = functools.partial(pause, seconds)
        yield [self.owe(call_in_background(call), seconds)]
        self.expect(seconds)

    def shared_gather(self):
        tasks = [self.task(self.seconds()) for _ in range(3)]
        values = [value for _, value, _ in self.owed[-3:]]
        yield [self.owe(asyncio.gather(*tasks), values)]
        self.expect(values)

    def shared_shield(self):
        task = self.task(self.seconds())
        yield [self.owe(asyncio.shield(task), self.owed[-1][1])]
        self.expect(self.owed[-1][1])

    def gather(self):
        async def gather():
            return await asyncio.gather(*[work.run() for work in works])

        works = [self.work(), self.work(self.seconds())]
        yield [gather()]
        self.expect()

    def wait_for(self):
        async def wait_for():
            try:
                return await asyncio.wait_for(work.run(), timeout)
            except asyncio.TimeoutError:
                return None

        work = self.work(self.seconds())
        timeout = self.choices.choice([TIMEOUT, self.seconds()])
        yield [wait_for()]
        self.expect(work.value, None)

    def wait_for_all(self):
        yield [asyncio.wait({self.task(self.seconds()) for _ in range(3)})]
        for done, pending in self.results:
            if len(done) != 3 or pending:
                self.lose('endings', f'asyncio.wait(): {self.results}')

    def single_steps(self):
        yield (asyncio.sleep(0) for _ in range(100))
        self.expect(None)

    def single_steps_of_tasks(self):
        async def step(number):
            for _ in range(number):
                await asyncio.sleep(0)

        # One ends after the other.
        yield [self.owe(schedule_coroutine(step(number)), None)
               for number in range(1, 101)]
        self.expect(None)


ENDLESS_WAITS = [
    Storm.coroutine,
    Storm.coroutine_that_ignores_cancellation,
    Storm.shared_task,
    Storm.shared_future,
    Storm.gather,
]
WAITS = ENDLESS_WAITS + [
    Storm.coroutine_that_ends,
    Storm.coroutine_that_fails,
    Storm.shared_task_that_ends,
    Storm.shared_task_again,
    Storm.shared_future_that_ends,
    Storm.shared_call,
    Storm.shared_gather,
    Storm.shared_shield,
    Storm.wait_for,
    Storm.wait_for_all,
    Storm.single_steps,
    Storm.single_steps_of_tasks,
]


def make_loop(name):
    if name == 'uvloop':
        import uvloop
        loop = uvloop.new_event_loop()
    else:
        loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    return loop


def catch(act):
    try:
        act()
    except KeyboardInterrupt:
        return True
    return False


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
        interrupted = find_interrupted(exc.__traceback__)
    return interrupted


def find_interrupted(traceback):
    while traceback is not None:
        if traceback.tb_frame.f_code is run_in_foreground.__code__:
            return 'helper'
        traceback = traceback.tb_next
    return 'prompt'


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


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--seed', type=int, required=True)
    parser.add_argument('--loop', choices=['asyncio', 'uvloop'],
                        required=True)
    parser.add_argument('--signals', type=int, required=True)
    parser.add_argument('--quiet', action='store_true')
    args = parser.parse_args()
    faulthandler.enable()
    # What is interrupted before its wait has begun.
    warnings.filterwarnings('ignore', 'coroutine .* was never awaited')
    mask_sigint(signal.SIG_BLOCK)
    # Any signal makes Python look for others.
    signal.signal(signal.SIGUSR1, lambda signum, frame: None)
    if args.signals > 1:
        # On a busy machine, the process may stand still for 0.1 s between two
        # of them: the next one would interrupt whatever runs.
        sys.modules[run_in_foreground.__module__].time = \
            types.SimpleNamespace(monotonic=itertools.count(1, 0.001).__next__)
    storm = Storm(make_loop(args.loop), seed=args.seed, quiet=args.quiet)
    obey(storm, functools.partial(expose, args.signals))
    storm.close()


if __name__ == '__main__':
    main()
