"""Tests for asyncio/fgbg.py: Ctrl-C, and the handler of SIGINT"""

import asyncio
import functools
import subprocess
import sys
import time
import unittest
import weakref
from unittest import mock

from .fgbg_utils import (
    FgbgTestCase, fgbg, gc_collect, interrupt, interrupt_again,
    requires_fork, return_42, wait_for_ever,
)


class CtrlCTestCase(FgbgTestCase):
    CLEANED_UP = [asyncio.CancelledError, 'clean']

    def setUp(self):
        super().setUp()
        self.seen = []
        self.loop.slow_callback_duration = 60   # do not remark on these

    async def main(self, start=interrupt):
        """Call *start*; append what comes then to self.seen."""
        start()
        try:
            await wait_for_ever()
        except BaseException as exc:
            self.seen.append(type(exc))
            raise
        finally:
            await asyncio.sleep(0)
            self.seen.append('clean')

    def schedule(self, start=interrupt):
        """Return a task that calls *start* and can be run to its end then."""
        async def main():
            start()
            for _ in range(3):
                await asyncio.sleep(0)
            return 42

        return fgbg.schedule_coroutine(main())

    def check_left_pending(self, future):
        self.assertFalse(future.done())
        self.assertEqual(fgbg.run_in_foreground(future), 42)

    def check_nothing_is_left(self):
        self.run_once()
        self.run_once()
        self.assertEqual(asyncio.all_tasks(self.loop), set())
        self.assertEqual(self.logged, [])


class CoroutineTests(CtrlCTestCase):
    """Ctrl-C cancels a coroutine or awaitable, which cleans up to the end."""

    def test_coroutine_is_cancelled_and_cleans_up(self):
        self.interrupt_foreground(self.main())
        self.assertEqual(self.seen, self.CLEANED_UP)

    def test_awaitable_is_cancelled_and_cleans_up(self):
        class Wait:
            def __await__(wait):
                return self.main().__await__()

        self.interrupt_foreground(Wait())
        self.assertEqual(self.seen, self.CLEANED_UP)

    def test_coroutine_cleans_up_though_the_loop_was_stopped(self):
        def start():
            interrupt()
            self.loop.stop()

        self.interrupt_foreground(self.main(start))
        self.assertEqual(self.seen, self.CLEANED_UP)

    def test_coroutine_that_goes_on_all_the_same_is_waited_for(self):
        async def main():
            try:
                await self.main()
            except asyncio.CancelledError:
                await asyncio.sleep(0.001)
                self.seen.append('returned')

        self.interrupt_foreground(main())
        self.assertEqual(self.seen, [*self.CLEANED_UP, 'returned'])

    def test_exception_of_the_cleanup_is_the_cause(self):
        async def main():
            try:
                await self.main()
            finally:
                1 / 0

        error = self.interrupt_foreground(main())
        self.assertIsInstance(error.__cause__, ZeroDivisionError)
        gc_collect()
        self.assertEqual(self.logged, [])

    def test_what_has_ended_the_wait_is_not_the_cause(self):
        for make in self.main, self.schedule:
            self.assertIsNone(self.interrupt_foreground(make()).__cause__)


class BystanderTests(CtrlCTestCase):
    """Ctrl-C does nothing to what the caller holds, nor to anything else."""

    def test_task_is_left_pending_and_can_be_run_again(self):
        task = self.schedule()
        self.interrupt_foreground(task)
        self.check_left_pending(task)

    def test_future_is_left_pending_and_can_be_run_again(self):
        future = self.loop.create_future()
        self.loop.call_soon(interrupt)
        self.interrupt_foreground(future)
        self.loop.call_soon(future.set_result, 42)
        self.check_left_pending(future)

    def test_other_task_sees_nothing(self):
        task = self.schedule()
        self.interrupt_foreground(self.main(int))
        self.assertEqual(fgbg.run_in_foreground(task), 42)

    def test_no_callback_is_lost(self):
        def callback(number):
            if number == 5:
                interrupt()
            self.seen.append(number)

        for number in range(10):
            self.loop.call_soon(callback, number)
        self.interrupt_foreground(self.loop.create_future())
        self.run_once()
        self.assertEqual(self.seen, list(range(10)))


class MomentTests(CtrlCTestCase):
    """Ctrl-C ends the wait whenever it comes, and does nothing to the next."""

    class Future(asyncio.Future):
        after = int     # what to do after the loop has run

        def remove_done_callback(self, callback):
            after, self.after = self.after, int
            after()
            return super().remove_done_callback(callback)

    def make_task(self, loop, coro, **kwargs):
        interrupt()
        return asyncio.Task(coro, loop=loop, **kwargs)

    def make_no_task(self, loop, coro, **kwargs):
        interrupt()
        raise ZeroDivisionError

    def test_while_the_task_is_made(self):
        self.loop.set_task_factory(self.make_task)
        self.interrupt_foreground(self.main(int))
        self.loop.set_task_factory(None)
        self.check_nothing_is_left()

    def test_before_the_task_cannot_be_made(self):
        coro = return_42()
        self.loop.set_task_factory(self.make_no_task)
        error = self.interrupt_foreground(coro)
        self.assertIsInstance(error.__cause__, ZeroDivisionError)
        self.loop.set_task_factory(None)
        self.check_nothing_is_left()
        self.assertEqual(fgbg.run_in_foreground(coro), 42)

    def test_while_the_loop_sleeps(self):
        def sleep(timeout):
            selector.select = select
            interrupt()
            return select(timeout)

        selector = self.loop._selector
        select, selector.select = selector.select, sleep
        self.interrupt_foreground(self.loop.create_future())

    def test_after_the_loop_has_run(self):
        future = self.Future(loop=self.loop)
        future.after = interrupt
        future.set_result(42)
        self.interrupt_foreground(future)
        self.check_nothing_is_left()

    def test_in_the_last_moment_of_a_coroutine(self):
        async def main():
            asyncio.current_task().add_done_callback(lambda task: interrupt())

        self.interrupt_foreground(main())
        self.check_nothing_is_left()

    def test_in_the_last_moment_of_a_task(self):
        task = fgbg.schedule_coroutine(return_42())
        task.add_done_callback(lambda task: interrupt())
        self.interrupt_foreground(task)
        self.check_nothing_is_left()
        self.assertEqual(fgbg.run_in_foreground(task), 42)

    def test_in_the_cleanup_that_something_else_has_started(self):
        async def main(end):
            self.loop.call_soon(end)
            try:
                await wait_for_ever()
            finally:
                interrupt()
                await asyncio.sleep(0.001)
                self.seen.append('clean')

        self.interrupt_foreground(main(self.loop.stop))
        with self.assertRaises(SystemExit):
            fgbg.run_in_foreground(main(sys.exit))
        self.assertEqual(self.seen, ['clean', 'clean'])


class RepeatedTests(CtrlCTestCase):
    """What comes within 0.1 s of a Ctrl-C in the same wait is the same one."""

    def press(self, *times):
        """Press Ctrl-C at *times*; append those when it was raised."""
        for now in times:
            with mock.patch.object(fgbg.time, 'monotonic', return_value=now):
                try:
                    interrupt()
                except KeyboardInterrupt:
                    self.seen.append(now)

    def test_coroutine_cleans_up_after_two_and_after_three(self):
        for times in (1, 1.05), (1, 1.05, 1.09):
            self.interrupt_foreground(
                self.main(functools.partial(self.press, *times)))
            self.assertEqual(self.seen, self.CLEANED_UP)
            self.seen.clear()

    def test_cleanup_that_awaits_is_not_ended(self):
        async def main():
            try:
                await self.main(lambda: self.press(1))
            finally:
                for now in 1.03, 1.06, 1.09:
                    self.press(now)
                    await asyncio.sleep(0.001)
                self.seen.append('really clean')

        self.interrupt_foreground(main())
        self.assertEqual(self.seen, [*self.CLEANED_UP, 'really clean'])

    def test_task_is_left_pending_after_two_and_after_three(self):
        for times in (1, 1.05), (1, 1.05, 1.09):
            task = self.schedule(functools.partial(self.press, *times))
            self.interrupt_foreground(task)
            self.check_left_pending(task)
        self.assertEqual(self.seen, [])

    def test_key_that_repeats_counts_every_tenth_of_a_second(self):
        self.loop.call_soon(self.press, 1, 1.09, 1.11, 1.2, 1.22, 1.31)
        self.interrupt_foreground(self.loop.create_future())
        self.assertEqual(self.seen, [1.11, 1.22])

    def test_first_one_in_each_wait_counts(self):
        for now in 0.01, 0.02, 0.03:
            self.loop.call_soon(self.press, now)
            self.interrupt_foreground(self.loop.create_future())
            self.interrupt_foreground(
                self.main(functools.partial(self.press, now)))
        self.assertEqual(self.seen, self.CLEANED_UP * 3)

    def test_first_one_counts_though_the_clock_stands_still(self):
        with mock.patch('time.monotonic', return_value=time.monotonic()):
            self.interrupt_foreground(self.main())
        self.assertEqual(self.seen, self.CLEANED_UP)

    def test_every_one_counts_if_the_clock_stands_still(self):
        self.loop.call_soon(self.press, 1, 1)
        self.interrupt_foreground(self.loop.create_future())
        self.assertEqual(self.seen, [1])


class StuckTests(CtrlCTestCase):
    """A second Ctrl-C is raised at once if the loop has not seen the first."""

    def get_stuck(self):
        interrupt()
        self.seen.append('first')
        interrupt_again()
        self.seen.append('second')

    def test_in_a_callback(self):
        self.interrupt_foreground(
            self.main(lambda: self.loop.call_soon(self.get_stuck)))
        self.assertEqual(self.seen, ['first'])
        self.check_nothing_is_left()
        self.assertEqual(self.seen, ['first', *self.CLEANED_UP])

    def test_in_a_callback_while_a_task_is_waited_for(self):
        task = self.schedule(lambda: self.loop.call_soon(self.get_stuck))
        self.interrupt_foreground(task)
        self.assertEqual(self.seen, ['first'])
        self.check_left_pending(task)

    def test_in_a_step_of_the_coroutine(self):
        self.interrupt_foreground(self.main(self.get_stuck))
        self.assertEqual(self.seen, ['first'])
        self.check_nothing_is_left()

    def test_in_an_eager_step_of_the_coroutine(self):
        self.loop.set_task_factory(asyncio.eager_task_factory)
        self.interrupt_foreground(self.main(self.get_stuck))
        self.assertEqual(self.seen, ['first'])
        self.check_nothing_is_left()

    def test_wait_ends_though_the_second_and_the_third_one_are_caught(self):
        def start():
            interrupt()
            for _ in range(2):
                with self.assertRaises(KeyboardInterrupt):
                    interrupt_again()

        self.interrupt_foreground(self.main(start))
        self.assertEqual(self.seen, [])     # the cleanup is not waited for
        self.check_nothing_is_left()


class CleanupTests(CtrlCTestCase):
    """A second Ctrl-C does not wait for a cleanup that awaits, nor end it."""

    def setUp(self):
        super().setUp()
        self.futures = weakref.WeakSet()

    async def go_on(self):
        try:
            await self.main()
        except asyncio.CancelledError:
            self.loop.call_soon(interrupt_again)
            self.loop.call_soon(self.seen.append, 'not struck')
            future = self.loop.create_future()
            self.futures.add(future)
            await future
        finally:
            self.seen.append('ended')

    def test_wait_ends_and_nothing_is_raised_anywhere(self):
        self.interrupt_foreground(self.go_on())
        self.assertEqual(self.seen, [*self.CLEANED_UP, 'not struck'])

    def test_cleanup_is_kept_alive_and_goes_on_when_the_loop_runs_next(self):
        self.interrupt_foreground(self.go_on())
        self.run_once()
        gc_collect()
        for future in self.futures:
            future.set_result(None)
        self.check_nothing_is_left()
        self.assertEqual(self.seen[-2:], ['not struck', 'ended'])

    def test_one_that_comes_too_late_does_not_stop_the_next_wait(self):
        def start():
            interrupt()
            self.loop.call_soon(interrupt_again)

        task = self.schedule(start)
        self.interrupt_foreground(task)
        self.check_left_pending(task)

    @requires_fork()    # where it can be sent to one process alone
    def test_both_come_from_another_process(self):
        def start():
            process = subprocess.Popen([
                sys.executable, '-S', '-c', 'import os, signal; '
                'os.kill(os.getppid(), signal.SIGINT)'])
            self.addCleanup(process.wait)

        async def beat():
            # Python may be told of a signal just before it starts to wait.
            while True:
                await asyncio.sleep(0.01)

        async def main():
            try:
                await self.main(start)
            finally:
                self.loop.call_later(0.2, start)
                await wait_for_ever()

        fgbg.schedule_coroutine(beat())
        self.interrupt_foreground(main())
        self.assertEqual(self.seen, self.CLEANED_UP)


if __name__ == '__main__':
    unittest.main()
