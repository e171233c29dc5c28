"""Ctrl-C on Windows, however it is pressed and whatever loop is run

.ci/windows runs these tests on a console, at which it types Ctrl-C.
"""

import _thread
import asyncio
import concurrent.futures
import functools
import multiprocessing
import os
import pathlib
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
import unittest

from asyncio_fgbg import (
    call_in_background, run_in_foreground, schedule_coroutine,
)
from support import TIMEOUT
from test_asyncio.fgbg_utils import FgbgTestCase, run_python

TYPIST = os.environ.get('FGBG_TYPIST')      # a port
EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / 'Doc/howto/examples'


def type_ctrl_c():
    with socket.create_connection(('127.0.0.1', int(TYPIST))) as typist:
        typist.sendall(b'!')


PRESSES = {
    'typed': type_ctrl_c,
    '_thread.interrupt_main()': _thread.interrupt_main,
    'signal.raise_signal()': lambda: signal.raise_signal(signal.SIGINT),
    'CTRL_C_EVENT': lambda: os.kill(0, signal.CTRL_C_EVENT),
}


class Press(threading.Thread):
    """Press Ctrl-C, in another thread, when *loop* waits for something."""

    def __init__(self, press, loop):
        super().__init__()
        self.press = press
        self.asleep = threading.Event()
        self.selector = loop._selector
        self.select, self.selector.select = self.selector.select, self.sleep
        self.start()

    def sleep(self, timeout):
        if timeout != 0:
            self.selector.select = self.select
            self.asleep.set()
        return self.select(timeout)

    def run(self):
        if self.asleep.wait(TIMEOUT):
            self.time = time.monotonic()
            self.press()


class PressTestCase(FgbgTestCase):
    def setUp(self):
        super().setUp()
        asyncio.set_event_loop(None)
        self.seconds = []

    def check_seconds(self):
        # What nothing wakes up takes far longer; a busy machine delays some.
        self.assertLess(max(self.seconds), 5)
        self.assertLess(statistics.median(self.seconds), 0.5)

    def press_in(self, press, loop):
        self.press = Press(press, loop)
        self.addCleanup(self.press.join)

    def interrupt_in_time(self, task, loop):
        with self.assertRaises(KeyboardInterrupt):
            run_in_foreground(task, loop=loop)
        self.seconds.append(time.monotonic() - self.press.time)
        self.assertIs(signal.getsignal(signal.SIGINT),
                      signal.default_int_handler)


def start_worker(event):
    global wait_in_worker
    wait_in_worker = event.wait
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def call_in_worker():
    return wait_in_worker(TIMEOUT)


@unittest.skipUnless(TYPIST, 'needs .ci/windows, which types Ctrl-C')
class CtrlCTests(PressTestCase):
    """Ctrl-C ends a wait in half a second, whatever loop is run."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.event = multiprocessing.Event()
        cls.pool = concurrent.futures.ProcessPoolExecutor(
            1, initializer=start_worker, initargs=[cls.event])
        cls.addClassCleanup(cls.pool.shutdown)
        cls.pool.submit(int).result()

    def check(self, loop=None):
        real_loop = call_in_background(int, loop=loop).get_loop()
        self.addCleanup(real_loop.close)
        for name, press in PRESSES.items():
            for check in (self.check_coroutine, self.check_task,
                          self.check_thread, self.check_process):
                with self.subTest(press=name, check=check.__name__):
                    background = schedule_coroutine(
                        asyncio.sleep(TIMEOUT), loop=loop)
                    check(functools.partial(self.press_in, press, real_loop),
                          loop)
                    self.assertFalse(background.done())
                    background.cancel()
                    run_in_foreground(asyncio.sleep(0), loop=loop)
        self.check_seconds()
        self.assertEqual(self.logged, [])

    def check_coroutine(self, press_soon, loop):
        async def main():
            try:
                await asyncio.sleep(TIMEOUT)
            finally:
                await asyncio.sleep(0.01)
                seen.append('clean')

        seen = []
        press_soon()
        self.interrupt_in_time(main(), loop)
        self.assertEqual(seen, ['clean'])

    def check_pending(self, press_soon, future, loop, end):
        press_soon()
        self.interrupt_in_time(future, loop)
        self.assertFalse(future.done())
        end()
        self.assertIs(run_in_foreground(future, loop=loop), True)

    def check_task(self, press_soon, loop):
        async def main():
            return await future

        task = schedule_coroutine(main(), loop=loop)
        future = task.get_loop().create_future()
        self.check_pending(press_soon, task, loop,
                           functools.partial(future.set_result, True))

    def check_thread(self, press_soon, loop):
        event = threading.Event()
        self.check_pending(
            press_soon, call_in_background(event.wait, loop=loop), loop,
            event.set)

    def check_process(self, press_soon, loop):
        self.event.clear()
        self.check_pending(
            press_soon, call_in_background(
                call_in_worker, loop=loop, executor=self.pool), loop,
            self.event.set)

    def test_default_loop(self):
        self.check()

    def test_after_asyncio_run(self):
        asyncio.run(asyncio.sleep(0))
        self.check()

    # A Proactor loop that is made has signals wake it up, until it is closed.

    def test_while_another_loop_is_open(self):
        call_in_background(int)
        self.new_loop()
        self.check()

    def test_after_another_loop_was_closed(self):
        call_in_background(int)
        asyncio.new_event_loop().close()
        self.check()

    def test_loop_that_is_passed(self):
        self.check(self.new_loop())

    def test_loop_that_was_made_in_a_thread(self):
        self.check(self.in_thread(self.new_loop))


@unittest.skipUnless(TYPIST, 'needs .ci/windows, which types Ctrl-C')
class ExitTests(PressTestCase):
    """Ctrl-C at exit ends a cleanup in half a second, too."""

    CLEAN_UP = """
        import time
        from test_backport.test_windows import PRESSES, Press
        async def main():
            global press
            try:
                await asyncio.sleep(3600)
            finally:
                press = Press(PRESSES[name], loop)
                await asyncio.sleep(10)
        def close_now():
            print(time.monotonic() - press.time)
            close()
        loop = schedule_coroutine(main()).get_loop()
        close, loop.close = loop.close, close_now
        run_in_foreground(asyncio.sleep(0))
        logging.disable()   # asyncio tells what is still pending
    """

    def check(self, source=''):
        # All programs on the console get the Ctrl-C: this one, too.
        presses = []
        signal.signal(signal.SIGINT, lambda *args: presses.append(args))
        for name in 'typed', '_thread.interrupt_main()':
            self.seconds.append(float(run_python(
                f'name = {name!r}\n', self.CLEAN_UP, source)))
        self.check_seconds()
        while not presses:
            time.sleep(0.01)

    def test_after_a_wait(self):
        self.check()

    def test_after_another_loop_was_closed(self):
        self.check('asyncio.new_event_loop().close()')


@unittest.skipUnless(TYPIST, 'needs .ci/windows, which types Ctrl-C')
class ExampleTest(FgbgTestCase):
    """The example of Doc/howto/windows.rst does what that page says."""

    def test_child_that_does_not_get_ctrl_c(self):
        if not hasattr(self.loop, '_proactor'):
            self.skipTest('a Selector event loop has no subprocesses here')
        # All programs on the console get the Ctrl-C: this one, too.
        signal.signal(signal.SIGINT, lambda signum, frame: None)
        process = subprocess.Popen(
            [sys.executable, str(EXAMPLES / 'windows_child.py')],
            stdout=subprocess.PIPE, universal_newlines=True)
        with process:
            self.assertEqual(process.stdout.readline(), 'working\n')
            type_ctrl_c()
            self.assertEqual(process.stdout.read(),
                             'interrupted, once more\nexit status 3\n')


if __name__ == '__main__':
    unittest.main()
