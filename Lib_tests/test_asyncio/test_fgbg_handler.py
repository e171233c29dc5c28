"""Tests for asyncio/fgbg.py: the SIGINT handler"""

import asyncio
import signal
import unittest
from unittest import mock

from .fgbg_utils import (
    EqualToAnything, FgbgTestCase, fgbg, interrupt, requires_fork, return_42,
    run_python, wait_for_ever,
)


class HandlerTestCase(FgbgTestCase):
    def handler_inside(self):
        async def main():
            return signal.getsignal(signal.SIGINT)

        return fgbg.run_in_foreground(main())

    def handler_outside(self):
        return signal.getsignal(signal.SIGINT)


class InPlaceTests(HandlerTestCase):
    """6. The handler is in place only while the call runs."""

    def test_handler_is_in_place_while_the_call_runs(self):
        self.assertIsNot(self.handler_inside(), signal.default_int_handler)

    def test_handler_is_gone_after_the_call(self):
        self.run_once()
        self.assertIs(self.handler_outside(), signal.default_int_handler)

    def test_handler_is_gone_after_an_exception(self):
        async def fail():
            raise Exception

        with self.assertRaises(Exception):
            fgbg.run_in_foreground(fail())
        self.assertIs(self.handler_outside(), signal.default_int_handler)

    def test_handler_is_gone_after_ctrl_c(self):
        async def main():
            interrupt()
            interrupt()

        self.interrupt_foreground(main())
        self.assertIs(self.handler_outside(), signal.default_int_handler)


class PutBackTests(HandlerTestCase):
    """6. When it is put back later, it does what Python's own does."""

    def get_ended_handler(self):
        # As a debugger or a server may save it.
        handler = self.handler_inside()
        self.assertIsNot(handler, signal.default_int_handler)
        return handler

    def test_handler_that_is_put_back_does_what_pythons_own_does(self):
        signal.signal(signal.SIGINT, self.get_ended_handler())
        for _ in range(3):
            with self.assertRaises(KeyboardInterrupt):
                interrupt()

    def test_handler_that_is_put_back_is_taken_for_pythons_own(self):
        async def main():
            interrupt()
            try:
                await wait_for_ever()
            finally:
                cleaned.append(True)

        cleaned = []
        handler = self.get_ended_handler()
        signal.signal(signal.SIGINT, handler)
        self.assertNotIn(self.handler_inside(),
                         [handler, signal.default_int_handler])
        self.assertIs(self.handler_outside(), signal.default_int_handler)
        signal.signal(signal.SIGINT, handler)
        self.interrupt_foreground(main())
        self.assertEqual(cleaned, [True])
        self.assertIs(self.handler_outside(), signal.default_int_handler)

    def test_handler_that_is_put_back_in_the_next_wait_is_kept(self):
        async def main():
            signal.signal(signal.SIGINT, handler)
            try:
                interrupt()
            finally:
                await asyncio.sleep(0)

        handler = self.get_ended_handler()
        self.interrupt_foreground(main())
        self.assertIs(self.handler_outside(), handler)
        self.assertIs(type(self.handler_inside()), type(handler))

    def test_handler_that_the_wait_puts_back_itself_is_taken_out(self):
        async def main():
            handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
            await asyncio.sleep(0)
            signal.signal(signal.SIGINT, handler)
            interrupt()
            await wait_for_ever()

        self.interrupt_foreground(main())
        self.assertIs(self.handler_outside(), signal.default_int_handler)


@requires_fork()
class InheritedTests(FgbgTestCase):
    """6. In a forked child, it does what Python's own does."""

    WORK = """
        import multiprocessing, signal, time, warnings
        import concurrent.futures
        warnings.simplefilter('ignore', DeprecationWarning)
        def work():
            try:
                os.kill(os.getpid(), signal.SIGINT)
                time.sleep(60)
            except KeyboardInterrupt:
                return 'KeyboardInterrupt'
        def fork(function):
            pid = os.fork()
            if pid == 0:
                function()
                os._exit(0)
            os.waitpid(pid, 0)
            return 42
    """

    def test_child_forked_in_a_wait_has_pythons_own_ctrl_c(self):
        self.assertEqual(run_python(self.WORK, """
            async def main():
                return fork(lambda: print(work(), flush=True))
            print(run_in_foreground(main()))
        """), 'KeyboardInterrupt\n42\n')

    def test_child_forked_in_a_wait_with_a_loop_of_somebody_else(self):
        self.assertEqual(run_python(self.WORK, """
            async def main():
                return fork(lambda: print(work(), flush=True))
            loop = asyncio.new_event_loop()
            print(run_in_foreground(main(), loop=loop))
            loop.close()
        """), 'KeyboardInterrupt\n42\n')

    def test_child_forked_in_a_wait_can_wait_itself(self):
        self.assertEqual(run_python(self.WORK, """
            async def wait():
                os.kill(os.getpid(), signal.SIGINT)
                try:
                    await asyncio.sleep(60)
                finally:
                    print('clean', flush=True)
            def child():
                try:
                    run_in_foreground(wait())
                except KeyboardInterrupt:
                    print('KeyboardInterrupt', flush=True)
            async def main():
                return fork(child)
            print(run_in_foreground(main()))
        """), 'clean\nKeyboardInterrupt\n42\n')

    def test_worker_process_forked_in_a_wait_has_pythons_own_ctrl_c(self):
        self.assertEqual(run_python(self.WORK, """
            async def main():
                executor = concurrent.futures.ProcessPoolExecutor(
                    1, mp_context=context)
                with executor:
                    return await call_in_background(work, executor=executor)
            context = multiprocessing.get_context('fork')
            print(run_in_foreground(main()))
        """), 'KeyboardInterrupt\n')


class SomebodyElseTests(HandlerTestCase):
    """6. The handler of somebody else is neither replaced nor taken out."""

    class Handler(EqualToAnything):
        def __call__(self, signum, frame):
            pass

    def test_handler_of_somebody_else_is_not_replaced(self):
        for handler in lambda signum, frame: None, signal.SIG_IGN:
            signal.signal(signal.SIGINT, handler)
            self.assertIs(self.handler_inside(), handler)
            self.assertIs(self.handler_outside(), handler)

    def test_handler_that_equals_any_other_is_not_replaced(self):
        handler = self.Handler()
        signal.signal(signal.SIGINT, handler)
        self.assertIs(self.handler_inside(), handler)

    def check_kept(self, handler):
        async def main():
            signal.signal(signal.SIGINT, handler)

        fgbg.run_in_foreground(main())
        self.assertIs(self.handler_outside(), handler)

    def test_handler_that_was_set_during_the_call_is_kept(self):
        self.check_kept(signal.SIG_IGN)

    def test_handler_that_equals_any_other_is_kept(self):
        self.check_kept(self.Handler())


class NoHandlerTests(HandlerTestCase):
    """6. Interpreters and threads that cannot set handlers work without."""

    def test_other_thread_works_without_a_handler(self):
        def call():
            asyncio.set_event_loop(loop)
            return self.handler_inside()

        loop = self.new_loop()
        self.assertIs(self.in_thread(call), signal.default_int_handler)

    def test_interpreter_without_signals_works_without_a_handler(self):
        def refuse(*args):
            raise ValueError('signal only works in main thread')

        with mock.patch('_signal.signal', refuse):
            self.assertIs(self.handler_inside(), signal.default_int_handler)
            self.assertEqual(fgbg.run_in_foreground(return_42()), 42)


if __name__ == '__main__':
    unittest.main()
