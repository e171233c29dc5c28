"""Stand-ins for what fgbg.py needs of Python, where this one lacks it.

fgbg.py is written for the newest CPython.  It imports asyncio's submodules
from its package, which takes them from here; the modules that it imports from
elsewhere, and its _Wait, are replaced by what complete() puts there.  Each
entry goes with the last version that it names, or with the issue.

A stand-in is a copy of asyncio's module, made when the package is imported:
what others change in that module later, as nest_asyncio does, is not seen.
"""

import atexit
import contextvars
import functools
import inspect
import os
import sys
import threading
import time
import types

from asyncio import CancelledError, coroutines, events, futures, runners, tasks


def _stand_in(module, **names):
    """Return a copy of *module* that has *names*, too."""
    copy = types.ModuleType(module.__name__)
    vars(copy).update(vars(module), **names)
    return copy


# Before 3.14, asyncio.get_event_loop() may make an event loop, and from 3.10
# on it may warn about it (gh-100160, gh-126353).  Before 3.12, a forked child
# finds the event loop that was set in its parent (gh-66285).
if sys.version_info < (3, 14):
    _inherited_loop = None

    def _get_event_loop():
        loop = events._get_running_loop()
        if loop is not None:
            return loop
        policy = events.get_event_loop_policy()
        # asyncio's own policy makes a loop only if none was ever set here.
        local = getattr(policy, '_local', None)
        makes_loop = getattr(local, '_set_called', None) is False
        try:
            if makes_loop:
                local._set_called = True
            loop = policy.get_event_loop()
        except DeprecationWarning:
            # Another policy asks asyncio's own, which makes one (3.12, 3.13).
            loop = None
        finally:
            if makes_loop:
                local._set_called = False
        if loop is None or loop is _inherited_loop:
            raise RuntimeError('there is no current event loop')
        return loop

    def _after_fork_in_child():
        global _inherited_loop
        local = getattr(events.get_event_loop_policy(), '_local', None)
        _inherited_loop = getattr(local, '_loop', None)

    # Windows has no fork.
    if sys.version_info < (3, 12) and hasattr(os, 'register_at_fork'):
        os.register_at_fork(after_in_child=_after_fork_in_child)

    events = _stand_in(events, get_event_loop=_get_event_loop)


# Before 3.11, asyncio has no Runner.  Before 3.12.2, servers log that it has
# cancelled their connections (gh-113538).  Before 3.9, nothing waits for calls
# in the default executor (bpo-34037); in 3.12.0 to 3.12.2, what waits cannot
# start its thread at exit (gh-113964).
if sys.version_info < (3, 12, 3):
    async def _shutdown_default_executor(loop):
        if not hasattr(loop, '_default_executor'):      # as that of uvloop
            return await loop.shutdown_default_executor()
        executor = loop._default_executor
        if executor is not None:
            executor.shutdown(wait=False)
            for thread in list(getattr(executor, '_threads', ())):
                while thread.is_alive():
                    time.sleep(0.01)    # Ctrl-C may not strike join()
                    await tasks.sleep(0)

    class _Runner:
        def __init__(self, *, loop_factory):
            self._loop = loop_factory()

        def __enter__(self):
            return self

        def __exit__(self, exc_type, exc, traceback):
            loop = self._loop
            handler = loop.get_exception_handler()
            loop.set_exception_handler(functools.partial(
                self._handle_exception,
                handler or type(loop).default_exception_handler))
            try:
                runners._cancel_all_tasks(loop)
                loop.set_exception_handler(handler)
                loop.run_until_complete(loop.shutdown_asyncgens())
                loop.run_until_complete(_shutdown_default_executor(loop))
            finally:
                loop.close()

        @staticmethod
        def _handle_exception(handle, loop, context):
            if not isinstance(context.get('exception'), CancelledError):
                handle(loop, context)

    runners = _stand_in(runners, Runner=_Runner)


# Before 3.12, inspect.iscoroutinefunction() does not know functions that are
# marked as such (gh-99247), which asyncio's does; before 3.8, neither looks
# into what functools.partial() wraps (bpo-33261).
if sys.version_info < (3, 12):
    def _iscoroutinefunction(obj):
        while isinstance(obj, functools.partial):
            obj = obj.func
        return coroutines.iscoroutinefunction(obj)

    inspect = _stand_in(inspect, iscoroutinefunction=_iscoroutinefunction)


# Before 3.9, threading has no exit hooks; executors use atexit (bpo-39812).
if sys.version_info < (3, 9):
    threading = _stand_in(
        threading, _register_atexit=atexit.register, _SHUTTING_DOWN=False)


# Before 3.13, time.monotonic() has steps of 16 ms on Windows (gh-88494).
if sys.version_info < (3, 13) and os.name == 'nt':  # pragma: no cover: Windows
    time = _stand_in(time, monotonic=time.perf_counter)


# Before 3.12.6, and on PyPy, a future that is to raise StopIteration is left
# pending for ever (gh-112182).
if sys.version_info < (3, 12, 6) or sys.implementation.name == 'pypy':
    class _Context:
        def __init__(self, copy_context=contextvars.copy_context):
            self._context = copy_context()

        def run(self, target):
            try:
                return self._context.run(target)
            except StopIteration as exc:
                raise RuntimeError('StopIteration cannot be raised '
                                   'into a future') from exc

    contextvars = _stand_in(contextvars, copy_context=_Context)


class _AlarmClock:
    """Wake up the event loop of a wait ten times a second.

    On Windows, and in IDLE, which calls _thread.interrupt_main(), Ctrl-C does
    not end a system call such as select() (gh-74112).  There is no stand-in
    for this: event loops come from anywhere.
    """

    def run_loop(self):
        self.wake_up()
        try:
            super().run_loop()
        finally:
            self.timer.cancel()

    def wake_up(self):
        # What comes within 0.1 seconds of a Ctrl-C must be seen in time.
        self.timer = self.loop.call_later(
            0.01 if self.interrupts else 0.1, self.wake_up)


def complete(fgbg):
    """Replace what *fgbg* does not take from its package."""
    fgbg.contextvars = contextvars
    fgbg.inspect = inspect
    fgbg.threading = threading
    fgbg.time = time
    is_deaf = sys.platform == 'win32' or 'idlelib.run' in sys.modules
    if is_deaf and not issubclass(fgbg._Wait, _AlarmClock):     # reload()
        def make_runner(loop_factory):      # for a loop that was made before
            fgbg._Wait(loop_factory(), is_shared=True).wake_up()
            return runners.Runner(loop_factory=loop_factory)

        fgbg.runners = _stand_in(runners, Runner=make_runner)
        fgbg._Wait = type('_Wait', (_AlarmClock, fgbg._Wait), {})
