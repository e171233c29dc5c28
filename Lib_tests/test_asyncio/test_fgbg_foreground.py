"""Tests for asyncio/fgbg.py: what run_in_foreground() runs, and where"""

import asyncio
import concurrent.futures
import functools
import unittest

from .fgbg_utils import Awaitable, FgbgTestCase, fgbg, return_42


class CoroutineFuture(asyncio.Future):
    # Made once: asyncio remembers the types of coroutines for good.
    def send(self, *args):
        raise ZeroDivisionError

    throw = close = send


class RunTests(FgbgTestCase):
    """5. A coroutine, a future or another awaitable is run to its end."""

    def test_runs_a_coroutine(self):
        self.assertEqual(fgbg.run_in_foreground(return_42()), 42)

    def test_runs_a_task(self):
        task = self.loop.create_task(return_42())
        self.assertEqual(fgbg.run_in_foreground(task), 42)

    def test_runs_a_future(self):
        future = self.loop.create_future()
        self.loop.call_soon(future.set_result, 42)
        self.assertEqual(fgbg.run_in_foreground(future), 42)

    def test_runs_any_awaitable(self):
        self.assertEqual(fgbg.run_in_foreground(Awaitable()), 42)

    def test_future_that_looks_like_a_coroutine(self):
        future = CoroutineFuture(loop=self.loop)
        self.assertTrue(asyncio.iscoroutine(future))
        self.loop.call_soon(future.set_result, 42)
        self.assertEqual(fgbg.run_in_foreground(future), 42)

    def test_returns_the_result_of_a_done_future_again(self):
        task = self.loop.create_task(return_42())
        fgbg.run_in_foreground(task)
        self.assertEqual(fgbg.run_in_foreground(task), 42)

    def test_raises_the_exception(self):
        async def fail():
            raise error

        error = Exception()
        with self.assertRaises(Exception) as caught:
            fgbg.run_in_foreground(fail())
        self.assertIs(caught.exception, error)

    def test_raises_cancelled_error_for_what_was_cancelled(self):
        task = self.loop.create_task(return_42())
        task.cancel()
        with self.assertRaises(asyncio.CancelledError):
            fgbg.run_in_foreground(task)


class NotAwaitableTests(FgbgTestCase):
    """5. Anything else raises TypeError that says what to do."""

    def test_rejects_anything_else_and_says_what_to_do(self):
        async def generate():
            yield 42

        for task, hint in [
            (return_42, r'function \(a coroutine function\): call it'),
            (functools.partial(return_42), r'partial .*: call it'),
            (print, r'builtin_function.*: use call_in_background\(\)'),
            (concurrent.futures.Future(),
             r'Future: use asyncio\.wrap_future\(\)'),
            (generate, r"function: use 'async for'"),
            (generate(), r"async_generator: use 'async for'"),
            (42, 'int$'),
            (None, 'NoneType$'),
        ]:
            with self.subTest(task=task):
                self.rejects(TypeError, '^task must be a coroutine, a future '
                             f'or an awaitable, not {hint}',
                             fgbg.run_in_foreground, task)

    def test_rejects_a_generator_and_leaves_it_alone(self):
        generator = (None for _ in range(1))
        self.rejects(TypeError, 'not generator$',
                     fgbg.run_in_foreground, generator)
        self.assertEqual(list(generator), [None])


class StayTests(FgbgTestCase):
    """5. The loop stays open, and the background stays where it was."""

    def test_loop_stays_open(self):
        self.run_once()
        self.assertFalse(self.loop.is_closed())

    def test_background_is_picked_up_where_it_was(self):
        async def count():
            for number in range(3):
                steps.append(number)
                await asyncio.sleep(0)

        steps = []
        fgbg.schedule_coroutine(count())
        for expected in [0], [0, 1], [0, 1, 2]:
            self.run_once()
            self.assertEqual(steps[:len(expected)], expected)


class NestedTests(FgbgTestCase):
    """5. Where a loop runs, the call is refused before anything is done."""

    def nested(self, coro):
        """Check that *coro* is refused by a nested call."""
        with self.assertRaisesRegex(RuntimeError,
                                    r'^run_in_foreground\(\) .*await'):
            fgbg.run_in_foreground(coro)

    def test_refuses_to_run_inside_a_coroutine(self):
        async def main():
            coro = return_42()
            self.nested(coro)
            return await coro, asyncio.all_tasks() - {asyncio.current_task()}

        self.assertEqual(fgbg.run_in_foreground(main()), (42, set()))

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
        self.loop.call_soon(self.nested, coro)
        self.run_once()
        self.assertEqual(self.logged, [])
        self.assertEqual(fgbg.run_in_foreground(coro), 42)

    def test_refuses_to_run_another_loop_inside_a_coroutine(self):
        async def main():
            with self.assertRaisesRegex(RuntimeError, 'await'):
                fgbg.run_in_foreground(coro, loop=self.new_loop())

        coro = return_42()
        fgbg.run_in_foreground(main())
        self.assertEqual(fgbg.run_in_foreground(coro), 42)

    def test_refuses_a_loop_that_runs_in_another_thread(self):
        loop = self.new_loop()
        self.run_loop_in_thread(loop)
        coro = return_42()
        self.rejects(RuntimeError, r'^run_in_foreground\(\) .*await',
                     fgbg.run_in_foreground, coro, loop=loop)
        self.assertEqual(fgbg.run_in_foreground(coro), 42)


class OtherLoopTests(FgbgTestCase):
    """5. A future of another loop raises ValueError."""

    def test_rejects_a_future_of_another_loop(self):
        future = self.new_loop().create_future()
        self.rejects(ValueError, 'another event loop',
                     fgbg.run_in_foreground, future)
        self.rejects(ValueError, 'another event loop',
                     fgbg.run_in_foreground, self.loop.create_future(),
                     loop=future.get_loop())


if __name__ == '__main__':
    unittest.main()
