"""Stand-ins for what the tests in test_asyncio take from CPython's own tests

They are written as a part of these, and know no Python but the newest.  What
they import from there has the same names here, and each test that an older
Python or PyPy cannot pass is skipped.
"""

import asyncio
import functools
import gc
import inspect
import os
import signal
import subprocess
import sys
import unittest
from unittest import mock

from . import PATIENCE, TIMEOUT


PYPY = sys.implementation.name == 'pypy'

# Whether this Python has it, and why tests are skipped where it has.
EAGER = (sys.version_info < (3, 12), 'eager tasks came with Python 3.12')
NO_HOOKS = (sys.version_info < (3, 9), 'before Python 3.9, threads are joined '
            'before any function is called (bpo-39812)')
SKIPPED = {
    'CleanUpTests.test_cleanup_can_make_its_first_call_of_the_executor': (
        (3, 12) <= sys.version_info < (3, 12, 3), 'from 3.12.0 to 3.12.2, no '
        'thread is started at exit (gh-113964)'),
    'EveryStateTests.test_in_a_hook_before_threads_are_joined': NO_HOOKS,
    'EveryStateTests.test_when_modules_are_cleared': (
        PYPY, 'PyPy finalizes no modules at exit'),
    'ForkTests.test_children_of_multiprocessing_end_their_loops': NO_HOOKS,
    'KeepTests.test_task_that_an_eager_factory_finished_is_not_kept': EAGER,
    'OneStepTests.test_exit_functions_find_the_loop_closed': NO_HOOKS,
    'OneStepTests.test_thread_that_comes_later_is_refused': NO_HOOKS,
    'OneStepTests.test_thread_that_waits_for_the_loop_is_told': NO_HOOKS,
    'RejectedTests.test_generator_is_no_coroutine_and_is_left_alone': (
        sys.version_info < (3, 12), 'before Python 3.12, generators are '
        'coroutines'),
    'StuckTests.test_in_an_eager_step_of_the_coroutine': EAGER,
}


# test.test_asyncio.utils

class TestCase(unittest.TestCase):
    def setUp(self):
        super().setUp()
        name = '.'.join(self.id().split('.')[-2:])
        skip, reason = SKIPPED.get(name, (False, ''))
        if skip:
            self.skipTest(reason)

    # Later ones call the test so themselves.
    if sys.version_info < (3, 8):
        def _callTestMethod(self, method):
            method()

        def run(self, result=None):
            method = getattr(self, self._testMethodName)
            call = functools.partial(self._callTestMethod, method)
            setattr(self, self._testMethodName,
                    functools.update_wrapper(call, method))
            return super().run(result)


# test.support

SHORT_TIMEOUT = PATIENCE


def gc_collect():
    for _ in range(3 if PYPY else 1):
        gc.collect()


def requires_fork():
    return unittest.skipUnless(hasattr(os, 'fork'),
                               'this platform has no os.fork()')


# test.support.script_helper, but for the isolation: the interpreters are to
# find what this one has found, through PYTHONPATH or in the current folder.

def assert_python_ok(*args, **env_vars):
    return _assert_python(True, args, env_vars)


def assert_python_failure(*args, **env_vars):
    return _assert_python(False, args, env_vars)


def _assert_python(success, args, env_vars):
    env = {**os.environ, **env_vars}
    if sys.version_info[:2] == (3, 8):
        # A forked child of 3.8 crashes at exit with -X dev's allocator.
        env['PYTHONMALLOC'] = 'pymalloc'
    process = subprocess.run(
        [sys.executable, *args], env=env, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=TIMEOUT)
    rc, out, err = process.returncode, process.stdout, process.stderr
    if (rc == 0) is not success:
        # What a crash has printed may be anything.
        printed = (out + err).decode(errors='backslashreplace')
        raise AssertionError(f'status {rc}\n{printed}')
    return rc, out, err


# The standard library: signal.raise_signal() and AsyncMock came with 3.8,
# inspect.markcoroutinefunction() with 3.12.

def _async_mock(return_value):
    async def mocked():
        return return_value

    return mocked


def _mark(function):
    function._is_coroutine = asyncio.coroutines._is_coroutine
    return function


raise_signal = getattr(signal, 'raise_signal',
                       functools.partial(os.kill, os.getpid()))
AsyncMock = getattr(mock, 'AsyncMock', _async_mock)
markcoroutinefunction = getattr(inspect, 'markcoroutinefunction', _mark)
