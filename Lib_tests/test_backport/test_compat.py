"""Tests for what asyncio_fgbg/_compat.py adds to asyncio/fgbg.py

What it stands in for is tested with the functions, in test_asyncio.  Here is
what they do on older Pythons and on PyPy alone.
"""

import asyncio
import importlib
import os
import pathlib
import shutil
import signal
import socket
import sys
import tempfile
import threading
import unittest
import _thread

import asyncio_fgbg
import test_asyncio
from asyncio_fgbg import _compat
from support import TIMEOUT
from support.cpython import (
    PYPY, SKIPPED, assert_python_ok, requires_fork,
)
from test_asyncio.fgbg_utils import (
    FgbgTestCase, fgbg, return_42, run_python, wait_for_ever,
)


class DependencyTests(unittest.TestCase):
    """1. The package depends on nothing but the standard library."""

    def test_package_works_without_any_other(self):
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(pathlib.Path(asyncio_fgbg.__file__).parent,
                            pathlib.Path(folder, 'asyncio_fgbg'))
            # -I and -S: without what is installed, or in the current folder.
            _, out, _ = assert_python_ok(
                '-I', '-S', '-c', f'import sys; sys.path.append({folder!r})\n'
                'import asyncio\nfrom asyncio_fgbg import *\n'
                'print(run_in_foreground(asyncio.sleep(0, 42)))')
        self.assertEqual(out.split(), [b'42'])


@unittest.skipIf(sys.version_info >= (3, 14),
                 'from Python 3.14 on, asyncio makes no event loop')
class AsynciosLoopTests(unittest.TestCase):
    """2. What asyncio itself makes of no loop stays as it is."""

    def test_rejected_argument_lets_asyncio_make_a_loop_all_the_same(self):
        self.assertEqual(run_python("""
            import warnings
            theirs = asyncio.new_event_loop()
            try:
                run_in_foreground(theirs.create_future())
            except ValueError:
                print('rejected')
            warnings.simplefilter('ignore', DeprecationWarning)
            asyncio.get_event_loop().close()
            theirs.close()
        """), 'rejected\n')


class PolicyTests(unittest.TestCase):
    """2. The event loop policy may set the loop, and makes the new one."""

    def check_policy(self, base, method):
        self.assertEqual(run_python(f"""
            import warnings
            warnings.simplefilter('ignore', DeprecationWarning)
            class Loop(asyncio.SelectorEventLoop):
                pass
            class Policy(asyncio.{base}):
                def {method}(self):
                    return loop
            loop = Loop()
            asyncio.set_event_loop_policy(Policy())
            warnings.simplefilter('error')
            task = schedule_coroutine(asyncio.sleep(0))
            print(task.get_loop() is loop)
            run_in_foreground(task)
            loop.close()
        """), 'True\n')

    def test_policy_can_set_the_loop(self):
        self.check_policy('DefaultEventLoopPolicy', 'get_event_loop')

    def test_policy_of_any_kind_can_set_the_loop(self):
        self.check_policy('AbstractEventLoopPolicy', 'get_event_loop')

    def test_policy_can_ask_the_default_one(self):
        # As gbulb's does.
        self.assertEqual(run_python("""
            import warnings
            warnings.simplefilter('ignore', DeprecationWarning)
            class Policy(asyncio.AbstractEventLoopPolicy):
                default = asyncio.DefaultEventLoopPolicy()
                _local = object()       # to which nothing can be added
                def get_event_loop(self):
                    return self.default.get_event_loop()
                def set_event_loop(self, loop):
                    self.default.set_event_loop(loop)
                def new_event_loop(self):
                    return self.default.new_event_loop()
            asyncio.set_event_loop_policy(Policy())
            warnings.simplefilter('error')
            loop = schedule_coroutine(asyncio.sleep(0)).get_loop()
            print(run_in_foreground(asyncio.sleep(0, 'ran')))
            loop.close()
        """), 'ran\n')

    def test_policy_makes_the_new_loop(self):
        self.check_policy('DefaultEventLoopPolicy', 'new_event_loop')


class OldCoroutineTests(FgbgTestCase):
    """3. What is a coroutine is up to the asyncio of the running Python."""

    @unittest.skipIf(sys.version_info >= (3, 12),
                     'from Python 3.12 on, generators are no coroutines')
    def test_generators_are_coroutines(self):
        for wait in (fgbg.run_in_foreground, lambda generator:
                     fgbg.run_in_foreground(
                         fgbg.schedule_coroutine(generator))):
            generator = (None for _ in range(1))
            self.assertIsNone(wait(generator))
            self.assertEqual(list(generator), [])

    @unittest.skipIf(sys.version_info >= (3, 14),
                     'from Python 3.14 on, asyncio knows no such mark')
    def test_callables_with_asyncios_mark_are_coroutine_functions(self):
        class Marked:
            _is_coroutine = asyncio.coroutines._is_coroutine

            def __call__(self):
                return return_42()

        self.rejects(TypeError, r'^target must be a callable, not .*Marked '
                     r'.*use schedule_coroutine\(\)',
                     fgbg.call_in_background, Marked())


@unittest.skipUnless(PYPY, 'only on PyPy, tasks are Python code')
class PyPyTests(FgbgTestCase):
    """6. A Ctrl-C that hits a task of PyPy leaves the loop usable."""

    def test_second_ctrl_c_in_a_task_leaves_the_loop_usable(self):
        def hit():
            asyncio.tasks._enter_task(self.loop, task)
            raise KeyboardInterrupt

        task = fgbg.schedule_coroutine(wait_for_ever())
        self.loop.call_soon(hit)
        self.interrupt_foreground(task)
        self.assertEqual(fgbg.run_in_foreground(return_42()), 42)
        task.cancel()

    def test_handler_that_raises_as_a_task_leaves_the_loop(self):
        leave = asyncio.tasks._leave_task

        def interrupted(loop, task):
            asyncio.tasks._leave_task = leave
            raise KeyboardInterrupt

        signal.signal(signal.SIGINT, lambda signum, frame: None)
        asyncio.tasks._leave_task = interrupted
        self.interrupt_foreground(asyncio.sleep(0.01))
        self.assertEqual(fgbg.run_in_foreground(return_42()), 42)


@unittest.skipUnless(hasattr(signal, 'set_wakeup_fd'),
                     'this platform wakes nothing up by a file descriptor')
class WakeupTests(FgbgTestCase):
    """6. interrupt_main() ends a wait that nothing else wakes up."""

    def setUp(self):
        super().setUp()
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
        self.interrupt_foreground(self.wait())
        self.assertLess(self.loop.time() - start, TIMEOUT / 2)
        self.assertEqual(self.get_wakeup_fd(), -1)

    @unittest.skipIf(PYPY, "PyPy's interrupt_main() writes to no descriptor")
    def test_quiet_wait_for_a_task_is_interrupted(self):
        task = fgbg.schedule_coroutine(self.wait())
        self.interrupt_foreground(task)
        self.assertFalse(task.done())
        task.cancel()
        self.run_once()

    def interrupt_cleanup(self):
        """Interrupt the cleanup of a coroutine after an exit in a callback."""
        async def main():
            try:
                await asyncio.sleep(TIMEOUT)
            finally:
                await self.wait()

        start = self.loop.time()
        with self.assertRaises(SystemExit):
            fgbg.run_in_foreground(main())
        self.assertLess(self.loop.time() - start, TIMEOUT / 2)
        self.assertEqual(self.get_wakeup_fd(), -1)

    @unittest.skipIf(PYPY, "PyPy's interrupt_main() writes to no descriptor")
    def test_quiet_cleanup_is_interrupted(self):
        self.loop.call_later(0.01, sys.exit)
        self.interrupt_cleanup()

    @unittest.skipIf(PYPY, "PyPy's interrupt_main() writes to no descriptor")
    def test_quiet_cleanup_after_an_exit_at_once_is_interrupted(self):
        def create_task(loop, coro, **kwargs):
            loop.set_task_factory(None)
            task = asyncio.Task(coro, loop=loop, **kwargs)
            loop.call_soon(sys.exit)    # before the descriptor is set
            return task

        self.loop.set_task_factory(create_task)
        self.interrupt_cleanup()

    def inside(self, function, loop=None):
        """Return what *function* returns when the loop is about to sleep."""
        async def main():
            for _ in range(3):
                await asyncio.sleep(0)
            return function()

        return fgbg.run_in_foreground(main(), loop=loop)

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
        # What is made later has a greater number.
        later = asyncio.new_event_loop()
        self.addCleanup(later.close)
        with ours, theirs:
            ours.setblocking(False)
            for loop in self.loop, later:
                self.inside(lambda: signal.set_wakeup_fd(ours.fileno()), loop)
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

    @requires_fork()
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


@unittest.skipIf(sys.version_info < (3, 9), 'before Python 3.9, event loops '
                 'do not have shutdown_default_executor()')
class ShutdownTests(unittest.TestCase):
    """7. The loop made here has asyncio's way to shut its executor down."""

    def test_default_executor_can_be_shut_down_by_hand(self):
        self.assertEqual(run_python("""
            async def main():
                await call_in_background(int)
                await asyncio.get_running_loop().shutdown_default_executor()
                return 42
            print(run_in_foreground(main()))
        """), '42\n')

    @unittest.skipIf(sys.version_info >= (3, 12, 3), 'from Python 3.12.3 on, '
                     'it is asyncio\'s own, which warns')
    def test_default_executor_is_not_waited_for_longer_than_the_timeout(self):
        self.assertEqual(run_python("""
            import threading
            event = threading.Event()
            async def main():
                call_in_background(event.wait)
                await asyncio.get_running_loop().shutdown_default_executor(
                    0.01)
                event.set()
                return 42
            print(run_in_foreground(main()))
        """), '42\n')


class StandInTests(unittest.TestCase):
    """9. Stand-ins are in place of what is missing, and nowhere else."""

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
        self.assertIs(stand_in.listdir, os.listdir)

    def test_nothing_in_asyncio_is_replaced(self):
        self.assertIsNot(asyncio_fgbg.fgbg._Wait, _compat._Wait)
        for module in list(sys.modules.values()):
            if getattr(module, '__name__', '').startswith('asyncio.'):
                for value in list(vars(module).values()):
                    self.assertNotEqual(getattr(value, '__module__', None),
                                        'asyncio_fgbg._compat')


class SkippedTests(unittest.TestCase):
    """9. The patch's tests ask for no version: support.cpython skips them."""

    FOLDER = pathlib.Path(test_asyncio.__file__).parent

    def test_each_test_that_is_skipped_is_there(self):
        modules = [importlib.import_module(f'test_asyncio.{path.stem}')
                   for path in sorted(self.FOLDER.glob('test_*.py'))]
        names = [f'{case.__name__}.{name}' for module in modules
                 for case in vars(module).values()
                 if isinstance(case, type)
                 and case.__module__ == module.__name__
                 for name in vars(case) if name.startswith('test_')]
        self.assertEqual(len(names), len(set(names)))
        self.assertEqual(set(SKIPPED) - set(names), set())

    def test_no_test_asks_for_the_version(self):
        for path in sorted(self.FOLDER.glob('*.py')):
            with self.subTest(path.name):
                self.assertNotRegex(
                    path.read_text(encoding='utf-8'),
                    r'version|(?i:pypy)|hasattr\((asyncio|inspect|os)\b')


if __name__ == '__main__':
    unittest.main()
