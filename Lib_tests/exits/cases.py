"""How an interpreter ends, and what is in its background when it does

runner.py runs these, with the helpers and with asyncio.run().
"""

import asyncio
import atexit
import concurrent.futures
import functools
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
import warnings

import asyncio_fgbg


role = 'main'       # of this process or interpreter: main, child or sub
references = []     # to what stays alive until the end
writers = []        # of connections that stay open
uses = []           # what must work with the event loop after a fork


def say(text):
    os.write(1, f'{text}\n'.encode())


def say_cleaned(what, owner):
    # A forked child may finalize what its parent has suspended (Python does).
    if owner == role:
        say(f'{owner} cleaned {what}')


# What is in the background.  Each says what it has cleaned up, and is done
# when it is under way.

async def start_tasks(what='task'):
    async def sleep(owner):
        try:
            await asyncio.sleep(3600)
        finally:
            for _ in range(3):
                await asyncio.sleep(0.01)
            say_cleaned(what, owner)

    schedule(sleep(role))
    asyncio.get_event_loop().call_later(3600, say, 'a timer ran')
    await asyncio.sleep(0)


async def start_calls():
    async def watch():
        try:
            await asyncio.sleep(3600)
        finally:
            leaving.set()

    def wait(what, owner=role):
        loop.call_soon_threadsafe(started.release)
        leaving.wait()
        if what == 'call':
            reached = threading.Event()
            loop.call_soon_threadsafe(reached.set)
            # With asyncio.run() before 3.9, the loop may have stopped by now.
            if not reached.wait(5):
                return
        say_cleaned(what, owner)

    loop = asyncio.get_event_loop()
    leaving = threading.Event()
    started = asyncio.Semaphore(0)
    executor = concurrent.futures.ThreadPoolExecutor(1)
    references.append(executor)
    schedule(watch())
    call(functools.partial(wait, 'call'))
    call(functools.partial(wait, 'call elsewhere'), executor=executor)
    await started.acquire()
    await started.acquire()


async def start_servers():
    async def serve(reader, writer, owner=role):
        connected.set()
        try:
            await reader.readexactly(1)
            writer.write(b'.')
            await asyncio.sleep(3600)
        finally:
            writer.close()
            say_cleaned('connection', owner)

    async def connect():
        reader, writer = await asyncio.open_connection(
            *server.sockets[0].getsockname())
        writers.append(writer)
        await connected.wait()
        connected.clear()
        return reader, writer

    async def talk():
        writer.write(b'.')
        await reader.readexactly(1)

    connected = asyncio.Event()
    server = await asyncio.start_server(serve, '127.0.0.1', 0)
    schedule(server.serve_forever())
    reader, writer = await connect()
    uses.append(talk)
    _, unread = await connect()
    unread.write(bytes(2 ** 24))


async def start_subprocesses():
    async def talk(owner):
        try:
            await process.stdout.read()
        finally:
            process.stdin.close()
            if await process.wait() == 0:
                say_cleaned('subprocess', owner)

    process = await asyncio.create_subprocess_exec(
        'cat', stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    schedule(talk(role))
    # Nobody waits for this one.
    process = await asyncio.create_subprocess_shell(
        'read line; echo "a subprocess was not killed"', stdin=subprocess.PIPE)
    references.append(process)
    await asyncio.sleep(0)


async def start_generators():
    async def generate(owner):
        try:
            yield
        finally:
            await asyncio.sleep(0)
            say_cleaned('generator', owner)

    generator = generate(role)
    references.append(generator)
    await generator.__anext__()


async def start_everything():
    for start in BACKGROUNDS.values():
        if start is not start_everything:
            await start()


BACKGROUNDS = {
    'tasks': start_tasks,
    'calls': start_calls,
    'servers': start_servers,
    'subprocesses': start_subprocesses,
    'generators': start_generators,
    'everything': start_everything,
}


# How the interpreter ends.  These are called with what starts the background.

def end_of_script(start):
    run(start())


def exit_in_coroutine(start):
    run(start(), leave(3))


def exception(start):
    run(start(), fail())


def earlier_exit_function(start):
    async def remember_loop():
        loops.append(asyncio.get_event_loop())

    def leave():
        if loops[0].is_closed():
            say_cleaned('loop', role)
        run(clean_up())

    loops = []
    atexit.register(leave)
    run(start(), remember_loop())


def later_exit_function(start):
    run(start())
    atexit.register(lambda: run(clean_up(), start_tasks('task at exit')))


def interrupt(start):
    run(start(), wait_for_signal(signal.SIGINT))


def terminate(start):
    signal.signal(signal.SIGTERM, lambda *args: sys.exit(3))
    run(start(), wait_for_signal(signal.SIGTERM))


def interrupt_while_leaving(start):
    async def interrupt_at_last():
        try:
            await asyncio.sleep(3600)
        finally:
            others = asyncio.all_tasks() - {asyncio.current_task()}
            if others:
                await asyncio.wait(others)
            await wait_for_signal(signal.SIGINT)

    async def start_interrupt():
        schedule(interrupt_at_last())
        await asyncio.sleep(0)

    run(start(), start_interrupt())


def fork(start, fork_and_wait):
    if with_helpers:
        run(start())
        status = fork_and_wait(start)
        run(use_loop(), leave(status))
    else:               # asyncio.run() would have been over before the fork
        status = fork_and_wait(start)
        run(start(), use_loop(), leave(status))


def fork_in_coroutine(start, fork_and_wait):
    async def fork_while_running():
        status = fork_and_wait(start)
        await use_loop()
        await leave(status)

    if with_helpers:
        run(start(), fork_while_running())
    else:
        fork(start, fork_and_wait)


def fork_and_exit(start):
    return fork_and_start(None)


def fork_and_start(start):
    global role
    pid = ignore_fork_warning(os.fork)
    if pid == 0:
        role = 'child'
        finalized = Finalized()  # noqa: F841 (until the end)
        file = open(1, 'w', closefd=False)
        file.write('child cleaned file\n')
        for writer in writers:
            writer.close()
        if start is not None:
            run(start())
        sys.exit(3)
    return os.waitpid(pid, 0)[1] >> 8


class Finalized:
    def __del__(self, write=os.write):
        write(1, b'child cleaned object\n')


def multiprocess(start):
    process = multiprocessing.get_context('fork').Process(
        target=run_in_child, args=(start,))
    ignore_fork_warning(process.start)
    process.join()
    return process.exitcode


def run_in_child(start):
    global role
    role = 'child'
    run(start())
    sys.exit(3)


def ignore_fork_warning(function):
    with warnings.catch_warnings():
        # Python 3.12 and later warn of threads.
        warnings.filterwarnings('ignore', 'This process .*fork',
                                DeprecationWarning)
        return function()


def sub_interpreter(start):
    for name in list(os.environ):
        if name.startswith('COVERAGE_PROCESS_'):
            del os.environ[name]    # its tracer does not load in there
    source = (f'import sys; sys.path[:] = {sys.path!r}; '
              'from exits import cases; '
              'cases.role = "sub"; cases.end("end of script", '
              f'{start.__name__[len("start_"):]!r}, {with_helpers})')
    import _interpreters
    interpreter = _interpreters.create()
    failure = _interpreters.run_string(interpreter, source)
    _interpreters.destroy(interpreter)
    sys.exit(failure)


async def leave(status):
    sys.exit(status)


async def fail():
    raise LookupError


async def wait_for_signal(signum):
    asyncio.get_event_loop().call_soon(os.kill, os.getpid(), signum)
    await asyncio.sleep(3600)


async def use_loop():
    await call(time.monotonic)      # its end wakes up the event loop
    for use in uses:
        await use()


async def clean_up():
    await asyncio.sleep(0.01)
    say_cleaned('at exit', role)


# By name: what ends it, the status, and what Python prints then.
ENDINGS = {
    'end of script': (end_of_script, 0, ''),
    'exit in coroutine': (exit_in_coroutine, 3, ''),
    'exception': (exception, 1, 'LookupError'),
    'Ctrl-C': (interrupt, -2 if sys.version_info >= (3, 8) else 1,
               'KeyboardInterrupt'),
    'SIGTERM that exits': (terminate, 3, ''),
    'Ctrl-C while leaving': (interrupt_while_leaving, 0, ''),
    'earlier exit function': (earlier_exit_function, 0, ''),
    'later exit function': (later_exit_function, 0, ''),
    'fork': (lambda start: fork(start, fork_and_exit), 3, ''),
    'fork and start': (lambda start: fork(start, fork_and_start), 3, ''),
    'multiprocessing': (lambda start: fork(start, multiprocess), 3, ''),
    'multiprocessing in coroutine': (
        lambda start: fork_in_coroutine(start, multiprocess), 3, ''),
    'sub-interpreter': (sub_interpreter, 0, ''),
}


def end(ending, background, helpers):
    """End this interpreter; *helpers* is false for asyncio.run() instead."""
    global with_helpers
    with_helpers = helpers
    ENDINGS[ending][0](BACKGROUNDS[background])


def run(*coroutines):
    async def run_all():
        for coroutine in coroutines:
            await coroutine

    if with_helpers:
        for coroutine in coroutines:
            asyncio_fgbg.run_in_foreground(coroutine)
    else:
        asyncio.run(run_all())


def schedule(coroutine):
    if with_helpers:
        asyncio_fgbg.schedule_coroutine(coroutine)
    else:
        references.append(asyncio.ensure_future(coroutine))


def call(target, executor=None):
    if with_helpers:
        return asyncio_fgbg.call_in_background(target, executor=executor)
    return asyncio.get_event_loop().run_in_executor(executor, target)
