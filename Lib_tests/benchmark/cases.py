"""What is compared with the three functions

A contestant is called with a number of times, and returns how many seconds
these took.  CASES has what makes them, by their names, in each case; the first
is compared with the others.  Where that raises ImportError or AttributeError,
it is not to be had here.
"""

import asyncio
import concurrent.futures
import contextlib
import gc
import subprocess
import sys
import time
from functools import partial
from importlib import import_module as module

from asyncio_fgbg import (
    call_in_background, run_in_foreground, schedule_coroutine,
)


clock = time.perf_counter
cleanup = contextlib.ExitStack()    # for what contestants have started


async def nothing():
    pass


def do_nothing():
    pass


# The functions' own event loop, which asyncio.run() leaves alone.
run_in_foreground(nothing())
loop = asyncio.get_event_loop()


def repeated(function, size=1):
    """Return a contestant that calls *function*, which does *size* things."""
    def contestant(number):
        count = -(-number // size)
        start = clock()
        for _ in range(count):
            function()
        return (clock() - start) * number / count / size
    return contestant


def runs(run):
    return repeated(lambda: run(nothing()))


def unsynced(unsync):
    start = unsync(nothing)
    return repeated(lambda: start().result())


def nested(nest_asyncio):
    # It replaces parts of asyncio for good.  The functions have an event loop
    # that it has not touched.
    nested_loop = type('NestedLoop', (asyncio.SelectorEventLoop,), {})()
    nest_asyncio.apply(nested_loop)
    return runs(nested_loop.run_until_complete)


def in_thread(get_run):
    other_loop = asyncio.new_event_loop()
    contestant = runs(get_run(other_loop))
    thread = concurrent.futures.ThreadPoolExecutor(
        1, initializer=asyncio.set_event_loop, initargs=[other_loop])
    return lambda number: thread.submit(contestant, number).result()


def scheduled(schedule, size=1000, collects=True):
    async def run_batch():
        if not collects:
            gc.disable()
        for _ in range(size):
            schedule(nothing())
        # They run, then what waits for their ends does.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        gc.enable()
    return repeated(lambda: run_in_foreground(run_batch()), size)


def create_and_keep(coro, background=set()):        # noqa: B006
    task = asyncio.create_task(coro)
    background.add(task)
    task.add_done_callback(background.discard)


def grouped(task_group, size=1000):
    async def run_batch():
        async with task_group() as group:
            for _ in range(size):
                group.create_task(nothing())
    return repeated(lambda: run_in_foreground(run_batch()), size)


def called(call, size=100, together=True):
    async def run_batch():
        # What returns a coroutine has started nothing: gather() does it.
        if together:
            await asyncio.gather(*[call() for _ in range(size)])
        else:
            for _ in range(size):
                await call()
    return repeated(lambda: run_in_foreground(run_batch()), size)


async def echo(reader, writer):
    async for message in reader:
        writer.write(message)
    writer.close()


async def exchange(address):
    reader, writer = await asyncio.open_connection(*address)
    for _ in range(500):
        writer.write(b'spam\n')
        await reader.readline()
    writer.close()


def session(run, schedule):
    # The proposal's: a server, two clients, one after the other.
    def serve():
        server = run(asyncio.start_server(echo, '127.0.0.1', 0))
        for _ in range(2):
            run(schedule(exchange(server.sockets[0].getsockname())))
        server.close()
        run(server.wait_closed())
    return repeated(serve, 1000)


def imported(setup, statement):
    """Return a contestant that has a process import something."""
    code = (f'import time; {setup}; start = time.perf_counter(); {statement}; '
            'print(time.perf_counter() - start)')
    return lambda number: number * float(subprocess.check_output(
        [sys.executable, '-c', code]))


call = partial(call_in_background, do_nothing)
CASES = {
    'run_in_foreground': {
        'helper': lambda: runs(run_in_foreground),
        'loop.run_until_complete': lambda: runs(loop.run_until_complete),
        'asyncio.run': lambda: runs(asyncio.run),
        'asyncio.Runner.run':
            lambda: runs(cleanup.enter_context(asyncio.Runner()).run),
    },
    'run_in_foreground, peers': {
        'helper': lambda: runs(run_in_foreground),
        'asgiref.sync.async_to_sync': lambda: repeated(
            module('asgiref.sync').async_to_sync(nothing)),
        'anyio.run': lambda: repeated(partial(module('anyio').run, nothing)),
        'anyio portal': lambda: repeated(partial(cleanup.enter_context(
            module('anyio.from_thread').start_blocking_portal()).call,
            nothing)),
        'unsync': lambda: unsynced(module('unsync').unsync),
    },
    'run_in_foreground, nest_asyncio': {
        'helper': lambda: runs(run_in_foreground),
        'nest_asyncio': lambda: nested(module('nest_asyncio')),
    },
    'run_in_foreground, another thread': {
        'helper': lambda: in_thread(lambda loop: run_in_foreground),
        'loop.run_until_complete':
            lambda: in_thread(lambda loop: loop.run_until_complete),
    },
    'schedule_coroutine': {
        'helper': lambda: scheduled(schedule_coroutine),
        'create_task, kept as documented': lambda: scheduled(create_and_keep),
        'loop.create_task': lambda: scheduled(loop.create_task),
        'TaskGroup.create_task': lambda: grouped(asyncio.TaskGroup),
    },
    **{name: {
        'helper': partial(called, call, together=together),
        'loop.run_in_executor': partial(
            called, partial(loop.run_in_executor, None, do_nothing),
            together=together),
        'asyncio.to_thread': lambda together=together: called(
            partial(asyncio.to_thread, do_nothing), together=together),
    } for name, together in [('call_in_background', True),
                             ('call_in_background, one at a time', False)]},
    'call_in_background, peers': {
        'helper': lambda: called(call),
        'asgiref.sync.sync_to_async': lambda: called(
            module('asgiref.sync').sync_to_async(do_nothing,
                                                 thread_sensitive=False)),
        'anyio.to_thread.run_sync': lambda: called(partial(
            module('anyio.to_thread').run_sync, do_nothing)),
    },
    'TCP echo': {
        'helper': lambda: session(run_in_foreground, schedule_coroutine),
        'plain asyncio':
            lambda: session(loop.run_until_complete, loop.create_task),
    },
    'import': {
        'helper': lambda: imported('import asyncio', 'import asyncio_fgbg'),
        'import asyncio': lambda: imported('pass', 'import asyncio'),
    },
    # What one costs when there are many: the contestants are their numbers.
    **{f'growth of schedule_coroutine{name}': {
        str(size): partial(scheduled, schedule_coroutine, size, collects)
        for size in (10**5, 10**3, 10**4)
    } for name, collects in [('', True), (', no collector', False)]},
    'growth of call_in_background': {
        str(size): partial(called, call, size)
        for size in (10**4, 10**2, 10**3)
    },
}
