"""What a user does with an executor at a terminal

Started with the name of the executor, how many calls are to be made at once,
and what to do: "play", "kill".
"""

import asyncio
import functools
import multiprocessing
import os
import signal
import sys
from concurrent import futures

from asyncio_fgbg import (
    call_in_background, run_in_foreground, schedule_coroutine,
)
from interop.support import calls

WORKERS = 2
IGNORE_SIGINT = {'initializer': signal.signal,
                 'initargs': (signal.SIGINT, signal.SIG_IGN)}


def make_executor(name):
    if name == 'thread':
        return futures.ThreadPoolExecutor(WORKERS)
    if name == 'interpreter':
        return futures.InterpreterPoolExecutor(WORKERS)
    if name == 'process':       # its workers get Ctrl-C, too
        return futures.ProcessPoolExecutor(WORKERS)
    if name in ('fork', 'forkserver', 'spawn'):
        return futures.ProcessPoolExecutor(
            WORKERS, multiprocessing.get_context(name), **IGNORE_SIGINT)
    if name == 'loky':
        import loky
        return loky.get_reusable_executor(WORKERS, **IGNORE_SIGINT)
    if name == 'mpi4py':
        from mpi4py.futures import MPIPoolExecutor
        return MPIPoolExecutor(WORKERS, **IGNORE_SIGINT)
    import distributed
    client = distributed.Client(scheduler_file=os.environ['SCHEDULER_FILE'])
    client.wait_for_workers(WORKERS)
    return client.get_executor(pure=False)


def make_path(name):
    return os.path.join(os.environ['HOME'], name)


def count_tasks(dask_scheduler):
    return sum(task.state in ('queued', 'processing')
               for task in dask_scheduler.tasks.values())


async def ask_for_ctrl_c():
    print('press Ctrl-C', flush=True)   # now that it is waited for


class Session:
    def __init__(self, executor, number):
        self.executor = executor
        self.number = number

    def call(self, target, *args):
        return call_in_background(functools.partial(target, *args),
                                  executor=self.executor)

    def show(self, what, target, *args):
        """Print what is in the foreground, or what it raises."""
        try:
            if callable(target):
                target = self.call(target, *args)
            print(what, run_in_foreground(target), flush=True)
        except BaseException as exc:
            print(what, type(exc).__name__, flush=True)

    async def call_often(self):
        called = [self.call(calls.double, number)
                  for number in range(self.number)]
        answers = 0
        for number, call in enumerate(called):
            answers += await call == 2 * number
            if number % 1000 == 0:
                print('at', number, flush=True)
        return answers

    def play(self):
        self.show('result:', calls.double, 21)
        self.show('exception:', calls.fail)
        self.cancel_before_the_start()
        print('worker:', run_in_foreground(self.call(os.getpid)), flush=True)
        self.show('answers:', schedule_coroutine(self.call_often()))
        self.wait_and_be_interrupted()

    def cancel_before_the_start(self):
        go, started = make_path('go 1'), make_path('started {}').format
        waiting = [self.call(calls.wait_for_file, go, started(number))
                   for number in range(4 * WORKERS)]
        # While no event loop runs here.
        for number in range(WORKERS):
            calls.wait_for_file(started(number))
        print('progress: True')
        ran = make_path('ran')
        cancelled = self.call(calls.make_file, ran)
        self.wait_for_scheduler(len(waiting) + 1)
        cancelled.cancel()
        self.show('cancelled:', cancelled)
        self.wait_for_scheduler(len(waiting))
        calls.make_file(go)
        run_in_foreground(asyncio.wait(waiting))
        print('ran anyway:', os.path.exists(ran))

    def wait_for_scheduler(self, number):
        """Return when *number* calls are left to be done."""
        # That of Dask hears of all things later.
        client = getattr(self.executor, '_client', None)
        while client and client.run_on_scheduler(count_tasks) != number:
            pass

    def wait_and_be_interrupted(self):
        go, started = make_path('go 2'), make_path('started')
        call = self.call(calls.wait_for_file, go, started)
        calls.wait_for_file(started)
        schedule_coroutine(ask_for_ctrl_c())
        self.show('interrupted:', call)
        calls.make_file(go)
        self.show('went on:', call)
        self.show('afterwards:', calls.double, 22)

    def kill(self):
        self.show('killed:', calls.die)


def main():
    name, number, *steps = sys.argv[1:]
    executor = make_executor(name)
    session = Session(executor, int(number))
    for step in steps:
        getattr(session, step)()
    executor.shutdown()
    print('left', flush=True)


if __name__ == '__main__':
    main()
