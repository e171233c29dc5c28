"""Foreground and background work, in the manner of the POSIX shell"""

__all__ = ('run_in_foreground', 'schedule_coroutine', 'call_in_background')

import atexit
import concurrent.futures
import contextvars
import functools
import inspect
import os
import _signal      # signal looks for enum members: 1.1 us more for a wait
import threading

from . import constants
from . import coroutines
from . import events
from . import exceptions
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
    as it is and can be brought to the foreground again.  A second Ctrl-C
    raises KeyboardInterrupt on the spot, as in asyncio.Runner.  Whatever ends
    the wait, a coroutine or awaitable is cancelled.

    Raise the exception of *task* if it has one, CancelledError if it was
    cancelled, TypeError if it is not awaitable, ValueError if it is a future
    of another event loop, and RuntimeError if an event loop is running in
    this thread, or if *loop* is running in another one, is closed, is None
    and cannot be made here, or is stopped before *task* is done.
    """
    is_coroutine = inspect.iscoroutine(task)    # most are: no more search
    shared = not is_coroutine and futures.isfuture(task)
    if not (is_coroutine or shared or coroutines.iscoroutine(task)
            or inspect.isawaitable(task)):
        raise TypeError('task must be a coroutine, a future or an awaitable, '
                        f'not {_describe(task)}')
    loop = _find_loop(loop)
    if events._get_running_loop() is not None or loop and loop.is_running():
        raise RuntimeError('run_in_foreground() cannot be called where a loop '
                           "is running, or for one that is: use 'await'")
    if shared and futures._get_loop(task) is not loop:
        raise ValueError('task belongs to another event loop: '
                         'run it with loop=task.get_loop()')

    with _Wait(loop or _make_loop(), shared) as wait:
        if is_coroutine:
            wait.future = wait.loop.create_task(task)
        else:
            wait.future = tasks.ensure_future(task, loop=wait.loop)
        return wait.run()


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
    loop = _find_loop(loop) or _make_loop()
    if events._get_running_loop() is not loop and loop.is_running():
        raise RuntimeError('the event loop is running in another thread: '
                           'use asyncio.run_coroutine_threadsafe()')
    background, context = _get_background(loop)
    task = loop.create_task(target)
    if not task.done():     # an eager task may be
        background[task] = None
        task.add_done_callback(background.pop, context=context)
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
    if not callable(target) or coroutines._iscoroutinefunction(target):
        raise TypeError(f'target must be a callable, not {_describe(target)}')
    if executor is not None and not hasattr(executor, 'submit'):
        raise TypeError('executor must be a concurrent.futures.Executor or '
                        f'None, not {type(executor).__qualname__}')
    loop = _find_loop(loop) or _make_loop()
    if executor is None:
        context = contextvars.copy_context()
        return loop.run_in_executor(None, context.run, target)
    return futures.wrap_future(executor.submit(target), loop=loop)


def _describe(obj):
    """Name the type of *obj*, and say what can be done with it instead."""
    if futures.isfuture(obj):
        hint = ': wait for it with run_in_foreground()'
    elif isinstance(obj, concurrent.futures.Future):
        hint = ': use asyncio.wrap_future()'
    elif coroutines.iscoroutine(obj):
        hint = ': use schedule_coroutine() or run_in_foreground()'
    elif (inspect.isasyncgen(obj)
          or callable(obj) and inspect.isasyncgenfunction(obj)):
        hint = ": use 'async for' in a coroutine"
    elif callable(obj) and coroutines._iscoroutinefunction(obj):
        hint = (' (a coroutine function): call it, and use '
                'schedule_coroutine() or run_in_foreground()')
    elif callable(obj):
        hint = ': use call_in_background()'
    else:
        hint = ''
    return type(obj).__qualname__ + hint


def _get_background(loop):
    """Return the tasks that *loop* keeps, and the context to let them go in.

    The values are the exceptions that calls have raised and left them with.
    """
    # Event loops hold tasks weakly.  A table of loops would keep them alive: a
    # task refers to its loop.  A copy of the context for each takes memory.
    try:
        return loop._fgbg_background
    except AttributeError:
        loop._fgbg_background = {}, contextvars.Context()
        return loop._fgbg_background


def _retrieve(future, loop, exc):
    """Mark *exc* as retrieved; return whether it was raised before."""
    background, _ = _get_background(loop)
    for task in [future, *background]:
        if getattr(task, '_exception', None) is exc:
            task.exception()
    return any(raised_before is exc for raised_before in background.values())


class _Wait:
    """A wait of run_in_foreground() for a future; its own SIGINT handler."""

    interrupts = 0          # how many times Ctrl-C was pressed
    running = False         # whether the event loop runs and was not stopped

    def __init__(self, loop, shared):
        _watch_forks()
        self.loop = loop
        self.shared = shared    # whether the caller has the future, too
        self.process = _parents     # until the SIGINT handler is taken out

    def __enter__(self):
        handler = _signal.getsignal(_signal.SIGINT)
        if ((handler is _signal.default_int_handler
             or isinstance(handler, _Wait) and handler.process is not _parents)
            and threading.current_thread() is threading.main_thread()
        ):
            try:
                _signal.signal(_signal.SIGINT, self)
            except ValueError:
                pass    # another interpreter gets signals (gh-91880)
        return self

    def __exit__(self, exc_type, exc, traceback):
        try:
            if _signal.getsignal(_signal.SIGINT) is self:
                _signal.signal(_signal.SIGINT, _signal.default_int_handler)
        finally:
            self.process = None
        if self.interrupts and not isinstance(exc, (SystemExit,
                                                    KeyboardInterrupt)):
            # Being cancelled is just how the wait was ended.
            cancelled = isinstance(exc, exceptions.CancelledError)
            raise KeyboardInterrupt from None if cancelled else exc

    def __call__(self, signum, frame):
        if self.process is not _parents:
            # It was put back after the call, or a forked child inherited it.
            _signal.default_int_handler(signum, frame)
        self.interrupts += 1
        # Raised here and now, it would hit whatever the event loop does.
        if self.interrupts == 1 or _is_in_event_loop(frame):
            self.loop.call_soon_threadsafe(self.interrupt, self.interrupts)
        else:
            raise KeyboardInterrupt     # in code that may never stop

    def interrupt(self, count):
        if self.shared:
            self.stop()
        elif self.running:
            self.future.cancel()
            if count > 1:
                raise KeyboardInterrupt

    def stop(self, future=None):
        if self.running:
            # uvloop counts calls: a second one would end the next run.
            self.running = False
            self.loop.stop()

    def run(self):
        """Return the result; leave nothing behind that only this call holds"""
        try:
            self.run_loop()
            if not self.future.done():
                if self.interrupts:
                    raise KeyboardInterrupt
                raise RuntimeError('the event loop was stopped too early')
        except BaseException as exc:
            if self.process is _parents:    # pragma: no branch: in a child
                self.cancel_or_keep(exc)
            raise
        return self.future.result()

    def run_loop(self, raised=None):
        """Run the event loop until the future is done, or to stop().

        Go on if *raised* is raised once more: the call will raise it.
        """
        # Unlike run_until_complete(), leave no stop behind when an exception
        # ends the run: it would end the next one.
        self.future.add_done_callback(self.stop)
        try:
            self.running = True
            while self.running:     # pragma: no branch: a stop comes late
                try:
                    self.loop.run_forever()
                    break
                except BaseException as exc:
                    raised_before = _retrieve(self.future, self.loop, exc)
                    if not self.running:
                        # uvloop has yet to come to the stop.
                        self.loop.stop()
                        self.loop.run_forever()
                    if not (raised_before or exc is raised):
                        raise
        finally:
            self.running = False
            self.future.remove_done_callback(self.stop)

    def cancel_or_keep(self, exc):
        """Cancel what only this call holds, after *exc* has ended the wait."""
        try:
            if not (self.shared or self.future.done()):
                self.future.cancel()
                if self.interrupts < 2:     # the second one does not wait
                    self.run_loop(exc)
        finally:
            background, _ = _get_background(self.loop)
            if not self.future.done() and self.future not in background:
                background[self.future] = None if self.shared else exc
                self.future.add_done_callback(background.pop)


def _get_package(frame):
    return frame.f_globals.get('__name__', '').partition('.')[0]


def _is_in_event_loop(frame):
    """Tell if *frame* is the event loop's own, but not that of a callback."""
    while _get_package(frame) in (
            'concurrent', 'enum', 'heapq', 'queue', 'selectors', 'signal',
            'socket', 'threading', 'weakref'):
        frame = frame.f_back
    return (_get_package(frame) in ('asyncio', __package__)
            and frame.f_code is not events.Handle._run.__code__)


# The default event loop.

_own_loop = None        # the event loop that these functions made
_parents = []           # those that parents of this process made: each process
                        # has a list of its own, which identifies it


def _find_loop(loop):
    """Return the event loop that the caller means; None if it must be made."""
    if loop is not None:
        if not isinstance(loop, events.AbstractEventLoop):
            raise TypeError('loop must be an event loop or None, '
                            f'not {type(loop).__qualname__}')
        if loop.is_closed():
            raise RuntimeError('the event loop is closed')
        return loop
    try:
        loop = events.get_event_loop()      # that runs, or that was set
        if loop is not None and not loop.is_closed():
            return loop
    except RuntimeError as exc:
        if isinstance(exc, RecursionError):
            raise
    thread = threading.current_thread()
    if thread is not threading.main_thread():
        raise RuntimeError(f'no event loop in thread {thread.name!r}: pass '
                           'loop=, call asyncio.set_event_loop(), or use '
                           'asyncio.run() for work of its own')
    if _own_loop is not None and not _own_loop.is_closed():
        # asyncio.run() has unset it, but its background is still there.
        events.set_event_loop(_own_loop)
        return _own_loop


def _make_loop():
    global _own_loop
    _register_hooks()
    _own_loop = events.new_event_loop()
    events.set_event_loop(_own_loop)
    return _own_loop


# Leaving: the loop made here ends as that of asyncio.run(), in two steps.

@functools.lru_cache(maxsize=None)      # after an exception it tries again
def _register_hooks():
    _watch_forks()
    atexit.register(_at_exit, _close_loop)
    if threading.main_thread().is_alive():  # else the interpreter is exiting
        # Hooks run in reverse order, and executors refuse calls after theirs.
        import concurrent.futures.thread
        threading._register_atexit(_at_exit, _end_background)


def _at_exit(step):
    loop = _own_loop
    if not (loop is None or loop.is_closed() or loop.is_running()):
        step(loop)


def _end_background(loop):
    """End tasks and calls, while their cleanup can still use threads."""
    try:
        runners._cancel_all_tasks(loop)
        loop.run_until_complete(tasks.sleep(0))  # what threads have queued
        runners._cancel_all_tasks(loop)
        loop.run_until_complete(
            loop.shutdown_default_executor(constants.THREAD_JOIN_TIMEOUT))
    except KeyboardInterrupt:
        loop.close()            # as asyncio.run() does
    except BaseException as exc:
        # Raised, it would keep other hooks from running.
        loop.call_exception_handler({'message': 'unhandled exception at exit',
                                     'exception': exc})


def _close_loop(loop):
    """Close the event loop, after what other exit functions ran in it."""
    try:
        runners._cancel_all_tasks(loop)
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        loop.close()


def _after_fork_in_child():
    """Part a forked child from the event loop of its parent."""
    global _own_loop, _parents
    loop, _own_loop = _own_loop, None
    _parents = [*_parents, loop]    # freed, it would end what waits in it
    _register_hooks.cache_clear()   # multiprocessing forgets exit functions
    # Both processes have the same epoll or kqueue object: what this one
    # unregisters is gone for the parent.
    selector = getattr(loop, '_selector', None)
    if selector is not None:
        loop._selector = type(selector)()


@functools.lru_cache(maxsize=None)
def _watch_forks():
    if hasattr(os, 'register_at_fork'):     # pragma: no branch: Windows
        os.register_at_fork(after_in_child=_after_fork_in_child)
