"""What three thin shims lose, shown by tests of test_asyncio that they fail

The shims are in the folder thin, as a package of the same name.  Each test
here stands for a line of the list of their losses, and runs the test that
guards against it with the shims in the place of the package.
"""

import os
import pathlib
import re
import subprocess
import sys
import unittest

import support
from support import TIMEOUT
from support.cpython import PYPY


SUPPORT = pathlib.Path(support.__file__).resolve().parent


class ThinTests(unittest.TestCase):
    """The tests notice each thing that the thin version loses."""

    def run_with_shims(self, name):
        """Return what the test *name* prints."""
        process = subprocess.run(
            [sys.executable, '-X', 'dev', '-W', 'error',
             '-m', 'unittest', name],
            cwd=SUPPORT.parent,
            env=dict(os.environ, PYTHONPATH=str(SUPPORT / 'thin'),
                     FGBG_PATIENCE='1'),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, universal_newlines=True,
            timeout=2 * TIMEOUT)
        self.assertRegex(process.stdout, 'Ran 1 test ')
        return process.stdout

    def fails(self, name, reason):
        output = self.run_with_shims(name)
        self.assertTrue(re.search(r'^FAILED \((failures|errors)=1\)', output,
                                  re.MULTILINE), output)
        self.assertRegex(output, reason)

    def test_shims_pass_what_they_are_good_for(self):
        output = self.run_with_shims('test_asyncio.test_fgbg.RunTests.'
                                     'test_runs_a_coroutine')
        self.assertRegex(output, r'\nOK\n')

    @unittest.skipIf(sys.version_info < (3, 14),
                     'before Python 3.14 asyncio makes the event loop')
    def test_they_fail_at_a_fresh_prompt(self):
        self.fails('test_asyncio.test_fgbg.MakeTests.'
                   'test_fresh_main_thread_gets_a_loop',
                   'There is no current event loop')

    @unittest.skipUnless((3, 12) <= sys.version_info < (3, 14),
                         'asyncio warns in Python 3.12 and 3.13 only')
    def test_they_warn_at_a_fresh_prompt(self):
        self.fails('test_asyncio.test_fgbg.MakeTests.'
                   'test_fresh_main_thread_gets_a_loop',
                   'DeprecationWarning')

    def test_they_fail_after_asyncio_run(self):
        self.fails('test_asyncio.test_fgbg.MakeTests.'
                   'test_works_after_asyncio_run',
                   'There is no current event loop')

    def test_they_fail_after_the_loop_was_closed(self):
        self.fails('test_asyncio.test_fgbg.MakeTests.'
                   'test_works_after_the_loop_was_closed',
                   'Event loop is closed|'
                   'There is no current event loop')     # from 3.12 on

    def test_they_run_what_they_reject_in_a_nested_call(self):
        self.fails('test_asyncio.test_fgbg.NestedTests.'
                   'test_coroutine_that_is_refused_does_not_run',
                   'AssertionError: .*ran')

    @unittest.skipIf(sys.version_info < (3, 8),
                     'before Python 3.8 a connection keeps its stream reader')
    def test_they_lose_the_reply_of_an_echo_client(self):
        self.fails('test_backport.test_loops.EchoTests.'
                   'test_reply_to_a_dropped_echo_client_is_not_lost',
                   'TimeoutError')

    @unittest.skipIf(sys.version_info >= (3, 12, 6) and not PYPY,
                     'from Python 3.12.6 on futures accept StopIteration')
    def test_they_never_return_from_stop_iteration(self):
        self.fails('test_asyncio.test_fgbg.CallTests.'
                   'test_stop_iteration_reaches_the_future_as_runtime_error',
                   'TimeoutError')

    def test_they_let_ctrl_c_kill_a_task(self):
        self.fails('test_asyncio.test_fgbg_ctrl_c.BystanderTests.'
                   'test_task_is_left_pending_and_can_be_run_again',
                   'AssertionError: True is not false')


if __name__ == '__main__':
    unittest.main()
