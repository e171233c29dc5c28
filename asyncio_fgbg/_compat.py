"""Stand-ins for what fgbg.py needs of Python, where this one lacks it.

fgbg.py is written for the newest CPython.  It imports asyncio's submodules
from its package, which takes them from here; the modules that it imports from
elsewhere, and its _Wait, are replaced by what complete() puts there.  Each
entry goes with the last version that it names, or with the issue.
"""

import asyncio
import atexit
import contextvars
import functools
import os
import _signal
import sys
import threading
import types
import warnings

from asyncio import constants, coroutines, events, futures, runners, tasks

PYPY = sys.implementation.name == 'pypy'


def _stand_in(module, **names):
    """Return a copy of *module* that has *names*, too."""
    copy = types.ModuleType(module.__name__)
    vars(copy).update(vars(module), **names)
    return copy


# Before 3.8, exceptions are in other modules.
exceptions = getattr(asyncio, 'exceptions', futures)


# Before 3.14, asyncio.get_event_loop() may make an event loop, and from 3.10
# on it may warn about it (gh-100160, gh-126353).  Before 3.12, a forked child
# finds the event loop that was set in its parent, and its signals wake that
# one up (gh-66285).
if sys.version_info < (3, 14):
    _inherited_loop = None

    def _get_event_loop():
        loop = events._get_running_loop()
        if loop is not None:
            return loop
        policy = events.get_event_loop_policy()
        local = getattr(policy, '_local', None)
        if getattr(local, '_set_called', False):
            loop = policy.get_event_loop()
        else:
            # The default policy makes a loop only if none was ever set, and
            # warns on 3.12 and 3.13; another policy may ask it.
            if not hasattr(local, '_set_called'):
                local = types.SimpleNamespace()
            local._set_called = True
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter('ignore', DeprecationWarning)
                    loop = policy.get_event_loop()
            finally:
                local._set_called = False
        return None if loop is _inherited_loop else loop

    def _after_fork_in_child():
        global _inherited_loop
        local = getattr(asyncio.events._event_loop_policy, '_local', None)
        _inherited_loop = getattr(local, '_loop', None)
        _signal.set_wakeup_fd(-1)

    # Windows has no fork.
    if sys.version_info < (3, 12) and hasattr(os, 'register_at_fork'):
        os.register_at_fork(after_in_child=_after_fork_in_child)

    events = _stand_in(events, get_event_loop=_get_event_loop)


# Before 3.9, loop.shutdown_default_executor() does not exist (bpo-34037);
# before 3.12 it knows no timeout; in 3.12.0 to 3.12.2 it cannot start its
# thread at exit (gh-113964).
if sys.version_info < (3, 12, 3):
    async def _shutdown_default_executor(loop, timeout=None):
        # Other event loops than asyncio's own may keep it elsewhere.
        executor = getattr(loop, '_default_executor', None)
        if executor is not None:
            executor.shutdown(wait=False)
            threads = getattr(executor, '_threads', ())     # or processes
            end = loop.time() + (timeout or float('inf'))
            while (any(thread.is_alive() for thread in threads)
                   and loop.time() < end):
                await asyncio.sleep(0.01)

    def _new_event_loop():
        loop = asyncio.new_event_loop()
        loop.shutdown_default_executor = functools.partial(
            _shutdown_default_executor, loop)
        return loop

    constants = _stand_in(constants, THREAD_JOIN_TIMEOUT=300)
    events = _stand_in(events, new_event_loop=_new_event_loop)


# Before 3.12.2, servers log that their connections were cancelled (gh-113538).
if sys.version_info < (3, 12, 2):
    def _cancel_all_tasks(loop, cancel_all_tasks=runners._cancel_all_tasks):
        def handle_exception(loop, context):
            if not isinstance(context.get('exception'),
                              exceptions.CancelledError):
                handle(loop, context)

        handler = loop.get_exception_handler()
        handle = handler or type(loop).default_exception_handler
        loop.set_exception_handler(handle_exception)
        try:
            cancel_all_tasks(loop)
        finally:
            loop.set_exception_handler(handler)

    runners = _stand_in(runners, _cancel_all_tasks=_cancel_all_tasks)


# Before 3.14, coroutines._iscoroutinefunction() has its public name only,
# which 3.14 deprecates (gh-122858); before 3.8, it does not look into what
# functools.partial() wraps (bpo-33261).
if sys.version_info < (3, 14):
    def _iscoroutinefunction(obj):
        while isinstance(obj, functools.partial):
            obj = obj.func
        return asyncio.iscoroutinefunction(obj)

    coroutines = _stand_in(
        coroutines, _iscoroutinefunction=_iscoroutinefunction)


# Before 3.9, threading has no exit hooks; executors use atexit (bpo-39812).
if sys.version_info < (3, 9):
    threading = _stand_in(threading, _register_atexit=atexit.register)


# Before 3.12.2, and on PyPy, a future that is to raise StopIteration is left
# pending for ever (gh-112182).
if sys.version_info < (3, 12, 2) or PYPY:
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


# On PyPy, tasks and contexts are Python code.  A second Ctrl-C may keep a
# context from being left, which nothing could enter any more: each callback
# has a copy.
if PYPY:
    contextvars = _stand_in(contextvars, Context=lambda: None)


class _Wait:
    """What run_in_foreground()'s wait lacks, for any event loop.

    There is no stand-in for this: event loops come from anywhere.
    """

    # _thread.interrupt_main() does not end a system call, such as select()
    # (gh-74112).  Have it wake up the event loop, as the loop's own signal
    # handlers do; but not for a wait that never comes to a system call.

    wakeup_fd = None

    def run_loop(self, *args):
        handler = _signal.getsignal(_signal.SIGINT)
        # uvloop, which has no such socket, wakes up anyway.
        if handler is self and hasattr(self.loop, '_csock'):
            self.loop.call_soon(self.set_wakeup_fd)
        try:
            super().run_loop(*args)
        finally:
            if self.wakeup_fd is not None:
                self.reset_wakeup_fd()
            if PYPY:
                # Tasks are Python code, too: a second Ctrl-C may keep one from
                # leaving the event loop, which could run no other any more.
                for task in {tasks.current_task(self.loop)} - {None}:
                    tasks._leave_task(self.loop, task)

    def set_wakeup_fd(self):
        if self.running and self.wakeup_fd is None and not self.future.done():
            self.wakeup_fd = fd = self.loop._csock.fileno()
            previous = _signal.set_wakeup_fd(fd, warn_on_full_buffer=False)
            if previous != -1:
                # Somebody, as the loop with handlers of its own, needs to know
                # of signals, and wakes up himself.
                _signal.set_wakeup_fd(previous, warn_on_full_buffer=False)
                self.wakeup_fd = None

    def reset_wakeup_fd(self):
        if not getattr(self.loop, '_signal_handlers', None):    # they need it
            current = _signal.set_wakeup_fd(-1)
            if current != self.wakeup_fd:
                _signal.set_wakeup_fd(current, warn_on_full_buffer=False)
        self.wakeup_fd = None


def complete(fgbg):
    """Replace what *fgbg* does not take from its package."""
    fgbg.contextvars = contextvars
    fgbg.threading = threading
    fgbg._Wait = type('_Wait', (_Wait, fgbg._Wait), {})
