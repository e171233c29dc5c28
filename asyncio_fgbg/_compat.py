"""What the Pythons before the patch lack.

Each entry replaces one private function of fgbg.py and goes with the last
version that it names.  The patch leaves this module out.
"""

import asyncio
import atexit
import contextvars
import os
import sys
import threading

from . import coroutines
from . import events
from . import fgbg
from . import tasks

PYPY = sys.implementation.name == 'pypy'

# Before 3.9, threading has no exit hooks; executors use atexit (bpo-39812).
if sys.version_info < (3, 9):
    def _before_threads_end(hook):
        import concurrent.futures.thread
        # What is registered while exit functions run is not called.
        if not threading.main_thread().is_alive():
            raise RuntimeError('the interpreter is exiting')
        atexit.register(hook)

    fgbg._before_threads_end = _before_threads_end


# Before 3.9, loop.shutdown_default_executor() does not exist (bpo-34037); from
# 3.12.0 to 3.12.2 it cannot start its thread at exit (gh-113964).
if (sys.version_info < (3, 9)
    or (3, 12) <= sys.version_info < (3, 12, 3)
):
    async def _shutdown_default_executor(loop):
        # Other event loops than asyncio's own may keep it elsewhere.
        executor = getattr(loop, '_default_executor', None)
        if executor is not None:
            executor.shutdown(wait=False)
            threads = getattr(executor, '_threads', ())
            while any(thread.is_alive() for thread in threads):
                await asyncio.sleep(0.01)

    fgbg._shutdown_default_executor = _shutdown_default_executor


# Before 3.14, asyncio.get_event_loop() may make an event loop, and from 3.10
# on it may warn about it (gh-100160, gh-126353).  Before 3.12, a forked child
# finds the event loop that was set in its parent (gh-66285).
if sys.version_info < (3, 14):
    _inherited_loop = None

    def _current_loop():
        policy = events.get_event_loop_policy()
        local = getattr(policy, '_local', None)
        if getattr(local, '_set_called', True):
            loop = policy.get_event_loop()
        else:
            # The default policy makes a loop only if none was ever set.
            local._set_called = True
            try:
                loop = policy.get_event_loop()
            finally:
                local._set_called = False
        if loop is _inherited_loop:
            raise RuntimeError('the event loop is that of the parent process')
        return loop

    fgbg._current_loop = _current_loop

    def _remember_inherited_loop():
        global _inherited_loop
        local = getattr(events._event_loop_policy, '_local', None)
        _inherited_loop = getattr(local, '_loop', None)

    if (sys.version_info < (3, 12)
        and hasattr(os, 'register_at_fork')     # not on Windows
    ):
        os.register_at_fork(after_in_child=_remember_inherited_loop)


# Before 3.14, coroutines._iscoroutinefunction() has its public name only,
# which 3.14 deprecates (gh-122858).
if sys.version_info < (3, 14):
    def _inspect_callable(obj):
        return coroutines.iscoroutinefunction(obj)

    fgbg._inspect_callable = _inspect_callable


# Before 3.12.2, and on PyPy, a future that is to raise StopIteration is left
# pending for ever (gh-112182).
if sys.version_info < (3, 12, 2) or PYPY:
    def _run_in_context(context, target):
        try:
            return context.run(target)
        except StopIteration as exc:
            raise RuntimeError('StopIteration cannot be raised '
                               'into a future') from exc

    fgbg._run_in_context = _run_in_context


# On PyPy, tasks and contexts are Python code.  A second Ctrl-C may keep a task
# from leaving the event loop, which would refuse to run any other task from
# then on; or a context from being left, which nothing could enter any more.
if PYPY:
    def _new_context():
        return None         # a copy of the current one is made each time

    fgbg._new_context = _new_context

    class _SigintHandler(fgbg._SigintHandler):
        def run_loop(self, future, cancels):
            try:
                super().run_loop(future, cancels)
            finally:
                task = tasks.current_task(self.loop)
                if task is not None:
                    tasks._leave_task(self.loop, task)

    fgbg._SigintHandler = _SigintHandler
