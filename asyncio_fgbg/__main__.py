"""Open a prompt for asyncio with run_in_foreground() and the like imported.

Standard input that is no terminal is run as a script.  'await' works in both.
"""

import argparse
import ast
import asyncio
import atexit
import code
import contextlib
import functools
import inspect
import os
import signal
import sys
import threading
import time
import tokenize
import types

from asyncio_fgbg import run_in_foreground

IMPORTS = 'import asyncio\nfrom asyncio_fgbg import *'
BANNER = f"""asyncio_fgbg prompt, Python {sys.version} on {sys.platform}
Use schedule_coroutine() or call_in_background() to start something in the
background, and run_in_foreground() or 'await' to wait for it.
Type "help", "copyright", "credits" or "license" for more information."""
HOOK = 'getattr(__import__("sys"), "__interactivehook__", bool)()'
# Python 3.7 knows 'await' in coroutines only.
AWAIT = getattr(ast, 'PyCF_ALLOW_TOP_LEVEL_AWAIT', 0)
ENVIRON = {} if sys.flags.ignore_environment else os.environ


def interact(console):
    if not sys.flags.quiet:
        console.write(f'{BANNER}\n')
    try:
        startup = console.locals['__file__'] = ENVIRON.get('PYTHONSTARTUP')
        if startup:
            with tokenize.open(startup) as file:
                console.runcode(compile(file.read(), startup, 'exec'))
    except Exception:
        console.showtraceback()
    console.locals.pop('__file__', None)
    # History and completion, unless the startup file has other plans.
    console.runcode(compile(HOOK, '<stdin>', 'exec'))
    # Make the event loop that asyncio.gather() and asyncio.Queue() look for.
    run_in_foreground(asyncio.sleep(0))
    sys.ps1 = getattr(sys, 'ps1', '>>> ')
    sys.ps2 = getattr(sys, 'ps2', '... ')
    sys.stderr.writelines(f'{sys.ps1}{line}\n' for line in IMPORTS.split('\n'))
    try:
        console.run()
    finally:
        # Else Python's own prompt comes.
        if not (sys.flags.inspect or ENVIRON.get('PYTHONINSPECT')):
            watch_exit()


def make_console(namespace):
    """Return a console whose run() goes on until end of file."""
    base = code.InteractiveConsole
    run = functools.partial(base.interact, banner='', exitmsg='')
    if os.isatty(0) and not ENVIRON.get('PYTHON_BASIC_REPL'):
        name = 'pyrepl' if sys.implementation.name == 'pypy' else '_pyrepl'
        with contextlib.suppress(ImportError):
            pyrepl = __import__(f'{name}.main')     # and most of the package
            if pyrepl.main.CAN_USE_PYREPL:
                base = pyrepl.console.InteractiveColoredConsole
                run = pyrepl.simple_interact.run_multiline_interactive_console
            else:
                print(pyrepl.main.FAIL_REASON, file=sys.stderr)

    class Console(base):
        def runcode(self, code):
            try:
                coro = eval(code, namespace)
                if code.co_flags & inspect.CO_COROUTINE:
                    run_in_foreground(coro)
            except BaseException as exc:
                # Show no frames of run_in_foreground().
                exc.__traceback__.tb_next = frames_of(exc, code)
                if isinstance(exc, SystemExit):
                    raise
                self.showtraceback()
                return getattr(self, 'STATEMENT_FAILED', None)

    console = Console(namespace, filename='<stdin>')
    console.compile.compiler.flags |= AWAIT
    console.run = functools.partial(run, console)
    return console


def go_live(base, parser):
    """Have Python's new prompt run the event loop while it waits."""
    if base.__module__ != '_pyrepl.console' or os.name == 'nt':
        parser.exit(2, '--live needs the new REPL: CPython 3.13+, Unix, tty\n')
    from _pyrepl import readline
    reader = readline._get_reader()
    console, output = reader.console, []
    streams = [file for file in (sys.stdout, sys.stderr) if file.isatty()]

    async def wait_for_key(timeout):
        loop, key = asyncio.get_running_loop(), asyncio.Event()
        # Python looks for other events then: a new size, a thread's exception.
        loop.call_later(timeout / 1000, key.set)
        # Nothing is left that is called again and again when there is a key.
        loop.add_reader(console.input_fd, lambda: (
            key.set() or loop.remove_reader(console.input_fd)))
        await key.wait()

    def wait(timeout=None, wait=console.wait):
        if timeout and not wait(0):
            for file in streams:
                file.write = output.append
            coro = wait_for_key(timeout)
            try:
                run_in_foreground(coro)
            except RuntimeError:    # refused: this is input() in a coroutine
                coro.close()
                return wait(timeout)
            finally:
                for file in streams:
                    vars(file).pop('write', None)   # an inner input() has
                if output:
                    show()
        return wait(0)

    def show():
        # A thread may add to it meanwhile.
        text = ''.join(output.pop(0) for _ in output[:]).removesuffix('\n')
        # In the place of what is typed, which comes below it then.  The
        # terminal stays as it is: to change how it reads would lose keys.
        (x, y), lines = reader.cxy, [*text.split('\n'), *console.screen]
        up = '\x1b[A' * (len(console.screen) - 1 - y)
        print('\x1b[A' * y + '\r\x1b[J' + '\r\n'.join(lines) + up + '\r',
              '\x1b[C' * x, sep='', end='', file=streams[0], flush=True)

    console.wait = wait


def frames_of(exc, code):
    """Return the traceback of *exc* from the frame of *code* on."""
    traceback = exc.__traceback__
    while traceback is not None and traceback.tb_frame.f_code is not code:
        traceback = traceback.tb_next
    return traceback


def run_stdin(console):
    # As at the prompt.
    run_in_foreground(asyncio.sleep(0))
    code = None
    try:
        source = sys.stdin.buffer.read()
        code = compile(source, '<stdin>', 'exec', AWAIT)
        if not code.co_flags & inspect.CO_COROUTINE:
            return exec(code, console.locals)
        # One coroutine for all could not call run_in_foreground().
        compiler = console.compile.compiler     # knows __future__
        for statement in ast.parse(source, '<stdin>').body:
            code = compiler(ast.Module([statement], []), '<stdin>', 'exec')
            coro = eval(code, console.locals)
            if code.co_flags & inspect.CO_COROUTINE:
                run_in_foreground(coro)
    except BaseException:
        # The interpreter does the rest, but should not show these frames.
        # A traceback that is kept would keep the names of the script.
        sys.excepthook = lambda kind, exc, _, hook=sys.excepthook: hook(
            kind, exc.with_traceback(frames_of(exc, code)), exc.__traceback__)
        raise


def watch_exit():
    """Say which calls exit waits for, if it is long; Ctrl-C leaves then."""
    # Executors' threads were daemons up to 3.8.
    names = {thread.ident: thread.name for thread in threading.enumerate()
             if not (thread.daemon and sys.version_info >= (3, 9))}
    del names[threading.get_ident()]
    busy = []

    def tell():
        while not busy:
            time.sleep(1)
            busy.extend(names[i] for i, frame in sys._current_frames().items()
                        if i in names and frame.f_code.co_name != '_worker')
        # On Windows, it may leave only when one of these calls has ended.
        how = '; Ctrl-C (or two) leaves' if is_ours and os.name != 'nt' else ''
        # The main thread may have locked sys.stderr.
        line = f'waiting for calls in threads: {", ".join(busy)}{how}\n'
        os.write(2, line.encode())

    def leave(signum, frame):
        if not busy:
            raise KeyboardInterrupt
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        sys.stdout.flush()
        # One of the exit functions writes the history.  Up to 3.8, it is they
        # that wait.
        if sys.version_info >= (3, 9):  # pragma: no branch: nothing is noted
            atexit._run_exitfuncs()
        os._exit(128 + signum)  # pragma: no cover: nothing is noted any more

    is_ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if is_ours:
        signal.signal(signal.SIGINT, leave)
    threading.Thread(target=tell, daemon=True).start()


if __name__ == '__main__':
    _parser = argparse.ArgumentParser('python -m asyncio_fgbg', None, __doc__)
    _parser.add_argument('--live', action='store_true',
                        help='run the background while the prompt waits')
    # What is defined at the prompt belongs to __main__ and is looked up there,
    # by pickle for one.  This file's names have no business in it.
    _module = sys.modules['__main__'] = types.ModuleType('__main__')
    vars(_module).update(__builtins__=__builtins__, __loader__=sys.__loader__)
    exec(IMPORTS, vars(_module))
    _console = make_console(vars(_module))
    if _parser.parse_args().live:
        go_live(type(_console).__base__, _parser)
    if sys.stdin:
        _is_prompt = sys.stdin.isatty() or sys.flags.interactive
        (interact if _is_prompt else run_stdin)(_console)
