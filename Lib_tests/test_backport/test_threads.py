"""Many threads use the three functions at once

Each thread has its own event loop, and they change places as often as the
interpreter can: what the functions share between threads must bear that.
"""

import asyncio
import collections
import concurrent.futures
import sys
import threading
import unittest
import weakref

from support import TIMEOUT
from support.cpython import PYPY, gc_collect
from test_asyncio.fgbg_utils import PREAMBLE, fgbg, run_python, wait_for_ever


THREADS = 8
# Seconds between switches of threads.  At a microsecond, PyPy does nothing
# else any more.
INTERVAL = 1e-5 if PYPY else 1e-6
ROUNDS = 3
THREADS_PREAMBLE = PREAMBLE + 'import threading\n'


class Failure(Exception):
    """What a coroutine or a call raises on purpose."""


def outcomes(futures, **kwargs):
    """Run all *futures* in the foreground; return results and exceptions."""
    return fgbg.run_in_foreground(
        asyncio.gather(*futures, return_exceptions=True), **kwargs)


class ThreadsTestCase(unittest.TestCase):
    def setUp(self):
        interval = sys.getswitchinterval()
        self.addCleanup(sys.setswitchinterval, interval)
        sys.setswitchinterval(INTERVAL)
        self.logged = []

    def new_loop(self):
        loop = asyncio.new_event_loop()
        loop.slow_callback_duration = TIMEOUT
        loop.set_exception_handler(
            lambda loop, context: self.logged.append(context))
        return loop

    def in_threads(self, function):
        """Call *function* in many threads at once; return its results."""
        def call(number):
            barrier.wait(TIMEOUT)
            return function(number)

        barrier = threading.Barrier(THREADS)
        with concurrent.futures.ThreadPoolExecutor(THREADS) as executor:
            calls = [executor.submit(call, number)
                     for number in range(THREADS)]
            return [call.result(TIMEOUT) for call in calls]

    def in_loops(self, function):
        """Call *function* in many threads, each with its own event loop."""
        return self.in_threads(lambda number: self.in_loop(function, number))

    def in_loop(self, function, *args):
        loop = self.new_loop()
        asyncio.set_event_loop(loop)
        try:
            with concurrent.futures.ThreadPoolExecutor(2) as executor:
                loop.set_default_executor(executor)
                return function(*args)
        finally:
            asyncio.set_event_loop(None)
            loop.close()


class OutcomeTests(ThreadsTestCase):
    """Everything that many threads submit ends once, as it should."""

    def tearDown(self):
        self.assertEqual(self.logged, [])

    def check(self, submit, number_of_results):
        """Submit things in all threads; each must end once, with its key.

        *submit* is called with a function that notes an end, and a key, and
        returns futures.
        """
        def work(number):
            ended, expected, found = [], [], []
            for key in range(ROUNDS):
                futures = submit(ended.append, (number, key))
                found += map(str, outcomes(futures))
                expected += [str((number, key))] * len(futures)
            self.assertEqual(found, expected)
            return ended

        ended = collections.Counter()
        for keys in self.in_loops(work):
            ended.update(keys)
        self.assertEqual(ended, {
            (number, key): number_of_results
            for number in range(THREADS) for key in range(ROUNDS)})

    def submit_coroutines(self, end, key):
        async def work():
            await asyncio.sleep(0)
            end(key)
            return key

        async def fail():
            await work()
            raise Failure(key)

        return [fgbg.schedule_coroutine(coro())
                for coro in [work, fail] * 5]

    def submit_calls(self, end, key, executor=None):
        def work():
            end(key)
            return key

        def fail():
            raise Failure(work())

        return [fgbg.call_in_background(call, executor=executor)
                for call in [work, fail] * 5]

    def test_coroutines_end_once(self):
        self.check(self.submit_coroutines, 10)

    def test_calls_in_default_executors_end_once(self):
        self.check(self.submit_calls, 10)

    def test_calls_in_a_shared_executor_end_once(self):
        with concurrent.futures.ThreadPoolExecutor(4) as executor:
            self.check(lambda end, key: self.submit_calls(end, key, executor),
                       10)

    def test_coroutines_and_calls_at_once_end_once(self):
        self.check(lambda end, key: (self.submit_coroutines(end, key)
                                     + self.submit_calls(end, key)), 20)

    def test_foreground_gives_each_thread_its_own_result(self):
        async def work(key):
            await asyncio.sleep(0)
            return key

        def run(number):
            return [fgbg.run_in_foreground(work((number, key)))
                    for key in range(30)]

        self.assertEqual(self.in_loops(run), [
            [(number, key) for key in range(30)]
            for number in range(THREADS)])

    def test_loop_can_be_passed_instead_of_set(self):
        def run(number):
            loop = self.new_loop()
            tasks = [fgbg.schedule_coroutine(asyncio.sleep(0, number),
                                             loop=loop) for _ in range(50)]
            results = outcomes(tasks, loop=loop)
            loop.close()
            return results

        self.assertEqual(self.in_threads(run), [
            [number] * 50 for number in range(THREADS)])

    def test_exits_go_to_the_threads_that_caused_them(self):
        async def leave(number):
            raise SystemExit(number)

        def run(number):
            with self.assertRaises(SystemExit) as caught:
                fgbg.run_in_foreground(leave(number))
            return caught.exception.code

        self.assertEqual(self.in_loops(run), list(range(THREADS)))
        gc_collect()


class SharedStateTests(ThreadsTestCase):
    """Threads that come and go take no task from each other."""

    def test_dropped_tasks_are_kept_while_other_threads_collect(self):
        async def wait(futures, results):
            future = asyncio.get_event_loop().create_future()
            futures.add(future)
            results.append(await future)

        def run(number):
            futures, results = weakref.WeakSet(), []
            for _ in range(20):
                fgbg.schedule_coroutine(wait(futures, results))
            fgbg.run_in_foreground(asyncio.sleep(0))
            gc_collect()
            for future in futures:
                future.set_result(number)
            del future
            fgbg.run_in_foreground(asyncio.sleep(0))
            return results

        self.assertEqual(self.in_loops(run), [
            [number] * 20 for number in range(THREADS)])

    def test_what_has_ended_is_let_go_while_the_loops_live(self):
        def run(number):
            loops.append(asyncio.get_event_loop())
            refs = []
            for _ in range(10):
                futures = [fgbg.schedule_coroutine(asyncio.sleep(0)),
                           fgbg.call_in_background(int)]
                refs += map(weakref.ref, futures)
                outcomes(futures)
            fgbg.run_in_foreground(asyncio.sleep(0))
            return refs

        loops = []
        refs = sum(self.in_loops(run), [])
        gc_collect()
        self.assertEqual([ref() for ref in refs], [None] * 20 * THREADS)

    def test_closed_loops_with_pending_tasks_do_not_pile_up(self):
        def run(number):
            refs = []
            for _ in range(10):
                loop = self.new_loop()
                loop.set_exception_handler(lambda loop, context: None)
                task = fgbg.schedule_coroutine(wait_for_ever(), loop=loop)
                fgbg.run_in_foreground(asyncio.sleep(0), loop=loop)
                loop.close()
                refs += weakref.ref(loop), weakref.ref(task)
            return refs

        refs = sum(self.in_threads(run), [])
        if PYPY:
            # A dict of PyPy may keep what was deleted from it, and its
            # clear() does nothing while it is empty.
            asyncio.tasks._current_tasks[None] = None
            asyncio.tasks._current_tasks.clear()
        gc_collect()
        self.assertEqual([ref() for ref in refs], [None] * len(refs))


class RunningLoopTests(ThreadsTestCase):
    """A loop that runs is known to many other threads."""

    def while_running(self, function):
        """Call *function* in many threads while a loop runs here."""
        async def main():
            loop = asyncio.get_event_loop()
            return await fgbg.call_in_background(
                lambda: self.in_threads(lambda number: function(number, loop)))

        return self.in_loop(lambda: fgbg.run_in_foreground(main()))

    def test_run_coroutine_threadsafe_from_all_threads(self):
        async def work(key):
            task = fgbg.schedule_coroutine(asyncio.sleep(0, key))
            future = fgbg.call_in_background(lambda: key)
            return await task, await future

        def send(number, loop):
            futures = [asyncio.run_coroutine_threadsafe(work(key), loop)
                       for key in range(20)]
            return [future.result(TIMEOUT) for future in futures]

        self.assertEqual(self.while_running(send),
                         [[(key, key) for key in range(20)]] * THREADS)

    def test_other_threads_are_refused_and_keep_their_coroutines(self):
        def use(number, loop):
            coro = asyncio.sleep(0, number)
            for _ in range(20):
                for function in (fgbg.schedule_coroutine,
                                 fgbg.run_in_foreground):
                    with self.assertRaisesRegex(
                            RuntimeError, 'await|run_coroutine_threadsafe'):
                        function(coro, loop=loop)
            return self.in_loop(fgbg.run_in_foreground, coro)

        self.assertEqual(self.while_running(use), list(range(THREADS)))


class OwnLoopTests(unittest.TestCase):
    """The loop that the functions make belongs to the main thread."""

    def test_threads_do_not_disturb_its_making_use_and_end(self):
        self.assertEqual(run_python(f"""
            def work(number):
                asyncio.set_event_loop(asyncio.new_event_loop())
                loop = asyncio.get_event_loop()
                barrier.wait()
                for key in range(20):
                    assert run_in_foreground(asyncio.sleep(0, key)) == key
                asyncio.set_event_loop(None)
                for key in range(20):
                    try:
                        call_in_background(print)
                    except RuntimeError:
                        refused.append(key)
                assert not asyncio.all_tasks(loop)
                loop.close()
            async def end():
                try:
                    await asyncio.sleep(3600)
                finally:
                    print('clean')
            refused = []
            sys.setswitchinterval({INTERVAL})
            barrier = threading.Barrier(5)
            threads = [threading.Thread(target=work, args=[number])
                       for number in range(4)]
            for thread in threads:
                thread.start()
            barrier.wait()
            schedule_coroutine(end())
            for key in range(20):
                assert run_in_foreground(asyncio.sleep(0, key)) == key
                asyncio.run(asyncio.sleep(0))
            for thread in threads:
                thread.join()
            print(len(refused))
        """, preamble=THREADS_PREAMBLE), '80\nclean\n')

    def test_daemon_thread_does_not_end_it_at_exit(self):
        self.assertEqual(run_python("""
            def work():
                loop = asyncio.new_event_loop()
                asyncio.set_event_loop(loop)
                while True:
                    run_in_foreground(asyncio.sleep(0))
                    started.set()
            async def serve():
                return [await asyncio.start_server(print, '127.0.0.1', 0)
                        for _ in range(20)]
            started = threading.Event()
            servers = run_in_foreground(serve())
            threading.Thread(target=work, daemon=True).start()
            started.wait()
        """, preamble=THREADS_PREAMBLE), '')


if __name__ == '__main__':
    unittest.main()
