"""Tests for asyncio/fgbg.py: the exit of the interpreter, forked children"""

import textwrap
import unittest

from .fgbg_utils import (
    DEFAULT, PREAMBLE, FgbgTestCase, requires_fork, run_python,
)


def pending(cleanup):
    """Return source that leaves a task pending, which has that *cleanup*."""
    return f"""
        async def main():
            try:
                await asyncio.sleep(3600)
            finally:
                {cleanup}
        loop = schedule_coroutine(main()).get_loop()
        run_in_foreground(asyncio.sleep(0))
    """


PENDING = pending("await asyncio.sleep(0); print('clean', flush=True)")


class ExitTestCase(FgbgTestCase):
    def prints(self, text, *sources, **kwargs):
        self.assertEqual(run_python(*sources, **kwargs), text)


class CleanUpTests(ExitTestCase):
    """At exit, the event loop ends as that of asyncio.run()."""

    def test_pending_tasks_are_cancelled_and_clean_up(self):
        self.prints('clean\n', PENDING)

    def test_cleanup_can_make_its_first_call_of_the_executor(self):
        self.prints('clean\n', pending(
            "print(await call_in_background(lambda: 'clean'))"))

    def test_asynchronous_generators_are_closed(self):
        self.prints('closed\n', """
            async def generate():
                try:
                    yield
                finally:
                    await asyncio.sleep(0)
                    print('closed')
            generator = generate()
            async def main():
                await generator.__anext__()
            run_in_foreground(main())
        """)

    def test_exit_in_a_cleanup_does_not_keep_other_hooks_from_running(self):
        # Without the hook of concurrent.futures, the thread would not end.
        self.prints("<class 'SystemExit'>\n", pending('sys.exit()'), """
            loop.set_exception_handler(
                lambda loop, context: print(type(context['exception'])))
            run_in_foreground(call_in_background(int))
        """)


# A call that waits for the event loop, and tells of it.
CALL = """
    import concurrent.futures, threading
    queued, leaving = threading.Event(), threading.Event()
    def call(coro):
        try:
            future = asyncio.run_coroutine_threadsafe(coro, loop)
            queued.set()
            print(future.result())
        except concurrent.futures.CancelledError:
            print('cancelled')
        except RuntimeError as exc:
            coro.close()
            print(exc)
    class Executor(concurrent.futures.ThreadPoolExecutor):
        def shutdown(self, *args, **kwargs):
            leaving.set()
            super().shutdown(*args, **kwargs)
    loop = schedule_coroutine(asyncio.sleep(0)).get_loop()
    loop.set_default_executor(Executor())
    run_in_foreground(call_in_background(int))
"""


class OneStepTests(ExitTestCase):
    """The end is one step: who waits for the loop is answered or refused."""

    def test_thread_that_waits_for_the_loop_is_told(self):
        self.prints('cancelled\n', CALL, """
            threading.Thread(target=call, args=[asyncio.sleep(3600)]).start()
            queued.wait()
        """)

    def test_thread_that_comes_during_a_cleanup_is_answered(self):
        self.prints('answered\n', CALL, pending(
            'await loop.run_in_executor(None, call, '
            "asyncio.sleep(0, 'answered'))"))

    def test_call_is_waited_for_while_the_loop_runs(self):
        self.prints('answered\n', CALL, """
            call_in_background(lambda: leaving.wait() and call(
                asyncio.sleep(0.01, 'answered')))
        """)

    def test_thread_that_comes_later_is_refused(self):
        self.prints('Event loop is closed\n', CALL, """
            def come_later():
                threading.main_thread().join()
                call(asyncio.sleep(0))
            threading.Thread(target=come_later).start()
        """)

    def test_exit_functions_find_the_loop_closed(self):
        self.prints('clean\nTrue\n', PENDING, """
            import atexit
            atexit.register(lambda: print(loop.is_closed()))
        """)


class ExitFunctionTests(ExitTestCase):
    """An exit function gets a new event loop, which ends as the first did."""

    def test_exit_function_gets_a_new_loop(self):
        self.prints('42\n', """
            import atexit
            loop = schedule_coroutine(asyncio.sleep(0)).get_loop()
            @atexit.register
            def run():
                loop.close()
                print(run_in_foreground(asyncio.sleep(0, 42)))
        """)

    PENDING_AT_EXIT = f"""
        import atexit
        atexit.register(exec, {textwrap.dedent(PENDING)!r}, globals())
    """

    def test_tasks_of_exit_functions_clean_up(self):
        self.prints('clean\n', 'run_in_foreground(asyncio.sleep(0))\n',
                    self.PENDING_AT_EXIT)


class EveryStateTests(ExitTestCase):
    """Each function returns or raises, whenever it is called at exit."""

    USE = """
        def use(where, sleep=asyncio.sleep, write=os.write,
                run=run_in_foreground, schedule=schedule_coroutine,
                call=call_in_background, Exception=Exception):
            for function in [lambda: run(sleep(0, 42)),
                             lambda: run(schedule(sleep(0, 42))),
                             lambda: run(call(lambda: 42))]:
                try:
                    if function() != 42:
                        write(1, b'wrong ')
                except Exception:   # it may be refused
                    pass
            write(1, where)
    """

    def check(self, where, source):
        for before in '', 'run_in_foreground(call_in_background(int))\n':
            with self.subTest(before):
                self.prints(where, self.USE, before, source,
                            options=('-X', 'dev', '-W', 'ignore'))

    def test_in_a_hook_before_threads_are_joined(self):
        self.check('hook', """
            import threading
            threading._register_atexit(use, b'hook')
        """)

    def test_in_a_thread_that_is_joined(self):
        self.check('thread', """
            import threading
            def come_later():
                threading.main_thread().join()
                use(b'thread')
            threading.Thread(target=come_later).start()
        """)

    def test_in_a_cleanup(self):
        self.check('cleanup', pending("use(b'cleanup')"))

    def test_in_an_exit_function(self):
        self.check('exit', """
            import atexit
            atexit.register(use, b'exit')
        """)

    def test_when_modules_are_cleared(self):
        self.check('last', """
            class Last:
                def __del__(self, use=use):
                    use(b'last')
            sys.last = Last()
        """)


class NotForEverTests(ExitTestCase):
    """Nothing keeps the interpreter that does not keep asyncio.run()."""

    IS_CLOSED = """
        import _thread, atexit
        atexit.register(lambda: print(loop.is_closed()))
    """

    def test_ctrl_c_leaves_a_task_that_does_not_end(self):
        self.prints('True\n', self.IS_CLOSED, """
            async def refuse():
                while True:
                    try:
                        await asyncio.sleep(3600)
                    except asyncio.CancelledError:
                        loop.call_soon(_thread.interrupt_main)
            loop = schedule_coroutine(refuse()).get_loop()
            run_in_foreground(asyncio.sleep(0))
            logging.disable()   # asyncio tells what is still pending
        """)

    def test_ctrl_c_leaves_a_call_that_does_not_end(self):
        self.prints('True\n', self.IS_CLOSED, CALL, """
            def wait():
                leaving.wait()
                loop.call_soon_threadsafe(_thread.interrupt_main)
                while not loop.is_closed():
                    pass
            call_in_background(wait)
            logging.disable()   # asyncio tells that it misses the loop
        """)

    def test_clock_that_stands_still_does_not_keep_the_interpreter(self):
        self.prints('clean\n', CALL, PENDING, """
            import time
            call_in_background(leaving.wait)
            now = time.monotonic()
            time.monotonic = loop.time = lambda: now
        """)

    def test_heap_is_not_searched(self):
        self.prints('clean\n', PENDING, """
            import gc
            for name in dir(gc):
                if callable(getattr(gc, name)) and name[0] != '_':
                    setattr(gc, name, lambda *args: os.write(1, b'searched'))
            run_in_foreground(call_in_background(int))
        """)


class NotOursTests(ExitTestCase):
    """A loop that somebody else made or runs is left alone."""

    def test_loop_of_somebody_else_is_not_closed(self):
        self.prints('False\n', """
            import atexit
            loop = asyncio.new_event_loop()
            atexit.register(loop.close)
            atexit.register(lambda: print(loop.is_closed()))
            asyncio.set_event_loop(loop)
            run_in_foreground(asyncio.sleep(0))
        """)

    def test_loop_that_runs_at_exit_is_left_alone(self):
        self.prints('', """
            import threading
            loop = call_in_background(int).get_loop()
            threading.Thread(target=loop.run_forever, daemon=True).start()
            while not loop.is_running():
                pass
        """)


@requires_fork()
class ForkTests(ExitTestCase):
    """A forked child gets a loop of its own, and leaves its parent's alone."""

    FORK = """
        import gc, signal, warnings
        warnings.simplefilter('ignore', DeprecationWarning)
        def fork(leave=sys.exit):
            globals().pop('loop', None)     # whoever keeps it, it is not we
            pid = os.fork()
            if pid == 0:
                gc.collect()
                print(run_in_foreground(asyncio.sleep(0, 'child')), flush=True)
                leave()
            os.waitpid(pid, 0)
    """
    # Only the loop's own pipe can wake it up.
    CHECK = """
        print(run_in_foreground(asyncio.wait_for(
            call_in_background(lambda: 'parent'), 10)), flush=True)
    """
    SERVE = """
        async def serve(reader, writer):
            try:
                writer.write(await reader.readexactly(1))
            finally:
                print('clean', flush=True)
        server = run_in_foreground(asyncio.start_server(serve, '127.0.0.1', 0))
        reader, writer = run_in_foreground(
            asyncio.open_connection(*server.sockets[0].getsockname()))
        run_in_foreground(asyncio.sleep(0.01))
    """

    def prints(self, text, *sources, **kwargs):
        super().prints(text, self.FORK, *sources, **kwargs)

    def check(self, source, before=PENDING, **kwargs):
        self.prints('child\nparent\nclean\n', before, source, self.CHECK,
                    **kwargs)

    def test_child(self):
        self.check('fork()')

    def test_child_of_a_child(self):
        self.check("""
            pid = os.fork()
            if pid == 0:
                fork()
                os._exit(0)
            os.waitpid(pid, 0)
        """)

    def test_child_that_is_forked_in_a_coroutine(self):
        self.check("""
            async def fork_child():
                fork(lambda: os._exit(0))
            run_in_foreground(fork_child())
        """)

    def test_child_that_is_forked_in_a_callback(self):
        self.check("""
            loop.call_soon(fork)
            run_in_foreground(asyncio.sleep(0))
        """)

    def test_child_that_is_forked_while_the_loop_sleeps(self):
        self.check("""
            signal.signal(signal.SIGALRM, lambda signum, frame: fork())
            signal.setitimer(signal.ITIMER_REAL, 0.05)
            run_in_foreground(asyncio.sleep(0.2))
        """)

    def test_tasks_of_the_child_clean_up(self):
        self.prints('clean\nclean\n', """
            run_in_foreground(asyncio.sleep(0))
            pid = os.fork()
        """, PENDING, """
            if pid:
                os.waitpid(pid, 0)
        """)

    def test_connections_of_the_parent_are_left_alone(self):
        # Nothing but the selector refers to what waits for a connection.
        self.check('fork()', self.SERVE, options=DEFAULT)

    def test_connection_that_the_child_closes_stays_open_in_its_parent(self):
        self.prints("clean\nb'x'\n", self.SERVE, """
            pid = os.fork()
            if pid == 0:
                writer.close()
                os._exit(0)
            os.waitpid(pid, 0)
            writer.write(b'x')
            print(run_in_foreground(asyncio.wait_for(reader.read(1), 10)))
        """, options=DEFAULT)

    def test_children_of_multiprocessing_end_their_loops(self):
        child = PREAMBLE + textwrap.dedent(PENDING)
        self.prints('fork\nclean\nforkserver\nclean\nspawn\nclean\n', f"""
            import multiprocessing
            run_in_foreground(asyncio.sleep(0))
            for method in 'fork', 'forkserver', 'spawn':
                print(method, flush=True)
                child = multiprocessing.get_context(method).Process(
                    target=exec, args=[{child!r}, {{}}])
                child.start()
                child.join()
        """)


if __name__ == '__main__':
    unittest.main()
