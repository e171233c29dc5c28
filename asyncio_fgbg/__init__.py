"""Foreground and background work for asyncio, as in the POSIX shell"""

# What fgbg.py imports from its package: this one stands in for asyncio.
from asyncio import coroutines, events, futures, streams, tasks, transports
try:
    from asyncio import exceptions
except ImportError:
    exceptions = futures    # before 3.8

# This relies on the submodule having an __all__ variable.
from .fgbg import *
from . import _compat

__all__ = fgbg.__all__
