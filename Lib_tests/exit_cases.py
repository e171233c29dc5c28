"""How an interpreter ends, and what is in its background when it does

This is what the interpreters run whose ends exit_runner.py looks at.
"""

import asyncio
import atexit
import concurrent.futures
import contextlib
import ctypes
import functools
import logging
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import threading
import warnings

from asyncio_fgbg import (
    call_in_background, run_in_foreground, schedule_coroutine,
)


VERSION = sys.version_info

role = 'main'       # of this process or interpreter: main, child or sub
kept = []           # what must stay alive until the end


def say(text):
    os.write(1, f'{role} {os.getpid()} {text}\n'.encode())


# What is in the background.  Each says what it has cleaned up, and is done
# when it is under way.

async def start_timers():
    async def sleep():
        try:
            await asyncio.sleep(3600)
        finally:
            say('cleaned timer')

    schedule_coroutine(sleep())
    asyncio.get_event_loop().call_later(3600, say, 'called too early')
    await asyncio.sleep(0)


async def start_sockets():
    async def connect(end):
        connection = await asyncio.open_connection(sock=end)
        kept.append(connection)
        return connection

    async def send():
        try:
            while True:
                writer.write(bytes(2 ** 16))
                await writer.drain()
        finally:
            writer.close()
            say('cleaned sender')

    async def receive():
        try:
            while await reader.read(2 ** 16):
                arrived.set()
        finally:
            say('cleaned receiver')

    ours, theirs = socket.socketpair()
    _, writer = await connect(ours)
    reader, _ = await connect(theirs)
    arrived = asyncio.Event()
    schedule_coroutine(send())
    schedule_coroutine(receive())
    await arrived.wait()
    ours, theirs = socket.socketpair()
    theirs.detach()     # open, but nobody reads from it
    _, unread = await connect(ours)
    unread.write(bytes(2 ** 20))


async def start_servers():
    class Unread(asyncio.Protocol):
        def connection_made(self, transport):
            transport.write(bytes(2 ** 23))
            connected.set()

    async def serve(reader, writer):
        connected.set()
        try:
            await reader.read()
        finally:
            writer.close()
            say('cleaned connection')

    async def connect(address):
        _, writer = await asyncio.open_connection(*address)
        kept.append(writer)
        await connected.wait()
        connected.clear()

    connected = asyncio.Event()
    server = await asyncio.start_server(serve, '127.0.0.1', 0)
    schedule_coroutine(server.serve_forever())
    await connect(server.sockets[0].getsockname())
    # No task has the connections of this one.
    server = await asyncio.get_event_loop().create_server(
        Unread, '127.0.0.1', 0)
    await connect(server.sockets[0].getsockname())


async def start_subprocesses():
    async def run_cat():
        process = await asyncio.create_subprocess_exec(
            'cat', stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        process.stdin.write(b'x')
        await process.stdout.readexactly(1)
        return process

    async def talk():
        try:
            await process.stdout.read()
        finally:
            process.stdin.close()
            if await process.wait() == 0:
                say('cleaned subprocess')

    process = await run_cat()
    schedule_coroutine(talk())
    await asyncio.sleep(0)
    # This one does not end by itself, and may outlive an os._exit().
    kept.append(await asyncio.create_subprocess_exec(
        'sleep', '3600', stdin=subprocess.PIPE, stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL))


async def start_generators():
    async def generate():
        try:
            yield
        finally:
            await asyncio.sleep(0)
            say('cleaned generator')

    generator = generate()
    kept.append(generator)
    await generator.__anext__()


async def start_threads():
    def call():
        leaving.wait()
        say('cleaned thread')

    leaving = await watch_for_leaving()
    call_in_threads(call)


async def start_executor_work():
    def call():
        leaving.wait()
        reached = threading.Event()
        loop.call_soon_threadsafe(reached.set)
        reached.wait()
        say('cleaned work')

    loop = asyncio.get_event_loop()
    leaving = await watch_for_leaving()
    call_in_threads(call)


def call_in_threads(call):
    executor = concurrent.futures.ThreadPoolExecutor(1)
    kept.append(executor)
    call_in_background(call)
    call_in_background(call, executor=executor)


async def watch_for_leaving():
    """Return an event for threads, set when tasks are cancelled."""
    async def watch():
        try:
            await asyncio.sleep(3600)
        finally:
            leaving.set()

    leaving = threading.Event()
    schedule_coroutine(watch())
    await asyncio.sleep(0)
    return leaving


async def start_slow_tasks():
    async def linger():
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            for _ in range(3):
                await asyncio.sleep(0.01)
            say('cleaned slowly')

    schedule_coroutine(linger())
    await asyncio.sleep(0)


async def start_refusing_tasks():
    async def refuse():
        loop = asyncio.get_event_loop()
        while True:
            try:
                await asyncio.sleep(0.1)
            except asyncio.CancelledError:
                # Not from here: Python loses a Ctrl-C in a weak reference's
                # callback, and a task that is cancelled has such callbacks.
                loop.call_soon(say, 'refuses')

    schedule_coroutine(refuse())
    await asyncio.sleep(0)


async def start_everything():
    for name in EVERYTHING:
        await BACKGROUNDS[name][0]()


# By name: what starts it, and what it cleans up.
BACKGROUNDS = {
    'timers': (start_timers, ['timer']),
    'sockets': (start_sockets, ['sender', 'receiver']),
    'servers': (start_servers, ['connection']),
    'subprocesses': (start_subprocesses, ['subprocess']),
    'generators': (start_generators, ['generator']),
    'threads': (start_threads, ['thread'] * 2),
    'executor work': (start_executor_work, ['work'] * 2),
    'slow tasks': (start_slow_tasks, ['slowly']),
    'refusing tasks': (start_refusing_tasks, []),
}
EVERYTHING = [name for name in BACKGROUNDS if name != 'refusing tasks']
BACKGROUNDS['everything'] = (
    start_everything, sum((BACKGROUNDS[name][1] for name in EVERYTHING), []))


def start(background):
    # On a busy machine, asyncio's debug mode remarks on slow callbacks.
    logging.getLogger('asyncio').addFilter(
        lambda record: not record.getMessage().startswith('Executing '))
    run_in_foreground(BACKGROUNDS[background][0]())


# How the interpreter ends.

def end_of_script(background):
    start(background)


def exit_in_coroutine(background):
    start(background)
    run_in_foreground(leave())


def exit_in_thread(background):
    start(background)
    run_in_foreground(call_in_background(functools.partial(sys.exit, 3)))


def exit_in_earlier_atexit(background):
    atexit.register(leave_at_exit)
    start(background)


def exit_in_later_atexit(background):
    start(background)
    atexit.register(leave_at_exit)


def exception(background):
    start(background)
    run_in_foreground(fail())


def wait_for_signal(background):
    start(background)
    run_in_foreground(wait())


def wait_for_task(background):
    start(background)
    run_in_foreground(schedule_coroutine(wait()))


def wait_for_signal_that_exits(background):
    signal.signal(signal.SIGTERM, lambda *args: sys.exit(3))
    start(background)
    run_in_foreground(wait())


def wait_for_signal_in_loop(background):
    start(background)
    asyncio.get_event_loop().add_signal_handler(signal.SIGTERM, sys.exit, 3)
    run_in_foreground(wait())


def exit_at_once(background):
    start(background)
    os._exit(3)


def fork(child_end, child_starts, background):
    global role
    start(background)
    with may_fork():
        pid = os.fork()
    if pid == 0:
        role = 'child'
        if child_starts:
            start(background)
        child_end()
    sys.exit(os.waitpid(pid, 0)[1] >> 8)


@contextlib.contextmanager
def may_fork():
    with warnings.catch_warnings():
        # Python 3.12 and later warn of threads.
        warnings.filterwarnings('ignore', 'This process .*fork',
                                DeprecationWarning)
        yield


def start_child(method, background):
    start(background)
    process = multiprocessing.get_context(method).Process(
        target=multiprocessing_child, args=(background,))
    with may_fork():
        process.start()
    process.join()
    sys.exit(process.exitcode)


def multiprocessing_child(background):
    global role
    role = 'child'
    start(background)


def sub_interpreter(background):
    for name in list(os.environ):
        if name.startswith('COVERAGE_PROCESS_'):
            del os.environ[name]    # its tracer does not load in there
    source = (f'import sys; sys.path[:] = {sys.path!r}; import exit_cases; '
              f'exit_cases.role = "sub"; exit_cases.start({background!r})')
    if VERSION >= (3, 14):
        from concurrent import interpreters
        interpreter = interpreters.create()
        interpreter.exec(source)
        interpreter.close()
    elif VERSION >= (3, 13):
        import _interpreters
        interpreter = _interpreters.create()
        sys.exit(_interpreters.run_string(interpreter, source)
                 or _interpreters.destroy(interpreter))
    else:
        import _xxsubinterpreters
        interpreter = _xxsubinterpreters.create()
        _xxsubinterpreters.run_string(interpreter, source)
        _xxsubinterpreters.destroy(interpreter)


def finalize(background):
    start(background)
    ctypes.pythonapi.Py_Exit(3)


async def leave():
    sys.exit(3)


def leave_at_exit():
    run_in_foreground(leave())


async def fail():
    raise LookupError('leaving')


async def wait():
    say('ready')
    # Python may see a signal only when the event loop wakes up.
    while True:
        await asyncio.sleep(0.1)


class Ending:
    def __init__(self, end, plain='', *, signal=None, cleans=('main',)):
        self.end = end          # called with the name of a background
        self.plain = plain      # the same without helpers or background
        self.signal = signal    # sent when the interpreter is ready
        self.cleans = cleans    # roles in which the background is cleaned up


WAIT = """\
import os
os.write(1, b'main %d ready\\n' % os.getpid())
while True:     # a signal that comes just before time.sleep() does not end it
    pass
"""
EXIT_ON_SIGTERM = """\
import signal, sys
signal.signal(signal.SIGTERM, lambda *args: sys.exit(3))
""" + WAIT
EXIT_AT_EXIT = """\
import atexit, sys
@atexit.register
def leave_at_exit():
    sys.exit(3)
"""
FORK = """\
import os, sys
pid = os.fork()
if pid != 0:
    sys.exit(os.waitpid(pid, 0)[1] >> 8)
"""
EXIT = 'import sys; sys.exit(3)'
EXIT_AT_ONCE = 'import os; os._exit(3)'
FAIL = 'raise LookupError("leaving")'

# Before 3.9, such a child calls no functions at its exit.
FORKED = ('main', 'child') if VERSION >= (3, 9) else ('main',)

ENDINGS = {
    'end of script': Ending(end_of_script),
    'exit in coroutine': Ending(exit_in_coroutine, EXIT),
    'exit in thread': Ending(exit_in_thread, EXIT),
    'exit in earlier atexit': Ending(exit_in_earlier_atexit, EXIT_AT_EXIT),
    'exit in later atexit': Ending(exit_in_later_atexit, EXIT_AT_EXIT),
    'exception': Ending(exception, FAIL),
    'Ctrl-C in coroutine': Ending(wait_for_signal, WAIT,
                                  signal=signal.SIGINT),
    'Ctrl-C in task': Ending(wait_for_task, WAIT, signal=signal.SIGINT),
    'SIGTERM': Ending(wait_for_signal, WAIT, signal=signal.SIGTERM,
                      cleans=()),
    'SIGTERM that exits': Ending(wait_for_signal_that_exits, EXIT_ON_SIGTERM,
                                 signal=signal.SIGTERM),
    'SIGTERM in the loop': Ending(wait_for_signal_in_loop, EXIT_ON_SIGTERM,
                                  signal=signal.SIGTERM),
    'os._exit': Ending(exit_at_once, EXIT_AT_ONCE, cleans=()),
}
for _name, _end, _plain, _cleans in [
    ('exit', functools.partial(sys.exit, 3), EXIT, ('main', 'child')),
    ('exception', lambda: run_in_foreground(fail()), FAIL, ('main', 'child')),
    ('os._exit', functools.partial(os._exit, 3), EXIT_AT_ONCE, ('main',)),
]:
    ENDINGS[f'fork, {_name}'] = Ending(
        functools.partial(fork, _end, False), FORK + _plain)
    ENDINGS[f'fork, start, {_name}'] = Ending(
        functools.partial(fork, _end, True), FORK + _plain, cleans=_cleans)
for _method, _cleans in [('fork', FORKED), ('spawn', ('main', 'child')),
                         ('forkserver', FORKED)]:
    ENDINGS[f'multiprocessing {_method}'] = Ending(
        functools.partial(start_child, _method), cleans=_cleans)
ENDINGS['sub-interpreter'] = Ending(sub_interpreter, cleans=('sub',))
ENDINGS['Py_Exit'] = Ending(finalize, EXIT)
