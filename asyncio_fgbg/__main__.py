"""An interactive prompt with the helpers at hand: python -m asyncio_fgbg"""

import argparse
import ast
import asyncio
import builtins
import code
import codeop
import importlib.machinery
import inspect
import os
import sys
import threading
import tokenize
import types

from asyncio_fgbg import run_in_foreground

# Before 3.8, 'await' is for coroutines only.
AWAIT = getattr(ast, 'PyCF_ALLOW_TOP_LEVEL_AWAIT', 0)

IMPORTS = ('import asyncio', 'from asyncio_fgbg import *')

BANNER = f"""\
asyncio_fgbg prompt, Python {sys.version} on {sys.platform}
Use schedule_coroutine() or call_in_background() to start something in the
background, and run_in_foreground() or 'await' to wait for it.
Type "help", "copyright", "credits" or "license" for more information.
"""


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
    # What asyncio.gather() and asyncio.Queue() find.
    run_in_foreground(asyncio.sleep(0))
    if sys.stdin.isatty() or sys.flags.interactive:
        try:
            interact(namespace)
        finally:
            timer = threading.Timer(1, say_what_is_waited_for)
            timer.daemon = True
            timer.start()
    else:
        run_stdin(namespace)


def say_what_is_waited_for():
    names = [thread.name for thread in threading.enumerate()
             if thread is not threading.main_thread() and not thread.daemon]
    if names:
        # sys.stderr may be locked while the interpreter exits.
        os.write(2, f'waiting for calls in threads ({", ".join(names)}): '
                    'Ctrl-C leaves\n'.encode())


def replace_main_module():
    # What is defined at the prompt belongs to __main__ and is looked up there,
    # by pickle for one.  This file's names have no business in it.
    module = types.ModuleType('__main__')
    module.__loader__ = importlib.machinery.BuiltinImporter
    module.__builtins__ = builtins
    for line in IMPORTS:
        exec(line, vars(module))
    sys.modules['__main__'] = module
    return module


def interact(namespace):
    console, run_console = choose_console(namespace)
    if not sys.flags.quiet:
        console.write(BANNER)
    startup = os.getenv('PYTHONSTARTUP')
    if startup and not sys.flags.ignore_environment:
        run_startup(startup, console)
    # History and completion, unless the startup file has other plans.
    hook = getattr(sys, '__interactivehook__', None)
    if hook is not None:
        hook()
    if not hasattr(sys, 'ps1'):
        sys.ps1 = '>>> '
    if not hasattr(sys, 'ps2'):
        sys.ps2 = '... '
    for line in IMPORTS:
        console.write(f'{sys.ps1}{line}\n')
    run_console()


def choose_console(namespace):
    """Return a console and the function that runs it until end of file."""
    if sys.flags.ignore_environment or not os.getenv('PYTHON_BASIC_REPL'):
        try:
            from _pyrepl.console import InteractiveColoredConsole
            from _pyrepl.main import CAN_USE_PYREPL
            from _pyrepl.simple_interact import (
                run_multiline_interactive_console,
            )
        except ImportError:
            CAN_USE_PYREPL = False
        if CAN_USE_PYREPL:
            console = make_console(InteractiveColoredConsole, namespace)
            return console, lambda: run_multiline_interactive_console(console)
    console = make_console(code.InteractiveConsole, namespace)
    return console, lambda: console.interact(banner='', exitmsg='')


def make_console(base, namespace):
    class Console(base):
        def runcode(self, code):
            if not code.co_flags & inspect.CO_COROUTINE:
                return super().runcode(code)
            try:
                execute(code, namespace)
            except SystemExit:
                raise
            except BaseException:
                self.showtraceback()

    console = Console(namespace, filename='<stdin>')
    console.compile.compiler.flags |= AWAIT
    return console


def execute(code, namespace):
    coro = eval(code, namespace)
    if code.co_flags & inspect.CO_COROUTINE:
        run_in_foreground(coro)


def run_startup(path, console):
    try:
        with tokenize.open(path) as file:
            startup = compile(file.read(), path, 'exec')
        exec(startup, console.locals)
    except SystemExit:
        raise
    except BaseException:
        console.showtraceback()


def run_stdin(namespace):
    compiler = codeop.Compile()
    compiler.flags = AWAIT
    try:
        source = sys.stdin.buffer.read()
        script = compile(source, '<stdin>', 'exec', AWAIT)
        if script.co_flags & inspect.CO_COROUTINE:
            # One coroutine for all could not call run_in_foreground().
            for node in ast.parse(source, '<stdin>').body:
                module = ast.Module([node], type_ignores=[])
                execute(compiler(module, '<stdin>', 'exec'), namespace)
        else:
            exec(script, namespace)
    except BaseException as exc:
        # The interpreter does the rest, but should not show this frame.
        hook = sys.excepthook
        traceback = exc.__traceback__.tb_next

        def excepthook(type, value, _):
            hook(type, value.with_traceback(traceback), traceback)

        sys.excepthook = excepthook
        raise


if __name__ == '__main__':
    main()
