"""Tests for asyncio/fgbg.py: the end of a wait, and what it leaves"""

import asyncio
import signal
import sys
import unittest

from .fgbg_utils import (
    EqualToAnything, FgbgTestCase, fgbg, gc_collect, raise_signal, return_42,
    wait_for_ever,
)


class WaitTestCase(FgbgTestCase):
    class Error(EqualToAnything, Exception):
        pass

    def stop(self):
        self.loop.stop()

    def exit_in_a_callback(self):
        self.loop.call_soon(sys.exit)

    def exit_in_a_task(self):
        self.keep(self.loop.create_task(self.fail_with(SystemExit)))

    def exit_in_a_scheduled_task(self):
        fgbg.schedule_coroutine(self.fail_with(SystemExit))

    def interrupt_in_a_callback(self):
        self.loop.call_soon(self.raise_, KeyboardInterrupt)

    def interrupt_in_a_scheduled_task(self):
        fgbg.schedule_coroutine(self.fail_with(KeyboardInterrupt))

    def raise_in_a_signal_handler(self):
        handler = signal.signal(signal.SIGTERM,
                                lambda *args: self.raise_(self.Error))
        self.addCleanup(signal.signal, signal.SIGTERM, handler)

        def strike(timeout):
            if timeout is None:
                selector.select = select
                raise_signal(signal.SIGTERM)
            return select(timeout)

        # In a callback, asyncio would log it: strike where the loop waits.
        selector = self.loop._selector
        select, selector.select = selector.select, strike

    # What raises what.
    ENDS = [
        (stop, RuntimeError),
        (exit_in_a_callback, SystemExit),
        (exit_in_a_task, SystemExit),
        (exit_in_a_scheduled_task, SystemExit),
        (interrupt_in_a_callback, KeyboardInterrupt),
        (interrupt_in_a_scheduled_task, KeyboardInterrupt),
        (raise_in_a_signal_handler, Error),
    ]

    def setUp(self):
        super().setUp()
        self.kept = []
        self.addCleanup(self.drop_tasks)

    def keep(self, task):
        self.kept.append(task)

    def drop_tasks(self):
        # asyncio logs the exits of tasks that were not scheduled here.
        while self.kept:
            task = self.kept.pop()
            if task.done() and not task.cancelled():
                task.exception()

    def raise_(self, exception):
        raise exception

    async def fail_with(self, exception):
        raise exception

    def check_ends(self, wait):
        for end, exception in self.ENDS:
            with self.subTest(end.__name__):
                with self.assertRaises(exception) as caught:
                    wait(end)
                if exception is RuntimeError:
                    self.assertIn('stopped', str(caught.exception))
                self.run_once()
                self.drop_tasks()
                self.assertEqual(asyncio.all_tasks(self.loop), set())
                self.assertEqual(self.logged, [])


class CancelTests(WaitTestCase):
    """5. Whatever ends the wait, what only this call holds is cancelled."""

    def test_coroutine_has_cleaned_up_when_the_call_returns(self):
        def wait(end):
            async def main():
                end(self)
                try:
                    await wait_for_ever()
                finally:
                    await asyncio.sleep(0.01)
                    cleaned.append(end)

            try:
                fgbg.run_in_foreground(main())
            finally:
                self.assertEqual(cleaned.pop(), end)

        cleaned = []
        self.check_ends(wait)

    def test_awaitable_has_cleaned_up_when_the_call_returns(self):
        def wait(end):
            class Wait:
                def __await__(wait):
                    end(self)
                    try:
                        yield from wait_for_ever().__await__()
                    finally:
                        yield from asyncio.sleep(0.01).__await__()
                        cleaned.append(end)

            try:
                fgbg.run_in_foreground(Wait())
            finally:
                self.assertEqual(cleaned.pop(), end)

        cleaned = []
        self.check_ends(wait)

    def test_exception_of_the_cleanup_is_logged(self):
        async def main():
            self.exit_in_a_callback()
            try:
                await wait_for_ever()
            finally:
                raise self.Error

        with self.assertRaises(SystemExit):
            fgbg.run_in_foreground(main())
        gc_collect()
        # asyncio.run() logs it, too.
        self.assertIsInstance(self.logged[0]['exception'], self.Error)

    def test_exit_of_the_cleanup_is_raised_and_not_logged(self):
        async def main():
            self.exit_in_a_callback()
            try:
                await wait_for_ever()
            finally:
                sys.exit(2)

        with self.assertRaises(SystemExit) as caught:
            fgbg.run_in_foreground(main())
        self.assertEqual(caught.exception.code, 2)
        self.run_once()
        gc_collect()
        self.assertEqual(self.logged, [])

    def test_failing_task_factory_leaves_nothing_behind(self):
        def factory(loop, coro, **kwargs):
            raise ZeroDivisionError

        coro = return_42()
        self.loop.set_task_factory(factory)
        self.rejects(ZeroDivisionError, '', fgbg.run_in_foreground, coro)
        self.loop.set_task_factory(None)
        self.assertEqual(fgbg.run_in_foreground(coro), 42)

    def test_task_that_is_no_task_of_asyncio(self):
        class Wrapper:
            _asyncio_future_blocking = False

            def __init__(self, task):
                self.task = task

            def __getattr__(self, name):
                if name == '_exception':
                    raise AttributeError(name)
                return getattr(self.task, name)

        self.loop.set_task_factory(lambda loop, coro, **kwargs: Wrapper(
            asyncio.Task(coro, loop=loop, **kwargs)))
        fgbg.schedule_coroutine(wait_for_ever())
        self.exit_in_a_callback()
        with self.assertRaises(SystemExit):
            fgbg.run_in_foreground(return_42())
        self.loop.set_task_factory(None)
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self.run_once()

    def test_task_without_init_is_no_obstacle(self):
        class Task(asyncio.Task):
            def __init__(self):
                pass

            def __del__(self):
                pass    # it has not what its class needs

        task = Task()
        with self.assertRaises(SystemExit):
            fgbg.run_in_foreground(self.fail_with(SystemExit))
        del task


class LeaveTests(WaitTestCase):
    """5. Whatever ends the wait, what the caller holds is left as it is."""

    def check_left_pending(self, start):
        def wait(end):
            future, awaited = start(end)
            try:
                fgbg.run_in_foreground(awaited)
            finally:
                self.assertFalse(awaited.done())
                self.loop.call_soon(future.set_result, 42)
                self.assertEqual(fgbg.run_in_foreground(awaited), 42)

        self.check_ends(wait)

    def test_task_is_left_pending_and_can_be_run_again(self):
        def start(end):
            async def main():
                end(self)
                return await future

            future = self.loop.create_future()
            return future, fgbg.schedule_coroutine(main())

        self.check_left_pending(start)

    def test_future_is_left_pending_and_can_be_run_again(self):
        def start(end):
            self.loop.call_soon(end, self)
            future = self.loop.create_future()
            return future, future

        self.check_left_pending(start)


class NextWaitTests(FgbgTestCase):
    """5. What ends one wait in its last moment does not end the next."""

    def test_stop_in_the_last_moment_does_not_stop_the_next_wait(self):
        async def main():
            self.loop.stop()
            return 42

        self.assertEqual(fgbg.run_in_foreground(main()), 42)
        self.assertEqual(fgbg.run_in_foreground(asyncio.sleep(0.01, 43)), 43)

    def test_exit_in_the_last_moment_does_not_stop_the_next_wait(self):
        async def fail():
            raise SystemExit

        task = fgbg.schedule_coroutine(return_42())
        fgbg.schedule_coroutine(fail())
        with self.assertRaises(SystemExit):
            fgbg.run_in_foreground(task)
        self.assertTrue(task.done())
        self.assertEqual(fgbg.run_in_foreground(asyncio.sleep(0, 42)), 42)

    def test_exit_after_the_last_moment_does_not_stop_the_next_wait(self):
        async def main():
            asyncio.current_task().add_done_callback(lambda task: sys.exit())

        with self.assertRaises(SystemExit):
            fgbg.run_in_foreground(main())
        self.assertEqual(fgbg.run_in_foreground(asyncio.sleep(0.01, 42)), 42)


class LogOnceTests(FgbgTestCase):
    """5. An exception that was raised is not logged as well."""

    def check_not_logged(self, exception, prepare):
        async def fail():
            raise exception()

        # What happens next to the event loop decides who sees the task last.
        for end in self.run_once, self.loop.close:
            with self.subTest(exception=exception, end=end.__name__):
                with self.assertRaises(exception):
                    fgbg.run_in_foreground(prepare(fail))
                end()
                gc_collect()
                self.assertEqual(self.logged, [])

    def test_exception_that_was_raised_is_not_logged(self):
        self.check_not_logged(Exception, lambda fail: fail())

    def test_system_exit_that_was_raised_is_not_logged(self):
        self.check_not_logged(SystemExit, lambda fail: fail())

    def test_keyboard_interrupt_that_was_raised_is_not_logged(self):
        self.check_not_logged(KeyboardInterrupt, lambda fail: fail())

    def test_exception_of_a_task_that_was_raised_is_not_logged(self):
        self.check_not_logged(
            Exception, lambda fail: fgbg.schedule_coroutine(fail()))

    def test_exit_of_a_task_that_was_raised_is_not_logged(self):
        self.check_not_logged(
            SystemExit, lambda fail: fgbg.schedule_coroutine(fail()))

    def test_exit_of_a_background_task_that_was_raised_is_not_logged(self):
        def prepare(fail):
            async def main():
                fgbg.schedule_coroutine(fail())
                await asyncio.sleep(0)

            return main()

        self.check_not_logged(SystemExit, prepare)

    def test_exception_that_equals_an_exit_is_logged_all_the_same(self):
        class Error(EqualToAnything, Exception):
            pass

        async def fail():
            raise Error

        async def leave():
            sys.exit()

        task = fgbg.schedule_coroutine(fail())
        with self.assertRaises(SystemExit):
            fgbg.run_in_foreground(leave())
        self.assertTrue(task.done())
        del task
        self.run_once()
        gc_collect()
        self.assertIsInstance(self.logged[0]['exception'], Error)


class RaiseOnceTests(WaitTestCase):
    """5. An exit is raised once, but again by a task that the caller holds."""

    def test_exit_of_a_task_is_raised_again(self):
        async def leave():
            sys.exit()

        task = fgbg.schedule_coroutine(leave())
        for _ in range(2):
            with self.assertRaises(SystemExit):
                fgbg.run_in_foreground(task)
        self.run_once()

    def check_exit_comes_once(self, wait):
        async def main():
            await wait([self.loop.create_task(self.fail_with(exception)),
                        self.loop.create_task(wait_for_ever())])

        for exception in SystemExit, KeyboardInterrupt:
            with self.subTest(exception):
                with self.assertRaises(exception):
                    fgbg.run_in_foreground(main())
                for _ in range(3):
                    self.run_once()
                for task in asyncio.all_tasks(self.loop):
                    task.cancel()
                self.run_once()

    def test_exit_of_an_inner_task_does_not_come_again(self):
        async def wait(tasks):
            for task in tasks:
                await task

        self.check_exit_comes_once(wait)

    def test_exit_of_a_gathered_task_does_not_come_again(self):
        async def wait(tasks):
            await asyncio.gather(*tasks)

        self.check_exit_comes_once(wait)

    def test_exit_that_comes_again_at_once_does_not_end_the_cleanup(self):
        async def inner(exception):
            await self.loop.create_task(self.fail_with(exception))

        async def main(exception):
            task = self.loop.create_task(inner(exception))
            self.keep(task)
            try:
                await asyncio.shield(task)
            finally:
                await asyncio.sleep(0)
                cleaned.append(exception)

        cleaned = []
        for exception in SystemExit, KeyboardInterrupt:
            with self.assertRaises(exception):
                fgbg.run_in_foreground(main(exception))
            self.assertEqual(cleaned.pop(), exception)
            self.drop_tasks()

    def test_exit_is_raised_that_the_cleanup_waits_for(self):
        async def main():
            task = self.loop.create_task(self.fail_with(SystemExit))
            try:
                await task
            except asyncio.CancelledError:
                await task

        with self.assertRaises(SystemExit):
            fgbg.run_in_foreground(main())
        self.run_once()
        self.assertEqual(self.logged, [])


if __name__ == '__main__':
    unittest.main()
