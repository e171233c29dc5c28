"""Foreground and background work for asyncio, in the manner of the POSIX shell"""

# What fgbg.py imports from its package: this one stands in for asyncio.
from asyncio import coroutines, events, futures, tasks, transports

# This relies on the submodule having an __all__ variable.
from .fgbg import *
from . import _compat

__all__ = fgbg.__all__
