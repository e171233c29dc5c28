"""Tests for asyncio/fgbg.py: a first call that fails half way"""

import unittest

from .fgbg_utils import PACKAGE, FgbgTestCase, requires_fork, run_python


class FirstCallTests(FgbgTestCase):
    """2. A first call that fails half way leaves nothing half set up."""

    # The background is alive after it, and its cleanup can use a thread.
    CHECK = """
        async def main():
            try:
                await asyncio.sleep(60)
            finally:
                print(await asyncio.get_running_loop().run_in_executor(
                    None, lambda: 'cleaned up in a thread'))
        task = schedule_coroutine(main())
        # Where no thread can be started at exit (gh-113964), one must be free.
        # It may not be counted as such yet, but no two of them.
        import threading
        barrier = threading.Barrier(2)
        run_in_foreground(asyncio.wait([call_in_background(barrier.wait)
                                        for _ in range(2)]))
        print(task.done(), asyncio.get_event_loop() is task.get_loop())
    """

    def check(self, source, **kwargs):
        self.assertEqual(run_python(source, self.CHECK, **kwargs),
                         'failed\nFalse True\ncleaned up in a thread\n')

    def check_step(self, module, name):
        for exception in 'KeyboardInterrupt', 'RecursionError', 'OSError':
            with self.subTest(exception=exception):
                self.check(f"""
                    import atexit, threading
                    from {PACKAGE} import fgbg
                    def fail(*args, **kwargs):
                        {module}.{name} = function
                        raise {exception}
                    function = {module}.{name}
                    {module}.{name} = fail
                    try:
                        call_in_background(int)
                    except {exception}:
                        print('failed')
                """)

    def test_function_cannot_be_registered_with_atexit(self):
        self.check_step('atexit', 'register')

    def test_function_cannot_be_called_before_threads_are_joined(self):
        self.check_step('fgbg.threading', '_register_atexit')

    @requires_fork()
    def test_function_cannot_be_called_after_a_fork(self):
        self.check_step('os', 'register_at_fork')

    def test_event_loop_cannot_be_made(self):
        self.check_step('fgbg.events', 'new_event_loop')

    def test_event_loop_cannot_be_set(self):
        self.check_step('fgbg.events', 'set_event_loop')

    def test_event_loop_cannot_be_looked_up(self):
        self.check_step('fgbg.events', 'get_event_loop')

    def test_ctrl_c_during_an_import(self):
        self.check("""
            import _thread, builtins
            real_import = builtins.__import__
            def interrupt(name, *args, **kwargs):
                if name == 'concurrent.futures.thread':
                    builtins.__import__ = real_import
                    _thread.interrupt_main()
                    while True:
                        pass
                return real_import(name, *args, **kwargs)
            builtins.__import__ = interrupt
            try:
                call_in_background(int)
            except KeyboardInterrupt:
                print('failed')
        """)

    def test_recursion_at_every_depth(self):
        self.check("""
            import warnings
            warnings.filterwarnings('ignore', '.* was never awaited')
            def wait():
                run_in_foreground(asyncio.sleep(0))
            def deep(depth, function):
                return deep(depth - 1, function) if depth else function()
            def works_at(depth, function):
                try:
                    deep(depth, function)
                except RecursionError:
                    return False
                return True
            depth = step = 2 ** 20      # more than any Python does
            while step > 1:
                step //= 2
                depth += step if works_at(depth, int) else -step
            while not works_at(depth, wait):
                depth -= 1
            print('failed')
        """, options=('-W', 'error'))      # -X dev looks at all the stack


if __name__ == '__main__':
    unittest.main()
