"""An interactive prompt with the helpers at hand: python -m asyncio_fgbg"""

import argparse
import ast
import builtins
import code
import codeop
import functools
import importlib.machinery
import inspect
import os
import sys
import threading
import time
import tokenize
import types

from asyncio_fgbg import run_in_foreground

IMPORTS = ('import asyncio', 'from asyncio_fgbg import *')
BANNER = f"""\
asyncio_fgbg prompt, Python {sys.version} on {sys.platform}
Use schedule_coroutine() or call_in_background() to start something in the
background, and run_in_foreground() or 'await' to wait for it.
Type "help", "copyright", "credits" or "license" for more information.
"""
# Python 3.7 knows 'await' in coroutines only.
AWAIT = getattr(ast, 'PyCF_ALLOW_TOP_LEVEL_AWAIT', 0)


def main():
    argparse.ArgumentParser(
        prog='python -m asyncio_fgbg',
        description='Open a prompt for asyncio, with run_in_foreground(), '
                    'schedule_coroutine() and call_in_background() imported. '
                    'Standard input that is no terminal is run as a script.',
    ).parse_args()
    namespace = vars(replace_main_module())
    if sys.stdin is None:
        return
    # Make the event loop that asyncio.gather() and asyncio.Queue() look for.
    run_in_foreground(namespace['asyncio'].sleep(0))
    if sys.stdin.isatty() or sys.flags.interactive:
        interact(namespace)
    else:
        run_stdin(namespace)


def replace_main_module():
    # What is defined at the prompt belongs to __main__ and is looked up there,
    # by pickle for one.  This file's names have no business in it.
    module = sys.modules['__main__'] = types.ModuleType('__main__')
    module.__loader__ = importlib.machinery.BuiltinImporter
    module.__builtins__ = builtins
    for line in IMPORTS:
        exec(line, vars(module))
    return module


def interact(namespace):
    console, run_console = make_console(namespace)
    if not sys.flags.quiet:
        console.write(BANNER)
    startup = os.getenv('PYTHONSTARTUP')
    try:
        if startup and not sys.flags.ignore_environment:
            run_startup(startup, console)
        # History and completion, unless the startup file has other plans.
        getattr(sys, '__interactivehook__', lambda: None)()
        sys.ps1 = getattr(sys, 'ps1', '>>> ')
        sys.ps2 = getattr(sys, 'ps2', '... ')
        for line in IMPORTS:
            console.write(f'{sys.ps1}{line}\n')
        run_console(console)
    finally:
        threading.Thread(target=tell_of_calls, daemon=True).start()


def make_console(namespace):
    """Return a console and the function that runs it until end of file."""
    base = code.InteractiveConsole
    run_console = functools.partial(base.interact, banner='', exitmsg='')
    if sys.flags.ignore_environment or not os.getenv('PYTHON_BASIC_REPL'):
        try:
            from _pyrepl import console, main, simple_interact
            if main.CAN_USE_PYREPL:
                base = console.InteractiveColoredConsole
                run_console = simple_interact.run_multiline_interactive_console
        except ImportError:
            pass

    class Console(base):
        def runcode(self, code):
            if not code.co_flags & inspect.CO_COROUTINE:
                return super().runcode(code)
            try:
                try:
                    run_in_foreground(eval(code, namespace))
                except BaseException as exc:
                    raise exc.with_traceback(find_traceback(exc, code))
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


def run_startup(path, console):
    try:
        with tokenize.open(path) as file:
            exec(compile(file.read(), path, 'exec'), console.locals)
    except SystemExit:
        raise
    except BaseException:
        console.showtraceback()


def run_stdin(namespace):
    code = None
    try:
        source = sys.stdin.buffer.read()
        code = compile(source, '<stdin>', 'exec', AWAIT)
        if not code.co_flags & inspect.CO_COROUTINE:
            return exec(code, namespace)
        # One coroutine for all could not call run_in_foreground().
        tree = ast.parse(source, '<stdin>')
        compiler = codeop.Compile()     # remembers what is of the future
        compiler.flags = AWAIT
        for tree.body in [[statement] for statement in tree.body]:
            code = compiler(tree, '<stdin>', 'exec')
            coro = eval(code, namespace)
            if code.co_flags & inspect.CO_COROUTINE:
                run_in_foreground(coro)
    except BaseException as exc:
        # The interpreter does the rest, but should not show these frames.
        hook, traceback = sys.excepthook, find_traceback(exc, code)
        sys.excepthook = lambda type, value, _: hook(
            type, value.with_traceback(traceback), traceback)
        raise


def tell_of_calls():
    time.sleep(1)
    names = [thread.name for thread in threading.enumerate()
             if thread is not threading.main_thread() and not thread.daemon
             and '_do_shutdown' not in thread.name]     # asyncio's own
    if names:
        # The interpreter, which is exiting, may have locked sys.stderr.
        os.write(2, f'waiting for calls in {", ".join(names)}; Ctrl-C leaves'
                    '\n'.encode())


if __name__ == '__main__':
    main()
