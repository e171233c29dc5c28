"""Work for a long time and see that nothing piles up.

Every round schedules 20,000 coroutines (awaited, dropped, raising,
cancelled), makes 2,000 calls (in two executors, raising), makes, uses and
closes 200 event loops (with loop=, in a thread, at a prompt that used
asyncio.run(); most with tasks pending), and interrupts 200 waits by SIGINTs at
random moments and in pairs.  Then it counts what is left.

A count grew if its lowest value in the last quarter of the rounds is above
its highest in the second quarter, by more than the tolerance: none for what
is counted one by one, 200 for objects, and a tenth for the most memory that
was used (in KiB; on macOS in bytes).  The first quarter warms up.

In Lib_tests, "PYTHONPATH=.. python -m storm.soak" does it.  The exit status is
1 if a count grew, and 2 if something did not end as it should have.
"""

import array
import asyncio
import collections
import concurrent.futures
import gc
import logging
import os
import platform
import random
import resource
import signal
import sys
import threading
import time
import warnings

from asyncio_fgbg import (
    call_in_background, run_in_foreground, schedule_coroutine,
)
from support import TIMEOUT
from support.command_line import Parser
from support.sigint import freeze_clock, send_sigint

from .session import WAITS, Failure, Storm, expose, make_loop, mask_sigint


def check(what, found, expected):
    if found != expected:
        raise AssertionError(f'{what}: {found}, not {expected}')


def succeed():
    return 42


def fail():
    raise Failure


async def end(target):
    await asyncio.sleep(0)
    return target()


async def wait_for_ever():
    await asyncio.get_event_loop().create_future()


async def interrupt_twice():
    try:
        send_sigint()
        await wait_for_ever()
    finally:
        send_sigint()
        await asyncio.sleep(0)      # which the wait does not wait for


def outcomes(futures, **kwargs):
    """Count how *futures* end, by the types of their results."""
    results = run_in_foreground(
        asyncio.gather(*futures, return_exceptions=True), **kwargs)
    return collections.Counter(type(result).__name__ for result in results)


def fill_loop(**kwargs):
    """Leave tasks in an event loop, and return it."""
    for _ in range(3):
        schedule_coroutine(wait_for_ever(), **kwargs)
    call = call_in_background(fail, **kwargs)
    check('a call', outcomes([call], **kwargs), {'Failure': 1})
    return call.get_loop()


def use_loop_of_thread():
    asyncio.set_event_loop(asyncio.new_event_loop())
    fill_loop().close()


def expose_once(act):
    """Call act() and have SIGINT sent while it goes on, if it does."""
    sender = threading.Timer(
        random.uniform(0, 0.004), signal.pthread_kill,
        [threading.main_thread().ident, signal.SIGINT])
    sender.start()
    interrupted = expose(1, act)
    sender.join()
    return expose(1, int) or interrupted        # to one that comes late


class Soak:
    """Work, most of it in one event loop that stays."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.loop.set_default_executor(
            concurrent.futures.ThreadPoolExecutor(1))
        asyncio.set_event_loop(self.loop)
        self.pool = concurrent.futures.ThreadPoolExecutor(1)
        self.call()
        self.threads = set(threading.enumerate())

    def run_round(self):
        for repeat, work in [(1000, self.schedule), (100, self.call),
                             (50, self.use_loops), (1, self.interrupt)]:
            for _ in range(repeat):
                work()

    def schedule(self):
        """Schedule 20 coroutines."""
        for target in [succeed, fail] * 4:
            schedule_coroutine(end(target))
        ending = [schedule_coroutine(end(target))
                  for target in [succeed, fail] * 4]
        waiting = [schedule_coroutine(wait_for_ever()) for _ in range(4)]
        run_in_foreground(asyncio.sleep(0))
        for task in waiting:
            task.cancel()
        check('coroutines', outcomes(ending + waiting),
              {'int': 4, 'Failure': 4, 'CancelledError': 4})
        check('tasks', asyncio.all_tasks(self.loop), set())

    def call(self):
        """Make 20 calls."""
        calls = [call_in_background(target, executor=executor)
                 for target in [succeed, fail] * 5
                 for executor in (None, self.pool)]
        check('calls', outcomes(calls), {'int': 10, 'Failure': 10})

    def use_loops(self):
        """Make event loops in four ways, use and close them."""
        loop = asyncio.new_event_loop()
        check('a wait', run_in_foreground(end(succeed), loop=loop), 42)
        loop.close()
        fill_loop(loop=asyncio.new_event_loop()).close()
        with concurrent.futures.ThreadPoolExecutor(1) as executor:
            executor.submit(use_loop_of_thread).result()
        asyncio.set_event_loop(None)
        task = schedule_coroutine(end(succeed))
        asyncio.run(asyncio.sleep(0))
        check('a task after asyncio.run()', run_in_foreground(task), 42)
        fill_loop().close()
        asyncio.set_event_loop(self.loop)

    def interrupt(self):
        """Interrupt 200 waits with much in their background."""
        mask_sigint(signal.SIG_BLOCK)
        storm = Storm(make_loop('asyncio'), seed=random.getrandbits(32))
        for _ in range(50):
            for _ in range(3):
                storm.wait(WAITS, expose_once)
            with freeze_clock():
                check('two SIGINTs', expose(2, lambda: run_in_foreground(
                    interrupt_twice())), 'helper')
        storm.close()
        mask_sigint(signal.SIG_UNBLOCK)
        check('what SIGINTs broke', storm.notes, [])
        vars(storm).clear()     # its event loop and its futures are a cycle
        asyncio.set_event_loop(self.loop)

    def count(self):
        """Return what is alive, by name."""
        # The loops that were closed do not wait for their executors.
        for thread in set(threading.enumerate()) - self.threads:
            thread.join(TIMEOUT)
        before, types = None, []
        # Of the futures that are in a cycle, PyPy frees one a collection.
        while before != len(types):
            before = len(types)
            for _ in range(5):
                gc.collect()
            types = list(map(type, gc.get_objects()))
        counts = {f'{base.__name__}s': sum(issubclass(cls, base)
                                           for cls in types)
                  for base in (asyncio.Future, asyncio.Task, asyncio.Handle,
                               asyncio.BaseEventLoop)}
        return {
            **counts, 'threads': threading.active_count(),
            'descriptors': len(os.listdir('/dev/fd')), 'objects': len(types),
            'memory': resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}


def main():
    parser = Parser(__doc__, prog='python -m storm.soak')
    parser.add_argument('--rounds', type=int, default=50,
                        help='how many rounds, at least 4 (%(default)s)')
    rounds = parser.parse_args().rounds
    if rounds < 4:
        parser.error('it takes 4 rounds to see whether something grows')
    print(platform.python_implementation(), platform.python_version())
    # Of the exceptions of what was dropped, and of the tasks of closed loops.
    logging.disable()
    # A wait may be interrupted before it begins.
    warnings.filterwarnings('ignore', 'coroutine .* was never awaited')
    # The rounds that are over shall not count as objects.
    history = collections.defaultdict(lambda: array.array('d'))
    soak, start = Soak(), time.monotonic()
    for number in range(1, rounds + 1):
        try:
            soak.run_round()
        except AssertionError as exc:
            parser.error(exc)
        counts = soak.count()
        if number == 1:
            print('round', *counts, 'seconds')
        print(f'{number:5}', *(f'{count:{len(name)}}'
                               for name, count in counts.items()),
              f'{time.monotonic() - start:7.0f}', flush=True)
        for name, count in counts.items():
            history[name].append(count)
    flat, quarter = True, rounds // 4
    for name, counts in history.items():
        warm = max(counts[quarter:2 * quarter])
        grown = min(counts[-quarter:]) - warm
        if grown > {'objects': 200, 'memory': warm / 10}.get(name, 0):
            flat = False
            print(f'{name} grew by {grown:.0f} after the second quarter')
    if flat:
        print('all counts are flat')
    return not flat


if __name__ == '__main__':
    sys.exit(main())
