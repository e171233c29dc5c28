"""Tests for asyncio/fgbg.py: its names, and what they mean

Each class shows one promise of the three functions.  test_fgbg_loop.py and
test_fgbg_first_call.py are about the default event loop, test_fgbg_schedule.py
and test_fgbg_call.py about the background, test_fgbg_foreground.py and
test_fgbg_wait.py about the foreground, test_fgbg_ctrl_c.py,
test_fgbg_second_ctrl_c.py and test_fgbg_handler.py about Ctrl-C, and
test_fgbg_leaving.py, test_fgbg_exit.py and test_fgbg_fork.py about leaving.
test_fgbg_property.py has rules for all three.
"""

import inspect
import sys
import threading
import unittest

from .fgbg_utils import (
    NAMES, PACKAGE, SHORT_TIMEOUT, FgbgTestCase, fgbg, run_python,
)


class NamesTests(FgbgTestCase):
    """1. There are these three names, with these parameters, and no more."""

    def test_all_holds_the_three_names_and_nothing_else(self):
        self.assertEqual(fgbg.__all__, NAMES)

    def test_package_exports_the_three_names(self):
        package = sys.modules[PACKAGE]
        for name in NAMES:
            self.assertIs(getattr(package, name), getattr(fgbg, name))
            self.assertIn(name, package.__all__)

    def test_there_are_no_other_public_functions(self):
        public = [name for name, value in vars(fgbg).items()
                  if not name.startswith('_') and not inspect.ismodule(value)]
        self.assertEqual(sorted(public), sorted(NAMES))

    def test_run_in_foreground_signature(self):
        self.assertEqual(str(inspect.signature(fgbg.run_in_foreground)),
                         '(task, *, loop=None)')

    def test_schedule_coroutine_signature(self):
        self.assertEqual(str(inspect.signature(fgbg.schedule_coroutine)),
                         '(target, *, loop=None)')

    def test_call_in_background_signature(self):
        self.assertEqual(str(inspect.signature(fgbg.call_in_background)),
                         '(target, *, loop=None, executor=None)')


class ImportTests(FgbgTestCase):
    """1. The import does nothing but import."""

    def test_import_makes_no_loop_thread_or_signal_handler(self):
        self.assertEqual(run_python("""
            import gc, signal, threading
            print(threading.active_count(),
                  signal.getsignal(signal.SIGINT).__name__,
                  *[found for found in gc.get_objects()
                    if isinstance(found, asyncio.AbstractEventLoop)])
        """), '1 default_int_handler\n')

    def test_import_replaces_nothing_in_asyncio(self):
        self.assertEqual(run_python(f"""
            import asyncio, sys
            def snapshot():
                return {{(name, key): value
                        for name, module in list(sys.modules.items())
                        if name.partition('.')[0] == 'asyncio'
                        for key, value in vars(module).items()
                        if key != '__warningregistry__'}}
            before = snapshot()
            import {PACKAGE}
            print(before == snapshot())
        """, preamble=''), 'True\n')


class BackgroundTests(FgbgTestCase):
    """1. A coroutine waits for its loop to run, a callable starts at once."""

    def test_coroutine_makes_no_progress_until_the_loop_runs(self):
        async def coro():
            steps.append(1)

        steps = []
        task = fgbg.schedule_coroutine(coro())
        self.assertEqual(steps, [])
        fgbg.run_in_foreground(task)
        self.assertEqual(steps, [1])

    def test_call_starts_before_the_loop_runs(self):
        started = threading.Event()
        future = fgbg.call_in_background(started.set)
        self.assertTrue(started.wait(SHORT_TIMEOUT))
        self.assertFalse(future.done())
        fgbg.run_in_foreground(future)


if __name__ == '__main__':
    unittest.main()
