"""Tests for asyncio/fgbg.py: call_in_background()"""

import asyncio
import concurrent.futures
import contextvars
import functools
import multiprocessing
import os
import sys
import threading
import types
import unittest
import weakref
from unittest import mock

from .fgbg_utils import (
    SHORT_TIMEOUT, FgbgTestCase, RecordingExecutor, fgbg,
    markcoroutinefunction, return_42, run_python,
)


class CallTestCase(FgbgTestCase):
    def call(self, target, **kwargs):
        # A call that never ends is to fail, not to hang.
        return fgbg.run_in_foreground(asyncio.wait_for(
            fgbg.call_in_background(target, **kwargs), SHORT_TIMEOUT))


class CallableTests(CallTestCase):
    """4. Any callable is called, without arguments."""

    def test_accepts_callables_of_every_kind(self):
        class Callable:
            def __call__(self):
                return 0

            def method(self):
                return 0

        for target in (int, lambda: 0, functools.partial(int, '0'), Callable(),
                       Callable().method, ''.__len__):
            with self.subTest(target=target):
                self.assertEqual(self.call(target), 0)

    def test_accepts_generator_functions(self):
        async def generate():
            yield

        @types.coroutine
        def generate_coroutine():
            yield

        for target in generate, generate_coroutine:
            with self.subTest(target=target):
                self.assertEqual(type(self.call(target)), type(target()))

    def test_gives_the_callable_no_arguments(self):
        self.assertEqual(self.call(lambda *args, **kwargs: (args, kwargs)),
                         ((), {}))


class NotCallableTests(FgbgTestCase):
    """4. What cannot be called, or only in a coroutine, is rejected."""

    def rejects_target(self, target, message):
        executor = RecordingExecutor()
        for kwargs in {'executor': executor}, {}:
            self.rejects(TypeError,
                         f'^target must be a callable, not {message}',
                         fgbg.call_in_background, target, **kwargs)
        self.assertEqual(executor.submitted, [])

    def test_rejects_what_is_not_callable(self):
        self.rejects_target(42, 'int$')

    def test_rejects_a_coroutine_and_names_schedule_coroutine(self):
        coro = return_42()
        self.rejects_target(coro, r'coroutine: use schedule_coroutine\(\)')
        self.assertEqual(fgbg.run_in_foreground(coro), 42)

    def test_rejects_a_coroutine_function_and_names_schedule_coroutine(self):
        self.rejects_target(return_42,
                            r'function .*use schedule_coroutine\(\)')

    def test_rejects_a_coroutine_function_in_a_partial(self):
        self.rejects_target(functools.partial(functools.partial(return_42)),
                            r'partial .*use schedule_coroutine\(\)')

    def test_rejects_a_marked_function(self):
        def function():
            return return_42()

        self.rejects_target(markcoroutinefunction(function),
                            r'function .*use schedule_coroutine\(\)')


class DefaultExecutorTests(CallTestCase):
    """4. The loop's default executor calls, in the caller's context."""

    def test_default_executor_makes_the_call(self):
        class Executor(concurrent.futures.ThreadPoolExecutor):
            def submit(self, *args, **kwargs):
                submitted.append(args)
                return super().submit(*args, **kwargs)

        submitted = []
        with Executor(1) as executor:
            self.loop.set_default_executor(executor)
            self.call(int)
        self.assertEqual(len(submitted), 1)

    def test_default_executor_sees_the_context_of_the_caller(self):
        variable = contextvars.ContextVar('variable')
        self.addCleanup(variable.reset, variable.set('then'))
        future = fgbg.call_in_background(variable.get)
        variable.set('now')
        self.assertEqual(fgbg.run_in_foreground(future), 'then')

    def test_thousands_of_calls_leave_no_warning(self):
        self.assertEqual(run_python("""
            calls = [call_in_background(int) for _ in range(3000)]
            print(sum(map(run_in_foreground, calls)))
        """), '0\n')


class ExecutorTests(CallTestCase):
    """4. Any object with submit() is an executor, and gets the target."""

    def test_explicit_executor_gets_the_target_itself(self):
        executor = RecordingExecutor()
        fgbg.call_in_background(print, executor=executor).cancel()
        self.assertEqual(executor.submitted, [(print, (), {})])

    def test_explicit_executor_is_any_object_with_submit(self):
        class Wrapper:
            def __getattr__(self, name):
                return getattr(pool, name)

        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            double = mock.Mock(spec=pool, submit=pool.submit)
            for executor in weakref.proxy(pool), double, Wrapper():
                with self.subTest(type(executor).__name__):
                    self.assertEqual(self.call(int, executor=executor), 0)

    def test_rejects_what_is_no_executor(self):
        for executor in 42, print, self.loop:
            self.rejects(TypeError,
                         r'executor must be a concurrent\.futures\.Executor',
                         fgbg.call_in_background, print, executor=executor)

    def test_explicit_executor_that_refuses_raises_at_once(self):
        executor = concurrent.futures.ThreadPoolExecutor(1)
        executor.shutdown()
        self.rejects(RuntimeError, 'shutdown', fgbg.call_in_background, int,
                     executor=executor)

    def test_explicit_executor_can_be_of_processes(self):
        context = multiprocessing.get_context('spawn')
        with concurrent.futures.ProcessPoolExecutor(
                1, mp_context=context) as executor:
            pid = fgbg.run_in_foreground(
                fgbg.call_in_background(os.getpid, executor=executor))
        self.assertNotEqual(pid, os.getpid())

    def test_explicit_executor_can_be_of_interpreters(self):
        with concurrent.futures.InterpreterPoolExecutor(1) as executor:
            self.assertEqual(self.call(os.getpid, executor=executor),
                             os.getpid())


class FutureTests(FgbgTestCase):
    """4. The future belongs to the loop, whichever executor calls."""

    def test_returns_a_future_of_the_loop(self):
        future = fgbg.call_in_background(int)
        self.assertTrue(asyncio.isfuture(future))
        self.assertIs(future.get_loop(), self.loop)
        fgbg.run_in_foreground(future)

    def test_explicit_executor_does_without_that_of_the_loop(self):
        class Loop(asyncio.SelectorEventLoop):
            def run_in_executor(self, executor, func, *args):
                raise NotImplementedError

        loop = Loop()
        self.addCleanup(loop.close)
        with concurrent.futures.ThreadPoolExecutor(1) as executor:
            future = fgbg.call_in_background(int, loop=loop,
                                             executor=executor)
            self.assertIs(future.get_loop(), loop)
            self.assertEqual(fgbg.run_in_foreground(future, loop=loop), 0)

    def test_cancelled_future_cancels_the_call(self):
        executor = concurrent.futures.ThreadPoolExecutor(1)
        self.addCleanup(executor.shutdown)
        may_end, calls = threading.Event(), []
        first = fgbg.call_in_background(may_end.wait, executor=executor)
        second = fgbg.call_in_background(functools.partial(calls.append, 1),
                                         executor=executor)
        second.cancel()
        self.run_once()
        may_end.set()
        fgbg.run_in_foreground(first)
        executor.shutdown()
        self.assertEqual(calls, [])


class EndOfCallTests(CallTestCase):
    """4. Every way that the call can end reaches the future."""

    def test_exception_reaches_the_future(self):
        with self.assertRaises(ZeroDivisionError):
            self.call(lambda: 1 / 0)

    def test_system_exit_reaches_the_future(self):
        with self.assertRaises(SystemExit):
            fgbg.run_in_foreground(fgbg.call_in_background(sys.exit))

    def test_keyboard_interrupt_reaches_the_future(self):
        def call():
            raise KeyboardInterrupt

        with self.assertRaises(KeyboardInterrupt):
            fgbg.run_in_foreground(fgbg.call_in_background(call))

    def test_stop_iteration_reaches_the_future_as_runtime_error(self):
        with self.assertRaises(RuntimeError) as caught:
            self.call(functools.partial(next, iter(())))
        self.assertIsInstance(caught.exception.__cause__, StopIteration)


if __name__ == '__main__':
    unittest.main()
