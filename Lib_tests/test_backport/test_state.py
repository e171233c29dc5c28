"""The three functions and what the whole process, or a thread, has

Nothing of it is lent but the SIGINT handler, and that only in the main thread,
for as long as a wait lasts.
"""

import asyncio
import concurrent.futures
import contextvars
import gc
import signal
import sys
import textwrap
import threading
import unittest
import warnings
from unittest import mock

from asyncio_fgbg import (
    call_in_background, run_in_foreground, schedule_coroutine,
)
from test_asyncio.fgbg_utils import (
    FgbgTestCase, interrupt, return_42, run_python, wait_for_ever,
)


variable = contextvars.ContextVar('variable')

# What may be replaced, by the module; old Pythons do not have all of it.
REPLACEABLE = {
    sys: ['excepthook', 'unraisablehook', 'displayhook', 'breakpointhook',
          'stdin', 'stdout', 'stderr', 'path_hooks', 'meta_path'],
    threading: ['excepthook', 'Thread', 'current_thread', 'main_thread'],
    warnings: ['filters', 'showwarning', 'formatwarning'],
    asyncio: ['new_event_loop', 'get_event_loop', 'set_event_loop', 'Task'],
}


def get_state():
    """Return what this thread, and all of them, have in common with others."""
    state = {(module.__name__, name): getattr(module, name, None)
             for module, names in REPLACEABLE.items() for name in names}
    state.update(
        filters=list(warnings.filters), trace=sys.gettrace(),
        profile=sys.getprofile(), limit=sys.getrecursionlimit(),
        interval=sys.getswitchinterval(), gc=gc.isenabled(),
        generators=sys.get_asyncgen_hooks(), loop=asyncio.get_event_loop(),
        origin=sys.get_coroutine_origin_tracking_depth(),
        context=dict(contextvars.copy_context()))
    return state


def get_signals():
    """Return what the main thread has on top of that."""
    # Windows lists two events as well, which are no signals.
    state = {number: signal.getsignal(number)
             for number in signal.Signals if number.name[:3] == 'SIG'}
    if sys.platform != 'win32':     # a Proactor event loop sets one of its own
        state['fd'] = signal.set_wakeup_fd(-1)
        signal.set_wakeup_fd(state['fd'])
    return state


def get_all():
    return {**get_state(), **get_signals()}


def use_functions():
    """Use the functions in each way, and yield after each."""
    async def fail():
        raise ZeroDivisionError

    for function in (run_in_foreground, schedule_coroutine,
                     call_in_background):
        try:
            function(None)
        except TypeError:
            yield 'rejected', function
    task = schedule_coroutine(return_42())
    yield 'scheduled'
    call = call_in_background(int)
    yield 'called'
    run_in_foreground(asyncio.wait([task, call]))
    yield 'waited'
    for awaitable in task, call, return_42():
        run_in_foreground(awaitable)
        yield 'run', awaitable
    for awaitable in fail(), call_in_background(lambda: 1 / 0):
        try:
            run_in_foreground(awaitable)
        except ZeroDivisionError:
            yield 'failed', awaitable
    loop = asyncio.get_event_loop()
    for awaitable in wait_for_ever(), loop.create_future():
        loop.call_soon(loop.stop)
        try:
            run_in_foreground(awaitable)
        except RuntimeError:
            yield 'stopped', awaitable


def check_all(get):
    """Check that *get* returns the same after each use; count these."""
    before = get()
    steps = 0
    for done in use_functions():
        steps += 1
        after = get()
        changes = {key for key in {*before, *after}
                   if before.get(key) != after.get(key)}
        assert not changes, (done, changes)
    return steps


class StateTests(FgbgTestCase):
    """Nothing of the process changes but the SIGINT handler during a wait."""

    STEPS = 13      # of use_functions()

    def setUp(self):
        super().setUp()
        self.addCleanup(variable.reset, variable.set('theirs'))
        # Another test's may have the same number by chance.
        self.addCleanup(signal.set_wakeup_fd, signal.set_wakeup_fd(-1))

    def in_loop(self, function, *args):
        """Call *function* in another thread with an event loop of its own."""
        def call():
            asyncio.set_event_loop(loop)
            variable.set('its own')
            return function(*args)

        loop = self.new_loop()
        return self.in_thread(call)

    def test_main_thread_stays_as_it_was(self):
        self.assertEqual(check_all(get_all), self.STEPS)

    def test_another_thread_stays_as_it_was(self):
        self.assertEqual(self.in_loop(check_all, get_state), self.STEPS)

    def test_main_thread_leaves_others_as_they_are(self):
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            pool.submit(asyncio.set_event_loop, self.new_loop()).result()
            self.assertEqual(
                check_all(lambda: pool.submit(get_state).result()), self.STEPS)

    def test_other_threads_leave_the_main_one_as_it_is(self):
        async def check():
            before = get_all()
            call = call_in_background(
                lambda: self.in_loop(check_all, get_state))
            steps = await call
            return steps, get_all() == before

        before = get_all()
        self.assertEqual(self.in_loop(check_all, dict), self.STEPS)
        self.assertEqual(get_all(), before)
        self.assertEqual(run_in_foreground(check()), (self.STEPS, True))

    def test_trace_function_and_handlers_stay_as_they_were(self):
        def trace(frame, event, arg):
            return None

        def handle(signum, frame):
            pass

        signal.signal(signal.SIGINT, handle)
        previous = signal.signal(signal.SIGTERM, handle)
        self.addCleanup(signal.signal, signal.SIGTERM, previous)
        previous = sys.gettrace()
        try:
            sys.settrace(trace)
            self.assertEqual(check_all(get_all), self.STEPS)
            self.assertIs(sys.gettrace(), trace)
        finally:
            sys.settrace(previous)

    async def get_all_in_loop(self, get):
        for _ in range(3):
            await asyncio.sleep(0)
        state = get()
        del state['generators']     # which are the event loop's affair
        return state

    def find_changes(self, get):
        """Return what is different in a wait from any other run."""
        loop = asyncio.get_event_loop()
        before = loop.run_until_complete(self.get_all_in_loop(get))
        during = [run_in_foreground(self.get_all_in_loop(get)),
                  run_in_foreground(
                      schedule_coroutine(self.get_all_in_loop(get)))]
        return {key for state in during for key in state
                if state[key] != before[key]}

    def test_wait_of_the_main_thread_lends_sigint_alone(self):
        self.assertEqual(self.find_changes(get_all), {signal.SIGINT})

    def test_wait_with_a_handler_of_somebody_else_lends_nothing(self):
        signal.signal(signal.SIGINT, lambda signum, frame: None)
        self.assertEqual(self.find_changes(get_all), set())

    def test_wait_of_another_thread_lends_nothing(self):
        self.assertEqual(self.in_loop(self.find_changes, get_state), set())

    def test_first_call_sets_the_event_loop_and_nothing_else(self):
        self.assertEqual(run_python(f"""
            from {__name__} import asyncio, get_all
            current = asyncio.get_event_loop
            asyncio.get_event_loop = int
            before = get_all()
            for call in (lambda: run_in_foreground(asyncio.sleep(0)),
                         lambda: call_in_background(int),
                         lambda: schedule_coroutine(asyncio.sleep(0))):
                future = call()
                after = get_all()
                print([key for key in after if after[key] != before[key]],
                      current() is future.get_loop() if future else '')
        """), '[] \n[] True\n[] True\n')

    def test_no_other_thread_asks_for_a_signal_handler(self):
        # It would get an object of the main thread's interpreter.
        with mock.patch('_signal.getsignal') as getsignal:
            self.in_loop(check_all, dict)
        getsignal.assert_not_called()

    def test_warning_filters_do_not_change_for_a_moment(self):
        # catch_warnings() of several threads may leave those of another.
        def call():
            for function in (run_in_foreground, schedule_coroutine):
                coro = return_42()
                with self.assertRaisesRegex(RuntimeError, 'no event loop'):
                    function(coro)
                coro.close()
            with self.assertRaisesRegex(RuntimeError, 'no event loop'):
                call_in_background(int)

        with mock.patch('warnings.catch_warnings') as change, \
                mock.patch('warnings.simplefilter', change), \
                mock.patch('warnings.filterwarnings', change):
            self.in_thread(call)
            check_all(dict)
        change.assert_not_called()


@unittest.skipIf(sys.version_info < (3, 14),
                 'InterpreterPoolExecutor came with Python 3.14')
class InterpreterTests(FgbgTestCase):
    """The functions work in interpreters that run beside the main one."""

    def check(self, source):
        """Run *source* in two interpreters while the main one waits."""
        source = (f'import asyncio, sys\nsys.path[:] = {sys.path!r}\n'
                  'from asyncio_fgbg import *\n' + textwrap.dedent(source))
        self.assertEqual(run_python(f"""
            import concurrent.futures, functools
            work = functools.partial(exec, {source!r})
            with concurrent.futures.InterpreterPoolExecutor(2) as pool:
                calls = [call_in_background(work, executor=pool)
                         for _ in range(2)]
                while not all(call.done() for call in calls):
                    run_in_foreground(asyncio.sleep(0))
            print([call.result() for call in calls])
        """), '[None, None]\n')

    def test_thousands_of_waits_beside_the_main_thread(self):
        # When all asked for the handler of SIGINT, the process crashed.
        self.check("""
            loop = asyncio.new_event_loop()
            for _ in range(5000):
                run_in_foreground(asyncio.sleep(0), loop=loop)
            loop.close()
        """)

    def test_interpreter_stays_as_it_was(self):
        self.check(f"""
            import signal
            # The tests' imports ask for the handler of SIGINT.  It is an
            # object of the main interpreter: now and then that crashes.
            signal.getsignal = str
            from {__name__} import check_all, get_state
            loop = asyncio.new_event_loop()
            asyncio.set_event_loop(loop)
            assert check_all(get_state) == {StateTests.STEPS}
            loop.run_until_complete(loop.shutdown_default_executor())
            loop.close()
            asyncio.set_event_loop(None)
        """)

    def test_interpreter_of_this_thread_gets_an_event_loop_which_ends(self):
        source = textwrap.dedent("""
            import asyncio, signal
            from asyncio_fgbg import *
            async def main():
                try:
                    await asyncio.sleep(60)
                finally:
                    print(await call_in_background(lambda: 'cleaned up'))
            task = schedule_coroutine(main())
            print(run_in_foreground(call_in_background(lambda: 42)))
        """)
        self.assertEqual(run_python(f"""
            from concurrent import interpreters
            interpreter = interpreters.create()
            async def main():
                interpreter.exec({source!r})
                interpreter.close()
                print('closed')
            run_in_foreground(main())
        """), '42\ncleaned up\nclosed\n')


class ClockTests(FgbgTestCase):
    """The functions work while the clock stands still, as in tests."""

    def setUp(self):
        super().setUp()
        for name in 'monotonic', 'time', 'perf_counter':
            clock = mock.patch(f'time.{name}', return_value=self.loop.time())
            clock.start()
            self.addCleanup(clock.stop)

    def test_functions_work_in_each_way(self):
        self.assertEqual(check_all(get_all), StateTests.STEPS)

    def test_ctrl_c_ends_each_wait(self):
        task = schedule_coroutine(wait_for_ever())
        for awaitable in wait_for_ever(), task, wait_for_ever(), task:
            self.loop.call_soon(interrupt)
            self.interrupt_foreground(awaitable)
        self.assertEqual(asyncio.all_tasks(self.loop), {task})
        task.cancel()
        self.run_once()

    def test_interpreter_exits(self):
        self.assertEqual(run_python("""
            import threading, time
            async def main():
                try:
                    await asyncio.sleep(60)
                finally:
                    await asyncio.sleep(0)
                    may_end.set()
                    print('cleaned up')
            may_end = threading.Event()
            schedule_coroutine(main())
            call_in_background(may_end.wait)
            now = time.monotonic()
            time.monotonic = lambda: now
            run_in_foreground(asyncio.sleep(0))
        """), 'cleaned up\n')


if __name__ == '__main__':
    unittest.main()
