"""Tests for asyncio/fgbg.py: tasks and calls when the interpreter exits"""

import unittest

from .fgbg_utils import FgbgTestCase, run_python


class CleanUpTests(FgbgTestCase):
    """7. Tasks are cancelled and clean up, while threads can be started."""

    def test_pending_tasks_are_cancelled_and_clean_up(self):
        self.assertEqual(run_python("""
            async def main():
                try:
                    await asyncio.sleep(3600)
                finally:
                    await asyncio.sleep(0)
                    print('clean')
            schedule_coroutine(main())
            run_in_foreground(asyncio.sleep(0))
        """), 'clean\n')

    def test_cleanup_can_call_the_executor(self):
        self.assertEqual(run_python("""
            async def main():
                loop = asyncio.get_running_loop()
                try:
                    await asyncio.sleep(3600)
                finally:
                    print(await loop.run_in_executor(None, lambda: 'clean'))
            run_in_foreground(call_in_background(int))
            schedule_coroutine(main())
            run_in_foreground(asyncio.sleep(0))
        """), 'clean\n')

    def test_cleanup_can_make_its_first_call_of_the_executor(self):
        self.assertEqual(run_python("""
            async def main():
                try:
                    await asyncio.sleep(3600)
                finally:
                    print(await call_in_background(lambda: 'clean'))
            schedule_coroutine(main())
            run_in_foreground(asyncio.sleep(0))
        """), 'clean\n')

    def test_exit_in_a_cleanup_does_not_keep_other_hooks_from_running(self):
        # Without the hook of concurrent.futures, the thread would not end.
        self.assertEqual(run_python("""
            async def main():
                try:
                    await asyncio.sleep(3600)
                finally:
                    sys.exit()
            run_in_foreground(call_in_background(int))
            task = schedule_coroutine(main())
            run_in_foreground(asyncio.sleep(0))
            task.get_loop().set_exception_handler(
                lambda loop, context: print(type(context['exception'])))
        """), "<class 'SystemExit'>\n")

    def test_exit_of_a_task_does_not_keep_others_from_cleaning_up(self):
        self.assertEqual(run_python("""
            async def main():
                try:
                    await asyncio.sleep(3600)
                finally:
                    print('clean')
            async def leave():
                raise SystemExit
            schedule_coroutine(main())
            run_in_foreground(asyncio.sleep(0))
            schedule_coroutine(leave())
            asyncio.get_event_loop().set_exception_handler(
                lambda loop, context: None)
        """), 'clean\n')

    def test_exit_that_a_task_waits_for_does_not_come_again(self):
        self.assertEqual(run_python("""
            async def main():
                try:
                    await asyncio.sleep(3600)
                finally:
                    loop = asyncio.get_running_loop()
                    print(await loop.run_in_executor(None, lambda: 'clean'))
            async def leave():
                sys.exit(3)
            async def wait():
                await asyncio.ensure_future(leave())
            logging.disable()   # asyncio tells of the exit of such a task
            run_in_foreground(call_in_background(int))
            schedule_coroutine(main())
            run_in_foreground(schedule_coroutine(wait()))
        """, status=3), 'clean\n')

    def test_exit_status_of_a_coroutine_is_kept(self):
        run_python("""
            async def main():
                sys.exit(3)
            schedule_coroutine(asyncio.sleep(3600))
            run_in_foreground(main())
        """, status=3)


class LogTests(FgbgTestCase):
    """7. What goes wrong in a cleanup is logged, as by asyncio.run()."""

    def test_exception_of_a_cleanup_is_logged(self):
        run_python("""
            async def main():
                try:
                    await asyncio.sleep(3600)
                finally:
                    1 / 0
            schedule_coroutine(main())
            run_in_foreground(asyncio.sleep(0))
        """, logged='ZeroDivisionError')

    def test_exception_of_a_cleanup_goes_to_the_exception_handler(self):
        self.assertEqual(run_python("""
            async def main():
                try:
                    await asyncio.sleep(3600)
                finally:
                    1 / 0
            task = schedule_coroutine(main())
            run_in_foreground(asyncio.sleep(0))
            task.get_loop().set_exception_handler(
                lambda loop, context: print(context['exception'], context[
                    'task'] is task))
        """), 'division by zero True\n')

    def test_exceptions_of_all_cleanups_are_logged(self):
        self.assertEqual(run_python("""
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
        """), 'division by zero\n' * 10)

    def test_exception_handler_is_put_back(self):
        self.assertEqual(run_python("""
            import atexit
            def handler(loop, context):
                pass
            @atexit.register
            def after():
                print(loop.get_exception_handler() is handler)
            loop = call_in_background(int).get_loop()
            loop.set_exception_handler(handler)
        """), 'True\n')

    def test_executor_that_cannot_be_shut_down_is_logged(self):
        run_python("""
            import concurrent.futures
            class Executor(concurrent.futures.ThreadPoolExecutor):
                def shutdown(self, wait=True):
                    super().shutdown(wait)
                    1 / 0
            loop = call_in_background(int).get_loop()
            loop.set_default_executor(Executor())
        """, logged='ZeroDivisionError')


class QueueTests(FgbgTestCase):
    """7. What other threads have queued becomes tasks, which are told."""

    QUEUE = """
        import concurrent.futures, threading
        queued = threading.Event()
        def call():
            try:
                future = asyncio.run_coroutine_threadsafe(main(), loop)
                queued.set()
                print(future.result())
            except concurrent.futures.CancelledError:
                print('told')
        async def main():
            await asyncio.sleep(3600)
        loop = call_in_background(int).get_loop()
    """

    def check_told(self, source):
        self.assertEqual(run_python(self.QUEUE, source, 'queued.wait()'),
                         'told\n')

    def test_thread_that_waits_for_the_loop_is_told(self):
        self.check_told("""
            threading.Thread(target=call).start()
        """)

    def test_call_that_waits_for_the_loop_is_told(self):
        self.check_told("""
            call_in_background(call)
        """)

    def test_call_in_an_explicit_executor_that_waits_for_the_loop_is_told(
            self):
        self.check_told("""
            executor = concurrent.futures.ThreadPoolExecutor(1)
            call_in_background(call, executor=executor)
        """)


# An executor that tells when its calls are waited for.
EXECUTOR = """
    import concurrent.futures, threading
    class Executor(concurrent.futures.ThreadPoolExecutor):
        def shutdown(self, *args, **kwargs):
            leaving.set()
            super().shutdown(*args, **kwargs)
    leaving = threading.Event()
    loop = schedule_coroutine(asyncio.sleep(0)).get_loop()
    loop.set_default_executor(Executor())
"""


class WaitForCallsTests(FgbgTestCase):
    """7. Calls in the default executor are waited for in a running loop."""

    def test_call_is_waited_for_while_the_loop_runs(self):
        self.assertEqual(run_python(EXECUTOR, """
            def call():
                leaving.wait()
                print(asyncio.run_coroutine_threadsafe(
                    asyncio.sleep(0.01, 'done'), loop).result())
            call_in_background(call)
        """), 'done\n')


class NotForEverTests(FgbgTestCase):
    """7. Nothing keeps the interpreter that does not keep asyncio.run()."""

    def test_task_that_starts_itself_again_does_not_keep_the_interpreter(self):
        self.assertEqual(run_python("""
            def start(_=None):
                task = schedule_coroutine(asyncio.sleep(3600))
                task.add_done_callback(start)
            start()
            run_in_foreground(asyncio.sleep(0))
            logging.disable()   # asyncio tells what is still pending
        """), '')

    def test_ctrl_c_leaves_a_task_that_does_not_end(self):
        self.assertEqual(run_python("""
            import _thread
            async def main():
                while True:
                    try:
                        await asyncio.sleep(3600)
                    except asyncio.CancelledError:
                        print('refuses')
                        asyncio.get_running_loop().call_soon(
                            _thread.interrupt_main)
            schedule_coroutine(main())
            run_in_foreground(asyncio.sleep(0))
            logging.disable()   # asyncio tells what is still pending
        """), 'refuses\n')

    def test_ctrl_c_leaves_a_call_that_does_not_end(self):
        self.assertEqual(run_python(EXECUTOR, """
            import _thread, time
            def call():
                leaving.wait()
                _thread.interrupt_main()
                while not loop.is_closed():
                    time.sleep(0.001)
                print('left')
            def tick():     # Python may see a signal only when it wakes up
                loop.call_later(0.01, tick)
            # The debug mode reads source lines: have it done with that before.
            run_in_foreground(asyncio.sleep(0.001))
            call_in_background(call)
            tick()
            logging.disable()   # asyncio tells that it misses the loop
        """), 'left\n')

    def test_buffered_data_does_not_keep_the_interpreter(self):
        self.assertEqual(run_python("""
            import atexit, socket
            atexit.register(lambda: connection.close())
            with socket.socket() as server:
                server.bind(('127.0.0.1', 0))
                server.listen()
                reader, writer = run_in_foreground(
                    asyncio.open_connection(*server.getsockname()))
                connection, _ = server.accept()
            writer.write(bytes(3 * 10**7))
        """), '')

    def test_executor_that_never_answers_is_not_waited_for(self):
        self.assertEqual(run_python("""
            import concurrent.futures
            class Executor(concurrent.futures.Executor):
                def submit(self, fn):
                    return concurrent.futures.Future()
            call_in_background(print, executor=Executor())
        """), '')


if __name__ == '__main__':
    unittest.main()
