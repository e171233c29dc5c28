"""Property tests for asyncio/fgbg.py"""

import asyncio
import concurrent.futures
import sys
import threading
import unittest
import warnings
from unittest import mock

from test_asyncio.fgbg_utils import (
    SHORT_TIMEOUT, FgbgTestCase, fgbg, gc_collect,
)

from .property_kinds import (
    RESULT, Awaitable, async_generator_functions, awaitables, callables,
    coroutine_functions, coroutines, futures, futures_of, generators,
    has_attributes, hostile, hypothesis, just, plain_values, run_quietly,
    sampled_from, st, values,
)


class PropertyTestCase(FgbgTestCase):
    def setUp(self):
        super().setUp()
        # No event loop of another test is to be found.
        process = mock.patch.object(fgbg, '_process', fgbg._Process())
        process.start()
        self.addCleanup(process.stop)
        self.other_loop, self.running_loop, self.closed_loop = (
            self.new_loop() for _ in range(3))
        self.closed_loop.close()


# The rules.  What is rejected is rejected wherever the call is made.

main_thread_places = sampled_from(['a loop is set', 'a closed loop is set',
                                   'no loop is set', 'no loop was ever set'])
idle_places = main_thread_places | just('a thread without a loop')
places = idle_places | just('a loop is running')


def calls_of(name, kinds):
    return st.tuples(just(name), kinds)


def rejected_by(name, kinds_by_hint):
    return st.one_of([st.tuples(calls_of(name, kinds), just(hint))
                      for hint, kinds in kinds_by_hint.items()])


calls = (calls_of('run_in_foreground', coroutines | awaitables)
         | calls_of('schedule_coroutine', coroutines)
         | calls_of('call_in_background', callables))
not_none = plain_values.filter(lambda value: value is not None)
names = st.text() | sampled_from(['task', 'target', 'coro', 'func', 'args',
                                  'name', 'context', 'timeout', 'debug'])


class RecordingExecutor(concurrent.futures.ThreadPoolExecutor):
    def submit(self, *args, **kwargs):
        self.submitted.append((args, kwargs))
        future = concurrent.futures.Future()
        future.set_result(RESULT)
        return future


class RuleTestCase(PropertyTestCase):
    def setUp(self):
        super().setUp()
        self.executor = RecordingExecutor()
        self.executor.submitted = []
        self.loops = (self.loop, self.other_loop, self.running_loop,
                      self.closed_loop)
        for loop in self.loops:
            loop.set_default_executor(self.executor)

    def call(self, place, function):
        async def call_function():
            return function()

        if place == 'a loop is running':
            return self.running_loop.run_until_complete(call_function())
        if place == 'a thread without a loop':
            return self.in_thread(function)
        if place == 'no loop was ever set':
            # As set_event_loop_policy(None), which is deprecated.
            asyncio.events._event_loop_policy = None
        else:
            asyncio.set_event_loop({
                'a loop is set': self.loop, 'no loop is set': None,
                'a closed loop is set': self.closed_loop}[place])
        return function()

    def traces(self):
        return [threading.enumerate(), list(self.executor.submitted), [
            (asyncio.all_tasks(loop), list(loop._ready), list(loop._scheduled))
            for loop in self.loops]]

    def assert_rejected(self, call, place, error, *says,
                        args=(), kwargs=()):
        """Check that the call raises *error* and leaves no trace at all.

        Its message is to begin with the first of *says* and to have the rest.
        """
        def reject():
            before = self.traces()
            with self.assertRaises(error) as caught:
                getattr(fgbg, name)(target, *args, **dict(kwargs))
            self.assertEqual(self.traces(), before)
            return str(caught.exception)

        name, kind = call
        with kind(self) as target, \
             mock.patch.object(asyncio.BaseEventLoop, '__init__',
                               side_effect=AssertionError) as new_loop, \
             mock.patch('asyncio.events.set_event_loop') as set_loop, \
             warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter('always')
            message = self.call(place, reject)
        self.assertEqual((new_loop.call_count, set_loop.call_count), (0, 0))
        self.assertEqual(list(map(str, warned)), [])
        beginning, *hints = says
        self.assertEqual(message[:len(beginning)], beginning)
        for hint in hints:
            self.assertIn(hint, message)


class SignatureRuleTests(RuleTestCase):
    """There is no other way to call the functions."""

    @hypothesis.given(calls, st.lists(plain_values, max_size=3),
                      st.dictionaries(names, plain_values, max_size=3), places)
    def test_there_is_no_other_way_to_call(self, call, args, kwargs, place):
        hypothesis.assume(args or {*kwargs} - {'loop', 'executor'})
        self.assert_rejected(call, place, TypeError, call[0] + '()',
                             args=args, kwargs=kwargs)


class LoopRuleTests(RuleTestCase):
    """Where no loop can be used, nothing is done with the argument."""

    @hypothesis.given(calls)
    def test_a_thread_without_a_loop_says_how_to_get_one(self, call):
        self.assert_rejected(call, 'a thread without a loop', RuntimeError,
                             '', 'loop=', 'asyncio.set_event_loop()')

    @hypothesis.given(calls, idle_places)
    def test_no_closed_loop(self, call, place):
        self.assert_rejected(call, place, RuntimeError, '',
                             kwargs={'loop': self.closed_loop})

    @hypothesis.given(calls, not_none, idle_places)
    def test_loop_is_an_event_loop(self, call, loop, place):
        self.assert_rejected(call, place, TypeError, 'loop must be ',
                             type(loop).__name__, kwargs={'loop': loop})


class ScheduleRuleTests(RuleTestCase):
    """schedule_coroutine() takes every coroutine, and nothing else."""

    @hypothesis.given(rejected_by('schedule_coroutine', {
        '': values | awaitables | generators,
        'run_in_foreground()': futures,
        'call it': coroutine_functions,
        'call_in_background()': callables | async_generator_functions}),
        places)
    def test_schedule_coroutine_takes_only_coroutines(self, call, place):
        call, hint = call
        self.assert_rejected(call, place, TypeError,
                             'target must be a coroutine, not ', hint)

    @hypothesis.given(coroutines)
    def test_schedule_coroutine_takes_every_coroutine(self, kind):
        task = self.loop.create_future()
        task.set_result(None)
        with kind(self) as target, mock.patch.object(
                self.loop, 'create_task', return_value=task) as create_task:
            fgbg.schedule_coroutine(target, loop=self.loop)
            self.assertTrue(asyncio.iscoroutine(target))
            self.assertIs(create_task.call_args[0][0], target)


class CallRuleTests(RuleTestCase):
    """call_in_background() takes every callable, and nothing else."""

    @hypothesis.given(rejected_by('call_in_background', {
        '': values | awaitables | generators | futures,
        'schedule_coroutine()': coroutines | coroutine_functions,
        }), places, sampled_from([None, True]))
    def test_call_in_background_takes_only_callables(
            self, call, place, executor):
        call, hint = call
        self.assert_rejected(call, place, TypeError,
                             'target must be a callable, not ', hint,
                             kwargs={'executor': executor and self.executor})

    @hypothesis.given(callables | async_generator_functions)
    def test_call_in_background_takes_every_callable(self, kind):
        with kind(self) as target:
            future = fgbg.call_in_background(target, loop=self.loop,
                                             executor=self.executor)
            (submitted,), keywords = self.executor.submitted.pop()
            self.assertIs(submitted, target)
            self.assertEqual(keywords, {})
            run_quietly(self.loop, future)

    @hypothesis.given(calls_of('call_in_background', callables),
                      not_none.filter(has_attributes), places)
    def test_executor_is_an_executor(self, call, executor, place):
        self.assert_rejected(call, place, TypeError, 'executor must be ',
                             type(executor).__name__,
                             kwargs={'executor': executor})


class ForegroundRuleTests(RuleTestCase):
    """run_in_foreground() takes awaitables that its own loop can run."""

    @hypothesis.given(calls_of('run_in_foreground', coroutine_functions
                               | callables | generators | values),
                      idle_places)
    def test_run_in_foreground_takes_only_awaitables(self, call, place):
        self.assert_rejected(call, place, TypeError, 'task must be ')

    @hypothesis.given(calls_of('run_in_foreground', futures_of(just(True))),
                      main_thread_places, st.booleans())
    def test_no_foreground_for_a_future_of_another_loop(
            self, call, place, explicit):
        self.assert_rejected(call, place, ValueError, '',
                             kwargs={'loop': self.loop if explicit else None})

    @hypothesis.given(
        calls_of('run_in_foreground', coroutines | awaitables | futures),
        st.booleans())
    def test_no_foreground_where_a_loop_is_running(self, call, explicit):
        self.assert_rejected(call, 'a loop is running', RuntimeError,
                             '', 'run_in_foreground()', 'await',
                             kwargs={'loop': self.loop if explicit else None})

    @hypothesis.given(
        st.tuples(calls_of('run_in_foreground', coroutines | awaitables),
                  just('await'))
        | st.tuples(calls_of('schedule_coroutine', coroutines),
                    just('asyncio.run_coroutine_threadsafe()')))
    def test_no_loop_that_is_running_in_another_thread(self, call):
        call, hint = call
        if not self.running_loop.is_running():
            self.run_loop_in_thread(self.running_loop)
        self.assert_rejected(call, 'no loop is set', RuntimeError, '',
                             hint, kwargs={'loop': self.running_loop})


# Results and exceptions, on every way from the end of a callable to that of
# run_in_foreground().

async def ending(case, end, pauses):
    for _ in range(pauses):
        await asyncio.sleep(0)
    return end()


def a_future_ending(case, end, pauses):
    def set_end():
        try:
            future.set_result(end())
        except BaseException as exc:
            future.set_exception(exc)

    future = case.loop.create_future()
    case.loop.call_soon(set_end)
    return future


ROUTES = {
    'a coroutine': ending,
    'an awaitable': lambda *how: Awaitable(lambda: ending(*how).__await__()),
    'a task': lambda case, *how: case.loop.create_task(ending(case, *how)),
    'a scheduled coroutine':
        lambda *how: fgbg.schedule_coroutine(ending(*how)),
    'a call': lambda case, end, pauses: fgbg.call_in_background(end),
    'a call in an executor': lambda case, end, pauses:
        fgbg.call_in_background(end, executor=case.executor),
    'a future': a_future_ending,
}
# asyncio's futures take no StopIteration, and an explicit executor gives what
# the running Python gives.
STOP_ITERATION_ROUTES = {*ROUTES} - {'a future', 'a call in an executor'}


def ways(routes):
    """Return a strategy: a route, its pauses, if it is done beforehand."""
    return st.tuples(sampled_from(sorted(routes)), st.integers(0, 3),
                     st.booleans())


class OddError(Exception):
    def __init__(self, *, left, right):
        self.left, self.right = left, right


def dressed(exception, cause, context, notes):
    exception.__context__ = context
    if cause is not None:
        exception.__cause__ = cause
    if notes:
        exception.__notes__ = notes
    return exception


def instances(*classes):
    return sampled_from(classes).flatmap(
        lambda cls: st.builds(cls, plain_values))


# Not TimeoutError: an executor's futures may be given a copy of it.
interrupts = instances(KeyboardInterrupt, SystemExit)
bare_exceptions = (
    st.builds(OddError, left=plain_values, right=plain_values)
    | st.builds(OSError, st.integers(), st.text(), st.text())
    | st.builds(UnicodeDecodeError, just('utf-8'), st.binary(),
                st.integers(0, 9), st.integers(0, 9), st.text())
    | instances(KeyError, StopAsyncIteration, GeneratorExit, BaseException,
                asyncio.InvalidStateError)
    | hostile(Exception) | hostile(BaseException))
exception_groups = st.deferred(lambda: st.builds(
    BaseExceptionGroup, st.text(),
    st.lists(bare_exceptions | exception_groups, min_size=1, max_size=3)))


def dressed_exceptions(bare):
    return st.builds(dressed, bare, cause=st.none() | bare_exceptions,
                     context=st.none() | bare_exceptions,
                     notes=st.lists(st.text()))


exceptions = dressed_exceptions(bare_exceptions)
futures_as_values = st.builds(asyncio.Future, loop=st.builds(mock.Mock))


class TripTests(PropertyTestCase):
    """Results and exceptions arrive unchanged, and nothing is left."""

    def setUp(self):
        super().setUp()
        self.executor = concurrent.futures.ThreadPoolExecutor(1)
        self.addCleanup(delattr, self, 'executor')  # Hypothesis keeps tests
        self.addCleanup(self.executor.shutdown)
        self.patience = SHORT_TIMEOUT

    def tearDown(self):
        # Futures that nobody holds may have to be collected to be logged, and
        # collecting after every example may take minutes.
        gc_collect()
        self.assertEqual(self.logged, [])
        super().tearDown()

    def send(self, way, end):
        """Return what arrives; log it if it had to be waited for for ever."""
        def give_up():
            self.logged.append('run_in_foreground() does not return')
            self.patience = 0.1
            self.loop.stop()

        route, pauses, done_beforehand = way
        task = ROUTES[route](self, end, pauses)
        if done_beforehand and asyncio.isfuture(task):
            run_quietly(self.loop, task, self.patience)
        limit = self.loop.call_later(self.patience, give_up)
        try:
            return fgbg.run_in_foreground(task)
        finally:
            limit.cancel()

    def send_exception(self, way, exception):
        """Return what arrives; check that nothing of it is left or logged."""
        def end():
            raise exception

        with self.assertRaises(BaseException) as caught:
            self.send(way, end)
        for _ in range(4):
            self.run_once()
        self.assertEqual(asyncio.all_tasks(self.loop), set())
        self.assertEqual(self.logged, [])
        return caught.exception

    def check_unchanged(self, way, exception):
        def state():
            return (exception.args, exception.__cause__, exception.__context__,
                    exception.__suppress_context__, dict(vars(exception)))

        before = state()
        self.assertIs(self.send_exception(way, exception), exception)
        self.assertEqual(state(), before)

    @hypothesis.given(ways(ROUTES),
                      plain_values | exceptions | futures_as_values)
    def test_results_arrive_unchanged(self, way, result):
        self.assertIs(self.send(way, lambda: result), result)
        self.assertEqual(self.logged, [])

    @hypothesis.given(ways(ROUTES), exceptions)
    def test_exceptions_arrive_unchanged(self, way, exception):
        self.check_unchanged(way, exception)

    @unittest.skipIf(sys.version_info < (3, 11),
                     'exception groups came with Python 3.11')
    @hypothesis.given(ways(ROUTES), dressed_exceptions(exception_groups))
    def test_exception_groups_arrive_unchanged(self, way, group):
        self.check_unchanged(way, group)

    @hypothesis.given(ways(ROUTES), interrupts)
    def test_interrupts_arrive_unchanged(self, way, exception):
        self.assertIs(self.send_exception(way, exception), exception)

    @hypothesis.given(interrupts, st.integers(0, 3))
    def test_interrupts_from_the_background_arrive(self, exception, pauses):
        def raise_exception():
            raise exception

        fgbg.schedule_coroutine(ending(self, raise_exception, pauses))
        with self.assertRaises(type(exception)) as caught:
            self.send(('a coroutine', 5, False), lambda: RESULT)
        self.assertIs(caught.exception, exception)
        for _ in range(5):
            self.run_once()
        self.assertEqual(self.logged, [])

    @hypothesis.given(
        ways(STOP_ITERATION_ROUTES),
        instances(StopIteration, type('SubStop', (StopIteration,), {})))
    def test_stop_iteration_arrives_in_a_runtime_error(self, way, exception):
        error = self.send_exception(way, exception)
        self.assertIs(type(error), RuntimeError)
        self.assertIs(error.__cause__, exception)

    @hypothesis.given(ways(ROUTES), instances(asyncio.CancelledError))
    def test_cancelled_error_arrives_as_cancelled_error(self, way, exception):
        self.assertIs(type(self.send_exception(way, exception)),
                      asyncio.CancelledError)


if __name__ == '__main__':
    unittest.main()
