"""An extension of IPython 8 and 9: %load_ext asyncio_fgbg.ipython

'await' and the three functions use one event loop, theirs, which goes on while
the prompt waits.  In embed(), 'await' works as well.
"""

import asyncio
import functools

from IPython.core import async_helpers

from . import fgbg, run_in_foreground, schedule_coroutine

_previous = {}      # what the shells had


def _set_loop(*args):
    # asyncio.run() leaves the thread with none, and so does IPython's prompt.
    asyncio.set_event_loop(async_helpers.get_asyncio_loop())


def _leave(shell):
    # IPython empties its namespace now, and cleanup may use what is there.
    fgbg._close_loop()
    type(shell)._atexit_once(shell)


def load_ipython_extension(shell):
    if hasattr(shell, 'kernel') or asyncio._get_running_loop():
        print("An event loop is running here: use 'await', nothing is needed.")
        return
    _previous[shell] = (async_helpers._asyncio_event_loop, shell.loop_runner,
                        shell.autoawait)
    loop = schedule_coroutine(asyncio.sleep(0)).get_loop()
    async_helpers._asyncio_event_loop = loop
    shell.loop_runner, shell.autoawait = run_in_foreground, True
    shell.events.register('pre_run_cell', _set_loop)
    shell._atexit_once = functools.partial(_leave, shell)
    shell.simple_prompt or shell.enable_gui('asyncio')  # it has no hooks


def unload_ipython_extension(shell):
    if shell in _previous:
        if shell.active_eventloop == 'asyncio':
            shell.enable_gui()
        shell.events.unregister('pre_run_cell', _set_loop)
        del shell._atexit_once
        (async_helpers._asyncio_event_loop, shell.loop_runner,
         shell.autoawait) = _previous.pop(shell)
