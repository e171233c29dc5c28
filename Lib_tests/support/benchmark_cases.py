"""What Tools/benchmark.py compares with the three functions

A contestant is called with a number of times and returns how many seconds
these took.  CASES has what makes them, by their names, in each case; where
that raises ImportError or AttributeError, it is not to be had here.
"""

import asyncio
import concurrent.futures
import contextlib
import functools
import gc
import importlib
import os
import subprocess
import sys
import threading
import time

from asyncio_fgbg import (
    call_in_background, run_in_foreground, schedule_coroutine,
)


BATCH = 1000        # coroutines that are scheduled before they run
CALLS = 100         # calls that are started before they are waited for
clock = time.perf_counter
cleanup = contextlib.ExitStack()    # for what contestants have started


async def nothing():
    pass


def do_nothing():
    pass


# The functions' own event loop, which asyncio.run() leaves alone.
run_in_foreground(nothing())
loop = asyncio.get_event_loop()


def repeated(function):
    """Return a contestant that calls *function* without arguments."""
    def contestant(number):
        start = clock()
        for _ in range(number):
            function()
        return clock() - start
    return contestant


def runs(run):
    return repeated(lambda: run(nothing()))


def unsynced(unsync):
    start = unsync(nothing)
    return repeated(lambda: start().result())


def make_nested_loop():
    # nest_asyncio replaces parts of asyncio for good.  The functions have an
    # event loop that it has not touched.
    nested = type('NestedLoop', (asyncio.SelectorEventLoop,), {})()
    importlib.import_module('nest_asyncio').apply(nested)
    return nested


def in_thread(contestant):
    thread = concurrent.futures.ThreadPoolExecutor(1)
    thread.submit(asyncio.set_event_loop, get_other_loop()).result()
    return lambda number: thread.submit(contestant, number).result()


@functools.lru_cache
def get_other_loop():
    return asyncio.new_event_loop()


def in_batches(size, run_batch):
    """Return a contestant that awaits *run_batch* for each *size* times."""
    async def measure(number):
        count = -(-number // size)
        start = clock()
        for _ in range(count):
            await run_batch()
        return (clock() - start) * number / count / size

    return lambda number: run_in_foreground(measure(number))


def scheduled(schedule):
    async def run_batch():
        for _ in range(BATCH):
            schedule(nothing())
        # They run, then what waits for their ends does.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    return in_batches(BATCH, run_batch)


def create_and_keep(coro, background=set()):        # noqa: B006
    task = asyncio.create_task(coro)
    background.add(task)
    task.add_done_callback(background.discard)


def grouped(task_group):
    async def run_batch():
        async with task_group() as group:
            for _ in range(BATCH):
                group.create_task(nothing())
    return in_batches(BATCH, run_batch)


def gathered(call):
    # What returns a coroutine has started nothing: gather() makes it a task.
    async def run_batch():
        await asyncio.gather(*[call() for _ in range(CALLS)])
    return in_batches(CALLS, run_batch)


def awaited(call):
    return in_batches(1, call)


async def echo(reader, writer):
    async for message in reader:
        writer.write(message)
    writer.close()


async def exchange(address, number):
    reader, writer = await asyncio.open_connection(*address)
    for _ in range(number):
        writer.write(b'spam\n')
        await reader.readline()
    writer.close()


def session(run, schedule):
    # The proposal's: a server, two clients, one after the other.
    def contestant(number):
        start = clock()
        server = run(asyncio.start_server(echo, '127.0.0.1', 0))
        address = server.sockets[0].getsockname()
        for half in number - number // 2, number // 2:
            run(schedule(exchange(address, half)))
        server.close()
        run(server.wait_closed())
        return clock() - start
    return contestant


def in_process(*args):
    """Return a contestant that has a process print how long one took."""
    return lambda number: number * float(subprocess.check_output(
        [sys.executable, *map(str, args)]))


def imported(setup, statement):
    return in_process('-c', f'''if True:
        import time
        {setup}
        start = time.perf_counter()
        {statement}
        print(time.perf_counter() - start)''')


def used(statement):
    # Each in a process of its own: what the interpreter has seen of one event
    # loop, it expects of another.
    return in_process('-c', f'''if True:
        import asyncio, asyncio_fgbg, time
        async def nothing(): pass
        loop = asyncio.new_event_loop()
        {statement}
        for number in 1000, 2000:
            start = time.perf_counter()
            for _ in range(number):
                loop.run_until_complete(nothing())
            took = time.perf_counter() - start
        loop.close()
        print(took / number)''')


def grown(put, item, size, collects):
    """Return a contestant that says what one of *size* items takes."""
    def contestant(number):
        if not collects:
            gc.disable()
        start = clock()
        for _ in range(size):
            future = put(item())
        # What is scheduled last is done last, and so is what is called.
        run_in_foreground(asyncio.wait([future]))
        gc.enable()
        return (clock() - start) * number / size
    return contestant


def weighed(name, size):
    # In a process of its own: tables that have grown once stay as they are.
    importlib.import_module('tracemalloc')
    return in_process(__file__, name, size)


def weigh(name, size):
    """Return the bytes that an item takes while it waits, besides itself."""
    import tracemalloc

    async def wait():
        await loop.create_future()

    put, item, _ = PUT[name]
    if item is nothing:
        items = [wait() for _ in range(size)]
    else:
        items = [do_nothing] * size
        for _ in range(100):        # more than the executor has threads
            call_in_background(threading.Event().wait)
    futures = [None] * size
    gc.collect()
    tracemalloc.start()
    for number, item in enumerate(items):
        futures[number] = put(item)
    return tracemalloc.get_traced_memory()[0] / size


# The cases, and what makes their contestants by their names.

HELPER = 'helper'   # the one that the others are compared with
module = importlib.import_module
CASES = {
    'run_in_foreground': {
        HELPER: lambda: runs(run_in_foreground),
        'loop.run_until_complete': lambda: runs(loop.run_until_complete),
        'asyncio.run': lambda: runs(asyncio.run),
        'asyncio.Runner.run':
            lambda: runs(cleanup.enter_context(asyncio.Runner()).run),
    },
    'run_in_foreground, peers': {
        HELPER: lambda: runs(run_in_foreground),
        'asgiref.sync.async_to_sync':
            lambda: repeated(module('asgiref.sync').async_to_sync(nothing)),
        'anyio.run': lambda: repeated(
            functools.partial(module('anyio').run, nothing)),
        'anyio portal': lambda: repeated(functools.partial(
            cleanup.enter_context(module('anyio.from_thread')
                                  .start_blocking_portal()).call, nothing)),
        'unsync': lambda: unsynced(module('unsync').unsync),
    },
    'run_in_foreground, nest_asyncio': {
        HELPER: lambda: runs(run_in_foreground),
        'nest_asyncio': lambda: runs(make_nested_loop().run_until_complete),
    },
    'run_in_foreground, another thread': {
        HELPER: lambda: in_thread(runs(run_in_foreground)),
        'loop.run_until_complete':
            lambda: in_thread(runs(get_other_loop().run_until_complete)),
    },
    'schedule_coroutine': {
        HELPER: lambda: scheduled(schedule_coroutine),
        'create_task, kept as documented': lambda: scheduled(create_and_keep),
        'loop.create_task': lambda: scheduled(loop.create_task),
        'TaskGroup.create_task': lambda: grouped(asyncio.TaskGroup),
    },
    **{name: {
        HELPER: lambda measured=measured: measured(
            lambda: call_in_background(do_nothing)),
        'loop.run_in_executor': lambda measured=measured: measured(
            lambda: loop.run_in_executor(None, do_nothing)),
        'asyncio.to_thread': lambda measured=measured: measured(
            functools.partial(asyncio.to_thread, do_nothing)),
    } for name, measured in [('call_in_background', gathered),
                             ('call_in_background, one at a time', awaited)]},
    'call_in_background, peers': {
        HELPER: lambda: gathered(lambda: call_in_background(do_nothing)),
        'asgiref.sync.sync_to_async': lambda: gathered(
            module('asgiref.sync').sync_to_async(do_nothing,
                                                 thread_sensitive=False)),
        'anyio.to_thread.run_sync': lambda: gathered(functools.partial(
            module('anyio.to_thread').run_sync, do_nothing)),
    },
    'TCP echo': {
        HELPER: lambda: session(run_in_foreground, schedule_coroutine),
        'plain asyncio':
            lambda: session(loop.run_until_complete, loop.create_task),
    },
    'import': {
        HELPER: lambda: imported('import asyncio', 'import asyncio_fgbg'),
        'import asyncio': lambda: imported('', 'import asyncio'),
    },
    'loop.run_until_complete, used loop': {
        HELPER: lambda: used(
            'asyncio_fgbg.schedule_coroutine(nothing(), loop=loop)'),
        'new loop': lambda: used(''),
    },
    'memory': {
        HELPER: lambda: weighed('schedule_coroutine', 10**4),
        'loop.create_task': lambda: weighed('loop.create_task', 10**4),
    },
}

# Growth: what an item costs when there are many, in seconds or bytes.  Their
# contestants are the numbers of items.

TASKS = 10**3, 10**4, 10**5, 10**6
CALLS_MADE = 10**2, 10**3, 10**4, 10**5
PUT = {
    'schedule_coroutine': (schedule_coroutine, nothing, TASKS),
    'loop.create_task': (loop.create_task, nothing, TASKS),
    'call_in_background':
        (call_in_background, lambda: do_nothing, CALLS_MADE),
    'loop.run_in_executor': (functools.partial(loop.run_in_executor, None),
                             lambda: do_nothing, CALLS_MADE),
}

for name, (put, item, sizes) in PUT.items():
    if name != 'loop.run_in_executor':
        for collector in '', ', no collector':
            CASES[f'growth of {name}{collector}'] = {
                str(size): functools.partial(grown, put, item, size,
                                             not collector)
                for size in sizes}
    CASES[f'memory of {name}'] = {
        str(size): functools.partial(weighed, name, size) for size in sizes}


if __name__ == '__main__':
    print(weigh(sys.argv[1], int(sys.argv[2])), flush=True)
    os._exit(0)         # what waits would wait for ever
