"""An interactive prompt with the helpers at hand: python -m asyncio_fgbg"""

import argparse
import builtins
import code
import importlib.machinery
import os
import sys
import tokenize
import types


IMPORTS = ('import asyncio', 'from asyncio_fgbg import *')

BANNER = f"""\
asyncio_fgbg prompt, Python {sys.version} on {sys.platform}
Use schedule_coroutine() or call_in_background() to start something in the
background, and run_in_foreground() to wait for it or for a coroutine.
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
    if sys.stdin.isatty() or sys.flags.interactive:
        interact(namespace)
    else:
        run_stdin(namespace)


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
            console = InteractiveColoredConsole(namespace, filename='<stdin>')
            return console, lambda: run_multiline_interactive_console(console)
    console = code.InteractiveConsole(namespace, filename='<stdin>')
    return console, lambda: console.interact(banner='', exitmsg='')


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
    try:
        exec(compile(sys.stdin.buffer.read(), '<stdin>', 'exec'), namespace)
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
