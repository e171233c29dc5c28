"""Tests for what asyncio_fgbg is as a package"""

import unittest

from support.cpython import requires_fork
from test_asyncio.fgbg_utils import PREAMBLE, run_python


class ImportTests(unittest.TestCase):
    """The import replaces nothing, neither in asyncio nor elsewhere."""

    def test_import_replaces_nothing_in_the_standard_library(self):
        self.assertEqual(run_python("""
            import asyncio, atexit, concurrent.futures.thread, contextvars
            import inspect, signal, sys, threading, types
            def snapshot():
                return {(name, key): value
                        for name, module in before.items()
                        for key, value in vars(module).items()
                        if key != '__warningregistry__'}
            before = {name: module for name, module in sys.modules.items()
                      if isinstance(module, types.ModuleType)
                      and not name.endswith('main__')}     # this script
            values = snapshot()
            import asyncio_fgbg
            again = snapshot()
            print({key for key in {*values, *again}
                   if values.get(key) is not again.get(key)})
        """, preamble=''), 'set()\n')


class ReloadTests(unittest.TestCase):
    """importlib.reload() does no harm."""

    SOURCE = PREAMBLE + 'import importlib, asyncio_fgbg\n'

    def check(self, source, expected):
        self.assertEqual(run_python("""
            async def main():
                try:
                    await asyncio.sleep(60)
                finally:
                    print('cleaned up')
            task = schedule_coroutine(main())
            run_in_foreground(asyncio.sleep(0))
            for _ in range(3):
                importlib.reload(asyncio_fgbg)
        """, source, preamble=self.SOURCE), expected)

    def test_functions_work_as_before_and_know_their_event_loop(self):
        self.check("""
            print(asyncio_fgbg.run_in_foreground(asyncio.sleep(0, 42)),
                  run_in_foreground(asyncio.sleep(0, 43)), task.done())
            asyncio.set_event_loop(None)
            again = asyncio_fgbg.schedule_coroutine(asyncio.sleep(0))
            print(again.get_loop() is task.get_loop())
        """, '42 43 False\nTrue\ncleaned up\n')

    def test_ctrl_c_works_as_before(self):
        self.check("""
            import _thread, signal
            asyncio.get_event_loop().call_soon(_thread.interrupt_main)
            try:
                asyncio_fgbg.run_in_foreground(task)
            except KeyboardInterrupt:
                print(task.done(), signal.getsignal(signal.SIGINT)
                      is signal.default_int_handler)
        """, 'False True\ncleaned up\n')

    @requires_fork()
    def test_child_is_parted_from_its_parent_as_before(self):
        self.check("""
            import warnings
            warnings.simplefilter('ignore', DeprecationWarning)
            pid = os.fork()
            if pid == 0:
                call = asyncio_fgbg.schedule_coroutine(asyncio.sleep(0))
                os._exit(call.get_loop() is task.get_loop())
            print(os.waitpid(pid, 0)[1])
        """, '0\ncleaned up\n')

    def test_each_wait_on_windows_and_in_idle_has_one_timer(self):
        self.assertEqual(run_python("""
            import types
            sys.modules['idlelib.run'] = types.ModuleType('idlelib.run')
            import importlib, asyncio_fgbg
            from asyncio_fgbg import _compat
            for _ in range(3):
                importlib.reload(asyncio_fgbg)
            wait = asyncio_fgbg.fgbg._Wait
            print(wait.__mro__.count(_compat._AlarmClock),
                  len(wait.__mro__))
            import asyncio
            print(asyncio_fgbg.run_in_foreground(asyncio.sleep(0, 42)))
        """, preamble='import sys\n'), '1 4\n42\n')


if __name__ == '__main__':
    unittest.main()
