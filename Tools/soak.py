#!/usr/bin/env python3
"""Work for a long time and see that nothing piles up.

Every round schedules 20,000 coroutines (awaited, dropped, raising,
cancelled), makes 2,000 background calls (default executor, own pool,
raising), makes, uses and closes 200 event loops (with loop=, set for a
thread, made by the helpers with asyncio.run() in between; most with tasks
pending), and interrupts 200 waits with real SIGINTs (sent from a callback and
by another process).  Then it counts what is left.

A count grew if its lowest value in the last quarter of the rounds is above
its highest in the second quarter, by more than the tolerance: none for what
is counted one by one, 200 for objects, and a tenth for memory.  The first
quarter warms up.

asyncio_fgbg is the one that Python finds:

    PYTHONPATH=. python3 Tools/soak.py

The exit status is 1 if a count grew, and 2 if something did not end as it
should have.
"""

import argparse
import array
import asyncio
import collections
import concurrent.futures
import gc
import os
import platform
import resource
import signal
import subprocess
import sys
import threading
import time

from asyncio_fgbg import (call_in_background, run_in_foreground,
                          schedule_coroutine)


COROUTINES = 20_000
CALLS = 2_000
LOOPS = 200
WAITS = 200
ROUNDS = 50             # that is a million coroutines in all
BATCH = 20              # of what is in the background at the same time
TIMEOUT = 10            # seconds; reached only by what is broken

SIGNALLER = """
import os, signal
while os.read(0, 1):
    os.kill(os.getppid(), signal.SIGINT)
    os.write(1, b'x')
"""


class Failure(Exception):
    """What coroutines and calls raise on purpose."""


class WrongOutcome(Exception):
    pass


def check(what, found, expected):
    if found != expected:
        raise WrongOutcome(f'{what}: {found}, not {expected}')


def handle_exception(loop, context):
    # Exceptions of what was dropped, and tasks of loops that were closed, are
    # meant to be.
    if (not isinstance(context.get('exception'), Failure)
        and 'was destroyed but it is pending' not in context['message']
    ):
        loop.default_exception_handler(context)


def new_loop():
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(handle_exception)
    return loop


async def wait_for_ever():
    await asyncio.get_event_loop().create_future()


def succeed():
    return 42


def fail():
    raise Failure


def outcomes(futures, **kwargs):
    """Count how *futures* end, by the types of their results."""
    results = run_in_foreground(
        asyncio.gather(*futures, return_exceptions=True), **kwargs)
    return collections.Counter(type(result).__name__ for result in results)


class Soak:
    """The jobs.  All but those of other loops run in one loop that stays."""

    def __init__(self):
        self.totals = collections.Counter()
        self.insisting = []     # the task that takes two Ctrl-C
        self.loop = new_loop()
        asyncio.set_event_loop(self.loop)
        self.pool = concurrent.futures.ThreadPoolExecutor(2)
        self.loop.set_default_executor(
            concurrent.futures.ThreadPoolExecutor(4))
        self.start_threads()
        self.threads = set(threading.enumerate())
        # Away from the terminal's Ctrl-C.
        self.signaller = subprocess.Popen(
            [sys.executable, '-c', SIGNALLER], bufsize=0,
            start_new_session=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def start_threads(self):
        """Start all threads of the two executors, which stay."""
        for executor, size in (self.pool, 2), (None, 4):
            barrier = threading.Barrier(size)
            outcomes([call_in_background(barrier.wait, executor=executor)
                      for _ in range(size)])

    def close(self):
        self.signaller.communicate()
        self.pool.shutdown()
        self.loop.close()
        asyncio.set_event_loop(None)

    def run_round(self):
        for _ in range(COROUTINES // BATCH):
            self.schedule(BATCH)
        for _ in range(CALLS // BATCH):
            self.call(BATCH)
        for number in range(LOOPS):
            self.use_loop(number)
        for number in range(WAITS):
            self.interrupt_wait(number)

    def schedule(self, number):
        async def work(end):
            begun.append(end)
            await asyncio.sleep(0)
            return end()

        async def work_for_ever():
            begun.append(None)
            await wait_for_ever()

        begun, awaited, cancelled = [], [], []
        for _ in range(number // 5):
            schedule_coroutine(work(succeed))
            schedule_coroutine(work(fail))
            awaited.append(schedule_coroutine(work(succeed)))
            awaited.append(schedule_coroutine(work(fail)))
            cancelled.append(schedule_coroutine(work_for_ever()))
        run_in_foreground(asyncio.sleep(0))
        check('coroutines that began', len(begun), number)
        check('an awaited result', run_in_foreground(awaited[0]), 42)
        for task in cancelled:
            task.cancel()
        check('scheduled coroutines', outcomes(awaited + cancelled), {
            'int': number // 5, 'Failure': number // 5,
            'CancelledError': number // 5})
        self.totals['scheduled coroutines'] += number

    def call(self, number):
        futures = []
        for _ in range(number // 4):
            for executor in None, self.pool:
                for target in succeed, fail:
                    futures.append(
                        call_in_background(target, executor=executor))
        check('background calls', outcomes(futures),
              {'int': number // 2, 'Failure': number // 2})
        self.totals['background calls'] += number

    def use_loop(self, number):
        if number % 4 == 0:
            loop = new_loop()
            task = schedule_coroutine(asyncio.sleep(0, 42), loop=loop)
            check('a loop', run_in_foreground(task, loop=loop), 42)
            loop.close()
        elif number % 4 == 1:
            loop = new_loop()
            self.fill_loop(loop=loop)
            loop.close()
        elif number % 4 == 2:
            with concurrent.futures.ThreadPoolExecutor(1) as executor:
                executor.submit(self.use_loop_of_thread).result()
        else:
            self.use_own_loop()
        self.totals['loops'] += 1

    def use_loop_of_thread(self):
        loop = new_loop()
        asyncio.set_event_loop(loop)
        self.fill_loop()
        loop.close()

    def use_own_loop(self):
        asyncio.set_event_loop(None)
        loop = call_in_background(int).get_loop()
        check('who made the loop', loop is self.loop, False)
        loop.set_exception_handler(handle_exception)
        task = schedule_coroutine(asyncio.sleep(0, 42))
        asyncio.run(asyncio.sleep(0))
        check('a task after asyncio.run()', run_in_foreground(task), 42)
        self.fill_loop()
        loop.close()
        asyncio.set_event_loop(self.loop)

    def fill_loop(self, **kwargs):
        """Leave tasks and calls in the loop."""
        for _ in range(3):
            schedule_coroutine(wait_for_ever(), **kwargs)
        future = call_in_background(fail, **kwargs)
        check('a call', outcomes([future], **kwargs), {'Failure': 1})

    def interrupt_wait(self, number):
        if number % 2:
            interrupt = self.interrupt_myself
        else:
            interrupt = self.let_interrupt
        self.loop.call_soon(interrupt)
        if number // 2 % 4 == 0:
            self.interrupted(wait_for_ever())
        elif number // 2 % 4 == 1:
            task = schedule_coroutine(wait_for_ever())
            self.interrupted(task)
            check('whether the task is done', task.done(), False)
            task.cancel()
            check('the task', outcomes([task]), {'CancelledError': 1})
        elif number // 2 % 4 == 2:
            may_return = threading.Event()
            future = call_in_background(may_return.wait)
            self.interrupted(future)
            may_return.set()
            check('the call', run_in_foreground(future), True)
        else:
            self.interrupted(self.insist())
            outcomes(self.insisting)
            self.insisting.clear()
        self.totals['interrupted waits'] += 1

    def interrupted(self, task):
        try:
            result = run_in_foreground(task)
        except KeyboardInterrupt:
            result = KeyboardInterrupt
        check('the end of a wait', result, KeyboardInterrupt)
        check("SIGINT's handler", signal.getsignal(signal.SIGINT),
              signal.default_int_handler)

    async def insist(self):
        self.insisting.append(asyncio.current_task())
        try:
            await wait_for_ever()
        except asyncio.CancelledError:
            # Where in asyncio the second one hits depends on the version.
            self.loop.call_soon(self.insisting[0].cancel)
            self.interrupt_myself()
            await wait_for_ever()

    def interrupt_myself(self):
        os.kill(os.getpid(), signal.SIGINT)

    def let_interrupt(self):
        self.signaller.stdin.write(b'x')
        # The signal is there before the answer: it ends no other wait.
        check("the signaller's answer", self.signaller.stdout.read(1), b'x')

    def count(self):
        """Return what is alive, by name."""
        # The loops that were closed do not wait for their executors.
        deadline = time.monotonic() + TIMEOUT
        for thread in set(threading.enumerate()) - self.threads:
            thread.join(max(0, deadline - time.monotonic()))
        types = find_types()
        return {
            'tasks': sum(issubclass(cls, asyncio.Task) for cls in types),
            'loops': sum(issubclass(cls, asyncio.AbstractEventLoop)
                         for cls in types),
            'threads': threading.active_count(),
            'fds': len(os.listdir('/dev/fd')),
            'objects': len(types),
            'memory': memory(),
        }


def find_types():
    """Return the types of all objects that the garbage collector leaves."""
    before, types = None, []
    # Of the tasks that refer to each other, PyPy frees one a collection.
    while before != len(types):
        before = len(types)
        for _ in range(5):
            gc.collect()
        types = list(map(type, gc.get_objects()))
    return types


def memory():
    """Return the memory of this process, in MiB; without /proc, its peak."""
    try:
        with open('/proc/self/statm') as file:
            pages = int(file.read().split()[1])
    except FileNotFoundError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return pages * resource.getpagesize() / 2**20


def find_growth(history):
    """Return how much each count grew that is not flat, by its name."""
    growth = {}
    for name, counts in history.items():
        quarter = len(counts) // 4
        warm = max(counts[quarter:2 * quarter])
        grown = min(counts[-quarter:]) - warm
        tolerance = {'objects': 200, 'memory': warm / 10}.get(name, 0)
        if grown > tolerance:
            growth[name] = grown
    return growth


def run(rounds, minutes):
    """Run *rounds* rounds, or for *minutes*; return all counts by name."""
    start, done = time.monotonic(), 0
    # The rounds that are over shall not count as objects.
    history = collections.defaultdict(lambda: array.array('d'))
    soak = Soak()
    try:
        while done < rounds or time.monotonic() - start < minutes * 60:
            soak.run_round()
            counts = soak.count()
            if not done:
                print('round', *(f'{name:>8}' for name in counts), ' seconds')
            done += 1
            print(f'{done:5}', *(f'{count:8.5g}' if name == 'memory' else
                                 f'{count:8}'
                                 for name, count in counts.items()),
                  f'{time.monotonic() - start:8.0f}', flush=True)
            for name, count in counts.items():
                history[name].append(count)
    finally:
        soak.close()
    print(', '.join(f'{number} {what}'
                    for what, number in soak.totals.items()))
    return history


def main():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    length = parser.add_mutually_exclusive_group()
    length.add_argument('--rounds', type=int, default=ROUNDS,
                        help='how many rounds, at least 4 (%(default)s)')
    length.add_argument('--minutes', type=float,
                        help='rounds for so long, at least 4')
    args = parser.parse_args()
    if args.rounds < 4:
        parser.error('it takes 4 rounds to see whether something grows')
    # In the background of a shell, SIGINT is ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    print(platform.python_implementation(), platform.python_version())
    try:
        if args.minutes is None:
            history = run(args.rounds, 0)
        else:
            history = run(4, args.minutes)
    except WrongOutcome as exc:
        print(f'{parser.prog}: {exc}', file=sys.stderr)
        return 2
    growth = find_growth(history)
    for name, grown in growth.items():
        print(f'{name} grew by {grown:.5g} from the second quarter of the '
              'rounds to the last')
    if not growth:
        print('all counts are flat')
    return 1 if growth else 0


if __name__ == '__main__':
    sys.exit(main())
