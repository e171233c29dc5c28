"""Foreground and background work, in the manner of the POSIX shell"""

__all__ = ('run_in_foreground', 'schedule_coroutine', 'call_in_background')

import atexit
import concurrent.futures.thread    # its exit hook comes after _close_loop()
import contextvars
import functools
import inspect
import os
import _signal      # signal looks for enum members, which is slow
import threading
import time

from . import coroutines
from . import events
from . import futures
from . import runners
from . import tasks


def run_in_foreground(task, *, loop=None):
    """Run the event loop until *task* is done and return its result.

    *task* is a coroutine, a future or task, or any other awaitable.  *loop*
    is the event loop to run; None means the current thread's event loop,
    which is made if the main thread has none.

    The event loop stays open, and what is in the background stays there: it
    makes progress whenever something is run in the foreground.

    In the main thread, while Python's own SIGINT handler is in place, Ctrl-C
    ends the wait with KeyboardInterrupt.  A coroutine or awaitable is
    cancelled first and its cleanup runs to the end; a future or task is left
    as it is and can be brought to the foreground again.  A second Ctrl-C, 0.1
    seconds later or more, does not wait for the cleanup.  Whatever ends the
    wait, a coroutine or awaitable is cancelled.

    Raise the exception of *task* if it has one, CancelledError if it was
    cancelled, TypeError if it is not awaitable, ValueError if it is a future
    of another event loop, and RuntimeError if an event loop is running in
    this thread, or if *loop* is running in another one, is closed, is None
    and cannot be made here, or is stopped before *task* is done.
    """
    is_coroutine = coroutines.iscoroutine(task)
    is_future = not is_coroutine and futures.isfuture(task)
    if not (is_coroutine or is_future or inspect.isawaitable(task)):
        raise TypeError('task must be a coroutine, a future or an awaitable, '
                        f'not {_describe(task)}')
    loop = _get_loop(loop, make=not is_future)
    if (events._get_running_loop() is not None
            or loop is not None and loop.is_running()):
        raise RuntimeError('run_in_foreground() cannot be called where a loop '
                           "is running, or for one that is: use 'await'")
    if is_future and futures._get_loop(task) is not loop:
        raise ValueError('task belongs to another event loop: '
                         'run it with loop=task.get_loop()')
    return _Wait(loop, is_shared=is_future).run(task)


def schedule_coroutine(target, *, loop=None):
    """Schedule the coroutine *target* in the background and return its task.

    *loop* is the event loop to schedule it in; None means the current
    thread's event loop, which is made if the main thread has none.

    The coroutine makes progress while the event loop runs, for example in
    run_in_foreground().  The task is kept alive until it is done, even if
    the caller drops it.

    Raise TypeError if *target* is not a coroutine or *loop* no event loop,
    and RuntimeError if *loop* is running in another thread, is closed, or is
    None and cannot be made here.
    """
    if not coroutines.iscoroutine(target):
        raise TypeError(f'target must be a coroutine, not {_describe(target)}')
    loop = _get_loop(loop)
    if events._get_running_loop() is not loop and loop.is_running():
        raise RuntimeError('the event loop is running in another thread: '
                           'use asyncio.run_coroutine_threadsafe()')
    task = loop.create_task(target)
    _keep(task)
    return task


def call_in_background(target, *, loop=None, executor=None):
    """Call *target* in a worker thread or process and return a future for it.

    *target* is a callable that takes no arguments; functools.partial() binds
    them.  *loop* is the event loop that the future belongs to; None means
    the current thread's event loop, which is made if the main thread has
    none.  *executor* is a concurrent.futures.Executor, or any object with
    such a submit() method; None means the default executor of the event loop.

    The call starts at once, whether or not the event loop is running; the
    future is done when the call has ended and the event loop has run, for
    example in run_in_foreground().  The default executor makes the call in
    the context of the caller; another executor is given *target* itself.

    Raise TypeError if *target* is not callable or is a coroutine function, if
    *executor* has no submit() or *loop* is no event loop, RuntimeError if it
    is closed, or is None and cannot be made here, and what submit() raises.
    """
    if not callable(target) or inspect.iscoroutinefunction(target):
        raise TypeError(f'target must be a callable, not {_describe(target)}')
    if executor is not None and not hasattr(executor, 'submit'):
        raise TypeError('executor must be a concurrent.futures.Executor or '
                        f'None, not {type(executor).__qualname__}')
    loop = _get_loop(loop)
    if executor is None:
        context = contextvars.copy_context()
        return loop.run_in_executor(None, context.run, target)
    return futures.wrap_future(executor.submit(target), loop=loop)


def _describe(obj):
    """Name the type of *obj*, and say what can be done with it instead."""
    name = type(obj).__qualname__
    if futures.isfuture(obj):
        return f'{name}: wait for it with run_in_foreground()'
    if isinstance(obj, concurrent.futures.Future):
        return f'{name}: use asyncio.wrap_future()'
    if coroutines.iscoroutine(obj):
        return f'{name}: use schedule_coroutine() or run_in_foreground()'
    if not callable(obj):
        return name
    if inspect.iscoroutinefunction(obj):
        return (f'{name} (a coroutine function): call it, and pass the '
                'coroutine to schedule_coroutine() or run_in_foreground()')
    return f'{name}: use call_in_background()'


def _keep(task):
    """Keep *task* alive until it is done: event loops hold tasks weakly."""
    if not task.done():     # an eager task may be
        # A table of event loops would keep these: a task refers to its loop.
        loop = task.get_loop()
        background = getattr(loop, '_fgbg_background', None)
        if background is None:
            background = loop._fgbg_background = set()
        background.add(task)
        task.add_done_callback(background.discard)


class _Wait:
    """A wait of run_in_foreground() for a future; its own SIGINT handler."""

    future = None
    is_cancelled = False    # this wait has cancelled the future
    is_handler = False      # this wait was made the SIGINT handler
    interrupts = 0          # how many times Ctrl-C was pressed
    is_unseen = False       # the event loop has yet to see the last one

    def __init__(self, loop, is_shared):
        self.loop = loop
        self.is_shared = is_shared      # the caller has the future
        self.process = _process         # None when the wait is over

    def run(self, task):
        """Return the result of *task*, or raise what ends the wait for it."""
        try:
            result = self.run_with_handler(task)
        except BaseException as exc:
            if self.interrupts and not isinstance(exc, (SystemExit,
                                                        KeyboardInterrupt)):
                raise KeyboardInterrupt from exc
            raise
        finally:
            self.process = None
        if not self.interrupts:
            return result
        ended = self.future.done() and not self.future.cancelled()
        raise KeyboardInterrupt from self.future.exception() if ended else None

    def run_with_handler(self, task):
        """Have Ctrl-C end the wait, and nothing else."""
        try:
            self.set_handler()
            self.run_and_clean_up(task)
            if not self.interrupts:
                return self.future.result()
        finally:
            if self.is_handler and _signal.getsignal(_signal.SIGINT) is self:
                _signal.signal(_signal.SIGINT, _signal.default_int_handler)

    def run_and_clean_up(self, task):
        """Let nothing outlive the wait that only it holds."""
        try:
            if coroutines.iscoroutine(task):    # most are
                self.future = self.loop.create_task(task)
            else:
                self.future = tasks.ensure_future(task, loop=self.loop)
            self.run_loop()
            if not (self.future.done() or self.interrupts):
                raise RuntimeError('the event loop was stopped too early')
        finally:
            if self.future is not None and not self.future.done():
                self.clean_up()

    def run_loop(self):
        """Run the event loop as run_until_complete(), but leave no stop."""
        self.future.add_done_callback(self.stop)
        try:
            self.loop.run_forever()
        except BaseException as exc:
            # The caller gets it: do not log that nobody has retrieved it.
            loop = futures._get_loop(self.future)
            background = getattr(loop, '_fgbg_background', ())
            for task in [self.future, *background]:
                if getattr(task, '_exception', None) is exc:
                    task.exception()
            raise
        finally:
            self.future.remove_done_callback(self.stop)

    def stop(self, future):
        if self.process is not None:
            self.loop.stop()

    def clean_up(self):
        if self.is_shared or self.process is not _process:  # in a forked child
            return
        try:
            self.is_cancelled = True
            self.future.cancel()
            if self.interrupts < 2:     # a second Ctrl-C does not wait
                self.run_loop()
        finally:
            _keep(self.future)

    def set_handler(self):
        # Elsewhere, getsignal() would return an object of the main thread.
        is_main = threading.current_thread() is threading.main_thread()
        if is_main and _is_main_interpreter():
            old = _signal.getsignal(_signal.SIGINT)
            # No event loop runs here: another wait is over.
            if old is _signal.default_int_handler or isinstance(old, _Wait):
                self.is_handler = True
                _signal.signal(_signal.SIGINT, self)

    def __call__(self, signum, frame):
        if self.process is not _process:
            # It was put back later, or a forked child has inherited it.
            _signal.default_int_handler(signum, frame)
        now = time.monotonic()
        if self.interrupts and 0 != now - self.interrupted_at < 0.1:
            return      # npm and others pass on what the terminal has sent
        self.interrupts += 1
        self.interrupted_at = now
        if self.is_unseen:
            raise KeyboardInterrupt     # in code that may never stop
        # Raised here and now, it would hit whatever the event loop does.
        self.is_unseen = True
        self.loop.call_soon_threadsafe(self.interrupt)

    def interrupt(self):
        """Stop the event loop, which has now seen Ctrl-C."""
        self.is_unseen = False
        if self.process is not None and (self.interrupts > 1 or not (
                self.is_cancelled or self.future.done())):
            self.future.remove_done_callback(self.stop)     # one is enough
            self.loop.stop()


@functools.lru_cache(maxsize=None)
def _is_main_interpreter():
    # signal() looks where it is called before it refuses None as a handler.
    try:
        _signal.signal(_signal.SIGINT, None)
    except (TypeError, ValueError) as exc:
        return isinstance(exc, TypeError)


class _Process:
    """What belongs to this process; a forked child has another."""

    loop = None             # the event loop that these functions made


_process = _Process()


def _get_loop(loop, make=True):
    """Return the event loop that is meant; None if it is not to *make* it."""
    if loop is not None:
        if not isinstance(loop, events.AbstractEventLoop):
            raise TypeError('loop must be an event loop or None, '
                            f'not {type(loop).__qualname__}')
        if loop.is_closed():
            raise RuntimeError('the event loop is closed')
        return loop
    try:
        loop = events.get_event_loop()      # that runs, or that was set
        if not loop.is_closed():
            return loop
    except RuntimeError as exc:
        if isinstance(exc, RecursionError):
            raise
    thread = threading.current_thread()
    if thread is not threading.main_thread():
        raise RuntimeError(f'no event loop in thread {thread.name!r}: pass '
                           'loop=, call asyncio.set_event_loop(), or use '
                           'asyncio.run() for work of its own')
    if _process.loop is None or _process.loop.is_closed():
        if not make:
            return None
        _register_hooks()
        _process.loop = events.new_event_loop()
    # asyncio.run() leaves no event loop set; this one goes on.
    events.set_event_loop(_process.loop)
    return _process.loop


def _register_hooks():
    if _process.loop is None:       # once in each process
        atexit.register(_close_loop)    # for what an exit function has made
        if not threading._SHUTTING_DOWN:
            # Before threads are joined, since cleanup may use them.
            threading._register_atexit(_close_loop)


def _close_loop():
    """End the event loop that was made here, as asyncio.run() ends its own."""
    loop = _process.loop
    if loop is None or loop.is_closed() or loop.is_running():
        return
    try:
        with runners.Runner(loop_factory=lambda: loop):
            loop.stop()     # after what threads have queued
            loop.run_forever()
    except BaseException as exc:
        # Raised, it would keep other hooks from running.
        if not isinstance(exc, KeyboardInterrupt):
            loop.call_exception_handler({
                'message': 'unhandled exception at exit', 'exception': exc})


def _after_fork_in_child():
    """Part a forked child from the event loop of its parent."""
    global _process
    parent, _process = _process, _Process()
    # Freed, they would end tasks of the parent here.
    _process.inherited = parent, getattr(parent.loop, '_selector', None)
    # Both processes have one epoll object: unregister nothing from it.
    if hasattr(parent.loop, '_selector'):
        parent.loop._selector = type(parent.loop._selector)()


if hasattr(os, 'register_at_fork'):
    os.register_at_fork(after_in_child=_after_fork_in_child)
