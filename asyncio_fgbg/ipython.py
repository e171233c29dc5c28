"""An extension of IPython 8 and 9: %load_ext asyncio_fgbg.ipython

'await' and the three functions use one event loop, theirs, which goes on while
the prompt waits.
"""

import asyncio

from IPython.core import async_helpers

from . import run_in_foreground

_previous_loop = None       # that of IPython


async def _get_loop():
    return asyncio.get_running_loop()


def _set_loop(*args):
    # asyncio.run() leaves the thread with none, and so does IPython's prompt.
    asyncio.set_event_loop(async_helpers.get_asyncio_loop())


def load_ipython_extension(shell):
    global _previous_loop
    if asyncio._get_running_loop() is not None:
        print("An event loop is running here: use 'await', nothing is needed.")
        return
    _previous_loop = async_helpers._asyncio_event_loop
    async_helpers._asyncio_event_loop = run_in_foreground(_get_loop())
    shell.events.register('pre_run_cell', _set_loop)
    shell.enable_gui('asyncio')


def unload_ipython_extension(shell):
    if _set_loop in shell.events.callbacks['pre_run_cell']:
        shell.events.unregister('pre_run_cell', _set_loop)
        async_helpers._asyncio_event_loop = _previous_loop
        shell.enable_gui()
