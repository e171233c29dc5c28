"""What the property tests are tried on

A kind is a context manager: it makes an object and, when a rule has been tried
on it, shows that the object is as it was and can still be used.
"""

import asyncio
import collections.abc
import concurrent.futures
import contextlib
import functools
import inspect
import itertools
import os
import threading
import types
import unittest
from unittest import mock

try:
    import hypothesis
except ImportError as exc:
    raise unittest.SkipTest(str(exc)) from None

from support.cpython import PYPY, AsyncMock, markcoroutinefunction


# In CI a failure is to be the fault of the change that is tested, and to come
# back when it is run again.  Elsewhere each run tries new examples.
hypothesis.settings.register_profile(
    'fgbg', derandomize='CI' in os.environ, deadline=None, database=None,
    print_blob=True,
    # PyPy compiles what runs once.
    max_examples=int(os.getenv('FGBG_EXAMPLES', 20 if PYPY else 80)),
    suppress_health_check=[
        check for check in hypothesis.HealthCheck
        if check.name in ('too_slow', 'differing_executors')])
hypothesis.settings.load_profile('fgbg')

st = hypothesis.strategies
just, sampled_from = st.just, st.sampled_from


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
    return st.one_of([kinds(a_coroutine, make=just(make),
                            state=sampled_from(sorted(STATES)))
                      for make in makers])


def find_sort(generator):
    # Which generators are coroutines is up to asyncio.
    return ('coroutine' if asyncio.iscoroutine(generator) else
            'awaitable' if inspect.isawaitable(generator) else 'neither')


def generators_of(sort):
    return in_every_state(*(
        make for make in (generator_function, generator_coroutine_function)
        if find_sort(make()) == sort))


coroutines = just(an_executing_coroutine) | generators_of('coroutine') | (
    in_every_state(coroutine_function, CoroutineByHand,
                   lambda: async_generator_function().asend(None)))
awaitables = generators_of('awaitable') | (
    kinds(a_coroutine, make=just(Awaitable), state=just('fresh')))
generators = generators_of('neither')


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


class Partial(functools.partial):
    """Stays as it is inside a partial, while a partial is merged into it."""


@functools.wraps(Methods.method)
async def decorated(*args):
    return await coroutine_function()


COROUTINE_FUNCTIONS = [
    lambda: coroutine_function, lambda: decorated,
    lambda: Methods().async_method, lambda: Methods.async_class_method,
    lambda: Methods.async_static_method,
    lambda: AsyncMock(return_value=RESULT),
    lambda: markcoroutinefunction(Methods())]
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
