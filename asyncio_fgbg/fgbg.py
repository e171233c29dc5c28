"""Foreground and background work, in the manner of the POSIX shell"""

__all__ = ('run_in_foreground', 'schedule_coroutine', 'call_in_background')

import atexit
import concurrent.futures
import contextvars
import functools
import gc
import inspect
import os
import _signal  # signal's functions look for enum members: slow
import threading
import types
import weakref

from . import coroutines
from . import events
from . import exceptions
from . import futures
from . import streams
from . import tasks
from . import transports


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
    raises KeyboardInterrupt on the spot, as in asyncio.Runner.

    Raise the exception of *task* if it has one, CancelledError if it was
    cancelled, TypeError if it is not awaitable, ValueError if it is a future
    of another event loop, and RuntimeError if an event loop is running in
    this thread or *loop* is running in another one, is closed, or is None
    and cannot be made here.
    """
    is_coroutine = type(task) is types.CoroutineType
    held = not is_coroutine and futures.isfuture(task)
    if not (is_coroutine or held or coroutines.iscoroutine(task)
            or inspect.isawaitable(task)):
        raise TypeError('task must be a coroutine, a future or an awaitable, '
                        f'not {_describe(task)}')
    if events._get_running_loop() is not None:
        raise RuntimeError('run_in_foreground() cannot be called while an '
                           "event loop is running in this thread: use 'await'")
    loop = _find_loop(loop)
    if loop is not None and loop.is_running():
        raise RuntimeError('run_in_foreground() cannot run an event loop that '
                           "is running in another thread: use 'await' there")
    if held and futures._get_loop(task) is not loop:
        raise ValueError('task belongs to another event loop: '
                         'run it with loop=task.get_loop()')
    if loop is None:
        loop = _new_loop()

    future = None
    sigint = _SigintHandler(loop)
    try:
        try:
            if is_coroutine:
                future = loop.create_task(task)
            else:
                future = tasks.ensure_future(task, loop=loop)
            sigint.run_loop(future, cancels=not held)
            result = future.result()
        finally:
            if _signal.getsignal(_signal.SIGINT) is sigint:
                _signal.signal(_signal.SIGINT, _signal.default_int_handler)
    except BaseException as exc:
        if future is not None and not future.done():
            kept, forget, _ = _get_kept(loop)
            kept.add(future)
            future.add_done_callback(forget)
        if not isinstance(exc, (Exception, exceptions.CancelledError)):
            _mark_retrieved(exc)
        if not sigint.interrupted or isinstance(exc, (KeyboardInterrupt,
                                                      SystemExit)):
            raise
        if future is None or not future.done() or future.cancelled():
            exc = None      # this is just how the wait was ended
        raise KeyboardInterrupt from exc
    finally:
        if _leaving and loop is _own_loop:
            _close_loop()
    if sigint.interrupted:
        raise KeyboardInterrupt
    return result


def schedule_coroutine(target, *, loop=None):
    """Schedule the coroutine *target* in the background and return its task.

    *loop* is the event loop to schedule it in; None means the current
    thread's event loop, which is made if the main thread has none.

    The coroutine makes progress while the event loop runs, for example in
    run_in_foreground().  The task is kept alive until it is done, even if
    the caller drops it.

    Raise TypeError if *target* is not a coroutine, and RuntimeError if
    *loop* is running in another thread, is closed, or is None and cannot be
    made here.
    """
    if (type(target) is not types.CoroutineType
        and not coroutines.iscoroutine(target)
    ):
        if futures.isfuture(target):
            hint = ': it is scheduled already, use run_in_foreground()'
        elif not callable(target):
            hint = ''
        elif _is_coroutine_function(target):
            hint = ' (a coroutine function): call it to get a coroutine'
        else:
            hint = ': use call_in_background()'
        raise TypeError('target must be a coroutine, not '
                        f'{_describe(target)}{hint}')
    loop = _find_loop(loop)
    if loop is None:
        loop = _new_loop()
    if events._get_running_loop() is not loop and loop.is_running():
        raise RuntimeError('the event loop is running in another thread: '
                           'use asyncio.run_coroutine_threadsafe()')
    task = loop.create_task(target)
    if not task.done():     # an eager task may be
        # Event loops hold tasks weakly.
        kept, forget, context = _get_kept(loop)
        kept.add(task)
        task.add_done_callback(forget, context=context)
    return task


def call_in_background(target, *, loop=None, executor=None):
    """Call *target* in a worker thread or process and return a future for it.

    *target* is a callable that takes no arguments; functools.partial() binds
    them.  *loop* is the event loop that the future belongs to; None means
    the current thread's event loop, which is made if the main thread has
    none.  *executor* is a concurrent.futures.Executor; None means the
    default executor of the event loop.

    The call starts at once, whether or not the event loop is running; the
    future is done when the call has ended and the event loop has run, for
    example in run_in_foreground().  The default executor makes the call in
    a copy of the current contextvars.Context, as asyncio.to_thread() does;
    any other one is given *target* itself.

    Raise TypeError if *target* is a coroutine function or not callable, or
    *executor* is no executor, and RuntimeError if *loop* is closed, or is
    None and cannot be made here.
    """
    # Most callables are plain functions that nothing marks as coroutine
    # functions: these need no further look.
    if (type(target) is not types.FunctionType or target.__dict__
        or target.__code__.co_flags & inspect.CO_COROUTINE
    ):
        _check_callable(target)
    if executor is not None and not hasattr(type(executor), 'submit'):
        raise TypeError('executor must be a concurrent.futures.Executor or '
                        f'None, not {_describe(executor)}')
    loop = _find_loop(loop)
    if loop is None:
        loop = _new_loop()
    if executor is None:
        future = loop.run_in_executor(
            None, _run_in_context, contextvars.copy_context(), target)
    else:
        future = loop.run_in_executor(executor, target)
    if executor is None or isinstance(executor,
                                      concurrent.futures.ThreadPoolExecutor):
        # What it calls may need the loop at exit.
        kept, forget, _ = _get_kept(loop)
        kept.add(weakref.ref(future, forget))
    return future


def _describe(obj):
    return type(obj).__qualname__


def _check_callable(obj):
    if callable(obj) and not _is_coroutine_function(obj):
        return
    hint = ''
    if coroutines.iscoroutine(obj):
        hint = ': use schedule_coroutine()'
    elif callable(obj):
        hint = ' (a coroutine function): call it and use schedule_coroutine()'
    raise TypeError(f'target must be a callable, not {_describe(obj)}{hint}')


def _is_coroutine_function(obj):
    while issubclass(type(obj), functools.partial):
        obj = obj.func
    return _inspect_callable(obj)


def _inspect_callable(obj):
    return coroutines._iscoroutinefunction(obj)


# How the default executor makes a call: a function around it would cost more.
_run_in_context = contextvars.Context.run


def _get_kept(loop):
    # What is kept, what takes an object out of it, and the context for that:
    # a copy of the current one for each task would take more memory.
    # The loop itself is given them: a table of loops would keep every loop
    # in it alive through its tasks.  Not through vars(), which makes a dict
    # of its attributes: all that it does would take longer from then on.
    try:
        return loop._fgbg_kept
    except AttributeError:
        # Another thread, a signal handler or a finalizer may do the same just
        # now.  All must get the same, and a lock could not be taken again.
        kept = set()
        made = _being_made.setdefault(
            loop, (kept, kept.discard, _new_context()))
        loop._fgbg_kept = made = getattr(loop, '_fgbg_kept', made)
        _being_made.pop(loop, None)
        return made


_being_made = {}        # what event loops are just about to be given


def _new_context():
    return contextvars.Context()


def _mark_retrieved(exc):
    # KeyboardInterrupt and SystemExit leave the event loop through whatever
    # task raised them, and that task would still log them.
    for task in _find_objects(tasks.Task):
        if task._exception is exc:
            task.exception()


def _find_objects(*types):
    # By their true types: __class__ may do anything.
    return [obj for obj in gc.get_objects() if issubclass(type(obj), types)]


class _SigintHandler:
    """Ctrl-C, while run_in_foreground() waits for a future."""

    cancels = False         # whether Ctrl-C cancels what is waited for
    interrupted = False
    struck = False          # whether a second Ctrl-C was raised
    over = True             # whether nothing is waited for

    def __init__(self, loop):
        self.loop = loop
        if (threading.current_thread() is threading.main_thread()
            and (_signal.getsignal(_signal.SIGINT)
                 is _signal.default_int_handler)
        ):
            try:
                _signal.signal(_signal.SIGINT, self)
            except ValueError:
                # Signals may go to another interpreter, or to none (gh-91880).
                pass

    def __call__(self, signum, frame):
        if not self.interrupted:
            # Raised here and now, it would hit whatever the event loop does.
            self.interrupted = True
            self.loop.call_soon_threadsafe(self.stop_waiting)
        elif events._get_running_loop() is not None:
            # Only now: it must not hit the event loop as it starts or ends.
            self.struck = True
            raise KeyboardInterrupt

    def stop_waiting(self):
        if self.cancels:
            self.future.cancel()    # even if the wait has ended: it is ours
        elif not self.struck:
            self.stop_loop()

    def run_loop(self, future, cancels):
        # As run_until_complete() does; but when an exception has ended this
        # run, what would have stopped the event loop must not stop the next.
        self.future = future
        self.cancels = cancels
        if future.done():
            self.loop.call_soon(self.stop_loop)
        else:
            future.add_done_callback(self.stop_loop)
        self.over = False
        try:
            self.loop.run_forever()
            if not future.done():
                raise RuntimeError('the event loop was stopped')
        except BaseException:
            future.remove_done_callback(self.stop_loop)
            raise
        finally:
            self.over = True

    def stop_loop(self, future=None):
        if self.over:
            return
        if future is not None and not future.cancelled():
            exc = future.exception()
            if (exc is not None
                and isinstance(exc, (KeyboardInterrupt, SystemExit))
                and isinstance(future, tasks.Task)
            ):
                return      # it has ended the run of the event loop already
        self.over = True        # uvloop would keep a second stop
        self.loop.stop()


# The default event loop.

_own_loop = None        # the event loop that these functions made
_inherited = {}         # in a forked child, those that its ancestors made,
                        # with their selectors; nothing of them may be freed


def _find_loop(loop):
    """Return the event loop that the caller means; None if it must be made."""
    if loop is not None:
        if not isinstance(loop, events.AbstractEventLoop):
            raise TypeError('loop must be an event loop or None, '
                            f'not {_describe(loop)}')
        if loop.is_closed():
            raise RuntimeError('the event loop is closed')
        return loop
    loop = events._get_running_loop()
    if loop is not None and loop not in _inherited:
        return loop
    try:
        loop = _current_loop()
        if (loop is not None and not loop.is_closed()
            and loop not in _inherited
        ):
            return loop
    except RuntimeError:
        pass
    thread = threading.current_thread()
    if thread is not threading.main_thread():
        raise RuntimeError(f'there is no event loop in thread {thread.name!r}:'
                           ' pass loop= or call asyncio.set_event_loop()')
    if _own_loop is not None and not _own_loop.is_closed():
        # asyncio.run() has unset it, but its background is still there.
        events.set_event_loop(_own_loop)
        return _own_loop
    return None


def _current_loop():
    # get_event_loop() would look for the running event loop once more.
    return events._get_event_loop_policy().get_event_loop()


def _new_loop():
    global _own_loop
    _register_hooks()
    _own_loop = events.new_event_loop()
    events.set_event_loop(_own_loop)
    return _own_loop


# Leaving: the event loop that these functions made is theirs to end.

_hooks_registered = False
_leaving = False        # the hooks have run, or are not going to
_abandoned = set()      # the tasks that were left with Ctrl-C while they ended


def _register_hooks():
    global _hooks_registered, _leaving
    if _hooks_registered:
        return
    _hooks_registered = True
    atexit.register(_close_loop)
    try:
        _before_threads_end(_end_background)
    except RuntimeError:
        _leaving = True
    if hasattr(os, 'register_at_fork'):     # pragma: no branch: Windows
        os.register_at_fork(after_in_child=_disown)


def _before_threads_end(hook):
    # Hooks run in reverse order, and executors refuse calls after theirs.
    import concurrent.futures.thread
    threading._register_atexit(hook)


def _end_background():
    """End tasks and calls, while their cleanup can still use threads."""
    _wind_down(_end_calls)
    # Functions registered with atexit can still use asynchronous generators.
    if hasattr(_own_loop, '_asyncgens_shutdown_called'):
        _own_loop._asyncgens_shutdown_called = False


def _close_loop():
    """Close the event loop, after what other exit functions ran in it."""
    global _leaving
    _leaving = True
    _wind_down(_close_transports)
    if _own_loop is not None and not _own_loop.is_running():
        _own_loop.close()
    if _inherited and hasattr(gc, 'freeze'):
        # What waits in the parent's event loops is the parent's to clean up:
        # no finalizer may do it here, not even when modules are cleared.
        kept = _find_objects(events.AbstractEventLoop, futures.Future,
                             transports.BaseTransport, streams.StreamWriter,
                             types.AsyncGeneratorType, types.CoroutineType)
        kept.append(kept)
        gc.freeze()


def _wind_down(last_step):
    loop = _own_loop
    if loop is None or loop.is_closed() or loop.is_running():
        return
    handler = loop.get_exception_handler()
    loop.set_exception_handler(functools.partial(_handle_exception, handler))
    # An exception that was raised here would keep other hooks from running.
    for step in _cancel_tasks, _shutdown_asyncgens, last_step:
        try:
            step(loop)
        except KeyboardInterrupt:
            pass
        except BaseException as exc:
            _report(loop, exc)
    loop.set_exception_handler(handler)


def _handle_exception(handler, loop, context):
    # Servers log that their connections were cancelled (gh-113538).
    if isinstance(context.get('exception'), exceptions.CancelledError):
        return
    if handler is not None:
        handler(loop, context)
    else:
        loop.default_exception_handler(context)


def _report(loop, exc, **context):
    loop.call_exception_handler({
        'message': 'unhandled exception while the interpreter exits',
        'exception': exc,
        **context,
    })


def _run(loop, awaitable):
    """Run *awaitable* to its end, whatever else ends the run of the loop."""
    future = tasks.ensure_future(awaitable, loop=loop)
    while not (future.done() or loop.is_closed()):
        try:
            loop.run_until_complete(future)
        except (SystemExit, RuntimeError):
            pass                # or somebody stopped the loop
        except KeyboardInterrupt as exc:
            if not any(task._exception is exc
                       for task in _find_objects(tasks.Task)):
                raise           # not from a task: Ctrl-C
    return future.result()


def _cancel_tasks(loop):
    while True:
        cancelled = tasks.all_tasks(loop) - _abandoned
        if not cancelled:
            break
        for task in cancelled:
            task.cancel()
        try:
            _run(loop, tasks.gather(*cancelled, return_exceptions=True))
        except KeyboardInterrupt:
            for task in tasks.all_tasks(loop):
                task._log_destroy_pending = False
                _abandoned.add(task)
        for task in cancelled:
            if not task.done() or task.cancelled():
                continue
            exc = task.exception()
            if exc is not None and not isinstance(exc, (KeyboardInterrupt,
                                                        SystemExit)):
                _report(loop, exc, task=task)


def _shutdown_asyncgens(loop):
    _run(loop, loop.shutdown_asyncgens())


def _end_calls(loop):
    # Not with _find_objects(), while threads run: before 3.14 that may break
    # a tuple that one of them is making.
    kept, *_ = getattr(loop, '_fgbg_kept', [()])
    calls = [ref() for ref in list(kept) if isinstance(ref, weakref.ref)]
    calls = [future for future in calls if future is not None]
    if calls:
        _run(loop, tasks.wait(calls))
    _run(loop, _shutdown_default_executor(loop))


def _shutdown_default_executor(loop):
    return loop.shutdown_default_executor()


def _close_transports(loop):
    # Servers and transports are known to the selector alone, or to nobody.
    open_ends = [end for end in _find_objects(transports.BaseTransport,
                                              events.AbstractServer)
                 if getattr(end, '_loop', None) is loop]
    # A subprocess is killed before it can see that its pipes are closed.
    open_ends.sort(key=lambda end: isinstance(
        end, transports.SubprocessTransport), reverse=True)

    async def close(end):
        if (isinstance(end, transports.SubprocessTransport)
            and end.get_returncode() is None
        ):
            end.kill()
            for fd in range(3):
                pipe = end.get_pipe_transport(fd)
                if pipe is not None:
                    pipe.close()
            await end._wait()
        end.close()
        await tasks.sleep(0)
        if (isinstance(end, transports.WriteTransport)
            and end._loop is loop       # until it is really closed
        ):
            end.abort()
        await tasks.sleep(0)

    for end in open_ends:
        try:
            _run(loop, close(end))
        except Exception as exc:
            _report(loop, exc)


def _disown():
    """Part a forked child from the event loop of its parent."""
    global _own_loop
    if _own_loop is None:
        return
    # Both processes have the same epoll or kqueue object: what this one
    # unregisters is gone for the parent.
    selector = getattr(_own_loop, '_selector', None)
    if selector is not None:
        _own_loop._selector = type(selector)()
    _inherited[_own_loop] = selector
    _own_loop = None
