"""Tests for asyncio/fgbg.py: the event loop when the interpreter exits"""

import unittest

from .fgbg_utils import DEFAULT, PACKAGE, FgbgTestCase, run_python


class ExitFunctionTests(FgbgTestCase):
    """7. Exit functions that were registered since can use the functions."""

    def test_atexit_callbacks_can_run_coroutines(self):
        self.assertEqual(run_python("""
            import atexit
            def callback():
                print(run_in_foreground(asyncio.sleep(0, 42)))
            atexit.register(callback)
            run_in_foreground(asyncio.sleep(0))
            atexit.register(callback)
        """), '42\n42\n')

    def test_atexit_callbacks_can_use_asynchronous_generators(self):
        self.assertEqual(run_python("""
            import atexit
            async def generate():
                yield 42
            async def main():
                async for value in generate():
                    print(value)
            run_in_foreground(main())
            atexit.register(lambda: run_in_foreground(main()))
        """), '42\n42\n')

    def test_first_use_in_an_atexit_callback(self):
        self.assertEqual(run_python("""
            import atexit
            atexit.register(
                lambda: print(run_in_foreground(asyncio.sleep(0, 42))))
        """), '42\n')

    def test_tasks_of_later_atexit_callbacks_are_cancelled(self):
        self.assertEqual(run_python("""
            import atexit
            async def main():
                try:
                    await asyncio.sleep(3600)
                finally:
                    print('clean')
            run_in_foreground(asyncio.sleep(0))
            @atexit.register
            def callback():
                schedule_coroutine(main())
                run_in_foreground(asyncio.sleep(0))
        """), 'clean\n')


class CloseTests(FgbgTestCase):
    """7. After them, asynchronous generators and the loop are closed."""

    def test_loop_is_closed_after_later_atexit_callbacks(self):
        self.assertEqual(run_python("""
            import atexit
            def callback():
                print(loop.is_closed())
            atexit.register(callback)
            run_in_foreground(asyncio.sleep(0))
            loop = asyncio.get_event_loop()
            atexit.register(callback)
        """), 'False\nTrue\n')

    def test_asynchronous_generators_are_closed(self):
        self.assertEqual(run_python("""
            async def generate():
                try:
                    yield 42
                finally:
                    await asyncio.sleep(0)
                    print('clean')
            async def main():
                async for value in generator:
                    return value
            generator = generate()
            print(run_in_foreground(main()))
        """), '42\nclean\n')


class CostTests(FgbgTestCase):
    """7. No step looks through the heap, and exit functions do not pile up."""

    def test_heap_is_not_searched(self):
        # Neither at exit nor when an exit or an interrupt is raised.
        self.assertEqual(run_python("""
            import gc
            def fail(*args):
                os.write(1, b'searched')
                os._exit(1)
            gc.get_objects = gc.get_referrers = gc.freeze = fail
            async def leave():
                sys.exit()
            schedule_coroutine(asyncio.sleep(3600))
            try:
                run_in_foreground(leave())
            except SystemExit:
                print('left')
        """), 'left\n')

    def test_exit_functions_do_not_pile_up(self):
        self.assertEqual(run_python("""
            import atexit
            run_in_foreground(asyncio.sleep(0))
            count = atexit._ncallbacks()
            asyncio.get_event_loop().close()
            run_in_foreground(asyncio.sleep(0))
            print(atexit._ncallbacks() - count)
        """), '0\n')


class NotOursTests(FgbgTestCase):
    """7. A loop that somebody else made or runs is left alone."""

    def test_loop_of_somebody_else_is_not_closed(self):
        self.assertEqual(run_python("""
            import atexit
            loop = asyncio.new_event_loop()
            asyncio.set_event_loop(loop)
            @atexit.register
            def check():
                print(loop.is_closed())
                loop.close()
            print(run_in_foreground(asyncio.sleep(0, 42)))
        """), '42\nFalse\n')

    def test_loop_that_runs_at_exit_is_left_alone(self):
        self.assertEqual(run_python("""
            import threading
            loop = call_in_background(int).get_loop()
            running = threading.Event()
            loop.call_soon(running.set)
            threading.Thread(target=loop.run_forever, daemon=True).start()
            running.wait()
        """), '')

    def test_thread_can_wait_while_the_interpreter_exits(self):
        # With an event loop of its own, for which nothing is to be done.
        self.assertEqual(run_python("""
            import threading
            def wait():
                threading.main_thread().join()
                loop = asyncio.new_event_loop()
                print(run_in_foreground(asyncio.sleep(0, 42), loop=loop))
                loop.close()
            threading.Thread(target=wait).start()
        """), '42\n')


class SilenceTests(FgbgTestCase):
    """7. Exit is silent, with the default filters, for what sessions leave."""

    def test_servers_and_connections_are_left_in_silence(self):
        self.assertEqual(run_python(f"""
            import asyncio, atexit, socket
            from {PACKAGE} import *
            class Client(asyncio.Protocol):
                def connection_lost(self, exc):
                    self.task = loop.create_task(asyncio.sleep(60))
            async def echo(reader, writer):
                data = True
                while data:
                    data = await reader.read(1)
                    writer.write(data)
            async def exchange(address):
                reader, writer = await asyncio.open_connection(*address)
                writer.write(b'x')
                print(await reader.readexactly(1))
                return reader, writer
            server = run_in_foreground(
                asyncio.start_server(echo, '127.0.0.1', 0))
            loop = asyncio.get_event_loop()
            address = server.sockets[0].getsockname()
            connection = run_in_foreground(exchange(address))
            exchanged = schedule_coroutine(exchange(address))
            client = run_in_foreground(
                loop.create_connection(Client, *address))
            schedule_coroutine(asyncio.sleep(3600))
            loop.call_later(3600, print)
            call_in_background(int)
            run_in_foreground(exchanged)
            del exchanged
            run_in_foreground(asyncio.sleep(0.01))
        """, preamble='', options=DEFAULT), "b'x'\nb'x'\n")


if __name__ == '__main__':
    unittest.main()
