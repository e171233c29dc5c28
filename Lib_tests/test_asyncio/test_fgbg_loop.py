"""Tests for asyncio/fgbg.py: the default event loop"""

import asyncio
import unittest
import warnings

from .fgbg_utils import (
    Awaitable, FgbgTestCase, RecordingExecutor, fgbg, gc_collect, return_42,
    run_python,
)


class FindTests(FgbgTestCase):
    """2. The loop that runs comes first, the one that is set comes second."""

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
    """2. The main thread gets a loop, which is set, whenever it has none."""

    def test_fresh_main_thread_gets_a_loop(self):
        self.assertEqual(
            run_python('print(run_in_foreground(asyncio.sleep(0, 42)))'),
            '42\n')

    def test_schedule_coroutine_makes_the_loop_too(self):
        self.assertEqual(run_python("""
            print(run_in_foreground(schedule_coroutine(asyncio.sleep(0, 42))))
        """), '42\n')

    def test_call_in_background_makes_the_loop_too(self):
        self.assertEqual(run_python("""
            print(run_in_foreground(call_in_background(lambda: 42)))
        """), '42\n')

    def test_new_loop_is_set_for_the_thread(self):
        self.assertEqual(run_python("""
            task = schedule_coroutine(asyncio.sleep(0))
            print(asyncio.get_event_loop() is task.get_loop())
        """), 'True\n')

    def test_works_after_asyncio_run(self):
        self.assertEqual(run_python("""
            asyncio.run(asyncio.sleep(0))
            print(run_in_foreground(asyncio.sleep(0, 42)))
            asyncio.run(asyncio.sleep(0))
            print(run_in_foreground(asyncio.sleep(0, 43)))
        """), '42\n43\n')

    def test_background_goes_on_after_asyncio_run(self):
        self.assertEqual(run_python("""
            task = schedule_coroutine(asyncio.sleep(0, 42))
            asyncio.run(asyncio.sleep(0))
            print(run_in_foreground(task))
        """), '42\n')

    def test_own_loop_is_set_again_after_asyncio_run(self):
        self.assertEqual(run_python("""
            first = schedule_coroutine(asyncio.sleep(0)).get_loop()
            asyncio.run(asyncio.sleep(0))
            schedule_coroutine(asyncio.sleep(0))
            print(asyncio.get_event_loop() is first)
        """), 'True\n')

    def test_future_of_the_own_loop_is_known_after_asyncio_run(self):
        self.assertEqual(run_python("""
            future = call_in_background(lambda: 42)
            asyncio.run(asyncio.sleep(0))
            print(run_in_foreground(future))
        """), '42\n')

    def test_works_after_the_loop_was_closed(self):
        self.assertEqual(run_python("""
            run_in_foreground(asyncio.sleep(0))
            asyncio.get_event_loop().close()
            print(run_in_foreground(asyncio.sleep(0, 42)))
        """), '42\n')


class ThreadTests(FgbgTestCase):
    """2. Any other thread gets none, but an error that names the ways out."""

    def test_other_thread_gets_an_error_that_names_the_ways_out(self):
        def call():
            for function, argument in ((fgbg.run_in_foreground, coro),
                                       (fgbg.schedule_coroutine, coro),
                                       (fgbg.call_in_background, print)):
                with self.assertRaisesRegex(
                        RuntimeError, r'loop=.*asyncio\.set_event_loop\(\)'
                        r'.*asyncio\.run\(\)'):
                    function(argument)

        coro = return_42()
        self.in_thread(call)
        self.assertEqual(fgbg.run_in_foreground(coro), 42)

    def test_other_thread_gets_no_loop_for_a_closed_one(self):
        def call():
            loop = asyncio.new_event_loop()
            asyncio.set_event_loop(loop)
            loop.close()
            with self.assertRaisesRegex(RuntimeError, 'loop='):
                fgbg.call_in_background(print)

        self.in_thread(call)

    def test_other_thread_can_set_a_loop(self):
        def call():
            asyncio.set_event_loop(loop)
            return fgbg.run_in_foreground(return_42())

        loop = self.new_loop()
        self.assertEqual(self.in_thread(call), 42)

    def test_other_thread_can_pass_a_loop(self):
        loop = self.new_loop()
        self.assertEqual(self.in_thread(
            lambda: fgbg.run_in_foreground(return_42(), loop=loop)), 42)


class RejectedTests(FgbgTestCase):
    """2. Arguments are checked first: what is rejected makes no loop."""

    def test_rejected_arguments_leave_nothing_in_a_fresh_interpreter(self):
        self.assertEqual(run_python("""
            import functools, threading
            async def function():
                pass
            theirs = asyncio.new_event_loop()
            asyncio.new_event_loop = lambda: sys.exit('a loop was made')
            asyncio.events.new_event_loop = asyncio.new_event_loop
            for call, args in [
                    (run_in_foreground, [3, print, function, None]),
                    (run_in_foreground, [theirs.create_future()]),
                    (schedule_coroutine, [3, print, function, None]),
                    (call_in_background, [3, None, function]),
                    (call_in_background, [functools.partial(function)])]:
                for arg in args:
                    try:
                        call(arg)
                    except (TypeError, ValueError):
                        print('rejected')
            print(threading.active_count())
            theirs.close()
        """), 'rejected\n' * 13 + '1\n')

    def test_rejects_what_is_no_loop(self):
        coro = return_42()
        regex = 'loop must be an event loop or None, not int'
        self.rejects(TypeError, regex, fgbg.run_in_foreground, coro, loop=3)
        self.rejects(TypeError, regex, fgbg.schedule_coroutine, coro, loop=3)
        self.rejects(TypeError, regex, fgbg.call_in_background, print, loop=3)
        self.assertEqual(fgbg.run_in_foreground(coro), 42)

    def get_closed_loop(self):
        loop = self.new_loop()
        loop.close()
        return loop

    def test_closed_loop_leaves_the_coroutine_alone(self):
        coro = return_42()
        for function in fgbg.run_in_foreground, fgbg.schedule_coroutine:
            self.rejects(RuntimeError, 'closed', function, coro,
                         loop=self.get_closed_loop())
        self.assertEqual(fgbg.run_in_foreground(coro), 42)

    def test_closed_loop_leaves_an_awaitable_alone(self):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter('always')
            self.rejects(RuntimeError, 'closed', fgbg.run_in_foreground,
                         Awaitable(), loop=self.get_closed_loop())
            gc_collect()
        self.assertEqual(caught, [])

    def test_closed_loop_is_not_called_in(self):
        executor = RecordingExecutor()
        self.rejects(RuntimeError, 'closed', fgbg.call_in_background, print,
                     loop=self.get_closed_loop(), executor=executor)
        self.assertEqual(executor.submitted, [])


if __name__ == '__main__':
    unittest.main()
