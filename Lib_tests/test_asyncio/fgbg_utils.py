"""What the tests of asyncio/fgbg.py share"""

import asyncio
import concurrent.futures
import os
import signal
import textwrap
import threading
import time
from unittest import mock

from asyncio_fgbg import fgbg  # asyncio
from support.cpython import SHORT_TIMEOUT  # test.support
from support.cpython import TestCase  # test.test_asyncio.utils
from support.cpython import assert_python_failure  # test.support.script_helper
from support.cpython import assert_python_ok  # test.support.script_helper
from support.cpython import gc_collect  # test.support
from support.cpython import markcoroutinefunction  # inspect
from support.cpython import raise_signal  # signal
from support.cpython import requires_fork  # test.support


PACKAGE = fgbg.__name__.rpartition('.')[0]
NAMES = 'run_in_foreground', 'schedule_coroutine', 'call_in_background'

# On a busy machine, asyncio's debug mode remarks on slow callbacks.
PREAMBLE = f"""\
import asyncio, logging, os, sys
from {PACKAGE} import {', '.join(NAMES)}
logging.getLogger('asyncio').addFilter(
    lambda record: not record.getMessage().startswith('Executing '))
"""

STRICT = '-X', 'dev', '-W', 'error'
DEFAULT = '-W', 'ignore::ResourceWarning'    # as if no debug build


def run_python(*sources, preamble=PREAMBLE, options=STRICT, status=0,
               logged=''):
    """Return what a fresh interpreter prints.

    It must end with *status*, and log *logged* or else write no error.
    """
    source = preamble + ''.join(map(textwrap.dedent, sources))
    assert_python = assert_python_failure if status else assert_python_ok
    rc, out, err = assert_python(*options, '-c', source)
    out, err = out.decode(), err.decode()
    if rc != status or (logged not in err if logged else err):
        raise AssertionError(f'status {rc}\n{out}{err}')
    return out.replace(os.linesep, '\n')


async def return_42():
    return 42


async def wait_for_ever():
    await asyncio.get_running_loop().create_future()


def interrupt():
    """Press Ctrl-C."""
    raise_signal(signal.SIGINT)


def interrupt_again():
    """Press Ctrl-C once more, as soon as that counts as another one."""
    start = time.monotonic()
    while time.monotonic() - start <= 0.1:
        pass
    interrupt()


class EqualToAnything:
    __hash__ = object.__hash__

    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False


class FgbgTestCase(TestCase):
    """A test with Python's own Ctrl-C, and an event loop that is set."""

    def setUp(self):
        super().setUp()
        # A process in the background of a shell may ignore SIGINT.
        handler = signal.signal(signal.SIGINT, signal.default_int_handler)
        self.addCleanup(signal.signal, signal.SIGINT, handler)
        # Each test has a policy of its own, where there are policies.
        policy = mock.patch.object(asyncio.events, '_event_loop_policy', None,
                                   create=True)
        policy.start()
        self.addCleanup(policy.stop)
        self.logged = []
        self.loop = self.new_loop()
        asyncio.set_event_loop(self.loop)

    def _callTestMethod(self, method):
        # Let a KeyboardInterrupt end the test, not the run of all tests.
        try:
            method()
        except KeyboardInterrupt:
            self.fail('KeyboardInterrupt was raised in the test')

    def new_loop(self):
        loop = asyncio.new_event_loop()
        self.addCleanup(loop.close)
        executor = concurrent.futures.ThreadPoolExecutor(2)
        self.addCleanup(executor.shutdown)
        loop.set_default_executor(executor)
        loop.set_exception_handler(
            lambda loop, context: self.logged.append(context))
        return loop

    def in_thread(self, function):
        """Return what *function* returns or raises in a thread of its own."""
        with concurrent.futures.ThreadPoolExecutor(1) as executor:
            return executor.submit(function).result(SHORT_TIMEOUT)

    def run_loop_in_thread(self, loop):
        """Run *loop* in another thread until the test ends."""
        thread = threading.Thread(target=loop.run_forever)
        running = threading.Event()
        loop.call_soon(running.set)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(loop.call_soon_threadsafe, loop.stop)
        self.assertTrue(running.wait(SHORT_TIMEOUT))

    def run_once(self):
        fgbg.run_in_foreground(asyncio.sleep(0))

    def rejects(self, exception, regex, function, *args, **kwargs):
        with self.assertRaisesRegex(exception, regex):
            function(*args, **kwargs)
        self.assertEqual(asyncio.all_tasks(self.loop), set())

    def interrupt_foreground(self, task):
        """Run *task* until it is interrupted; return the KeyboardInterrupt."""
        with self.assertRaises(KeyboardInterrupt) as caught:
            fgbg.run_in_foreground(task)
        return caught.exception
