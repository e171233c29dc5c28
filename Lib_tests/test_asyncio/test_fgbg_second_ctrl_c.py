"""Tests for asyncio/fgbg.py: a second Ctrl-C"""

import asyncio
import signal
import textwrap
import unittest

from .fgbg_utils import (
    FgbgTestCase, fgbg, interrupt, raise_signal, return_42, wait_for_ever,
)


class AtOnceTests(FgbgTestCase):
    """6. A second Ctrl-C raises at once, in code that will not stop."""

    def test_second_ctrl_c_raises_at_once_in_code_that_does_not_stop(self):
        async def stubborn():
            tasks.append(asyncio.current_task())
            while True:
                try:
                    interrupt()
                    await asyncio.sleep(0)
                except asyncio.CancelledError:
                    seen.append('cancelled')

        tasks, seen = [], []
        self.interrupt_foreground(stubborn())
        self.assertEqual(seen, ['cancelled'])
        self.assertTrue(tasks[0].done())
        self.assertEqual(self.logged, [])

    def test_second_ctrl_c_raises_at_once_in_code_that_does_not_await(self):
        async def busy():
            interrupt()
            seen.append('once')
            interrupt()
            seen.append('twice')

        seen = []
        self.interrupt_foreground(busy())
        self.assertEqual(seen, ['once'])

    def test_second_ctrl_c_does_not_wait_for_code_that_does_not_stop(self):
        async def stubborn():
            self.loop.call_soon(interrupt)
            while not stop:
                try:
                    await asyncio.sleep(0)
                    self.loop.call_soon(interrupt)
                    await wait_for_ever()
                except asyncio.CancelledError:
                    pass

        stop = []
        self.interrupt_foreground(stubborn())
        stop.append(True)
        self.run_once()
        self.run_once()
        self.assertEqual(asyncio.all_tasks(self.loop), set())

    def test_second_ctrl_c_that_is_caught_does_not_keep_the_wait(self):
        async def main():
            interrupt()
            with self.assertRaises(KeyboardInterrupt):
                interrupt()

        self.interrupt_foreground(main())


class OnceTests(FgbgTestCase):
    """6. A second Ctrl-C leaves no coroutine behind, nor comes up again."""

    def test_second_ctrl_c_elsewhere_leaves_no_coroutine_behind(self):
        async def main():
            self.loop.call_soon(stubborn)
            try:
                await wait_for_ever()
            finally:
                seen.append('cleaned up')

        def stubborn():
            interrupt()
            interrupt()

        seen = []
        self.interrupt_foreground(main())
        self.run_once()
        self.assertEqual(seen, ['cleaned up'])
        self.assertEqual(asyncio.all_tasks(self.loop), set())

    def test_second_ctrl_c_does_not_come_again(self):
        # The coroutine that is left learns of it only when the loop runs.
        async def strike():
            interrupt()
            interrupt()

        async def clean_up():
            try:
                await wait_for_ever()
            finally:
                await asyncio.sleep(0)
                await asyncio.sleep(0)

        async def main():
            await asyncio.gather(clean_up(), strike())

        self.interrupt_foreground(main())
        for _ in range(5):
            self.run_once()
        self.assertEqual(asyncio.all_tasks(self.loop), set())


class EventLoopTests(FgbgTestCase):
    """6. A second Ctrl-C does not strike the event loop itself."""

    def strike_in(self, *modules):
        """Return a function that is struck twice, as if it was of *modules*.

        The first of them is the innermost.
        """
        function = None
        for module in modules:
            namespace = {'__name__': module, 'function': function,
                         'raise_signal': raise_signal, 'signal': signal,
                         'reached': self.reached}
            exec(textwrap.dedent("""
                def strike():
                    if function is None:
                        for _ in range(2):
                            raise_signal(signal.SIGINT)
                    else:
                        function()
                    reached.append(__name__)
            """), namespace)
            function = namespace['strike']
        return function

    def check_strike(self, *modules):
        """Return what a second Ctrl-C in a callback does not reach."""
        async def main():
            self.loop.call_soon(self.strike_in(*modules))
            try:
                await wait_for_ever()
            finally:
                self.reached.append('cleaned up')

        self.reached = []
        self.interrupt_foreground(main())
        self.run_once()
        self.assertEqual(self.reached.pop(), 'cleaned up')
        return self.reached

    def interrupt_stubborn(self, exception=None):
        """Interrupt what does not end; return what it has seen of it.

        When the loop runs again, it ends, with *exception* if that is one.
        """
        async def stubborn():
            self.loop.call_soon(self.strike_in('asyncio'))
            while not stop:
                try:
                    await wait_for_ever()
                except asyncio.CancelledError:
                    cancelled.append(True)
            if exception is not None:
                raise exception

        self.reached, stop, cancelled = [], [], []
        self.interrupt_foreground(stubborn())
        stop.append(True)
        return cancelled

    def test_second_ctrl_c_does_not_strike_the_event_loop(self):
        for module in 'asyncio.base_events', fgbg.__name__:
            with self.subTest(module):
                self.assertEqual(self.check_strike(module), [module])

    def test_second_ctrl_c_does_not_strike_what_the_event_loop_calls(self):
        for modules in [
            ['selectors', 'asyncio.base_events'],
            ['threading', 'concurrent.futures', 'asyncio.base_events'],
        ]:
            with self.subTest(modules):
                self.assertEqual(self.check_strike(*modules), modules)

    def test_second_ctrl_c_that_spares_the_event_loop_ends_the_wait(self):
        cancelled = self.interrupt_stubborn()
        self.run_once()
        self.run_once()
        self.assertEqual(asyncio.all_tasks(self.loop), set())
        self.assertTrue(cancelled)

    def test_ctrl_c_is_not_lost_in_what_an_earlier_call_left(self):
        # It is not the one that the earlier call has raised.
        self.interrupt_stubborn(KeyboardInterrupt)
        self.interrupt_foreground(asyncio.sleep(0.01))
        self.assertEqual(fgbg.run_in_foreground(return_42()), 42)

    def test_second_ctrl_c_strikes_what_others_call(self):
        self.assertEqual(self.check_strike('other'), [])
        self.assertEqual(self.check_strike('threading', 'other'), [])
        self.assertEqual(self.check_strike('selectors', 'other'), [])

    def test_second_ctrl_c_strikes_what_the_event_loop_runs(self):
        self.assertEqual(self.check_strike('threading'), [])

        async def main():
            # No function of Python is between the event loop and this one.
            for _ in range(2):
                self.loop.call_soon(raise_signal, signal.SIGINT)
            self.loop.call_soon(self.reached.append, 'too far')
            await wait_for_ever()

        self.interrupt_foreground(main())
        self.assertEqual(self.reached, [])


if __name__ == '__main__':
    unittest.main()
