"""The exit of the interpreter and forked children: more of it

What old Pythons do not do by themselves, and what CPython's own tests of
asyncio would not ask again: what Runner sees to, and rare cases.
"""

import os
import sys
import tempfile
import unittest

from support.cpython import NO_HOOKS, requires_fork
from test_asyncio import test_fgbg_exit
from test_asyncio.fgbg_utils import DEFAULT, PACKAGE
from test_asyncio.test_fgbg_exit import CALL, PENDING, ExitTestCase


FORK = test_fgbg_exit.ForkTests.FORK


class AsRunTests(ExitTestCase):
    """The event loop ends as that of asyncio.run(), on every Python."""

    def test_exit_status_of_a_coroutine_is_kept(self):
        self.prints('clean\n', PENDING, """
            async def leave():
                sys.exit(3)
            run_in_foreground(leave())
        """, status=3)

    def test_exit_of_a_task_does_not_keep_others_from_cleaning_up(self):
        self.prints('clean\n', PENDING, """
            async def leave():
                sys.exit()
            schedule_coroutine(leave())
            loop.set_exception_handler(lambda loop, context: None)
        """)

    def test_exceptions_of_all_cleanups_are_logged(self):
        self.prints('division by zero\n' * 10, """
            async def main(number):
                try:
                    await asyncio.sleep(3600)
                finally:
                    if number % 2:
                        1 / 0
            tasks = [schedule_coroutine(main(n)) for n in range(20)]
            run_in_foreground(asyncio.sleep(0))
            asyncio.get_event_loop().set_exception_handler(
                lambda loop, context: print(context['exception']))
        """)

    def test_exception_handler_is_kept(self):
        self.prints('clean\nTrue\n', """
            import atexit
            def handler(loop, context):
                pass
            atexit.register(
                lambda: print(loop.get_exception_handler() is handler))
        """, PENDING, """
            loop.set_exception_handler(handler)
        """)

    def test_executor_that_cannot_be_shut_down_is_logged(self):
        self.prints('', """
            import concurrent.futures
            class Executor(concurrent.futures.ThreadPoolExecutor):
                def shutdown(self, wait=True):
                    super().shutdown(wait)
                    1 / 0
            loop = call_in_background(int).get_loop()
            loop.set_default_executor(Executor())
        """, logged='ZeroDivisionError')

    def test_call_that_waits_for_the_loop_is_told(self):
        self.prints('cancelled\n', CALL, """
            call_in_background(lambda: call(asyncio.sleep(3600)))
            queued.wait()
        """)

    def test_call_in_an_explicit_executor_that_waits_for_the_loop_is_told(
            self):
        self.prints('cancelled\n', CALL, """
            executor = concurrent.futures.ThreadPoolExecutor(1)
            call_in_background(lambda: call(asyncio.sleep(3600)),
                               executor=executor)
            queued.wait()
        """)


class NotForEverTests(ExitTestCase):
    """Nothing keeps the interpreter that does not keep asyncio.run()."""

    def test_task_that_starts_itself_again_does_not_keep_the_interpreter(self):
        self.prints('', """
            def start(_=None):
                task = schedule_coroutine(asyncio.sleep(3600))
                task.add_done_callback(start)
            start()
            run_in_foreground(asyncio.sleep(0))
            logging.disable()   # asyncio tells what is still pending
        """)

    def test_buffered_data_does_not_keep_the_interpreter(self):
        self.prints('', """
            import atexit, socket
            atexit.register(lambda: connection.close())
            with socket.socket() as server:
                server.bind(('127.0.0.1', 0))
                server.listen()
                reader, writer = run_in_foreground(
                    asyncio.open_connection(*server.getsockname()))
                connection, _ = server.accept()
            writer.write(bytes(3 * 10**7))
        """, options=DEFAULT)

    def test_executor_that_never_answers_is_not_waited_for(self):
        self.prints('', """
            import concurrent.futures
            class Executor:
                def submit(self, function):
                    return concurrent.futures.Future()
            call_in_background(print, executor=Executor())
        """)

    def test_exit_functions_do_not_pile_up(self):
        self.prints('0\n', """
            import atexit
            run_in_foreground(asyncio.sleep(0))
            count = atexit._ncallbacks()
            asyncio.get_event_loop().close()
            run_in_foreground(asyncio.sleep(0))
            print(atexit._ncallbacks() - count)
        """)


class SilenceTests(ExitTestCase):
    """Exit is silent, with the default filters, for what sessions leave."""

    @unittest.skipIf(sys.platform == 'win32' and sys.version_info < (3, 10),
                     'on Windows, asyncio reports open connections up to 3.9')
    def test_servers_and_connections_are_left_in_silence(self):
        self.prints("b'x'\n" * 2, f"""
            import asyncio, socket
            from {PACKAGE} import *
            async def echo(reader, writer):
                data = True
                while data:
                    data = await reader.read(1)
                    writer.write(data)
            async def exchange():
                reader, writer = await asyncio.open_connection(*address)
                writer.write(b'x')
                print(await reader.readexactly(1))
                return reader, writer
            server = run_in_foreground(
                asyncio.start_server(echo, '127.0.0.1', 0))
            address = server.sockets[0].getsockname()
            connection = run_in_foreground(exchange())
            run_in_foreground(schedule_coroutine(exchange()))
            loop = schedule_coroutine(asyncio.sleep(3600)).get_loop()
            client = run_in_foreground(
                loop.create_connection(asyncio.Protocol, *address))
            loop.call_later(3600, print)
            call_in_background(int)
            run_in_foreground(asyncio.sleep(0.01))
        """, preamble='', options=DEFAULT)


@unittest.skipIf(*NO_HOOKS)
class LateTests(ExitTestCase):
    """What is first used while threads are about to be joined ends as well."""

    def test_first_use_in_a_hook_of_another_library(self):
        self.prints('42\nclean\n', """
            import threading
            async def hold():
                try:
                    await asyncio.sleep(3600)
                finally:
                    print('clean')
            def use():
                schedule_coroutine(hold())
                print(run_in_foreground(asyncio.sleep(0, 42)))
            threading._register_atexit(use)
        """)


@requires_fork()
class ChildTests(ExitTestCase):
    """A forked child has no loop of its parent, and is ordinary."""

    def test_child_of_a_parent_whose_loop_is_closed(self):
        self.prints('child\n', FORK, """
            run_in_foreground(asyncio.sleep(0))
            asyncio.get_event_loop().close()
            fork()
        """)

    def test_child_of_a_parent_whose_loop_has_not_run(self):
        self.prints('child\n', FORK, """
            loop = call_in_background(int).get_loop()
            fork()
        """)

    def test_child_of_a_parent_that_has_set_a_loop(self):
        self.prints('False\n', """
            loop = asyncio.new_event_loop()
            asyncio.set_event_loop(loop)
            pid = os.fork()
            if pid == 0:
                task = schedule_coroutine(asyncio.sleep(0))
                print(task.get_loop() is loop, flush=True)
                os._exit(0)
            os.waitpid(pid, 0)
            loop.close()
        """)

    def test_child_that_is_forked_without_file_descriptors(self):
        self.prints('False 42\n', """
            import resource
            sys.stderr = open(os.devnull, 'w')  # which tells of the failure
            loop = schedule_coroutine(asyncio.sleep(0)).get_loop()
            limit = resource.getrlimit(resource.RLIMIT_NOFILE)
            resource.setrlimit(resource.RLIMIT_NOFILE, (1, limit[1]))
            pid = os.fork()
            resource.setrlimit(resource.RLIMIT_NOFILE, limit)
            if pid == 0:
                task = schedule_coroutine(asyncio.sleep(0, 42))
                print(task.get_loop() is loop, run_in_foreground(task))
                sys.exit()
            os.waitpid(pid, 0)
        """, options=DEFAULT)

    def test_files_of_the_child_are_flushed(self):
        with tempfile.TemporaryDirectory() as folder:
            name = os.path.join(folder, 'log')
            # Nothing more is imported: what is may hold on to the cycle.
            self.prints('', f"""
                import asyncio, os, sys, warnings
                from {PACKAGE} import *
                class Log:
                    def __init__(self):
                        self.file = open({name!r}, 'w')
                        self.write = self.log       # a cycle
                    def log(self, text):
                        self.file.write(text)
                warnings.simplefilter('ignore')
                run_in_foreground(asyncio.sleep(0))
                if os.fork() == 0:
                    log = Log()
                    log.write('important')
                    sys.exit()
                os.wait()
            """, preamble='', options=DEFAULT)
            with open(name) as file:
                self.assertEqual(file.read(), 'important')

    def test_functions_that_are_called_after_a_fork_do_not_pile_up(self):
        self.prints('', """
            os.register_at_fork = lambda **kwargs: print('one more')
            run_in_foreground(asyncio.sleep(0))
            run_in_foreground(asyncio.sleep(0))
        """)


if __name__ == '__main__':
    unittest.main()
