"""Open a prompt for asyncio with run_in_foreground() and the like imported

Standard input that is no terminal is run as a script.  'await' works in both.
"""

import argparse
import ast
import atexit
import builtins
import code
import codeop
import contextlib
import functools
import importlib.machinery
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
BANNER = f"""\
asyncio_fgbg prompt, Python {sys.version} on {sys.platform}
Use schedule_coroutine() or call_in_background() to start something in the
background, and run_in_foreground() or 'await' to wait for it.
Type "help", "copyright", "credits" or "license" for more information.
"""
# Python 3.7 knows 'await' in coroutines only.
AWAIT = getattr(ast, 'PyCF_ALLOW_TOP_LEVEL_AWAIT', 0)


def main():
    argparse.ArgumentParser(prog='python -m asyncio_fgbg',
                            description=__doc__).parse_args()
    namespace = vars(replace_main_module())
    if sys.stdin:
        is_prompt = sys.stdin.isatty() or sys.flags.interactive
        (interact if is_prompt else run_stdin)(namespace)


def replace_main_module():
    # What is defined at the prompt belongs to __main__ and is looked up there,
    # by pickle for one.  This file's names have no business in it.
    module = sys.modules['__main__'] = types.ModuleType('__main__')
    module.__loader__ = importlib.machinery.BuiltinImporter
    module.__builtins__ = builtins
    exec(IMPORTS, vars(module))
    return module


def interact(namespace):
    console, run_console = make_console(namespace)
    if not sys.flags.quiet:
        console.write(BANNER)
    startup = os.getenv('PYTHONSTARTUP')
    if startup and not sys.flags.ignore_environment:
        try:
            with tokenize.open(startup) as file:
                console.runcode(compile(file.read(), startup, 'exec'))
        except Exception:
            console.showtraceback()
    # Make the event loop that asyncio.gather() and asyncio.Queue() look for.
    run_in_foreground(namespace['asyncio'].sleep(0))
    # History and completion, unless the startup file has other plans.
    getattr(sys, '__interactivehook__', lambda: None)()
    sys.ps1 = getattr(sys, 'ps1', '>>> ')
    sys.ps2 = getattr(sys, 'ps2', '... ')
    for line in IMPORTS.split('\n'):
        console.write(f'{sys.ps1}{line}\n')
    try:
        run_console(console)
    finally:
        if not sys.flags.inspect:       # else Python's own prompt comes
            watch_exit()


def make_console(namespace):
    """Return a console and the function that runs it until end of file."""
    base = code.InteractiveConsole
    run_console = functools.partial(base.interact, banner='', exitmsg='')
    if sys.flags.ignore_environment or not os.getenv('PYTHON_BASIC_REPL'):
        with contextlib.suppress(ImportError):
            from _pyrepl import console, main, simple_interact
            if main.CAN_USE_PYREPL:
                base = console.InteractiveColoredConsole
                run_console = simple_interact.run_multiline_interactive_console

    class Console(base):
        def runcode(self, code):
            if not code.co_flags & inspect.CO_COROUTINE:
                return super().runcode(code)
            try:
                try:
                    run_in_foreground(eval(code, namespace))
                except BaseException as exc:
                    raise exc.with_traceback(   # noqa: B904 (is the same)
                        find_traceback(exc, code))
            except SystemExit:
                raise
            except BaseException:
                self.showtraceback()
                return getattr(self, 'STATEMENT_FAILED', None)

    console = Console(namespace, filename='<stdin>')
    console.compile.compiler.flags |= AWAIT
    return console, run_console


def find_traceback(exc, code):
    """Return the part of the traceback of *exc* that begins in *code*."""
    traceback = exc.__traceback__
    while traceback is not None and traceback.tb_frame.f_code is not code:
        traceback = traceback.tb_next
    return traceback


def run_stdin(namespace):
    # As at the prompt.
    run_in_foreground(namespace['asyncio'].sleep(0))
    code = None
    try:
        source = sys.stdin.buffer.read()
        code = compile(source, '<stdin>', 'exec', AWAIT)
        if not code.co_flags & inspect.CO_COROUTINE:
            return exec(code, namespace)
        # One coroutine for all could not call run_in_foreground().
        compiler = codeop.Compile()     # remembers what is of the future
        compiler.flags = AWAIT
        for statement in ast.parse(source, '<stdin>').body:
            code = compiler(ast.Module([statement], []), '<stdin>', 'exec')
            coro = eval(code, namespace)
            if code.co_flags & inspect.CO_COROUTINE:
                run_in_foreground(coro)
    except BaseException:
        # The interpreter does the rest, but should not show these frames.
        # A traceback that is kept would keep the names of the script.
        sys.excepthook = lambda kind, exc, _, hook=sys.excepthook: hook(
            kind, exc.with_traceback(find_traceback(exc, code)),
            exc.__traceback__)
        raise


def watch_exit():
    """Say which calls exit waits for, if it is long; Ctrl-C leaves then."""
    # Executors' threads were daemons up to 3.8.
    threads = {thread.ident: thread.name for thread in threading.enumerate()
               if thread is not threading.main_thread()
               and not (thread.daemon and sys.version_info >= (3, 9))}
    names = []

    def tell():
        while not names:
            time.sleep(1)
            names.extend(threads[ident] for ident, frame in
                         sys._current_frames().items() if ident in threads
                         and frame.f_code.co_name != '_worker')     # idle
        # The main thread may have locked sys.stderr.
        os.write(2, f'waiting for calls in {", ".join(names)}'
                    f'{"; Ctrl-C leaves" if ours else ""}\n'.encode())

    def leave(signum, frame):
        if not names:
            raise KeyboardInterrupt
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        sys.stdout.flush()
        # One of the exit functions writes the history.  Up to 3.8, it is they
        # that wait.
        if sys.version_info >= (3, 9):  # pragma: no branch: nothing is noted
            atexit._run_exitfuncs()
        os._exit(128 + signum)  # pragma: no cover: nothing is noted any more

    ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if ours:
        signal.signal(signal.SIGINT, leave)
    threading.Thread(target=tell, daemon=True).start()


if __name__ == '__main__':
    main()
