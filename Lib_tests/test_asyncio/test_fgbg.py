"""Tests for asyncio/fgbg.py: the three functions, without Ctrl-C and exit"""

import asyncio
import concurrent.futures
import contextvars
import functools
import inspect
import signal
import sys
import threading
import unittest
import warnings
import weakref
from unittest import mock

from .fgbg_utils import (
    NAMES, PACKAGE, SHORT_TIMEOUT, FgbgTestCase, fgbg, gc_collect, interrupt,
    markcoroutinefunction, return_42, run_python, wait_for_ever,
)


class Awaitable:
    def __await__(self):
        yield from asyncio.sleep(0).__await__()
        return 42


class NameTests(FgbgTestCase):
    """There are these three names, with these parameters, and no more."""

    def test_package_exports_the_three_names(self):
        package = sys.modules[PACKAGE]
        self.assertEqual(fgbg.__all__, NAMES)
        for name in NAMES:
            self.assertIs(getattr(package, name), getattr(fgbg, name))
            self.assertIn(name, package.__all__)

    def test_there_are_no_other_public_functions(self):
        public = {name for name, value in vars(fgbg).items()
                  if not name.startswith('_') and not inspect.ismodule(value)}
        self.assertEqual(public, {*NAMES})

    def test_signatures(self):
        signatures = [str(inspect.signature(getattr(fgbg, name)))
                      for name in NAMES]
        self.assertEqual(signatures, ['(task, *, loop=None)',
                                      '(target, *, loop=None)',
                                      '(target, *, loop=None, executor=None)'])

    def test_import_makes_no_loop_thread_or_signal_handler(self):
        self.assertEqual(run_python("""
            import gc, signal, threading
            print(threading.active_count(),
                  signal.getsignal(signal.SIGINT).__name__,
                  *[found for found in gc.get_objects()
                    if isinstance(found, asyncio.AbstractEventLoop)])
        """), '1 default_int_handler\n')


class BackgroundTests(FgbgTestCase):
    """A coroutine waits for its loop to run, a call starts at once."""

    def test_call_starts_before_the_loop_runs(self):
        started = threading.Event()
        future = fgbg.call_in_background(started.set)
        self.assertTrue(started.wait(SHORT_TIMEOUT))
        self.assertFalse(future.done())
        fgbg.run_in_foreground(future)

    def test_coroutine_is_picked_up_where_it_was(self):
        async def count():
            for number in range(3):
                steps.append(number)
                await asyncio.sleep(0)

        steps = []
        fgbg.schedule_coroutine(count())
        self.assertEqual(steps, [])
        for expected in [0], [0, 1], [0, 1, 2]:
            self.run_once()
            self.assertEqual(steps[:len(expected)], expected)
        self.assertFalse(self.loop.is_closed())

    def test_background_has_the_context_of_the_call(self):
        async def get():
            return variable.get()

        variable = contextvars.ContextVar('variable')
        self.addCleanup(variable.reset, variable.set('then'))
        background = [fgbg.schedule_coroutine(get()),
                      fgbg.call_in_background(variable.get)]
        variable.set('now')
        self.assertEqual(list(map(fgbg.run_in_foreground, background)),
                         ['then', 'then'])


class StateTests(FgbgTestCase):
    """Nothing of the process changes but the SIGINT handler during a wait."""

    async def get_state(self):
        for _ in range(3):
            await asyncio.sleep(0)
        # Windows lists two events as well, which are no signals.
        state = {number: signal.getsignal(number)
                 for number in signal.Signals if number.name[:3] == 'SIG'}
        state.update(
            loop=asyncio.get_event_loop(), filters=list(warnings.filters),
            hooks=(sys.excepthook, sys.gettrace(), sys.getprofile()),
            context=dict(contextvars.copy_context()))
        if threading.current_thread() is threading.main_thread():
            state['wakeup_fd'] = signal.set_wakeup_fd(-1)
            signal.set_wakeup_fd(state['wakeup_fd'])
        return state

    def find_changes(self):
        """Return what differs in a wait; nothing is to differ afterwards."""
        asyncio.set_event_loop(self.loop)
        before = self.loop.run_until_complete(self.get_state())
        fgbg.run_in_foreground(fgbg.call_in_background(int))
        during = fgbg.run_in_foreground(
            fgbg.schedule_coroutine(self.get_state()))
        after = self.loop.run_until_complete(self.get_state())
        self.assertEqual(after, before)
        return [name for name in before if before[name] != during[name]]

    def test_wait_in_the_main_thread_changes_sigint_alone(self):
        self.assertEqual(self.find_changes(), [signal.SIGINT])

    def test_wait_in_another_thread_changes_nothing(self):
        self.assertEqual(self.in_thread(self.find_changes), [])

    def test_wait_in_another_thread_does_not_ask_for_the_handler(self):
        # Interpreters that share such an object crash.
        with mock.patch('_signal.getsignal') as getsignal:
            self.in_thread(functools.partial(
                fgbg.run_in_foreground, return_42(), loop=self.loop))
        getsignal.assert_not_called()


class FindTests(FgbgTestCase):
    """The loop that runs comes first, the one that is set comes second."""

    def test_running_loop_comes_first(self):
        async def main():
            return fgbg.schedule_coroutine(return_42())

        running = self.new_loop()
        task = running.run_until_complete(main())
        self.assertIs(task.get_loop(), running)
        self.assertEqual(running.run_until_complete(task), 42)

    def test_set_loop_comes_second(self):
        task = fgbg.schedule_coroutine(return_42())
        self.assertIs(task.get_loop(), self.loop)
        self.assertEqual(fgbg.run_in_foreground(task), 42)


class MakeTests(FgbgTestCase):
    """The main thread gets a loop, which is set, whenever it has none."""

    def check(self, source):
        self.assertEqual(run_python(source), '42\n')

    def test_fresh_main_thread_gets_a_loop(self):
        self.check('print(run_in_foreground(asyncio.sleep(0, 42)))')

    def test_new_loop_is_set(self):
        self.check("""
            call = call_in_background(lambda: 42)
            assert asyncio.get_event_loop() is call.get_loop()
            print(run_in_foreground(call))
        """)

    def test_works_after_asyncio_run(self):
        self.check("""
            asyncio.run(asyncio.sleep(0))
            print(run_in_foreground(schedule_coroutine(asyncio.sleep(0, 42))))
        """)

    def test_background_goes_on_after_asyncio_run(self):
        self.check("""
            task = schedule_coroutine(asyncio.sleep(0, 42))
            asyncio.run(asyncio.sleep(0))
            print(run_in_foreground(task))
            asyncio.run(asyncio.sleep(0))
            run_in_foreground(asyncio.sleep(0))
            assert asyncio.get_event_loop() is task.get_loop()
        """)

    def test_works_after_the_loop_was_closed(self):
        self.check("""
            run_in_foreground(asyncio.sleep(0))
            asyncio.get_event_loop().close()
            print(run_in_foreground(asyncio.sleep(0, 42)))
        """)

    def test_own_loop_comes_back_when_the_set_one_is_closed(self):
        self.check("""
            task = schedule_coroutine(asyncio.sleep(0, 42))
            loop = asyncio.new_event_loop()
            asyncio.set_event_loop(loop)
            loop.close()
            print(run_in_foreground(task))
        """)


class ThreadTests(FgbgTestCase):
    """Another thread gets no loop, but an error that names the ways out."""

    def test_other_thread_gets_an_error_that_names_the_ways_out(self):
        def call(loop):
            asyncio.set_event_loop(loop)
            for function, argument in ((fgbg.run_in_foreground, coro),
                                       (fgbg.schedule_coroutine, coro),
                                       (fgbg.call_in_background, print)):
                with self.assertRaisesRegex(
                        RuntimeError, r'loop=.*asyncio\.set_event_loop\(\)'
                        r'.*asyncio\.run\(\)'):
                    function(argument)

        coro = return_42()
        closed = self.new_loop()
        closed.close()
        for loop in None, closed:
            self.in_thread(functools.partial(call, loop))
        self.assertEqual(fgbg.run_in_foreground(coro), 42)

    def test_other_thread_can_pass_or_set_a_loop(self):
        def call():
            fgbg.run_in_foreground(asyncio.sleep(0), loop=self.loop)
            asyncio.set_event_loop(self.loop)
            return fgbg.run_in_foreground(return_42())

        self.assertEqual(self.in_thread(call), 42)


class RejectedTests(FgbgTestCase):
    """Arguments are checked first: what is rejected is left alone."""

    def test_rejected_arguments_leave_nothing_in_a_fresh_interpreter(self):
        self.assertEqual(run_python(f"""
            import threading
            from {PACKAGE} import fgbg
            async def function():
                pass
            theirs = asyncio.new_event_loop()
            fgbg.events.new_event_loop = lambda: sys.exit('a loop was made')
            for call, args in [
                    (run_in_foreground, [3, print, function, None]),
                    (run_in_foreground, [theirs.create_future()]),
                    (schedule_coroutine, [3, print, function, None]),
                    (call_in_background, [3, None, function])]:
                for arg in args:
                    try:
                        call(arg)
                    except (TypeError, ValueError):
                        print('rejected')
            print(threading.active_count())
            theirs.close()
        """), 'rejected\n' * 12 + '1\n')

    def test_generator_is_no_coroutine_and_is_left_alone(self):
        generator = (None for _ in range(1))
        for function in fgbg.run_in_foreground, fgbg.schedule_coroutine:
            self.rejects(TypeError, 'not generator$', function, generator)
        self.assertEqual(list(generator), [None])

    def rejects_loop(self, exception, regex, loop):
        coro = return_42()
        executor = mock.Mock()
        self.rejects(exception, regex, fgbg.run_in_foreground, coro, loop=loop)
        self.rejects(exception, regex, fgbg.schedule_coroutine, coro,
                     loop=loop)
        self.rejects(exception, regex, fgbg.call_in_background, print,
                     loop=loop, executor=executor)
        executor.submit.assert_not_called()
        self.assertEqual(fgbg.run_in_foreground(coro), 42)

    def test_rejects_what_is_no_loop(self):
        for loop in 3, '':
            self.rejects_loop(TypeError, '^loop must be an event loop or None,'
                              f' not {type(loop).__name__}$', loop)

    def test_rejects_a_closed_loop(self):
        loop = self.new_loop()
        loop.close()
        self.rejects_loop(RuntimeError, 'closed', loop)


class FirstCallTests(FgbgTestCase):
    """A first call that fails half way leaves nothing half set up."""

    # After it, the background is alive, and its cleanup can use a thread.
    CHECK = """
        async def main():
            try:
                await asyncio.sleep(60)
            finally:
                print(await call_in_background(lambda: 'cleaned up',
                                               executor=pool))
        pool = concurrent.futures.ThreadPoolExecutor(1)
        pool.submit(int)
        task = schedule_coroutine(main())
        run_in_foreground(asyncio.sleep(0))
        print(asyncio.get_event_loop() is task.get_loop())
    """

    def check(self, module, name, exception):
        """Check a first call in which a function raises *exception*."""
        self.assertEqual(run_python(f"""
            import atexit, concurrent.futures
            from {PACKAGE} import fgbg
            def fail(*args, **kwargs):
                {module}.{name} = function
                raise {exception}
            function = {module}.{name}
            {module}.{name} = fail
            try:
                call_in_background(int)
            except {exception}:
                print('failed')
        """, self.CHECK), 'failed\nTrue\ncleaned up\n')

    def test_event_loop_cannot_be_looked_up(self):
        self.check('fgbg.events', 'get_event_loop', 'RecursionError')

    def test_function_cannot_be_registered_with_atexit(self):
        self.check('atexit', 'register', 'KeyboardInterrupt')

    def test_function_cannot_be_called_before_threads_are_joined(self):
        self.check('fgbg.threading', '_register_atexit', 'KeyboardInterrupt')

    def test_event_loop_cannot_be_made(self):
        self.check('fgbg.events', 'new_event_loop', 'OSError')

    def test_event_loop_cannot_be_set(self):
        self.check('fgbg.events', 'set_event_loop', 'KeyboardInterrupt')


class ScheduleTests(FgbgTestCase):
    """A coroutine is scheduled; what is none gets an error that says why."""

    def test_rejects_anything_else_and_says_what_to_do(self):
        for target, hint in [
            (self.loop.create_future(), r'Future: .*run_in_foreground\(\)'),
            (return_42, r'function \(a coroutine function\): call it'),
            (print, r'builtin.*: use call_in_background\(\)'),
            (Awaitable(), 'Awaitable$'),
            (42, 'int$'),
        ]:
            with self.subTest(target=target):
                self.rejects(TypeError, '^target must be a coroutine, '
                             f'not {hint}', fgbg.schedule_coroutine, target)

    def test_rejects_a_loop_that_runs_in_another_thread(self):
        loop = self.new_loop()
        self.run_loop_in_thread(loop)
        coro = return_42()
        self.rejects(RuntimeError, r'asyncio\.run_coroutine_threadsafe\(\)',
                     fgbg.schedule_coroutine, coro, loop=loop)
        self.assertEqual(fgbg.run_in_foreground(coro), 42)

    def test_returns_what_the_task_factory_made(self):
        class Task(asyncio.Task):
            pass

        self.loop.set_task_factory(
            lambda loop, coro, **kwargs: Task(coro, loop=loop, **kwargs))
        task = fgbg.schedule_coroutine(return_42())
        self.assertIs(type(task), Task)
        self.assertEqual(asyncio.all_tasks(self.loop), {task})
        self.assertEqual(fgbg.run_in_foreground(task), 42)


class KeepTests(FgbgTestCase):
    """A task is kept alive until it is done, and nothing else is."""

    def test_dropped_task_is_kept_until_it_is_done(self):
        async def wait():
            future = self.loop.create_future()
            futures.add(future)
            results.append(await future)

        futures, results = weakref.WeakSet(), []
        fgbg.schedule_coroutine(wait())
        self.run_once()
        gc_collect()
        for future in futures:
            future.set_result(42)
        self.run_once()
        self.assertEqual(results, [42])

    def check_gone(self, *refs):
        gc_collect()
        self.assertEqual([ref() for ref in refs], [None] * len(refs))

    def test_finished_task_is_let_go_at_once(self):
        task = fgbg.schedule_coroutine(return_42())
        fgbg.run_in_foreground(task)
        ref = weakref.ref(task)
        del task
        self.check_gone(ref)

    def test_task_that_an_eager_factory_finished_is_not_kept(self):
        async def main():
            task = fgbg.schedule_coroutine(return_42())
            self.assertTrue(task.done())
            ref = weakref.ref(task)
            del task
            self.check_gone(ref)

        self.loop.set_task_factory(asyncio.eager_task_factory)
        fgbg.run_in_foreground(main())

    def test_future_is_not_kept_whatever_ends_the_wait(self):
        for exception, end in [(KeyboardInterrupt, interrupt),
                               (SystemExit, sys.exit),
                               (RuntimeError, self.loop.stop)]:
            future = self.loop.create_future()
            self.loop.call_soon(end)
            with self.assertRaises(exception):
                fgbg.run_in_foreground(future)
            ref = weakref.ref(future)
            del future
            self.check_gone(ref)

    def test_future_of_a_call_is_not_kept(self):
        executor = mock.Mock(
            submit=lambda target: concurrent.futures.Future())
        self.check_gone(weakref.ref(
            fgbg.call_in_background(int, executor=executor)))

    def test_closed_loops_with_pending_tasks_do_not_pile_up(self):
        refs = []
        for _ in range(10):
            loop = asyncio.new_event_loop()
            loop.set_exception_handler(lambda loop, context: None)
            task = fgbg.schedule_coroutine(wait_for_ever(), loop=loop)
            fgbg.run_in_foreground(asyncio.sleep(0), loop=loop)
            loop.close()
            refs += weakref.ref(loop), weakref.ref(task)
        del loop, task
        self.check_gone(*refs)


class CallTests(FgbgTestCase):
    """Any callable is called, but for coroutine functions."""

    def call(self, target, **kwargs):
        # A call that never ends is to fail, not to hang.
        return fgbg.run_in_foreground(asyncio.wait_for(
            fgbg.call_in_background(target, **kwargs), SHORT_TIMEOUT))

    def test_calls_any_callable_without_arguments(self):
        for target in (dict, lambda *args, **kwargs: {*args, *kwargs},
                       functools.partial(dict, ()), {1: 1}.clear):
            with self.subTest(target=target):
                self.assertFalse(self.call(target))

    def rejects_target(self, target, message):
        executor = mock.Mock()
        for kwargs in {'executor': executor}, {}:
            self.rejects(TypeError,
                         f'^target must be a callable, not {message}',
                         fgbg.call_in_background, target, **kwargs)
        executor.submit.assert_not_called()

    def test_rejects_what_is_not_callable_and_says_what_to_do(self):
        self.rejects_target(42, 'int$')
        coro = return_42()
        self.rejects_target(coro, r'coroutine: use schedule_coroutine\(\)')
        self.assertEqual(fgbg.run_in_foreground(coro), 42)

    def test_rejects_coroutine_functions_and_names_schedule_coroutine(self):
        def function():
            return return_42()

        for target in (return_42, markcoroutinefunction(function),
                       functools.partial(functools.partial(return_42))):
            with self.subTest(target=target):
                self.rejects_target(target, r'(function|partial) '
                                    r'.*coroutine to schedule_coroutine\(\)')

    def test_default_executor_makes_the_call(self):
        with concurrent.futures.ThreadPoolExecutor(
                1, thread_name_prefix='default') as executor:
            self.loop.set_default_executor(executor)
            thread = self.call(threading.current_thread)
        self.assertEqual(thread.name, 'default_0')

    def test_exception_reaches_the_future(self):
        for exception in ZeroDivisionError, SystemExit, KeyboardInterrupt:
            error = exception()
            future = fgbg.call_in_background(mock.Mock(side_effect=error))
            with self.assertRaises(exception) as caught:
                fgbg.run_in_foreground(future)
            self.assertIs(caught.exception, error)

    def test_stop_iteration_reaches_the_future_as_runtime_error(self):
        with self.assertRaises(RuntimeError) as caught:
            self.call(functools.partial(next, iter(())))
        self.assertIsInstance(caught.exception.__cause__, StopIteration)


class ExecutorTests(FgbgTestCase):
    """Any object with submit() is an executor, and gets the target itself."""

    def test_explicit_executor_gets_the_target_itself(self):
        executor = mock.Mock(spec=['submit'])
        executor.submit.return_value = concurrent.futures.Future()
        fgbg.call_in_background(print, executor=executor).cancel()
        executor.submit.assert_called_once_with(print)

    def test_explicit_executor_is_any_object_with_submit(self):
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            double = mock.Mock(spec=['submit'], submit=pool.submit)
            for executor in weakref.proxy(pool), double:
                with self.subTest(executor=type(executor)):
                    call = fgbg.call_in_background(threading.get_ident,
                                                   executor=executor)
                    self.assertEqual(fgbg.run_in_foreground(call),
                                     pool.submit(threading.get_ident).result())

    def test_rejects_what_is_no_executor(self):
        for executor in 42, 0, print, self.loop:
            self.rejects(TypeError,
                         r'executor must be a concurrent\.futures\.Executor',
                         fgbg.call_in_background, print, executor=executor)

    def test_explicit_executor_that_refuses_raises_at_once(self):
        executor = mock.Mock(submit=mock.Mock(side_effect=OSError('full')))
        self.rejects(OSError, 'full', fgbg.call_in_background, int,
                     executor=executor)

    def test_explicit_executor_does_without_that_of_the_loop(self):
        with concurrent.futures.ThreadPoolExecutor(1) as executor, \
                mock.patch.object(self.loop, 'run_in_executor') as function:
            future = fgbg.call_in_background(int, executor=executor)
            self.assertIs(future.get_loop(), self.loop)
            self.assertEqual(fgbg.run_in_foreground(future), 0)
        function.assert_not_called()

    def test_cancelled_future_cancels_the_call(self):
        call = concurrent.futures.Future()
        executor = mock.Mock(submit=lambda target: call)
        fgbg.call_in_background(int, executor=executor).cancel()
        self.run_once()
        self.assertTrue(call.cancelled())


class RunTests(FgbgTestCase):
    """A coroutine, a future or another awaitable is run to its end."""

    def test_runs_a_coroutine(self):
        self.assertEqual(fgbg.run_in_foreground(return_42()), 42)

    def test_runs_a_future_even_if_it_is_false(self):
        class Future(asyncio.Future):
            def __bool__(self):
                return False

        future = Future(loop=self.loop)
        self.loop.call_soon(future.set_result, 42)
        self.assertEqual(fgbg.run_in_foreground(future), 42)

    def test_runs_any_awaitable(self):
        self.assertEqual(fgbg.run_in_foreground(Awaitable()), 42)

    def test_returns_the_result_of_a_task_again(self):
        task = self.loop.create_task(return_42())
        self.assertEqual(fgbg.run_in_foreground(task), 42)
        self.assertEqual(fgbg.run_in_foreground(task), 42)

    def test_raises_the_exception(self):
        error = Exception()
        future = self.loop.create_future()
        future.set_exception(error)
        with self.assertRaises(Exception) as caught:
            fgbg.run_in_foreground(future)
        self.assertIs(caught.exception, error)

    def test_raises_cancelled_error_for_what_was_cancelled(self):
        task = self.loop.create_task(return_42())
        task.cancel()
        with self.assertRaises(asyncio.CancelledError):
            fgbg.run_in_foreground(task)

    def test_rejects_anything_else_and_says_what_to_do(self):
        async def generate():
            yield 42

        for task, hint in [
            (return_42, r'function \(a coroutine function\): call it'),
            (functools.partial(return_42), r'partial .*: call it'),
            (print, r'builtin_function.*: use call_in_background\(\)'),
            (concurrent.futures.Future(),
             r'Future: use asyncio\.wrap_future\(\)'),
            (generate(), 'async_generator$'),
            (42, 'int$'),
            (None, 'NoneType$'),
        ]:
            with self.subTest(task=task):
                self.rejects(TypeError, '^task must be a coroutine, a future '
                             f'or an awaitable, not {hint}',
                             fgbg.run_in_foreground, task)

    def test_rejects_a_future_of_another_loop(self):
        loop = self.new_loop()
        for future, kwargs in [(loop.create_future(), {}),
                               (self.loop.create_future(), {'loop': loop})]:
            self.rejects(ValueError, 'another event loop',
                         fgbg.run_in_foreground, future, **kwargs)


class NestedTests(FgbgTestCase):
    """Where a loop runs, the call is refused before anything is done."""

    def rejects_nested(self, coro, **kwargs):
        with self.assertRaisesRegex(RuntimeError,
                                    r'^run_in_foreground\(\) .*await'):
            fgbg.run_in_foreground(coro, **kwargs)

    def test_coroutine_that_is_refused_does_not_run(self):
        async def refused():
            steps.append('ran')

        async def main():
            coro = refused()
            with self.assertRaises(RuntimeError):
                fgbg.run_in_foreground(coro)
            await asyncio.sleep(0)
            self.assertEqual(steps, [])
            await coro

        steps = []
        fgbg.run_in_foreground(main())
        self.assertEqual(steps, ['ran'])

    def test_refuses_to_run_inside_a_callback(self):
        coro = return_42()
        self.loop.call_soon(self.rejects_nested, coro)
        self.run_once()
        self.assertEqual(self.logged, [])
        self.assertEqual(fgbg.run_in_foreground(coro), 42)

    def test_refuses_to_run_another_loop_inside_a_coroutine(self):
        async def main():
            self.rejects_nested(coro, loop=self.new_loop())

        coro = return_42()
        fgbg.run_in_foreground(main())
        self.assertEqual(fgbg.run_in_foreground(coro), 42)

    def test_refuses_a_loop_that_runs_in_another_thread(self):
        loop = self.new_loop()
        self.run_loop_in_thread(loop)
        coro = return_42()
        self.rejects_nested(coro, loop=loop)
        self.assertEqual(fgbg.run_in_foreground(coro), 42)


if __name__ == '__main__':
    unittest.main()
