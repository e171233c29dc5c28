"""Tests for what asyncio_fgbg/_compat.py adds to asyncio/fgbg.py

What it stands in for is tested with the functions, in test_fgbg.py.
"""

import asyncio
import os
import signal
import socket
import sys
import threading
import unittest
import _thread

import asyncio_fgbg
from asyncio_fgbg import _compat, fgbg
from test_fgbg import PYPY, TIMEOUT, TestCase, return_42, run_python


class StandInTests(unittest.TestCase):
    def test_newest_python_needs_no_stand_in_for_asyncio(self):
        if sys.version_info < (3, 14) or PYPY:
            self.skipTest('this Python is older than the patch')
        for name in ('constants', 'coroutines', 'events', 'exceptions',
                     'futures', 'runners', 'tasks'):
            with self.subTest(name):
                self.assertIs(getattr(asyncio_fgbg, name),
                              getattr(asyncio, name))

    def test_stand_in_has_what_the_module_has(self):
        stand_in = _compat._stand_in(os, getpid=int)
        self.assertIs(stand_in.getpid, int)
        self.assertIs(stand_in.fork, os.fork)

    def test_nothing_in_asyncio_is_replaced(self):
        self.assertIsNot(asyncio_fgbg.fgbg._Wait, _compat._Wait)
        for module in list(sys.modules.values()):
            if getattr(module, '__name__', '').startswith('asyncio.'):
                for value in list(vars(module).values()):
                    self.assertNotEqual(getattr(value, '__module__', None),
                                        'asyncio_fgbg._compat')


class OwnLoopTests(unittest.TestCase):
    @unittest.skipIf(sys.version_info < (3, 9), 'before Python 3.9, event '
                     'loops do not have shutdown_default_executor()')
    def test_default_executor_can_be_shut_down_by_hand(self):
        self.assertEqual(run_python("""
            async def main():
                await call_in_background(int)
                await asyncio.get_running_loop().shutdown_default_executor()
                return 42
            print(run_in_foreground(main()))
        """), '42\n')


@unittest.skipUnless(hasattr(signal, 'set_wakeup_fd'),
                     'this platform wakes nothing up by a file descriptor')
class WakeupTests(TestCase):
    """_thread.interrupt_main() ends a wait that nothing else wakes up."""

    def setUp(self):
        super().setUp()
        handler = signal.signal(signal.SIGINT, signal.default_int_handler)
        self.addCleanup(signal.signal, signal.SIGINT, handler)
        self.addCleanup(signal.set_wakeup_fd, -1)

    def get_wakeup_fd(self):
        fd = signal.set_wakeup_fd(-1)
        if fd != -1:
            signal.set_wakeup_fd(fd)
        return fd

    async def wait(self):
        # Only when the event loop sleeps: a callback that is due wakes it up.
        thread = threading.Timer(0.05, _thread.interrupt_main)
        thread.start()
        self.addCleanup(thread.join)
        await asyncio.sleep(TIMEOUT)

    @unittest.skipIf(PYPY, "PyPy's interrupt_main() writes to no descriptor")
    def test_quiet_wait_is_interrupted(self):
        start = self.loop.time()
        with self.assertRaises(KeyboardInterrupt):
            fgbg.run_in_foreground(self.wait())
        self.assertLess(self.loop.time() - start, TIMEOUT / 2)
        self.assertEqual(self.get_wakeup_fd(), -1)

    @unittest.skipIf(PYPY, "PyPy's interrupt_main() writes to no descriptor")
    def test_quiet_wait_for_a_task_is_interrupted(self):
        task = fgbg.schedule_coroutine(self.wait())
        with self.assertRaises(KeyboardInterrupt):
            fgbg.run_in_foreground(task)
        self.assertFalse(task.done())
        task.cancel()
        self.run_once()

    def inside(self, function):
        """Return what *function* returns when the loop is about to sleep."""
        async def main():
            for _ in range(3):
                await asyncio.sleep(0)
            return function()

        return fgbg.run_in_foreground(main())

    def test_descriptor_is_set_only_while_the_call_runs(self):
        self.assertEqual(self.inside(self.get_wakeup_fd),
                         self.loop._csock.fileno())
        self.assertEqual(self.get_wakeup_fd(), -1)

    def test_descriptor_of_somebody_else_is_left_alone(self):
        ours, theirs = socket.socketpair()
        with ours, theirs:
            ours.setblocking(False)
            signal.set_wakeup_fd(ours.fileno())
            self.assertEqual(self.inside(self.get_wakeup_fd), ours.fileno())
            self.assertEqual(self.get_wakeup_fd(), ours.fileno())
            signal.set_wakeup_fd(-1)

    def test_descriptor_that_is_set_meanwhile_is_kept(self):
        ours, theirs = socket.socketpair()
        with ours, theirs:
            ours.setblocking(False)
            self.inside(lambda: signal.set_wakeup_fd(ours.fileno()))
            self.assertEqual(self.get_wakeup_fd(), ours.fileno())
            signal.set_wakeup_fd(-1)

    def test_descriptor_that_is_unset_meanwhile_stays_so(self):
        self.inside(lambda: signal.set_wakeup_fd(-1))
        self.assertEqual(self.get_wakeup_fd(), -1)

    def test_wait_with_a_handler_of_somebody_else_sets_none(self):
        signal.signal(signal.SIGINT, lambda signum, frame: None)
        self.assertEqual(self.inside(self.get_wakeup_fd), -1)

    def check_signal_handler(self, add):
        """Check that a signal handler of the loop works after *add* did it."""
        async def main():
            os.kill(os.getpid(), signal.SIGUSR1)
            await received.wait()

        async def make():
            return asyncio.Event()

        received = fgbg.run_in_foreground(make())
        add(lambda: self.loop.add_signal_handler(signal.SIGUSR1, received.set))
        self.addCleanup(self.loop.remove_signal_handler, signal.SIGUSR1)
        fgbg.run_in_foreground(asyncio.wait_for(main(), TIMEOUT))

    @unittest.skipUnless(hasattr(signal, 'SIGUSR1'),
                         'Windows knows no signal handlers of event loops')
    def test_signal_handler_that_the_loop_has_goes_on_working(self):
        def add(add_handler):
            add_handler()
            self.inside(int)

        self.check_signal_handler(add)

    @unittest.skipUnless(hasattr(signal, 'SIGUSR1'),
                         'Windows knows no signal handlers of event loops')
    def test_signal_handler_that_the_loop_gets_meanwhile_goes_on_working(self):
        self.check_signal_handler(self.inside)

    def test_loop_that_has_no_socket_of_that_kind_works_without(self):
        class Loop(asyncio.SelectorEventLoop):
            def __getattribute__(self, name):
                if name == '_csock' and self.is_running():
                    raise AttributeError(name)
                return super().__getattribute__(name)

        loop = Loop()
        self.addCleanup(loop.close)
        self.assertEqual(fgbg.run_in_foreground(return_42(), loop=loop), 42)

    @unittest.skipUnless(hasattr(os, 'fork'), 'this platform has no os.fork()')
    def test_signals_of_a_forked_child_do_not_wake_up_its_parent(self):
        self.assertEqual(run_python("""
            import signal, warnings
            warnings.simplefilter('ignore', DeprecationWarning)
            async def main():
                await asyncio.sleep(0)
                pid = os.fork()
                if pid == 0:
                    os._exit(signal.set_wakeup_fd(-1) != -1)
                return os.waitpid(pid, 0)[1]
            print(run_in_foreground(main()))
        """), '0\n')


if __name__ == '__main__':
    unittest.main()
