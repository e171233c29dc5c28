"""Tests for what asyncio_fgbg/_compat.py adds to asyncio/fgbg.py

What it stands in for is tested with the functions, in test_asyncio.  Here is
what they do on older Pythons and on PyPy alone.
"""

import asyncio
import importlib
import os
import pathlib
import shutil
import sys
import tempfile
import unittest
from unittest import mock

import asyncio_fgbg
import test_asyncio
from asyncio_fgbg import _compat
from support import TIMEOUT
from support.cpython import PYPY, SKIPPED, assert_python_ok
from test_asyncio.fgbg_utils import (
    PREAMBLE, FgbgTestCase, fgbg, return_42, run_python,
)


class DependencyTests(unittest.TestCase):
    """The package depends on nothing but the standard library."""

    def test_package_works_without_any_other(self):
        with tempfile.TemporaryDirectory() as folder:
            # Wine 8 has no CopyFile2(), which the default calls on 3.13.
            shutil.copytree(pathlib.Path(asyncio_fgbg.__file__).parent,
                            pathlib.Path(folder, 'asyncio_fgbg'),
                            copy_function=shutil.copyfile)
            # -I and -S: without what is installed, or in the current folder.
            _, out, _ = assert_python_ok(
                '-I', '-S', '-c', f'import sys; sys.path.append({folder!r})\n'
                'import asyncio\nfrom asyncio_fgbg import *\n'
                'print(run_in_foreground(asyncio.sleep(0, 42)))')
        self.assertEqual(out.split(), [b'42'])


@unittest.skipIf(sys.version_info >= (3, 14),
                 'from Python 3.14 on, asyncio makes no event loop')
class AsynciosLoopTests(unittest.TestCase):
    """What asyncio itself makes of no loop stays as it is."""

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
    """The event loop policy may set the loop, and makes the new one."""

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
    """What is a coroutine is up to the asyncio of the running Python."""

    @unittest.skipIf(sys.version_info >= (3, 12),
                     'from Python 3.12 on, generators are no coroutines')
    def test_generators_are_coroutines(self):
        for wait in (fgbg.run_in_foreground, lambda generator:
                     fgbg.run_in_foreground(
                         fgbg.schedule_coroutine(generator))):
            generator = (None for _ in range(1))
            self.assertIsNone(wait(generator))
            self.assertEqual(list(generator), [])

    @unittest.skipIf(sys.version_info >= (3, 12),
                     'from Python 3.12 on, inspect has a mark of its own')
    def test_callables_with_asyncios_mark_are_coroutine_functions(self):
        class Marked:
            _is_coroutine = asyncio.coroutines._is_coroutine

            def __call__(self):
                return return_42()

        self.rejects(TypeError, r'^target must be a callable, not .*Marked '
                     r'.*coroutine to schedule_coroutine\(\)',
                     fgbg.call_in_background, Marked())


class AlarmClockTests(unittest.TestCase):
    """In IDLE, where Ctrl-C is no signal, a wait wakes up to see it."""

    PREAMBLE = 'import sys\nsys.modules["idlelib.run"] = sys\n' + PREAMBLE
    INTERRUPT = """
        import importlib, threading, _thread, asyncio_fgbg
        def interrupt(after=0.2):
            threading.Timer(after, _thread.interrupt_main).start()
        def wait(coro):
            try:
                run_in_foreground(coro)
            except BaseException as exc:
                print(type(exc).__name__)
    """

    def prints(self, text, source):
        self.assertEqual(run_python(self.INTERRUPT, source,
                                    preamble=self.PREAMBLE), text)

    def test_quiet_wait_is_ended(self):
        self.prints('KeyboardInterrupt\n', """
            interrupt()
            wait(asyncio.sleep(3600))
        """)

    def test_quiet_wait_for_a_task_is_ended(self):
        self.prints('KeyboardInterrupt\nFalse\n', """
            interrupt()
            task = schedule_coroutine(asyncio.sleep(3600))
            wait(task)
            print(task.done())
        """)

    def test_quiet_cleanup_is_ended(self):
        self.prints('SystemExit\n', """
            async def leave():
                await asyncio.sleep(0.01)
                sys.exit()
            async def clean_up():
                try:
                    await asyncio.sleep(3600)
                finally:
                    interrupt()
                    interrupt(0.5)      # a second one does not wait for it
                    await asyncio.sleep(3600)
            schedule_coroutine(leave())
            wait(clean_up())
        """)

    def test_it_wakes_up_more_often_after_ctrl_c(self):
        # Seen late, one that comes right after it would count.
        wait = mock.Mock()
        for wait.interrupts, delay in (0, 0.1), (1, 0.01), (2, 0.01):
            _compat._AlarmClock.wake_up(wait)
            wait.loop.call_later.assert_called_with(delay, wait.wake_up)

    def test_quiet_cleanup_at_exit_is_ended(self):
        # 3.12 starts no thread at exit.
        self.prints('closed\n', """
            import time
            cleaning_up = threading.Event()
            def interrupt_later():
                cleaning_up.wait()
                time.sleep(0.2)
                _thread.interrupt_main()
            async def clean_up():
                try:
                    await asyncio.sleep(3600)
                finally:
                    cleaning_up.set()
                    try:
                        await asyncio.sleep(3600)
                    finally:
                        sys.stderr = None   # "destroyed but it is pending"
            threading.Thread(target=interrupt_later, daemon=True).start()
            task = schedule_coroutine(clean_up())
            run_in_foreground(asyncio.sleep(0))
            loop = task.get_loop()
            loop.close = lambda close=loop.close: print('closed') or close()
        """)

    def test_reload_leaves_it_in_place_once(self):
        self.prints('1\nKeyboardInterrupt\n', """
            importlib.reload(asyncio_fgbg)
            classes = asyncio_fgbg.fgbg._Wait.__mro__
            print([cls.__name__ for cls in classes].count('_AlarmClock'))
            interrupt()
            wait(asyncio.sleep(3600))
        """)

    def test_wait_leaves_no_timer_behind(self):
        self.prints('[True]\n', """
            run_in_foreground(asyncio.sleep(0))
            loop = asyncio.get_event_loop()
            print([timer.cancelled() for timer in loop._scheduled])
        """)

    @unittest.skipIf(sys.platform == 'win32', 'on Windows, every wait does so')
    def test_other_places_do_without(self):
        self.assertEqual(run_python("""
            run_in_foreground(asyncio.sleep(0))
            print(asyncio.get_event_loop()._scheduled)
        """), '[]\n')


@unittest.skipIf(sys.version_info >= (3, 12, 3),
                 'from Python 3.12.3 on, the Runner is asyncio\'s own')
class RunnerTests(unittest.TestCase):
    """The stand-in for Runner ends an event loop as the newest does."""

    def test_event_loop_of_another_kind_shuts_its_executor_down_itself(self):
        # As that of uvloop, which shows no executor.
        loop = mock.Mock(spec=['shutdown_default_executor'])
        loop.shutdown_default_executor.return_value = asyncio.sleep(0, 42)
        self.assertEqual(fgbg.run_in_foreground(
            _compat._shutdown_default_executor(loop)), 42)

    def test_executor_of_any_kind_is_shut_down(self):
        # It need not have threads.
        executor = mock.Mock(spec=['shutdown'])
        loop = mock.Mock(_default_executor=executor)
        fgbg.run_in_foreground(_compat._shutdown_default_executor(loop))
        executor.shutdown.assert_called_once_with(wait=False)

    def test_cancelled_connections_are_not_logged(self):
        loop = asyncio.new_event_loop()
        contexts = []
        loop.set_exception_handler(
            lambda loop, context: contexts.append(context))
        with _compat.runners.Runner(loop_factory=lambda: loop):
            async def main():
                loop.call_exception_handler(
                    {'exception': asyncio.CancelledError()})
                try:
                    await asyncio.sleep(TIMEOUT)
                finally:
                    loop.call_exception_handler(
                        {'exception': asyncio.CancelledError()})
                    loop.call_exception_handler({'message': 'logged'})
            task = loop.create_task(main())
            loop.run_until_complete(asyncio.sleep(0))
            del contexts[:]
        self.assertTrue(task.cancelled())
        self.assertEqual(contexts, [{'message': 'logged'}])

    def test_loop_is_closed_when_the_end_is_interrupted(self):
        async def interrupt():
            try:
                await asyncio.sleep(TIMEOUT)
            finally:
                raise KeyboardInterrupt

        loop = asyncio.new_event_loop()
        with self.assertRaises(KeyboardInterrupt), \
             _compat.runners.Runner(loop_factory=lambda: loop):
            task = loop.create_task(interrupt())
            loop.run_until_complete(asyncio.sleep(0))
        self.assertTrue(loop.is_closed())
        del task


class StandInTests(unittest.TestCase):
    """Stand-ins are in place of what is missing, and nowhere else."""

    def test_newest_python_needs_no_stand_in_for_asyncio(self):
        if sys.version_info < (3, 14) or PYPY:
            self.skipTest('this Python is older than the patch')
        for name in 'coroutines', 'events', 'futures', 'runners', 'tasks':
            with self.subTest(name):
                self.assertIs(getattr(asyncio_fgbg, name),
                              getattr(asyncio, name))

    def test_stand_in_has_what_the_module_has(self):
        stand_in = _compat._stand_in(os, getpid=int)
        self.assertIs(stand_in.getpid, int)
        self.assertIs(stand_in.listdir, os.listdir)

    def test_nothing_in_asyncio_is_replaced(self):
        for module in list(sys.modules.values()):
            if getattr(module, '__name__', '').startswith('asyncio.'):
                for value in list(vars(module).values()):
                    self.assertNotEqual(getattr(value, '__module__', None),
                                        'asyncio_fgbg._compat')


class SkippedTests(unittest.TestCase):
    """The patch's tests ask for no version: support.cpython skips them."""

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
