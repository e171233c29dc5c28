"""Property tests for asyncio's foreground and background helpers

The objects that the rules are tried on come from kinds.  A kind is a context
manager: it makes an object and, when a rule has been tried on it, shows that
the object is as it was and can still be used.
"""

import asyncio
import builtins
import collections.abc
import concurrent.futures
import contextlib
import functools
import gc
import inspect
import itertools
import os
import sys
import threading
import types
import unittest
import warnings
from unittest import mock

import hypothesis
from asyncio_fgbg import fgbg

st = hypothesis.strategies
just, sampled_from = st.just, st.sampled_from


def examples(count):
    # In CI a failure is to be the fault of the change that is tested, and to
    # come back when it is run again.  Elsewhere each run tries new examples.
    if sys.implementation.name == 'pypy':
        count //= 4     # it takes long to compile what runs once
    return hypothesis.settings(
        max_examples=count, derandomize='CI' in os.environ, deadline=None,
        database=None, print_blob=True, suppress_health_check=[
            check for check in hypothesis.HealthCheck
            if check.name in ('too_slow', 'differing_executors')])


def kinds(kind, **choices):
    return st.builds(functools.partial, just(kind), **choices)


class Result:
    """What is returned by everything that has nothing better to return."""


RESULT = Result()


def generator_function(*args):
    yield
    return RESULT


@types.coroutine
def generator_coroutine_function(*args):
    yield
    return RESULT


async def coroutine_function(*args):
    return await generator_coroutine_function()


async def async_generator_function():
    yield await coroutine_function()


def run_by_hand(coro):
    """Run *coro* to its end; return how often it paused, and its result."""
    for pauses in itertools.count():
        try:
            coro.send(None)
        except (StopIteration, RuntimeError) as exc:
            return pauses, getattr(exc, 'value', None)


def run_quietly(loop, future, patience=10):
    """Run *loop* until *future* is done, whatever leaves it meanwhile."""
    give_up = loop.time() + patience    # seconds
    while not future.done() and loop.time() < give_up:
        with contextlib.suppress(BaseException):
            loop.run_until_complete(asyncio.sleep(0))


# Futures and tasks, of the event loop and of another one, in every state.

TASKS = (asyncio.Task, asyncio.tasks._PyTask)
FUTURES = (asyncio.Future, asyncio.futures._PyFuture)
ENDINGS = {
    'pending': lambda future: None,
    'done': lambda future: future.set_result(RESULT),
    'failed': lambda future: future.set_exception(ZeroDivisionError()),
    'cancelled': lambda future: future.cancel(),
}


@contextlib.contextmanager
def a_future(case, cls, state, foreign):
    async def wait():
        return await end

    loop = case.other_loop if foreign else case.loop
    end = asyncio.Future(loop=loop) if cls in TASKS else cls(loop=loop)
    future = cls(wait(), loop=loop) if cls in TASKS else end
    ENDINGS[state](end)
    if state != 'pending':
        run_quietly(loop, future)
    yield future
    assert future.done() == (state != 'pending')
    if state == 'pending':
        end.set_result(RESULT)
        run_quietly(loop, future)
    assert future.cancelled() == (state == 'cancelled')
    assert (state == 'cancelled'
            or (type(future.exception()) is ZeroDivisionError
                if state == 'failed' else future.result() is RESULT))


def futures_of(another_loop):
    return kinds(a_future, foreign=another_loop,
                 cls=sampled_from(TASKS + FUTURES),
                 state=sampled_from(sorted(ENDINGS)))


futures = futures_of(st.booleans())


# Coroutines, and what is only like them, in every state.

class CoroutineByHand(collections.abc.Coroutine):
    send = throw = None

    def __init__(self):
        coro = coroutine_function()
        self.send, self.throw, self.close = coro.send, coro.throw, coro.close

    def __await__(self):
        return self


class Awaitable:
    def __init__(self, function=generator_function):
        self.function = function

    def __await__(self):
        return self.function()


STATES = {  # how to get there, and what is left to run from there
    'fresh': (lambda coro: None, (1, RESULT)),
    'suspended': (lambda coro: coro.send(None), (0, RESULT)),
    'closed': (lambda coro: coro.close(), (0, None)),
}


@contextlib.contextmanager
def a_coroutine(case, make, state):
    get_there, left = STATES[state]
    coro = make()
    get_there(coro)
    yield coro
    assert run_by_hand(getattr(coro, '__await__', lambda: coro)()) == left


@contextlib.contextmanager
def an_executing_coroutine(case):
    async def execute():
        started.set()
        go_on.wait()
        return RESULT

    started, go_on, coro = threading.Event(), threading.Event(), execute()
    with concurrent.futures.ThreadPoolExecutor(1) as thread:
        left = thread.submit(run_by_hand, coro)
        started.wait()
        try:
            yield coro
        finally:
            go_on.set()
    assert left.result() == (0, RESULT)


def in_every_state(*makers):
    return kinds(a_coroutine, make=sampled_from(makers),
                 state=sampled_from(sorted(STATES)))


coroutines = just(an_executing_coroutine) | in_every_state(
    coroutine_function, CoroutineByHand,
    lambda: async_generator_function().asend(None))
awaitables = kinds(a_coroutine, make=just(Awaitable), state=just('fresh'))
generators = in_every_state(generator_function)
generator_coroutines = in_every_state(generator_coroutine_function)
if asyncio.iscoroutine(generator_function()):       # before 3.12
    coroutines |= generators | generator_coroutines
    not_awaitable_generators = st.nothing()
else:
    awaitables |= generator_coroutines
    not_awaitable_generators = generators


# Callables and coroutine functions, inside any number of partials.

class Methods:
    async def async_method(self):
        return await coroutine_function()

    def method(self):
        return RESULT

    async_class_method = classmethod(coroutine_function)
    async_static_method = staticmethod(coroutine_function)
    class_method = classmethod(method)
    static_method = staticmethod(lambda: RESULT)
    __call__ = coroutine_function   # which makes no coroutine function of it


class Marked(Methods):
    _is_coroutine = getattr(asyncio.coroutines, '_is_coroutine', None)


class Partial(functools.partial):
    """Stays as it is inside a partial, while a partial is merged into it."""


@functools.wraps(Methods.method)
async def decorated(*args):
    return await coroutine_function()


COROUTINE_FUNCTIONS = [
    lambda: coroutine_function, lambda: decorated,
    lambda: Methods().async_method, lambda: Methods.async_class_method,
    lambda: Methods.async_static_method]
if hasattr(mock, 'AsyncMock'):                      # since 3.8
    COROUTINE_FUNCTIONS += [lambda: mock.AsyncMock(return_value=RESULT)]
if hasattr(inspect, 'markcoroutinefunction'):       # since 3.12
    COROUTINE_FUNCTIONS += [lambda: inspect.markcoroutinefunction(Methods())]
if sys.version_info < (3, 14):
    COROUTINE_FUNCTIONS += [Marked]
CALLABLES = [
    lambda: lambda: RESULT, lambda: [RESULT].pop, lambda: Result,
    lambda: functools.wraps(coroutine_function)(lambda: RESULT),
    lambda: Methods().method, lambda: Methods.class_method,
    lambda: Methods.static_method, lambda: Methods(),
    lambda: generator_function, lambda: generator_coroutine_function,
    lambda: mock.Mock(side_effect=[RESULT])]


@contextlib.contextmanager
def a_callable(case, make, partials):
    target = make()
    for partial in partials:
        target = partial(target)
    yield target
    result = target()
    if hasattr(result, 'send'):
        assert run_by_hand(result)[1] is RESULT
    else:
        assert isinstance(result, (Result, types.AsyncGeneratorType))


def in_partials(makers):
    return kinds(a_callable, make=sampled_from(makers), partials=st.lists(
        sampled_from([functools.partial, Partial]), max_size=4))


coroutine_functions = in_partials(COROUTINE_FUNCTIONS)
callables = in_partials(CALLABLES)
async_generator_functions = kinds(
    a_callable, make=just(lambda: async_generator_function),
    partials=just(()))


# Plain values of all sorts.

def explode(*args, **kwargs):
    raise ZeroDivisionError


HOSTILE = {'__repr__', '__str__', '__format__', '__eq__', '__hash__',
           '__bool__', '__len__', '__iter__', '__getattr__'}


def hostile(*bases):
    """Return a strategy for objects with methods that raise, one or more."""
    names = just(HOSTILE) | st.sets(sampled_from(sorted(HOSTILE)), min_size=1)
    return names.map(
        lambda names: type('Hostile', bases, dict.fromkeys(names, explode))())


plain_values = hostile() | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text()
    | st.binary() | st.builds(StopIteration, st.integers())
    | sampled_from([NotImplemented, ..., asyncio]),
    lambda inner: (st.lists(inner) | st.tuples(inner, inner)
                   | st.dictionaries(st.text(), inner)), max_leaves=4)


def has_attributes(value):
    """Return whether looking for an attribute of *value* does not raise."""
    return '__getattr__' not in vars(type(value))


@contextlib.contextmanager
def a_value(case, value):
    before = type(value).__name__ == 'Hostile' or repr(value)
    yield value
    assert before is True or before == repr(value)


values = (kinds(a_value, value=hostile()) | kinds(a_value, value=plain_values)
          | kinds(a_value, value=st.builds(async_generator_function)))


class PropertyTestCase(unittest.TestCase):
    def setUp(self):
        # No event loop of another test is to be found.
        for patch in (
            mock.patch.object(asyncio.events, '_event_loop_policy', None),
            mock.patch.object(fgbg, '_own_loop', None),
        ):
            patch.start()
            self.addCleanup(patch.stop)
        self.loops = [asyncio.new_event_loop() for _ in range(4)]
        (self.loop, self.other_loop,
         self.running_loop, self.closed_loop) = self.loops
        for loop in self.loops:
            self.addCleanup(loop.close)
        self.closed_loop.close()
        asyncio.set_event_loop(self.loop)


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


class RuleTests(PropertyTestCase):
    def setUp(self):
        super().setUp()
        self.executor = RecordingExecutor()
        self.executor.submitted = []
        for loop in self.loops:
            loop.set_default_executor(self.executor)

    def call(self, place, function):
        async def call_function():
            return function()

        if place == 'a loop is running':
            return self.running_loop.run_until_complete(call_function())
        if place == 'a thread without a loop':
            with concurrent.futures.ThreadPoolExecutor(1) as thread:
                return thread.submit(function).result()
        if place == 'no loop was ever set':
            # As set_event_loop_policy(None), which 3.14 deprecates.
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

    @contextlib.contextmanager
    def running_elsewhere(self, loop):
        started = threading.Event()
        with concurrent.futures.ThreadPoolExecutor(1) as thread:
            loop.call_soon(started.set)
            thread.submit(loop.run_forever)
            started.wait()
            try:
                yield
            finally:
                loop.call_soon_threadsafe(loop.stop)

    @examples(150)
    @hypothesis.given(rejected_by('schedule_coroutine', {
        '': values | awaitables | not_awaitable_generators,
        'run_in_foreground()': futures,
        'call it': coroutine_functions,
        "'async for'": async_generator_functions,
        'call_in_background()': callables}), places)
    def test_schedule_coroutine_takes_only_coroutines(self, call, place):
        call, hint = call
        self.assert_rejected(call, place, TypeError,
                             'target must be a coroutine, not ', hint)

    @examples(50)
    @hypothesis.given(coroutines)
    def test_schedule_coroutine_takes_every_coroutine(self, kind):
        task = self.loop.create_future()
        task.set_result(None)
        with kind(self) as target, mock.patch.object(
                self.loop, 'create_task', return_value=task) as create_task:
            fgbg.schedule_coroutine(target, loop=self.loop)
            self.assertTrue(asyncio.iscoroutine(target))
            self.assertIs(create_task.call_args[0][0], target)

    @examples(100)
    @hypothesis.given(rejected_by('call_in_background', {
        '': values | awaitables | not_awaitable_generators | futures,
        'schedule_coroutine()': coroutines | coroutine_functions,
        }), places, sampled_from([None, True]))
    def test_call_in_background_takes_only_callables(
            self, call, place, executor):
        call, hint = call
        self.assert_rejected(call, place, TypeError,
                             'target must be a callable, not ', hint,
                             kwargs={'executor': executor and self.executor})

    @examples(60)
    @hypothesis.given(callables | async_generator_functions)
    def test_call_in_background_takes_every_callable(self, kind):
        with kind(self) as target:
            future = fgbg.call_in_background(target, loop=self.loop,
                                             executor=self.executor)
            (submitted,), keywords = self.executor.submitted.pop()
            self.assertIs(submitted, target)
            self.assertEqual(keywords, {})
            run_quietly(self.loop, future)

    @examples(100)
    @hypothesis.given(calls_of('run_in_foreground', coroutine_functions
                               | callables | not_awaitable_generators
                               | values), idle_places)
    def test_run_in_foreground_takes_only_awaitables(self, call, place):
        self.assert_rejected(call, place, TypeError, 'task must be ')

    @examples(30)
    @hypothesis.given(calls_of('run_in_foreground', futures_of(just(True))),
                      main_thread_places, st.booleans())
    def test_no_foreground_for_a_future_of_another_loop(
            self, call, place, explicit):
        self.assert_rejected(call, place, ValueError, '',
                             kwargs={'loop': self.loop if explicit else None})

    @examples(50)
    @hypothesis.given(
        calls_of('run_in_foreground', coroutines | awaitables | futures),
        st.booleans())
    def test_no_foreground_where_a_loop_is_running(self, call, explicit):
        self.assert_rejected(call, 'a loop is running', RuntimeError,
                             '', 'run_in_foreground()', 'await',
                             kwargs={'loop': self.loop if explicit else None})

    @examples(30)
    @hypothesis.given(
        st.tuples(calls_of('run_in_foreground', coroutines | awaitables),
                  just('await'))
        | st.tuples(calls_of('schedule_coroutine', coroutines),
                    just('asyncio.run_coroutine_threadsafe()')))
    def test_no_loop_that_is_running_in_another_thread(self, call):
        call, hint = call
        with self.running_elsewhere(self.running_loop):
            self.assert_rejected(call, 'no loop is set', RuntimeError, '',
                                 hint, kwargs={'loop': self.running_loop})

    @examples(30)
    @hypothesis.given(calls)
    def test_a_thread_without_a_loop_says_how_to_get_one(self, call):
        self.assert_rejected(call, 'a thread without a loop', RuntimeError,
                             '', 'loop=', 'asyncio.set_event_loop()')

    @examples(30)
    @hypothesis.given(calls, idle_places)
    def test_no_closed_loop(self, call, place):
        self.assert_rejected(call, place, RuntimeError, '',
                             kwargs={'loop': self.closed_loop})

    @examples(60)
    @hypothesis.given(calls, not_none, idle_places)
    def test_loop_is_an_event_loop(self, call, loop, place):
        self.assert_rejected(call, place, TypeError, 'loop must be ',
                             type(loop).__name__, kwargs={'loop': loop})

    @examples(60)
    @hypothesis.given(calls_of('call_in_background', callables),
                      not_none.filter(has_attributes), places)
    def test_executor_is_an_executor(self, call, executor, place):
        self.assert_rejected(call, place, TypeError, 'executor must be ',
                             type(executor).__name__,
                             kwargs={'executor': executor})

    @examples(60)
    @hypothesis.given(calls, st.lists(plain_values, max_size=3),
                      st.dictionaries(names, plain_values, max_size=3), places)
    def test_there_is_no_other_way_to_call(self, call, args, kwargs, place):
        hypothesis.assume(args or kwargs)
        self.assert_rejected(call, place, TypeError, call[0] + '()',
                             args=args, kwargs=kwargs)


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
# asyncio's futures take no StopIteration, and before 3.12.2 never end with it.
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


# Not TimeoutError: before 3.13, asyncio copies it when a thread raises it.
interrupts = instances(KeyboardInterrupt, SystemExit)
bare_exceptions = (
    st.builds(OddError, left=plain_values, right=plain_values)
    | st.builds(OSError, st.integers(), st.text(), st.text())
    | st.builds(UnicodeDecodeError, just('utf-8'), st.binary(),
                st.integers(0, 9), st.integers(0, 9), st.text())
    | instances(KeyError, StopAsyncIteration, GeneratorExit, BaseException,
                asyncio.InvalidStateError)
    | hostile(Exception) | hostile(BaseException))
if hasattr(builtins, 'BaseExceptionGroup'):         # since 3.11
    bare_exceptions |= st.builds(
        BaseExceptionGroup, st.text(), st.lists(bare_exceptions, min_size=1))
exceptions = st.builds(
    dressed, bare_exceptions, cause=st.none() | bare_exceptions,
    context=st.none() | bare_exceptions, notes=st.lists(st.text()))
futures_as_values = st.builds(asyncio.Future, loop=st.builds(mock.Mock))


class TripTests(PropertyTestCase):
    def setUp(self):
        super().setUp()
        self.executor, default_executor = executors = [
            concurrent.futures.ThreadPoolExecutor(1) for _ in range(2)]
        for executor in executors:
            self.addCleanup(executor.shutdown)
        self.loop.set_default_executor(default_executor)
        self.logged = []
        self.patience = 10   # seconds
        self.loop.set_exception_handler(
            lambda loop, context: self.logged.append(context['message']))

    def tearDown(self):
        # Futures that nobody holds may have to be collected to be logged, and
        # collecting after every example takes PyPy minutes.
        gc.collect()
        self.assertEqual(self.logged, [])

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
            fgbg.run_in_foreground(asyncio.sleep(0))
        self.assertEqual(asyncio.all_tasks(self.loop), set())
        self.assertEqual(self.logged, [])
        return caught.exception

    @examples(100)
    @hypothesis.given(ways(ROUTES),
                      plain_values | exceptions | futures_as_values)
    def test_results_arrive_unchanged(self, way, result):
        self.assertIs(self.send(way, lambda: result), result)
        self.assertEqual(self.logged, [])

    @examples(60)
    @hypothesis.given(ways(ROUTES), exceptions)
    def test_exceptions_arrive_unchanged(self, way, exception):
        def state():
            return (exception.args, exception.__cause__, exception.__context__,
                    exception.__suppress_context__, dict(vars(exception)))

        before = state()
        self.assertIs(self.send_exception(way, exception), exception)
        self.assertEqual(state(), before)

    @examples(30)
    @hypothesis.given(ways(ROUTES), interrupts)
    def test_interrupts_arrive_unchanged(self, way, exception):
        self.assertIs(self.send_exception(way, exception), exception)

    @examples(20)
    @hypothesis.given(interrupts, st.integers(0, 3))
    def test_interrupts_from_the_background_arrive(self, exception, pauses):
        def raise_exception():
            raise exception

        fgbg.schedule_coroutine(ending(self, raise_exception, pauses))
        with self.assertRaises(type(exception)) as caught:
            self.send(('a coroutine', 5, False), lambda: RESULT)
        self.assertIs(caught.exception, exception)
        for _ in range(5):
            fgbg.run_in_foreground(asyncio.sleep(0))
        self.assertEqual(self.logged, [])

    @examples(30)
    @hypothesis.given(
        ways(STOP_ITERATION_ROUTES),
        instances(StopIteration, type('SubStop', (StopIteration,), {})))
    def test_stop_iteration_arrives_in_a_runtime_error(self, way, exception):
        error = self.send_exception(way, exception)
        self.assertIs(type(error), RuntimeError)
        self.assertIs(error.__cause__, exception)

    @examples(30)
    @hypothesis.given(ways(ROUTES), instances(asyncio.CancelledError))
    def test_cancelled_error_arrives_as_cancelled_error(self, way, exception):
        self.assertIs(type(self.send_exception(way, exception)),
                      asyncio.CancelledError)


if __name__ == '__main__':
    unittest.main()
