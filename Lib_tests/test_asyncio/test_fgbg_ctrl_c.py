"""Tests for asyncio/fgbg.py: Ctrl-C"""

import asyncio
import gc
import subprocess
import sys
import threading
import unittest
import weakref

from .fgbg_utils import (
    SHORT_TIMEOUT, FgbgTestCase, fgbg, gc_collect, interrupt, requires_fork,
    return_42, wait_for_ever,
)


async def beat():
    # Python may be told of a signal just before it starts to wait.
    while True:
        await asyncio.sleep(0.01)


class CancelledTests(FgbgTestCase):
    """6. What only this call holds is cancelled, and cleans up to the end."""

    def test_coroutine_is_cancelled_and_cleans_up(self):
        async def main():
            try:
                interrupt()
                await wait_for_ever()
            except asyncio.CancelledError:
                seen.append('cancelled')
                raise
            finally:
                await asyncio.sleep(0)
                seen.append('clean')

        seen = []
        self.interrupt_foreground(main())
        self.assertEqual(seen, ['cancelled', 'clean'])

    def test_awaitable_is_cancelled(self):
        class Wait:
            def __await__(wait):
                interrupt()
                try:
                    yield from wait_for_ever().__await__()
                finally:
                    seen.append('clean')

        seen = []
        self.interrupt_foreground(Wait())
        self.assertEqual(seen, ['clean'])

    def test_coroutine_is_cancelled_though_the_loop_was_stopped(self):
        async def main():
            started.append(asyncio.current_task())
            interrupt()
            self.loop.stop()
            await wait_for_ever()

        started = []
        self.interrupt_foreground(main())
        self.assertTrue(started[0].cancelled())

    def test_coroutine_that_returns_all_the_same_is_interrupted(self):
        async def main():
            try:
                interrupt()
                await wait_for_ever()
            except asyncio.CancelledError:
                return 42

        self.interrupt_foreground(main())

    def test_exception_of_the_cleanup_is_the_cause(self):
        async def main():
            try:
                interrupt()
                await wait_for_ever()
            finally:
                1 / 0

        error = self.interrupt_foreground(main())
        self.assertIsInstance(error.__cause__, ZeroDivisionError)

    def test_cancellation_is_not_the_cause(self):
        async def main():
            interrupt()
            await wait_for_ever()

        self.assertIsNone(self.interrupt_foreground(main()).__cause__)

    def test_ctrl_c_in_a_failing_task_factory_is_not_lost(self):
        def factory(loop, coro, **kwargs):
            interrupt()
            raise ZeroDivisionError

        coro = asyncio.sleep(0.01, 42)
        self.loop.set_task_factory(factory)
        self.interrupt_foreground(coro)
        self.loop.set_task_factory(None)
        # What the Ctrl-C has left in the event loop does nothing to this.
        self.assertEqual(fgbg.run_in_foreground(coro), 42)
        self.assertEqual(self.logged, [])


class LeftPendingTests(FgbgTestCase):
    """6. A task or future that the caller holds is left pending."""

    def test_task_is_left_pending_and_can_be_run_again(self):
        async def main():
            await asyncio.sleep(0)
            interrupt()
            return await future

        future = self.loop.create_future()
        task = fgbg.schedule_coroutine(main())
        self.interrupt_foreground(task)
        self.assertFalse(task.done())
        self.loop.call_soon(future.set_result, 42)
        self.assertEqual(fgbg.run_in_foreground(task), 42)

    def test_future_is_left_pending_and_can_be_run_again(self):
        def call():
            waiting.wait(SHORT_TIMEOUT)
            interrupt()
            may_return.wait(SHORT_TIMEOUT)
            return 42

        waiting, may_return = threading.Event(), threading.Event()
        future = fgbg.call_in_background(call)
        self.loop.call_soon(waiting.set)
        heartbeat = fgbg.schedule_coroutine(beat())
        self.interrupt_foreground(future)
        self.assertFalse(future.done())
        may_return.set()
        self.assertEqual(fgbg.run_in_foreground(future), 42)
        heartbeat.cancel()
        self.run_once()

    def test_future_that_knows_no_contexts_is_left_pending(self):
        class Future(asyncio.Future):
            def add_done_callback(self, callback):
                super().add_done_callback(callback)

        future = Future(loop=self.loop)
        self.loop.call_soon(interrupt)
        self.interrupt_foreground(future)
        future.set_result(42)
        self.assertEqual(fgbg.run_in_foreground(future), 42)

    def test_task_that_nobody_else_holds_is_not_lost(self):
        async def wait():
            future = self.loop.create_future()
            futures.add(future)
            interrupt()
            results.append(await future)

        futures, results = weakref.WeakSet(), []
        self.interrupt_foreground(self.loop.create_task(wait()))
        gc_collect()
        for future in futures:
            future.set_result(42)
        del future
        self.run_once()
        self.assertEqual(results, [42])

    def test_future_that_was_left_pending_is_let_go(self):
        future = self.loop.create_future()
        self.loop.call_soon(interrupt)
        self.interrupt_foreground(future)
        future.set_result(42)
        self.run_once()
        future = weakref.ref(future)
        gc_collect()
        self.assertIsNone(future())

    def count_waits(self):
        gc_collect()
        return sum(type(obj) is fgbg._Wait for obj in gc.get_objects())

    def test_ended_waits_do_not_pile_up(self):
        future = self.loop.create_future()
        before = self.count_waits()     # what other tests have left
        for _ in range(10):
            self.loop.call_soon(interrupt)
            self.interrupt_foreground(future)
        self.assertLessEqual(self.count_waits(), before)
        future.cancel()

    def test_end_of_the_wait_is_not_the_cause(self):
        future = self.loop.create_future()
        self.loop.call_soon(interrupt)
        self.assertIsNone(self.interrupt_foreground(future).__cause__)


class BystanderTests(FgbgTestCase):
    """6. No other task sees anything, and no callback of the loop is lost."""

    def test_other_tasks_see_nothing(self):
        async def background():
            while not stop:
                seen.append(len(seen))
                if len(seen) == 10:
                    interrupt()
                await asyncio.sleep(0)

        seen, stop = [], []
        task = fgbg.schedule_coroutine(background())
        self.interrupt_foreground(wait_for_ever())
        self.assertFalse(task.done())
        stop.append(True)
        fgbg.run_in_foreground(task)
        self.assertEqual(seen, list(range(len(seen))))

    def test_no_callback_is_lost(self):
        def callback(number):
            if number == 50:
                interrupt()
            seen.append(number)

        seen = []
        for number in range(100):
            self.loop.call_soon(callback, number)
        self.interrupt_foreground(wait_for_ever())
        self.run_once()
        self.assertEqual(seen, list(range(100)))


class StopTests(FgbgTestCase):
    """6. It stops this wait however and whenever it comes, and no other."""

    @requires_fork()    # where it can be sent to one process alone
    def test_ctrl_c_comes_from_another_process(self):
        async def main():
            process = subprocess.Popen([
                sys.executable, '-c', 'import os, signal; '
                'os.kill(os.getppid(), signal.SIGINT)'])
            self.addCleanup(process.wait)
            await beat()

        self.interrupt_foreground(main())

    def test_ctrl_c_in_the_last_moment_is_not_lost(self):
        async def main():
            asyncio.current_task().add_done_callback(lambda task: interrupt())

        self.interrupt_foreground(main())
        self.run_once()
        self.assertEqual(self.logged, [])

    def test_ctrl_c_in_the_last_moment_does_not_stop_the_next_wait(self):
        task = fgbg.schedule_coroutine(return_42())
        task.add_done_callback(lambda task: interrupt())
        self.interrupt_foreground(task)
        self.assertEqual(fgbg.run_in_foreground(asyncio.sleep(0, 1)), 1)
        self.assertEqual(fgbg.run_in_foreground(task), 42)

    def test_ctrl_c_while_a_task_ends_does_not_stop_the_next_wait(self):
        async def main():
            interrupt()
            await asyncio.sleep(0)
            return 42

        task = fgbg.schedule_coroutine(main())
        self.interrupt_foreground(task)
        fgbg.run_in_foreground(asyncio.sleep(0))
        self.assertEqual(fgbg.run_in_foreground(task), 42)


if __name__ == '__main__':
    unittest.main()
