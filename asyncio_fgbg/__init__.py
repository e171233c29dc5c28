"""Foreground and background work for asyncio, as in the POSIX shell"""

import asyncio

# The patch is tested with a copy of the library that has it.
if hasattr(asyncio, 'run_in_foreground'):   # pragma: no cover: no Python yet
    from asyncio import fgbg
    from asyncio.fgbg import *
else:
    # What fgbg.py imports from its package: this one stands in for asyncio.
    from ._compat import coroutines, events, futures, runners, tasks

    # This relies on the submodule having an __all__ variable.
    from .fgbg import *
    from . import _compat

    _compat.complete(fgbg)

__all__ = fgbg.__all__
