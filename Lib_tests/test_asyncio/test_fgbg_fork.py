"""Tests for asyncio/fgbg.py: forked children"""

import os
import tempfile
import unittest

from .fgbg_utils import (
    DEFAULT, PACKAGE, PREAMBLE, FgbgTestCase, requires_fork, run_python,
)


class ForkTestCase(FgbgTestCase):
    PREAMBLE = PREAMBLE + (
        'import signal, warnings\n'
        "warnings.simplefilter('ignore', DeprecationWarning)\n")
    SESSION = """
        async def main():
            try:
                await asyncio.sleep(3600)
            finally:
                print('clean', flush=True)
        schedule_coroutine(main())
        run_in_foreground(asyncio.sleep(0))
        loop = asyncio.get_event_loop()
        pid = os.fork()
    """

    def run_python(self, *sources, **kwargs):
        return run_python(*sources, preamble=self.PREAMBLE, **kwargs)


@requires_fork()
class OwnLoopTests(ForkTestCase):
    """7. A forked child gets a loop of its own, and none of its parent's."""

    def test_forked_child_gets_a_loop_of_its_own(self):
        self.assertEqual(self.run_python(self.SESSION, """
            if pid == 0:
                task = schedule_coroutine(asyncio.sleep(0, 42))
                print(task.get_loop() is loop, run_in_foreground(task))
                sys.stdout.flush()
                sys.exit()
            print(os.waitpid(pid, 0)[1], flush=True)
        """), 'False 42\n0\nclean\n')

    def test_child_forked_before_the_first_wait_gets_a_loop_of_its_own(self):
        self.assertEqual(self.run_python("""
            loop = schedule_coroutine(asyncio.sleep(0)).get_loop()
            if os.fork() == 0:
                task = schedule_coroutine(asyncio.sleep(0, 42))
                print(task.get_loop() is loop, run_in_foreground(task))
                sys.stdout.flush()
                os._exit(0)
            os.wait()
        """), 'False 42\n')

    def test_grandchild_gets_a_loop_of_its_own(self):
        self.assertEqual(self.run_python(self.SESSION, """
            if pid == 0:
                pid = os.fork()
                if pid == 0:
                    print(run_in_foreground(asyncio.sleep(0, 42)))
                    sys.stdout.flush()
                    sys.exit()
                sys.exit(os.waitpid(pid, 0)[1])
            print(os.waitpid(pid, 0)[1], flush=True)
        """), '42\n0\nclean\n')

    def test_forked_child_gets_a_loop_for_a_closed_one(self):
        self.assertEqual(self.run_python("""
            run_in_foreground(asyncio.sleep(0))
            asyncio.get_event_loop().close()
            pid = os.fork()
            if pid == 0:
                print(run_in_foreground(asyncio.sleep(0, 42)), flush=True)
                sys.exit()
            print(os.waitpid(pid, 0)[1])
        """), '42\n0\n')

    def test_forked_child_gets_no_loop_that_its_parent_set(self):
        self.assertEqual(self.run_python("""
            loop = asyncio.new_event_loop()
            asyncio.set_event_loop(loop)
            pid = os.fork()
            if pid == 0:
                task = schedule_coroutine(asyncio.sleep(0, 42))
                print(task.get_loop() is loop, run_in_foreground(task))
                sys.stdout.flush()
                os._exit(0)
            print(os.waitpid(pid, 0)[1])
            loop.close()
        """), 'False 42\n0\n')

    def test_forked_child_without_file_descriptors_has_no_loop_of_its_parent(
            self):
        self.assertEqual(self.run_python(f"""
            import resource
            from {PACKAGE} import fgbg
            sys.stderr = open(os.devnull, 'w')  # which tells of the failure
            run_in_foreground(asyncio.sleep(0))
            limit = resource.getrlimit(resource.RLIMIT_NOFILE)
            resource.setrlimit(resource.RLIMIT_NOFILE, (1, limit[1]))
            pid = os.fork()
            if pid == 0:
                os.write(1, str(fgbg._own_loop).encode())
                os._exit(0)
            resource.setrlimit(resource.RLIMIT_NOFILE, limit)
            os.waitpid(pid, 0)
        """, options=DEFAULT), 'None')


@requires_fork()
class ParentTests(ForkTestCase):
    """7. A forked child does not disturb its parent's loop."""

    def test_forked_child_leaves_cleanup_to_its_parent(self):
        self.assertEqual(self.run_python(self.SESSION, """
            if pid == 0:
                sys.exit()
            print(os.waitpid(pid, 0)[1], flush=True)
        """), '0\nclean\n')

    def test_forked_child_that_exits_does_not_disturb_its_parent(self):
        self.assertEqual(self.run_python(self.SESSION, """
            if pid == 0:
                sys.exit()
            os.waitpid(pid, 0)
            # Only the loop's own pipe can wake it up.
            print(run_in_foreground(asyncio.wait_for(
                call_in_background(lambda: 42), 10)), flush=True)
        """), '42\nclean\n')

    def test_forked_child_that_closes_a_connection_leaves_its_parents(self):
        self.assertEqual(self.run_python("""
            async def echo(reader, writer):
                writer.write(await reader.readexactly(1))
                writer.close()
            async def exchange():
                writer.write(b'x')
                return await reader.read(1)
            server = run_in_foreground(
                asyncio.start_server(echo, '127.0.0.1', 0))
            reader, writer = run_in_foreground(asyncio.open_connection(
                *server.sockets[0].getsockname()))
            pid = os.fork()
            if pid == 0:
                writer.close()
                os._exit(0)
            os.waitpid(pid, 0)
            print(run_in_foreground(asyncio.wait_for(exchange(), 10)))
        """), "b'x'\n")

    def test_child_forked_in_a_wait_can_leave_it(self):
        self.assertEqual(self.run_python("""
            def fork():
                pid = os.fork()
                if pid == 0:
                    sys.exit()
                forked.set_result(os.waitpid(pid, 0)[1])
            async def main():
                global forked
                forked = asyncio.get_running_loop().create_future()
                asyncio.get_running_loop().call_soon(fork)
                try:
                    print(await forked, flush=True)
                except asyncio.CancelledError:
                    print('cancelled in the child', flush=True)
                # Only the loop's own pipe can wake it up.
                return await asyncio.wait_for(
                    call_in_background(lambda: 42), 10)
            try:
                print(run_in_foreground(main()))
            except SystemExit:
                print(signal.getsignal(signal.SIGINT).__name__, flush=True)
                os._exit(0)
        """), 'default_int_handler\n0\n42\n')


@requires_fork()
class OrdinaryTests(ForkTestCase):
    """7. A forked child's own objects are finalized, its files flushed."""

    def test_forked_child_flushes_its_files(self):
        with tempfile.TemporaryDirectory() as folder:
            name = os.path.join(folder, 'log')
            # Nothing more is imported: what is may hold on to the cycle.
            self.assertEqual(run_python(f"""
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
            """, preamble='', options=DEFAULT), '')
            with open(name) as file:
                self.assertEqual(file.read(), 'important')

    def test_child_of_multiprocessing_cleans_up(self):
        # It forgets the exit functions of its parent.
        self.assertEqual(self.run_python("""
            import multiprocessing
            async def main():
                try:
                    await asyncio.sleep(3600)
                finally:
                    print('clean', flush=True)
            async def generate():
                try:
                    yield
                finally:
                    await asyncio.sleep(0)
                    print('closed', flush=True)
            async def step():
                async for _ in generator:
                    break
            def run_child():
                schedule_coroutine(main())
                run_in_foreground(step())
            generator = generate()
            run_in_foreground(asyncio.sleep(0))
            child = multiprocessing.get_context('fork').Process(
                target=run_child)
            child.start()
            child.join()
        """), 'clean\nclosed\n')

    def test_functions_called_after_a_fork_do_not_pile_up(self):
        self.assertEqual(self.run_python(f"""
            from {PACKAGE} import fgbg
            functions = []
            os.register_at_fork = lambda **kwargs: functions.append(
                kwargs.get('after_in_child'))
            run_in_foreground(asyncio.sleep(0))
            run_in_foreground(asyncio.sleep(0))
            print(functions.count(fgbg._after_fork_in_child))
        """), '1\n')


if __name__ == '__main__':
    unittest.main()
