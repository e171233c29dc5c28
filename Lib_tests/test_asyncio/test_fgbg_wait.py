"""Tests for asyncio/fgbg.py: what ends a wait, and what it leaves"""

import asyncio
import itertools
import signal
import sys
import unittest
import weakref
from unittest import mock

from .fgbg_utils import (
    EqualToAnything, FgbgTestCase, fgbg, gc_collect, interrupt, raise_signal,
    requires_fork, return_42, run_python, wait_for_ever,
)


class Error(EqualToAnything, Exception):
    pass


async def fail_with(exception):
    raise exception


class WaitTestCase(FgbgTestCase):
    def setUp(self):
        super().setUp()
        self.seen = []

    def raise_in_a_signal_handler(self):
        def handler(signum, frame):
            signal.signal(signal.SIGTERM, before)
            raise Error

        def strike(timeout):
            if timeout != 0:
                selector.select = select
                raise_signal(signal.SIGTERM)
            return select(timeout)

        # In a callback, asyncio would log it: strike where the loop waits.
        selector = self.loop._selector
        select, selector.select = selector.select, strike
        before = signal.signal(signal.SIGTERM, handler)

    def check_ends(self, make, check):
        """Wait for what *make* returns, which is told what ends the wait."""
        call, start = self.loop.call_soon, fgbg.schedule_coroutine
        for exception, end in [
            (RuntimeError, self.loop.stop),
            (SystemExit, self.exit_soon),
            (SystemExit, lambda: start(fail_with(SystemExit))),
            (KeyboardInterrupt,
             lambda: call(signal.default_int_handler, signal.SIGINT, None)),
            (KeyboardInterrupt, lambda: start(fail_with(KeyboardInterrupt))),
            (Error, self.raise_in_a_signal_handler),
        ]:
            with self.subTest(exception=exception, end=end):
                awaitable = make(end)
                with self.assertRaises(exception):
                    fgbg.run_in_foreground(awaitable)
                check(awaitable)
                self.run_once()
                gc_collect()
                self.assertEqual(asyncio.all_tasks(self.loop), set())
                self.assertEqual(self.logged, [])

    def check_handler(self, handler=signal.default_int_handler):
        self.assertIs(signal.getsignal(signal.SIGINT), handler)

    def exit_soon(self):
        self.loop.call_soon(sys.exit)

    async def main(self, start):
        start()
        try:
            await wait_for_ever()
        finally:
            await asyncio.sleep(0.001)
            self.seen.append('clean')


class CancelTests(WaitTestCase):
    """Whatever ends the wait, what only this call holds is cancelled."""

    def check_clean(self, awaitable):
        self.assertEqual(self.seen.pop(), 'clean')

    def test_coroutine_has_cleaned_up_when_the_call_returns(self):
        self.check_ends(self.main, self.check_clean)

    def test_awaitable_has_cleaned_up_when_the_call_returns(self):
        class Wait:
            def __init__(self, end):
                self.end = end

            def __await__(wait):
                return self.main(wait.end).__await__()

        self.check_ends(Wait, self.check_clean)

    def test_coroutine_that_is_left_goes_on_when_the_loop_runs_next(self):
        async def main():
            try:
                await self.main(self.exit_soon)
            finally:
                self.exit_soon()
                future = self.loop.create_future()
                futures.add(future)
                await future
                self.seen.append('really clean')

        futures = weakref.WeakSet()
        with self.assertRaises(SystemExit):
            fgbg.run_in_foreground(main())
        gc_collect()
        for future in futures:
            future.set_result(None)
        self.run_once()
        self.assertEqual(self.seen, ['clean', 'really clean'])


class LeaveTests(WaitTestCase):
    """Whatever ends the wait, what the caller holds is left as it is."""

    def check_left_pending(self, future):
        self.assertFalse(future.done())
        self.loop.call_soon(self.future.set_result, 42)
        self.assertEqual(fgbg.run_in_foreground(future), 42)

    def test_task_is_left_pending_and_can_be_run_again(self):
        async def main(end):
            end()
            return await self.future

        def make(end):
            self.future = self.loop.create_future()
            return fgbg.schedule_coroutine(main(end))

        self.check_ends(make, self.check_left_pending)

    def test_future_is_left_pending_and_can_be_run_again(self):
        def make(end):
            self.loop.call_soon(end)
            self.future = self.loop.create_future()
            return self.future

        self.check_ends(make, self.check_left_pending)

    def test_task_is_not_kept_alive(self):
        self.loop.call_soon(self.loop.stop)
        with self.assertRaisesRegex(RuntimeError, 'loop was stopped'):
            fgbg.run_in_foreground(self.loop.create_task(wait_for_ever()))
        gc_collect()
        self.assertIn('was destroyed', self.logged.pop()['message'])

    def test_future_does_not_keep_the_wait_alive(self):
        def start():
            waits.append(weakref.ref(signal.getsignal(signal.SIGINT)))
            self.loop.stop()

        waits, future = [], self.loop.create_future()
        self.loop.call_soon(start)
        with self.assertRaises(RuntimeError):
            fgbg.run_in_foreground(future)
        gc_collect()
        self.assertIsNone(waits[0]())


class NextWaitTests(FgbgTestCase):
    """What ends one wait in its last moment does not end the next."""

    def test_stop_in_the_last_moment(self):
        async def main():
            self.loop.stop()

        fgbg.run_in_foreground(main())
        self.assertEqual(fgbg.run_in_foreground(asyncio.sleep(0.01, 1)), 1)

    def test_exit_in_the_last_moment(self):
        task = fgbg.schedule_coroutine(return_42())
        fgbg.schedule_coroutine(fail_with(SystemExit))
        with self.assertRaises(SystemExit):
            fgbg.run_in_foreground(task)
        self.assertEqual(fgbg.run_in_foreground(asyncio.sleep(0.01, 1)), 1)

    def test_exit_after_the_last_moment(self):
        async def main():
            asyncio.current_task().add_done_callback(lambda task: sys.exit())

        with self.assertRaises(SystemExit):
            fgbg.run_in_foreground(main())
        self.assertEqual(fgbg.run_in_foreground(asyncio.sleep(0.01, 1)), 1)

    def test_loop_that_counts_stops_is_stopped_once(self):
        # The task is done and Ctrl-C is seen in one turn of the event loop.
        self.loop.call_soon(interrupt)
        task = fgbg.schedule_coroutine(return_42())
        with mock.patch.object(self.loop, 'stop', wraps=self.loop.stop):
            self.interrupt_foreground(task)
            self.loop.stop.assert_called_once_with()


class LogTests(WaitTestCase):
    """An exception that was raised is not logged as well; others are."""

    def check_not_logged(self, exception, prepare):
        # Who sees the task last depends on what happens next to its loop.
        for end in self.run_once, self.loop.close:
            with self.assertRaises(exception):
                fgbg.run_in_foreground(prepare(fail_with(exception)))
            end()
            gc_collect()
            self.assertEqual(self.logged, [])

    def test_exception_of_a_coroutine(self):
        self.check_not_logged(Error, lambda coro: coro)

    def test_exception_of_a_task(self):
        self.check_not_logged(Error, fgbg.schedule_coroutine)

    def test_exit_of_a_coroutine(self):
        self.check_not_logged(SystemExit, lambda coro: coro)

    def test_exit_of_a_task(self):
        self.check_not_logged(KeyboardInterrupt, fgbg.schedule_coroutine)

    def test_exit_of_another_task(self):
        self.check_not_logged(SystemExit, lambda coro: self.main(
            lambda: fgbg.schedule_coroutine(coro)))

    def test_exit_of_the_cleanup(self):
        self.check_not_logged(SystemExit, self.fail_in_the_cleanup)

    async def fail_in_the_cleanup(self, coro):
        try:
            await self.main(self.exit_soon)
        finally:
            await coro

    def test_exception_of_the_cleanup_is_logged(self):
        with self.assertRaises(SystemExit):
            fgbg.run_in_foreground(self.fail_in_the_cleanup(fail_with(Error)))
        gc_collect()
        self.assertIsInstance(self.logged[0]['exception'], Error)

    def test_exception_that_equals_the_one_that_was_raised_is_logged(self):
        fgbg.schedule_coroutine(fail_with(Error))
        with self.assertRaises(SystemExit):
            fgbg.run_in_foreground(fail_with(SystemExit))
        self.run_once()
        gc_collect()
        self.assertIsInstance(self.logged[0]['exception'], Error)


class StrikeTests(WaitTestCase):
    """Wherever a signal's handler raises, the wait leaves nothing behind."""

    def strike(self, number, awaitable):
        """Raise Error where the call comes to a place; return the place."""
        def trace(frame, event, arg):
            if frame.f_code.co_filename != filename:
                return None
            # The event loop would log it if one of its callbacks raised.
            if asyncio._get_running_loop() is None and next(places) == number:
                raise Error(frame.f_code.co_name, event, frame.f_lineno)
            return trace

        filename = fgbg.run_in_foreground.__code__.co_filename
        places, tracer = itertools.count(), sys.gettrace()
        sys.settrace(trace)
        try:
            fgbg.run_in_foreground(awaitable)
        except Error as exc:
            return exc.args
        finally:
            sys.settrace(tracer)

    def strike_everywhere(self):
        """Yield each place where it strikes, after it has struck."""
        for start in lambda coro: coro, fgbg.schedule_coroutine:
            for number in itertools.count():
                awaitable = start(asyncio.sleep(0))
                place = self.strike(number, awaitable)
                if place is None:
                    break
                yield place
                getattr(awaitable, 'close', int)()  # it may not have begun
            self.assertGreater(number, 30)

    def test_ctrl_c_outside_of_a_wait_is_raised(self):
        for place in self.strike_everywhere():
            with self.subTest(place), self.assertRaises(KeyboardInterrupt):
                interrupt()

    def test_one_ctrl_c_ends_the_next_wait(self):
        for place in self.strike_everywhere():
            with self.subTest(place):
                self.interrupt_foreground(self.main(interrupt))
                self.assertEqual(self.seen.pop(), 'clean')
                self.check_handler()

    def test_no_coroutine_is_left(self):
        for place in self.strike_everywhere():
            with self.subTest(place):
                self.run_once()
                self.assertEqual(asyncio.all_tasks(self.loop), set())
                self.assertEqual(self.logged, [])


class HandlerTests(WaitTestCase):
    """The handler of SIGINT is in place only while the call runs."""

    class Handler(EqualToAnything):
        __call__ = print

    def get_handler(self):
        async def main():
            return signal.getsignal(signal.SIGINT)

        return fgbg.run_in_foreground(main())

    def test_handler_is_gone_after_the_call(self):
        self.assertIsNot(self.get_handler(), signal.default_int_handler)
        self.check_handler()

    def test_handler_that_is_put_back_does_what_pythons_own_does(self):
        signal.signal(signal.SIGINT, self.get_handler())
        with self.assertRaises(KeyboardInterrupt):
            interrupt()

    def test_handler_that_is_put_back_is_taken_for_pythons_own(self):
        handler = self.get_handler()
        signal.signal(signal.SIGINT, handler)
        self.assertIsNot(self.get_handler(), handler)
        self.check_handler()

    def test_handler_that_is_put_back_in_its_own_wait_is_taken_out(self):
        def start():
            signal.signal(signal.SIGINT,
                          signal.signal(signal.SIGINT, signal.SIG_IGN))
            interrupt()

        self.interrupt_foreground(self.main(start))
        self.assertEqual(self.seen, ['clean'])
        self.check_handler()

    def test_another_handler_is_not_replaced(self):
        for handler in signal.SIG_IGN, self.Handler():
            signal.signal(signal.SIGINT, handler)
            self.assertIs(self.get_handler(), handler)
            self.check_handler(handler)

    def test_another_handler_that_is_set_during_the_call_is_kept(self):
        for handler in signal.SIG_IGN, self.Handler(), self.get_handler():
            signal.signal(signal.SIGINT, signal.default_int_handler)
            self.loop.call_soon(signal.signal, signal.SIGINT, handler)
            self.run_once()
            self.check_handler(handler)

    def test_interpreter_without_signals_does_not_ask_for_the_handler(self):
        fgbg._is_main_interpreter.cache_clear()
        self.addCleanup(fgbg._is_main_interpreter.cache_clear)
        with mock.patch('_signal.signal', side_effect=ValueError), \
                mock.patch('_signal.getsignal') as getsignal:
            self.assertEqual(fgbg.run_in_foreground(return_42()), 42)
        getsignal.assert_not_called()

    @requires_fork()
    def test_ctrl_c_in_a_forked_child_is_as_without_a_wait(self):
        self.assertEqual(run_python("""
            import signal, warnings
            warnings.simplefilter('ignore', DeprecationWarning)
            def press():
                os.kill(os.getpid(), signal.SIGINT)
            async def wait(start, future):
                start()
                try:
                    await future
                finally:
                    print('clean', flush=True)
            def fork():
                pid = os.fork()
                done.set_result(os.waitpid(pid, 0) if pid else child())
            loop = asyncio.new_event_loop()
            for child in press, lambda: run_in_foreground(
                    wait(press, asyncio.sleep(60))):
                done = loop.create_future()
                try:
                    run_in_foreground(
                        wait(lambda: loop.call_soon(fork), done), loop=loop)
                except KeyboardInterrupt:
                    print('interrupted', flush=True)
                    os._exit(0)
            loop.close()
        """), 'interrupted\nclean\nclean\ninterrupted\nclean\n')


if __name__ == '__main__':
    unittest.main()
