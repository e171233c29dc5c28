"""Tests for asyncio/fgbg.py

Each test shows one sentence of what the three functions promise.  They run
in the order given, reversed and shuffled.
"""

import asyncio
import collections.abc
import concurrent.futures
import contextvars
import functools
import gc
import inspect
import multiprocessing
import os
import platform
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
import types
import unittest
import unittest.mock
import warnings
import weakref

from asyncio_fgbg import fgbg


PACKAGE = fgbg.__name__.rpartition('.')[0]
NAMES = 'run_in_foreground', 'schedule_coroutine', 'call_in_background'
PYPY = platform.python_implementation() == 'PyPy'
TIMEOUT = 60        # seconds; reached only by what is broken
# How long what never returns is waited for, in seconds: what is known to be
# broken need not be waited for as long.
PATIENCE = float(os.environ.get('FGBG_PATIENCE', TIMEOUT))


def setUpModule():
    # In the background of a shell, this process and those that it starts are
    # told to ignore SIGINT.
    global sigint_handler
    sigint_handler = signal.signal(signal.SIGINT, signal.default_int_handler)


def tearDownModule():
    signal.signal(signal.SIGINT, sigint_handler)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', DeprecationWarning)
        asyncio.set_event_loop_policy(None)


# On a busy machine, asyncio's debug mode remarks on slow callbacks.
PREAMBLE = f"""\
import asyncio, logging, os, sys
from {PACKAGE} import {', '.join(NAMES)}
logging.getLogger('asyncio').addFilter(
    lambda record: not record.getMessage().startswith('Executing '))
"""


STRICT = '-X', 'dev', '-W', 'error'


def run_python(source, *, preamble=PREAMBLE, options=STRICT, status=0):
    """Return what a fresh interpreter prints; it may warn of nothing."""
    source = preamble + textwrap.dedent(source)
    env = dict(os.environ, PYTHONIOENCODING='utf-8')
    if sys.version_info[:2] == (3, 8):
        # A forked child of 3.8 crashes at exit with -X dev's allocator.
        env['PYTHONMALLOC'] = 'pymalloc'
    process = subprocess.run(
        [sys.executable, *options, '-c', source], env=env,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, universal_newlines=True, timeout=TIMEOUT)
    if process.stderr or process.returncode != status:
        raise AssertionError(f'status {process.returncode}\n'
                             f'{process.stdout}{process.stderr}')
    return process.stdout


def collect():
    for _ in range(5):      # PyPy needs more than one
        gc.collect()


async def return_42():
    return 42


async def wait_for_ever():
    await asyncio.get_event_loop().create_future()


class Awaitable:
    def __await__(self):
        yield from asyncio.sleep(0).__await__()
        return 42


class EqualToAnything:
    __hash__ = object.__hash__

    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False


class OtherCoroutine(collections.abc.Coroutine):
    """A coroutine that no 'async def' made, as Cython's are."""

    def __init__(self, coro):
        self.coro = coro

    def __await__(self):
        return self.coro.__await__()

    def send(self, value):
        return self.coro.send(value)

    def throw(self, *args):
        return self.coro.throw(*args)

    def close(self):
        return self.coro.close()


class RecordingExecutor(concurrent.futures.Executor):
    def __init__(self):
        self.submitted = []

    def submit(self, fn, *args, **kwargs):
        self.submitted.append((fn, args, kwargs))
        return concurrent.futures.Future()


class CoroutineFuture(asyncio.Future):
    # Made once: asyncio remembers the types of coroutines for good.
    def send(self, *args):
        raise ZeroDivisionError

    throw = close = send


class TestCase(unittest.TestCase):
    """A test with an event loop that is set for its thread."""

    def setUp(self):
        self.logged = []
        self.loop = self.new_loop()
        asyncio.set_event_loop(self.loop)
        self.addCleanup(asyncio.set_event_loop, None)

    def new_loop(self):
        loop = asyncio.new_event_loop()
        self.addCleanup(loop.close)
        executor = concurrent.futures.ThreadPoolExecutor(2)
        self.addCleanup(executor.shutdown)
        loop.set_default_executor(executor)
        loop.set_exception_handler(
            lambda loop, context: self.logged.append(context))
        return loop

    def in_thread(self, function):
        """Return what *function* returns or raises in a thread of its own."""
        with concurrent.futures.ThreadPoolExecutor(1) as executor:
            return executor.submit(function).result(TIMEOUT)

    def run_loop_in_thread(self, loop):
        """Run *loop* in another thread until the test ends."""
        thread = threading.Thread(target=loop.run_forever)
        running = threading.Event()
        loop.call_soon(running.set)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(loop.call_soon_threadsafe, loop.stop)
        self.assertTrue(running.wait(TIMEOUT))

    def rejects(self, exception, regex, function, *args, **kwargs):
        with self.assertRaisesRegex(exception, regex):
            function(*args, **kwargs)
        self.assertEqual(asyncio.all_tasks(self.loop), set())

    def run_once(self):
        fgbg.run_in_foreground(asyncio.sleep(0))


class NamesTests(unittest.TestCase):
    def test_all_holds_the_three_names_and_nothing_else(self):
        self.assertEqual(fgbg.__all__, NAMES)

    def test_package_exports_the_three_names(self):
        package = sys.modules[PACKAGE]
        for name in NAMES:
            self.assertIs(getattr(package, name), getattr(fgbg, name))

    def test_run_in_foreground_signature(self):
        self.assertEqual(str(inspect.signature(fgbg.run_in_foreground)),
                         '(task, *, loop=None)')

    def test_schedule_coroutine_signature(self):
        self.assertEqual(str(inspect.signature(fgbg.schedule_coroutine)),
                         '(target, *, loop=None)')

    def test_call_in_background_signature(self):
        self.assertEqual(str(inspect.signature(fgbg.call_in_background)),
                         '(target, *, loop=None, executor=None)')

    def test_there_are_no_other_public_functions(self):
        public = [name for name, value in vars(fgbg).items()
                  if not name.startswith('_') and not inspect.ismodule(value)]
        self.assertEqual(sorted(public), sorted(NAMES))

    def test_import_makes_no_loop_thread_or_signal_handler(self):
        self.assertEqual(run_python("""
            import signal, threading
            print(threading.active_count(),
                  signal.getsignal(signal.SIGINT).__name__)
            from asyncio import events
            print(events._event_loop_policy)
        """), '1 default_int_handler\nNone\n')

    def test_import_replaces_nothing_in_asyncio(self):
        self.assertEqual(run_python(f"""
            import asyncio, sys
            def snapshot():
                return {{(name, key): value
                        for name, module in list(sys.modules.items())
                        if name.partition('.')[0] == 'asyncio'
                        for key, value in vars(module).items()
                        if key != '__warningregistry__'}}
            before = snapshot()
            import {PACKAGE}
            print(before == snapshot())
        """, preamble=''), 'True\n')

    def test_package_has_the_three_names_in_all(self):
        self.assertLessEqual(set(NAMES), set(sys.modules[PACKAGE].__all__))


class DefaultLoopTests(TestCase):
    def test_running_loop_comes_first(self):
        async def main():
            return fgbg.schedule_coroutine(return_42())

        running = self.new_loop()
        task = running.run_until_complete(main())
        self.assertIs(task.get_loop(), running)
        self.assertEqual(running.run_until_complete(task), 42)

    def test_set_loop_comes_second(self):
        task = fgbg.schedule_coroutine(return_42())
        self.assertIs(task.get_loop(), self.loop)
        self.assertEqual(fgbg.run_in_foreground(task), 42)

    def check_policy(self, base):
        self.assertEqual(run_python(f"""
            import warnings
            warnings.simplefilter('ignore', DeprecationWarning)
            mine = asyncio.new_event_loop()
            class Policy(asyncio.{base}):
                def get_event_loop(self):
                    return mine
            asyncio.set_event_loop_policy(Policy())
            warnings.simplefilter('error')
            task = schedule_coroutine(asyncio.sleep(0))
            print(task.get_loop() is mine)
            run_in_foreground(task)
            mine.close()
        """), 'True\n')

    def test_policy_can_set_the_loop(self):
        self.check_policy('DefaultEventLoopPolicy')

    def test_policy_of_any_kind_can_set_the_loop(self):
        self.check_policy('AbstractEventLoopPolicy')

    def test_policy_makes_the_new_loop(self):
        self.assertEqual(run_python("""
            import warnings
            warnings.simplefilter('ignore', DeprecationWarning)
            class Loop(asyncio.SelectorEventLoop):
                pass
            class Policy(asyncio.DefaultEventLoopPolicy):
                def new_event_loop(self):
                    return Loop()
            asyncio.set_event_loop_policy(Policy())
            warnings.simplefilter('error')
            task = schedule_coroutine(asyncio.sleep(0))
            print(isinstance(task.get_loop(), Loop))
        """), 'True\n')

    def test_fresh_main_thread_gets_a_loop(self):
        self.assertEqual(
            run_python('print(run_in_foreground(asyncio.sleep(0, 42)))'),
            '42\n')

    def test_schedule_coroutine_makes_the_loop_too(self):
        self.assertEqual(run_python("""
            print(run_in_foreground(schedule_coroutine(asyncio.sleep(0, 42))))
        """), '42\n')

    def test_call_in_background_makes_the_loop_too(self):
        self.assertEqual(run_python("""
            print(run_in_foreground(call_in_background(lambda: 42)))
        """), '42\n')

    def test_new_loop_is_set_for_the_thread(self):
        self.assertEqual(run_python("""
            task = schedule_coroutine(asyncio.sleep(0))
            print(asyncio.get_event_loop() is task.get_loop())
        """), 'True\n')

    def test_works_after_asyncio_run(self):
        self.assertEqual(run_python("""
            asyncio.run(asyncio.sleep(0))
            print(run_in_foreground(asyncio.sleep(0, 42)))
            asyncio.run(asyncio.sleep(0))
            print(run_in_foreground(asyncio.sleep(0, 43)))
        """), '42\n43\n')

    def test_background_goes_on_after_asyncio_run(self):
        self.assertEqual(run_python("""
            task = schedule_coroutine(asyncio.sleep(0, 42))
            asyncio.run(asyncio.sleep(0))
            print(run_in_foreground(task))
        """), '42\n')

    def test_other_thread_gets_an_error_that_names_the_ways_out(self):
        def call():
            for function, argument in ((fgbg.run_in_foreground, coro),
                                       (fgbg.schedule_coroutine, coro),
                                       (fgbg.call_in_background, print)):
                with self.assertRaisesRegex(
                        RuntimeError, r'loop=.*asyncio\.set_event_loop\(\)'
                        r'.*asyncio\.run\(\)'):
                    function(argument)

        coro = return_42()
        self.in_thread(call)
        self.assertEqual(fgbg.run_in_foreground(coro), 42)

    def test_works_after_the_loop_was_closed(self):
        self.assertEqual(run_python("""
            run_in_foreground(asyncio.sleep(0))
            asyncio.get_event_loop().close()
            print(run_in_foreground(asyncio.sleep(0, 42)))
        """), '42\n')

    def test_other_thread_can_set_a_loop(self):
        def call():
            asyncio.set_event_loop(loop)
            return fgbg.run_in_foreground(return_42())

        loop = self.new_loop()
        self.assertEqual(self.in_thread(call), 42)

    def test_other_thread_can_pass_a_loop(self):
        loop = self.new_loop()
        self.assertEqual(self.in_thread(
            lambda: fgbg.run_in_foreground(return_42(), loop=loop)), 42)

    def test_other_thread_gets_no_loop_for_a_closed_one(self):
        def call():
            loop = asyncio.new_event_loop()
            asyncio.set_event_loop(loop)
            loop.close()
            with self.assertRaisesRegex(RuntimeError, 'loop='):
                fgbg.call_in_background(print)

        self.in_thread(call)

    def test_rejected_arguments_leave_nothing_in_a_fresh_interpreter(self):
        self.assertEqual(run_python("""
            import functools, threading
            async def function():
                pass
            theirs = asyncio.new_event_loop()
            asyncio.new_event_loop = lambda: sys.exit('a loop was made')
            asyncio.events.new_event_loop = asyncio.new_event_loop
            for call, args in [
                    (run_in_foreground, [3, print, function, None]),
                    (run_in_foreground, [theirs.create_future()]),
                    (schedule_coroutine, [3, print, function, None]),
                    (call_in_background, [3, None, function]),
                    (call_in_background, [functools.partial(function)])]:
                for arg in args:
                    try:
                        call(arg)
                    except (TypeError, ValueError):
                        print('rejected')
            print(threading.active_count())
            theirs.close()
        """), 'rejected\n' * 13 + '1\n')

    def test_rejects_what_is_no_loop(self):
        coro = return_42()
        regex = 'loop must be an event loop or None, not int'
        self.rejects(TypeError, regex, fgbg.run_in_foreground, coro, loop=3)
        self.rejects(TypeError, regex, fgbg.schedule_coroutine, coro, loop=3)
        self.rejects(TypeError, regex, fgbg.call_in_background, print, loop=3)
        self.assertEqual(fgbg.run_in_foreground(coro), 42)

    def test_closed_loop_leaves_the_coroutine_alone(self):
        closed = self.new_loop()
        closed.close()
        coro = return_42()
        for function in fgbg.run_in_foreground, fgbg.schedule_coroutine:
            self.rejects(RuntimeError, 'closed', function, coro, loop=closed)
        self.assertEqual(fgbg.run_in_foreground(coro), 42)

    def test_closed_loop_leaves_an_awaitable_alone(self):
        closed = self.new_loop()
        closed.close()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter('always')
            self.rejects(RuntimeError, 'closed', fgbg.run_in_foreground,
                         Awaitable(), loop=closed)
            collect()
        self.assertEqual(caught, [])

    def test_closed_loop_is_not_called_in(self):
        closed = self.new_loop()
        closed.close()
        executor = RecordingExecutor()
        self.rejects(RuntimeError, 'closed', fgbg.call_in_background, print,
                     loop=closed, executor=executor)
        self.assertEqual(executor.submitted, [])

    def test_own_loop_is_set_again_after_asyncio_run(self):
        self.assertEqual(run_python("""
            first = schedule_coroutine(asyncio.sleep(0)).get_loop()
            asyncio.run(asyncio.sleep(0))
            schedule_coroutine(asyncio.sleep(0))
            print(asyncio.get_event_loop() is first)
        """), 'True\n')

    def test_future_of_the_own_loop_is_known_after_asyncio_run(self):
        self.assertEqual(run_python("""
            future = call_in_background(lambda: 42)
            asyncio.run(asyncio.sleep(0))
            print(run_in_foreground(future))
        """), '42\n')

    def test_rejected_argument_lets_asyncio_make_a_loop_all_the_same(self):
        if sys.version_info >= (3, 14):
            self.skipTest('from Python 3.14 on, asyncio makes no event loop')
        self.assertEqual(run_python("""
            import warnings
            theirs = asyncio.new_event_loop()
            try:
                run_in_foreground(theirs.create_future())
            except ValueError:
                print('rejected')
            warnings.simplefilter('ignore', DeprecationWarning)
            asyncio.get_event_loop().close()
            theirs.close()
        """), 'rejected\n')


class FirstCallTests(unittest.TestCase):
    """A first call that fails half way leaves nothing half set up."""

    # The background is alive after it, and its cleanup can use a thread.
    CHECK = """
        async def main():
            try:
                await asyncio.sleep(60)
            finally:
                print(await asyncio.get_running_loop().run_in_executor(
                    None, lambda: 'cleaned up in a thread'))
        task = schedule_coroutine(main())
        # From 3.12.0 to 3.12.2, no thread is started at exit (gh-113964).  One
        # that is free may not be counted as such yet, but no two of them.
        import threading
        barrier = threading.Barrier(2)
        run_in_foreground(asyncio.wait([call_in_background(barrier.wait)
                                        for _ in range(2)]))
        print(task.done(), asyncio.get_event_loop() is task.get_loop())
    """
    CHECKED = 'False True\ncleaned up in a thread\n'

    def check(self, source, **kwargs):
        source = textwrap.dedent(source) + textwrap.dedent(self.CHECK)
        self.assertEqual(run_python(source, **kwargs),
                         'failed\n' + self.CHECKED)

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

    @unittest.skipUnless(hasattr(os, 'register_at_fork'),
                         'this platform has no os.fork()')
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
            import builtins, signal
            real_import = builtins.__import__
            def interrupt(name, *args, **kwargs):
                if name == 'concurrent.futures.thread':
                    builtins.__import__ = real_import
                    os.kill(os.getpid(), signal.SIGINT)
                    while True:
                        pass
                return real_import(name, *args, **kwargs)
            builtins.__import__ = interrupt
            try:
                call_in_background(int)
            except KeyboardInterrupt:
                print('failed')
        """)

    @unittest.skipIf(PYPY, "how deep PyPy's recursion gets depends on what it "
                     'has compiled')
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


class ScheduleCoroutineTests(TestCase):
    def rejects_target(self, target, message):
        self.rejects(TypeError, f'^target must be a coroutine, not {message}',
                     fgbg.schedule_coroutine, target)

    def test_accepts_other_coroutines_than_native_ones(self):
        task = fgbg.schedule_coroutine(OtherCoroutine(return_42()))
        self.assertEqual(fgbg.run_in_foreground(task), 42)

    def test_returns_what_the_task_factory_made(self):
        class Task(asyncio.Task):
            pass

        self.loop.set_task_factory(
            lambda loop, coro, **kwargs: Task(coro, loop=loop, **kwargs))
        task = fgbg.schedule_coroutine(return_42())
        self.assertIs(type(task), Task)
        self.assertEqual(fgbg.run_in_foreground(task), 42)

    def test_task_is_among_all_tasks(self):
        task = fgbg.schedule_coroutine(return_42())
        self.assertEqual(asyncio.all_tasks(self.loop), {task})
        fgbg.run_in_foreground(task)

    def test_task_has_the_context_of_the_call(self):
        async def get():
            return variable.get()

        variable = contextvars.ContextVar('variable')
        self.addCleanup(variable.reset, variable.set('then'))
        task = fgbg.schedule_coroutine(get())
        variable.set('now')
        self.assertEqual(fgbg.run_in_foreground(task), 'then')

    def test_makes_no_progress_until_the_loop_runs(self):
        async def coro():
            steps.append(1)

        steps = []
        task = fgbg.schedule_coroutine(coro())
        self.assertEqual(steps, [])
        fgbg.run_in_foreground(task)
        self.assertEqual(steps, [1])

    def test_rejects_a_task_and_says_what_to_do(self):
        task = self.loop.create_task(return_42())
        with self.assertRaisesRegex(TypeError, r'^target must be a coroutine, '
                                    r'not Task: .*run_in_foreground\(\)'):
            fgbg.schedule_coroutine(task)
        self.assertEqual(fgbg.run_in_foreground(task), 42)

    def test_rejects_a_future_and_leaves_it_pending(self):
        future = self.loop.create_future()
        self.rejects_target(future, r'Future: .*run_in_foreground\(\)')
        self.assertFalse(future.done())

    def test_rejects_a_coroutine_function_and_says_to_call_it(self):
        self.rejects_target(return_42,
                            r'function \(a coroutine function\): call it')

    def test_rejects_a_callable_and_says_what_to_do(self):
        self.rejects_target(print, r'builtin.*: use call_in_background\(\)')

    def test_rejects_an_awaitable_that_is_no_coroutine(self):
        self.rejects_target(Awaitable(), 'Awaitable$')

    def test_rejects_a_plain_value(self):
        self.rejects_target(42, 'int$')

    def test_treats_a_generator_as_asyncio_iscoroutine_does(self):
        generator = (None for _ in range(1))
        if asyncio.iscoroutine(generator):      # before 3.12
            fgbg.run_in_foreground(fgbg.schedule_coroutine(generator))
            self.assertEqual(list(generator), [])
        else:
            self.rejects_target(generator, 'generator$')
            self.assertEqual(list(generator), [None])

    def test_rejects_a_loop_that_runs_in_another_thread(self):
        loop = self.new_loop()
        self.run_loop_in_thread(loop)
        coro = return_42()
        self.rejects(RuntimeError, r'asyncio\.run_coroutine_threadsafe\(\)',
                     fgbg.schedule_coroutine, coro, loop=loop)
        self.assertEqual(fgbg.run_in_foreground(coro), 42)

    def test_dropped_task_is_kept_until_it_is_done(self):
        async def wait():
            future = self.loop.create_future()
            futures.add(future)
            results.append(await future)

        futures, results = weakref.WeakSet(), []
        fgbg.schedule_coroutine(wait())
        self.run_once()
        collect()
        for future in futures:
            future.set_result(42)
        del future
        self.run_once()
        self.assertEqual(results, [42])

    def test_reply_to_a_dropped_echo_client_is_not_lost(self):
        async def echo(reader, writer):
            data = await reader.readline()
            await may_reply.wait()
            writer.write(data)
            writer.close()

        async def client(address):
            reader, writer = await asyncio.open_connection(*address)
            writer.write(b'hello\n')
            asked.set()
            replies.append(await reader.readline())
            writer.close()
            replied.set()

        async def start():
            return (asyncio.Event(), asyncio.Event(), asyncio.Event(),
                    await asyncio.start_server(echo, '127.0.0.1', 0))

        replies = []
        asked, may_reply, replied, server = fgbg.run_in_foreground(start())
        fgbg.schedule_coroutine(client(server.sockets[0].getsockname()))
        fgbg.run_in_foreground(asked.wait())
        collect()
        may_reply.set()
        fgbg.run_in_foreground(asyncio.wait_for(replied.wait(), PATIENCE))
        self.assertEqual(replies, [b'hello\n'])
        server.close()
        fgbg.run_in_foreground(server.wait_closed())

    def test_finished_task_is_let_go(self):
        ref = weakref.ref(fgbg.schedule_coroutine(return_42()))
        self.run_once()
        self.run_once()
        collect()
        self.assertIsNone(ref())

    def test_task_that_an_eager_factory_finished_is_not_kept(self):
        if not hasattr(asyncio, 'eager_task_factory'):
            self.skipTest('eager tasks came with Python 3.12')

        async def main():
            task = fgbg.schedule_coroutine(return_42())
            self.assertTrue(task.done())
            ref = weakref.ref(task)
            del task
            collect()
            self.assertIsNone(ref())

        self.loop.set_task_factory(asyncio.eager_task_factory)
        fgbg.run_in_foreground(main())

    def test_loop_does_not_get_a_dict_of_its_attributes(self):
        # From 3.11 on, all that it does would take longer from then on; 3.13
        # does not list the dict.  There is no room for many attributes: not
        # where others add some, too, as in other tests.
        self.assertEqual(run_python("""
            import gc
            def has_dict(loop):
                return any(type(obj) is dict and '_closed' in obj
                           for obj in gc.get_referents(loop))
            loop = asyncio.new_event_loop()
            had_dict = has_dict(loop)   # before 3.11
            schedule_coroutine(asyncio.sleep(0), loop=loop)
            run_in_foreground(call_in_background(int, loop=loop), loop=loop)
            print(has_dict(loop) == had_dict)
            loop.close()
        """), 'True\n')

    def test_closed_loops_with_pending_tasks_do_not_pile_up(self):
        refs = []
        for _ in range(10):
            loop = asyncio.new_event_loop()
            loop.set_exception_handler(lambda loop, context: None)
            task = fgbg.schedule_coroutine(wait_for_ever(), loop=loop)
            fgbg.run_in_foreground(asyncio.sleep(0), loop=loop)
            loop.close()
            refs += weakref.ref(loop), weakref.ref(task)
        del loop, task
        collect()
        self.assertEqual([ref() for ref in refs], [None] * 20)


class CallInBackgroundTests(TestCase):
    def call(self, target, **kwargs):
        # Before 3.12.2, asyncio alone never returns from some calls.
        return fgbg.run_in_foreground(asyncio.wait_for(
            fgbg.call_in_background(target, **kwargs), PATIENCE))

    def rejects_target(self, target, message):
        executor = RecordingExecutor()
        for kwargs in {'executor': executor}, {}:
            self.rejects(TypeError,
                         f'^target must be a callable, not {message}',
                         fgbg.call_in_background, target, **kwargs)
        self.assertEqual(executor.submitted, [])

    def test_call_starts_before_the_loop_runs(self):
        started = threading.Event()
        future = fgbg.call_in_background(started.set)
        self.assertTrue(started.wait(TIMEOUT))
        self.assertFalse(future.done())
        fgbg.run_in_foreground(future)

    def test_returns_a_future_of_the_loop(self):
        future = fgbg.call_in_background(int)
        self.assertTrue(asyncio.isfuture(future))
        self.assertIs(future.get_loop(), self.loop)
        fgbg.run_in_foreground(future)

    def test_accepts_callables_of_every_kind(self):
        class Callable:
            def __call__(self):
                return 0

            def method(self):
                return 0

        for target in (int, lambda: 0, functools.partial(int, '0'), Callable(),
                       Callable().method, ''.__len__):
            with self.subTest(target=target):
                self.assertEqual(self.call(target), 0)

    def test_accepts_generator_functions(self):
        async def generate():
            yield

        @types.coroutine
        def generate_coroutine():
            yield

        for target in generate, generate_coroutine:
            with self.subTest(target=target):
                self.assertEqual(type(self.call(target)), type(target()))

    def test_rejects_a_marked_function(self):
        def function():
            return return_42()

        if hasattr(inspect, 'markcoroutinefunction'):
            inspect.markcoroutinefunction(function)
        else:       # before 3.12
            function._is_coroutine = asyncio.coroutines._is_coroutine
        self.rejects_target(function, r'function .*use schedule_coroutine\(\)')

    def test_gives_the_callable_no_arguments(self):
        self.assertEqual(self.call(lambda *args, **kwargs: (args, kwargs)),
                         ((), {}))

    def test_rejects_what_is_not_callable(self):
        self.rejects_target(42, 'int$')

    def test_rejects_a_coroutine_and_names_schedule_coroutine(self):
        coro = return_42()
        self.rejects_target(coro, r'coroutine: use schedule_coroutine\(\)')
        self.assertEqual(fgbg.run_in_foreground(coro), 42)

    def test_rejects_a_coroutine_function_and_names_schedule_coroutine(self):
        self.rejects_target(return_42,
                            r'function .*use schedule_coroutine\(\)')

    def test_rejects_a_coroutine_function_in_a_partial(self):
        self.rejects_target(functools.partial(functools.partial(return_42)),
                            r'partial .*use schedule_coroutine\(\)')

    def test_default_executor_makes_the_call(self):
        class Executor(concurrent.futures.ThreadPoolExecutor):
            def submit(self, *args, **kwargs):
                submitted.append(args)
                return super().submit(*args, **kwargs)

        submitted = []
        with Executor(1) as executor:
            self.loop.set_default_executor(executor)
            self.call(int)
        self.assertEqual(len(submitted), 1)

    def test_default_executor_sees_the_context_of_the_caller(self):
        variable = contextvars.ContextVar('variable')
        self.addCleanup(variable.reset, variable.set('then'))
        future = fgbg.call_in_background(variable.get)
        variable.set('now')
        self.assertEqual(fgbg.run_in_foreground(future), 'then')

    def test_explicit_executor_gets_the_target_itself(self):
        executor = RecordingExecutor()
        fgbg.call_in_background(print, executor=executor).cancel()
        self.assertEqual(executor.submitted, [(print, (), {})])

    def test_explicit_executor_is_any_object_with_submit(self):
        class Wrapper:
            def __getattr__(self, name):
                return getattr(pool, name)

        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            double = unittest.mock.Mock(spec=pool, submit=pool.submit)
            for executor in weakref.proxy(pool), double, Wrapper():
                with self.subTest(type(executor).__name__):
                    self.assertEqual(self.call(int, executor=executor), 0)

    def test_rejects_what_is_no_executor(self):
        for executor in 42, print, self.loop:
            self.rejects(TypeError,
                         r'executor must be a concurrent\.futures\.Executor',
                         fgbg.call_in_background, print, executor=executor)

    def test_explicit_executor_does_without_that_of_the_loop(self):
        class Loop(asyncio.SelectorEventLoop):
            def run_in_executor(self, executor, func, *args):
                raise NotImplementedError

        loop = Loop()
        self.addCleanup(loop.close)
        with concurrent.futures.ThreadPoolExecutor(1) as executor:
            future = fgbg.call_in_background(int, loop=loop,
                                             executor=executor)
            self.assertIs(future.get_loop(), loop)
            self.assertEqual(fgbg.run_in_foreground(future, loop=loop), 0)

    def test_explicit_executor_that_refuses_raises_at_once(self):
        executor = concurrent.futures.ThreadPoolExecutor(1)
        executor.shutdown()
        self.rejects(RuntimeError, 'shutdown', fgbg.call_in_background, int,
                     executor=executor)

    def test_cancelled_future_cancels_the_call(self):
        executor = concurrent.futures.ThreadPoolExecutor(1)
        self.addCleanup(executor.shutdown)
        may_end, calls = threading.Event(), []
        first = fgbg.call_in_background(may_end.wait, executor=executor)
        second = fgbg.call_in_background(functools.partial(calls.append, 1),
                                         executor=executor)
        second.cancel()
        self.run_once()
        may_end.set()
        fgbg.run_in_foreground(first)
        executor.shutdown()
        self.assertEqual(calls, [])

    def test_thousands_of_calls_leave_no_warning(self):
        self.assertEqual(run_python("""
            calls = [call_in_background(int) for _ in range(3000)]
            print(sum(map(run_in_foreground, calls)))
        """), '0\n')

    def test_explicit_executor_can_be_of_processes(self):
        context = multiprocessing.get_context('spawn')
        with concurrent.futures.ProcessPoolExecutor(
                1, mp_context=context) as executor:
            pid = fgbg.run_in_foreground(
                fgbg.call_in_background(os.getpid, executor=executor))
        self.assertNotEqual(pid, os.getpid())

    def test_explicit_executor_can_be_of_interpreters(self):
        if not hasattr(concurrent.futures, 'InterpreterPoolExecutor'):
            self.skipTest('InterpreterPoolExecutor came with Python 3.14')
        with concurrent.futures.InterpreterPoolExecutor(1) as executor:
            self.assertEqual(self.call(os.getpid, executor=executor),
                             os.getpid())

    def test_exception_reaches_the_future(self):
        with self.assertRaises(ZeroDivisionError):
            self.call(lambda: 1 / 0)

    def test_system_exit_reaches_the_future(self):
        with self.assertRaises(SystemExit):
            fgbg.run_in_foreground(fgbg.call_in_background(sys.exit))

    def test_keyboard_interrupt_reaches_the_future(self):
        def call():
            raise KeyboardInterrupt

        with self.assertRaises(KeyboardInterrupt):
            fgbg.run_in_foreground(fgbg.call_in_background(call))

    def test_stop_iteration_reaches_the_future_as_runtime_error(self):
        with self.assertRaises(RuntimeError) as caught:
            self.call(functools.partial(next, iter(())))
        self.assertIsInstance(caught.exception.__cause__, StopIteration)


class RunInForegroundTests(TestCase):
    def nested(self, coro):
        """Check that *coro* is refused by a nested call, then await it."""
        with self.assertRaisesRegex(RuntimeError,
                                    r'^run_in_foreground\(\) .*await'):
            fgbg.run_in_foreground(coro)

    def test_runs_a_coroutine(self):
        self.assertEqual(fgbg.run_in_foreground(return_42()), 42)

    def test_runs_a_task(self):
        task = self.loop.create_task(return_42())
        self.assertEqual(fgbg.run_in_foreground(task), 42)

    def test_runs_a_future(self):
        future = self.loop.create_future()
        self.loop.call_soon(future.set_result, 42)
        self.assertEqual(fgbg.run_in_foreground(future), 42)

    def test_runs_any_awaitable(self):
        self.assertEqual(fgbg.run_in_foreground(Awaitable()), 42)

    def test_returns_the_result_of_a_done_future_again(self):
        task = self.loop.create_task(return_42())
        fgbg.run_in_foreground(task)
        self.assertEqual(fgbg.run_in_foreground(task), 42)

    def test_rejects_anything_else_and_says_what_to_do(self):
        async def generate():
            yield 42

        for task, hint in [
            (return_42, r'function \(a coroutine function\): call it'),
            (functools.partial(return_42), r'partial .*: call it'),
            (print, r'builtin_function.*: use call_in_background\(\)'),
            (concurrent.futures.Future(),
             r'Future: use asyncio\.wrap_future\(\)'),
            (generate, r"function: use 'async for'"),
            (generate(), r"async_generator: use 'async for'"),
            (42, 'int$'),
            (None, 'NoneType$'),
        ]:
            with self.subTest(task=task):
                self.rejects(TypeError, '^task must be a coroutine, a future '
                             f'or an awaitable, not {hint}',
                             fgbg.run_in_foreground, task)

    def test_raises_the_exception(self):
        async def fail():
            raise error

        error = Exception()
        with self.assertRaises(Exception) as caught:
            fgbg.run_in_foreground(fail())
        self.assertIs(caught.exception, error)

    def test_raises_cancelled_error_for_what_was_cancelled(self):
        task = self.loop.create_task(return_42())
        task.cancel()
        with self.assertRaises(asyncio.CancelledError):
            fgbg.run_in_foreground(task)

    def test_loop_stays_open(self):
        self.run_once()
        self.assertFalse(self.loop.is_closed())

    def test_background_is_picked_up_where_it_was(self):
        async def count():
            for number in range(3):
                steps.append(number)
                await asyncio.sleep(0)

        steps = []
        fgbg.schedule_coroutine(count())
        for expected in [0], [0, 1], [0, 1, 2]:
            self.run_once()
            self.assertEqual(steps[:len(expected)], expected)

    def test_refuses_to_run_inside_a_coroutine(self):
        async def main():
            coro = return_42()
            self.nested(coro)
            return await coro, asyncio.all_tasks() - {asyncio.current_task()}

        self.assertEqual(fgbg.run_in_foreground(main()), (42, set()))

    def test_coroutine_that_is_refused_does_not_run(self):
        async def refused():
            steps.append('ran')

        async def main():
            coro = refused()
            with self.assertRaises(RuntimeError):
                fgbg.run_in_foreground(coro)
            await asyncio.sleep(0)
            self.assertEqual(steps, [])
            await coro

        steps = []
        fgbg.run_in_foreground(main())
        self.assertEqual(steps, ['ran'])

    def test_refuses_to_run_inside_a_callback(self):
        coro = return_42()
        self.loop.call_soon(self.nested, coro)
        self.run_once()
        self.assertEqual(self.logged, [])
        self.assertEqual(fgbg.run_in_foreground(coro), 42)

    def test_refuses_to_run_another_loop_inside_a_coroutine(self):
        async def main():
            with self.assertRaisesRegex(RuntimeError, 'await'):
                fgbg.run_in_foreground(coro, loop=self.new_loop())

        coro = return_42()
        fgbg.run_in_foreground(main())
        self.assertEqual(fgbg.run_in_foreground(coro), 42)

    def test_refuses_a_loop_that_runs_in_another_thread(self):
        loop = self.new_loop()
        self.run_loop_in_thread(loop)
        coro = return_42()
        self.rejects(RuntimeError, r'^run_in_foreground\(\) .*await',
                     fgbg.run_in_foreground, coro, loop=loop)
        self.assertEqual(fgbg.run_in_foreground(coro), 42)

    def test_rejects_a_future_of_another_loop(self):
        future = self.new_loop().create_future()
        self.rejects(ValueError, 'another event loop',
                     fgbg.run_in_foreground, future)
        self.rejects(ValueError, 'another event loop',
                     fgbg.run_in_foreground, self.loop.create_future(),
                     loop=future.get_loop())

    def test_failing_task_factory_leaves_nothing_behind(self):
        def factory(loop, coro, **kwargs):
            raise ZeroDivisionError

        coro = return_42()
        self.loop.set_task_factory(factory)
        self.rejects(ZeroDivisionError, '', fgbg.run_in_foreground, coro)
        self.loop.set_task_factory(None)
        self.assertEqual(fgbg.run_in_foreground(coro), 42)

    def check_not_logged(self, exception, prepare):
        async def fail():
            raise exception()

        # What happens next to the event loop decides who sees the task last.
        for end in self.run_once, self.loop.close:
            with self.subTest(exception=exception, end=end.__name__):
                with self.assertRaises(exception):
                    fgbg.run_in_foreground(prepare(fail))
                end()
                collect()
                self.assertEqual(self.logged, [])

    def test_exception_that_was_raised_is_not_logged(self):
        self.check_not_logged(Exception, lambda fail: fail())

    def test_system_exit_that_was_raised_is_not_logged(self):
        self.check_not_logged(SystemExit, lambda fail: fail())

    def test_keyboard_interrupt_that_was_raised_is_not_logged(self):
        self.check_not_logged(KeyboardInterrupt, lambda fail: fail())

    def test_exception_of_a_task_that_was_raised_is_not_logged(self):
        self.check_not_logged(
            Exception, lambda fail: fgbg.schedule_coroutine(fail()))

    def test_exit_of_a_task_that_was_raised_is_not_logged(self):
        self.check_not_logged(
            SystemExit, lambda fail: fgbg.schedule_coroutine(fail()))

    def test_exit_of_a_task_is_raised_again(self):
        async def leave():
            sys.exit()

        task = fgbg.schedule_coroutine(leave())
        for _ in range(2):
            with self.assertRaises(SystemExit):
                fgbg.run_in_foreground(task)
        self.run_once()

    def test_exit_of_a_background_task_that_was_raised_is_not_logged(self):
        def prepare(fail):
            async def main():
                fgbg.schedule_coroutine(fail())
                await asyncio.sleep(0)

            return main()

        self.check_not_logged(SystemExit, prepare)

    def test_exit_in_the_last_moment_does_not_stop_the_next_wait(self):
        async def fail():
            raise SystemExit

        task = fgbg.schedule_coroutine(return_42())
        fgbg.schedule_coroutine(fail())
        with self.assertRaises(SystemExit):
            fgbg.run_in_foreground(task)
        self.assertTrue(task.done())
        self.assertEqual(fgbg.run_in_foreground(asyncio.sleep(0, 42)), 42)

    def test_exit_after_the_last_moment_does_not_stop_the_next_wait(self):
        async def main():
            asyncio.current_task().add_done_callback(lambda task: sys.exit())

        with self.assertRaises(SystemExit):
            fgbg.run_in_foreground(main())
        self.assertEqual(fgbg.run_in_foreground(asyncio.sleep(0.01, 42)), 42)

    def test_treats_a_generator_as_asyncio_iscoroutine_does(self):
        generator = (None for _ in range(1))
        if asyncio.iscoroutine(generator):      # before 3.12
            self.assertIsNone(fgbg.run_in_foreground(generator))
        else:
            self.rejects(TypeError, 'not generator$',
                         fgbg.run_in_foreground, generator)
            self.assertEqual(list(generator), [None])

    @unittest.skipIf(sys.version_info < (3, 10), 'before 3.10, '
                     'ensure_future() asks for coroutines first')
    def test_future_that_looks_like_a_coroutine(self):
        future = CoroutineFuture(loop=self.loop)
        self.assertTrue(asyncio.iscoroutine(future))
        self.loop.call_soon(future.set_result, 42)
        self.assertEqual(fgbg.run_in_foreground(future), 42)

    def test_stop_in_the_last_moment_does_not_stop_the_next_wait(self):
        async def main():
            self.loop.stop()
            return 42

        self.assertEqual(fgbg.run_in_foreground(main()), 42)
        self.assertEqual(fgbg.run_in_foreground(asyncio.sleep(0.01, 43)), 43)

    def test_exception_that_equals_an_exit_is_logged_all_the_same(self):
        class Error(EqualToAnything, Exception):
            pass

        async def fail():
            raise Error

        async def leave():
            sys.exit()

        task = fgbg.schedule_coroutine(fail())
        with self.assertRaises(SystemExit):
            fgbg.run_in_foreground(leave())
        self.assertTrue(task.done())
        del task
        self.run_once()
        collect()
        self.assertIsInstance(self.logged[0]['exception'], Error)


class EndOfWaitTests(TestCase):
    """Whatever ends a wait: what only the call holds does not outlive it."""

    class Error(EqualToAnything, Exception):
        pass

    def stop(self):
        self.loop.stop()

    def exit_in_a_callback(self):
        self.loop.call_soon(sys.exit)

    def exit_in_a_task(self):
        self.keep(self.loop.create_task(self.fail(SystemExit)))

    def exit_in_a_scheduled_task(self):
        fgbg.schedule_coroutine(self.fail(SystemExit))

    def interrupt_in_a_callback(self):
        self.loop.call_soon(self.raise_, KeyboardInterrupt)

    def interrupt_in_a_scheduled_task(self):
        fgbg.schedule_coroutine(self.fail(KeyboardInterrupt))

    def raise_in_a_signal_handler(self):
        handler = signal.signal(signal.SIGTERM,
                                lambda *args: self.raise_(self.Error))
        self.addCleanup(signal.signal, signal.SIGTERM, handler)
        # In a callback, asyncio would log it: strike where it waits.
        threading.Timer(0.01, os.kill, (os.getpid(), signal.SIGTERM)).start()

    # What raises what.
    ENDS = [
        (stop, RuntimeError),
        (exit_in_a_callback, SystemExit),
        (exit_in_a_task, SystemExit),
        (exit_in_a_scheduled_task, SystemExit),
        (interrupt_in_a_callback, KeyboardInterrupt),
        (interrupt_in_a_scheduled_task, KeyboardInterrupt),
        (raise_in_a_signal_handler, Error),
    ]

    def setUp(self):
        super().setUp()
        self.kept = []
        self.addCleanup(self.drop_tasks)

    def keep(self, task):
        self.kept.append(task)

    def drop_tasks(self):
        # asyncio logs the exits of tasks that were not scheduled here.
        while self.kept:
            task = self.kept.pop()
            if task.done() and not task.cancelled():
                task.exception()

    def raise_(self, exception):
        raise exception

    async def fail(self, exception):
        raise exception

    def check_ends(self, wait):
        for end, exception in self.ENDS:
            with self.subTest(end.__name__):
                with self.assertRaises(exception) as caught:
                    wait(end)
                if exception is RuntimeError:
                    self.assertIn('stopped', str(caught.exception))
                self.run_once()
                self.drop_tasks()
                self.assertEqual(asyncio.all_tasks(self.loop), set())
                self.assertEqual(self.logged, [])

    def test_coroutine_has_cleaned_up_when_the_call_returns(self):
        def wait(end):
            async def main():
                end(self)
                try:
                    await wait_for_ever()
                finally:
                    await asyncio.sleep(0.01)
                    cleaned.append(end)

            try:
                fgbg.run_in_foreground(main())
            finally:
                self.assertEqual(cleaned.pop(), end)

        cleaned = []
        self.check_ends(wait)

    def test_awaitable_has_cleaned_up_when_the_call_returns(self):
        def wait(end):
            class Wait:
                def __await__(wait):
                    end(self)
                    try:
                        yield from wait_for_ever().__await__()
                    finally:
                        yield from asyncio.sleep(0.01).__await__()
                        cleaned.append(end)

            try:
                fgbg.run_in_foreground(Wait())
            finally:
                self.assertEqual(cleaned.pop(), end)

        cleaned = []
        self.check_ends(wait)

    def check_left_pending(self, start):
        def wait(end):
            future, awaited = start(end)
            try:
                fgbg.run_in_foreground(awaited)
            finally:
                self.assertFalse(awaited.done())
                self.loop.call_soon(future.set_result, 42)
                self.assertEqual(fgbg.run_in_foreground(awaited), 42)

        self.check_ends(wait)

    def test_task_is_left_pending_and_can_be_run_again(self):
        def start(end):
            async def main():
                end(self)
                return await future

            future = self.loop.create_future()
            return future, fgbg.schedule_coroutine(main())

        self.check_left_pending(start)

    def test_future_is_left_pending_and_can_be_run_again(self):
        def start(end):
            self.loop.call_soon(end, self)
            future = self.loop.create_future()
            return future, future

        self.check_left_pending(start)

    def test_exception_of_the_cleanup_is_raised_in_its_place(self):
        async def main():
            self.exit_in_a_callback()
            try:
                await wait_for_ever()
            finally:
                raise self.Error

        with self.assertRaises(SystemExit):
            fgbg.run_in_foreground(main())
        collect()
        # asyncio.run() logs it, too.
        self.assertIsInstance(self.logged[0]['exception'], self.Error)

    def check_exit_comes_once(self, wait):
        async def main():
            await wait([self.loop.create_task(self.fail(exception)),
                        self.loop.create_task(wait_for_ever())])

        for exception in SystemExit, KeyboardInterrupt:
            with self.subTest(exception):
                with self.assertRaises(exception):
                    fgbg.run_in_foreground(main())
                for _ in range(3):
                    self.run_once()
                for task in asyncio.all_tasks(self.loop):
                    task.cancel()
                self.run_once()

    def test_exit_of_an_inner_task_does_not_come_again(self):
        async def wait(tasks):
            for task in tasks:
                await task

        self.check_exit_comes_once(wait)

    @unittest.skipIf(sys.version_info < (3, 8), 'before Python 3.8, a task '
                     'that waits for what has raised an exit is stuck')
    def test_exit_of_a_gathered_task_does_not_come_again(self):
        async def wait(tasks):
            await asyncio.gather(*tasks)

        self.check_exit_comes_once(wait)

    @unittest.skipIf(sys.version_info < (3, 8), 'before Python 3.8, a task '
                     'that waits for what has raised an exit is stuck')
    def test_exit_that_comes_again_at_once_does_not_end_the_cleanup(self):
        async def inner(exception):
            await self.loop.create_task(self.fail(exception))

        async def main(exception):
            task = self.loop.create_task(inner(exception))
            self.keep(task)
            try:
                await asyncio.shield(task)
            finally:
                await asyncio.sleep(0)
                cleaned.append(exception)

        cleaned = []
        for exception in SystemExit, KeyboardInterrupt:
            with self.assertRaises(exception):
                fgbg.run_in_foreground(main(exception))
            self.assertEqual(cleaned.pop(), exception)
            self.drop_tasks()

    def test_exit_is_raised_that_the_cleanup_waits_for(self):
        async def main():
            task = self.loop.create_task(self.fail(SystemExit))
            try:
                await task
            except asyncio.CancelledError:
                await task

        with self.assertRaises(SystemExit):
            fgbg.run_in_foreground(main())
        self.run_once()
        self.assertEqual(self.logged, [])

    def test_exit_of_the_cleanup_is_raised_and_not_logged(self):
        async def main():
            self.exit_in_a_callback()
            try:
                await wait_for_ever()
            finally:
                sys.exit(2)

        with self.assertRaises(SystemExit) as caught:
            fgbg.run_in_foreground(main())
        self.assertEqual(caught.exception.code, 2)
        self.run_once()
        collect()
        self.assertEqual(self.logged, [])

    def test_task_that_is_no_task_of_asyncio(self):
        class Wrapper:
            _asyncio_future_blocking = False

            def __init__(self, task):
                self.task = task

            def __getattr__(self, name):
                if name == '_exception':
                    raise AttributeError(name)
                return getattr(self.task, name)

        self.loop.set_task_factory(lambda loop, coro, **kwargs: Wrapper(
            asyncio.Task(coro, loop=loop, **kwargs)))
        fgbg.schedule_coroutine(wait_for_ever())
        self.exit_in_a_callback()
        with self.assertRaises(SystemExit):
            fgbg.run_in_foreground(return_42())
        self.loop.set_task_factory(None)
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self.run_once()

    def test_task_without_init_is_no_obstacle(self):
        class Task(asyncio.Task):
            def __init__(self):
                pass

            def __del__(self):      # PyPy's needs more than this task has
                pass

        task = Task()
        with self.assertRaises(SystemExit):
            fgbg.run_in_foreground(self.fail(SystemExit))
        del task


SIGNALLER = """
import os, signal
while True:
    number = os.read(0, 1)
    if not number:
        break
    os.kill(os.getppid(), signal.SIGINT)
    os.write(1, number)
"""


class CtrlCTests(TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.signaller = subprocess.Popen(
            [sys.executable, '-c', SIGNALLER], bufsize=0,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        cls.number = 0

    @classmethod
    def tearDownClass(cls):
        cls.signaller.communicate()
        super().tearDownClass()

    def setUp(self):
        super().setUp()
        handler = signal.signal(signal.SIGINT, signal.default_int_handler)
        self.addCleanup(signal.signal, signal.SIGINT, handler)

    def interrupt(self):
        """Let another process send SIGINT to this one; wait until it has."""
        CtrlCTests.number = (self.number + 1) % 256
        number = bytes([self.number])
        self.signaller.stdin.write(number)
        # A second Ctrl-C ends this function before it reads its number.
        while self.signaller.stdout.read(1) != number:
            pass

    def interrupt_foreground(self, task):
        with self.assertRaises(KeyboardInterrupt) as caught:
            fgbg.run_in_foreground(task)
        return caught.exception

    def test_coroutine_is_cancelled_and_cleans_up(self):
        async def main():
            try:
                self.interrupt()
                await wait_for_ever()
            except asyncio.CancelledError:
                seen.append('cancelled')
                raise
            finally:
                await asyncio.sleep(0)
                seen.append('clean')

        seen = []
        self.interrupt_foreground(main())
        self.assertEqual(seen, ['cancelled', 'clean'])

    def test_awaitable_is_cancelled(self):
        class Wait:
            def __await__(wait):
                self.interrupt()
                try:
                    yield from wait_for_ever().__await__()
                finally:
                    seen.append('clean')

        seen = []
        self.interrupt_foreground(Wait())
        self.assertEqual(seen, ['clean'])

    def test_exception_of_the_cleanup_is_the_cause(self):
        async def main():
            try:
                self.interrupt()
                await wait_for_ever()
            finally:
                1 / 0

        error = self.interrupt_foreground(main())
        self.assertIsInstance(error.__cause__, ZeroDivisionError)

    def test_coroutine_that_returns_all_the_same_is_interrupted(self):
        async def main():
            try:
                self.interrupt()
                await wait_for_ever()
            except asyncio.CancelledError:
                return 42

        self.interrupt_foreground(main())

    def test_ctrl_c_in_the_last_moment_is_not_lost(self):
        async def main():
            asyncio.current_task().add_done_callback(
                lambda task: self.interrupt())

        self.interrupt_foreground(main())
        self.run_once()
        self.assertEqual(self.logged, [])

    def test_ctrl_c_in_the_last_moment_does_not_stop_the_next_wait(self):
        task = fgbg.schedule_coroutine(return_42())
        task.add_done_callback(lambda task: self.interrupt())
        self.interrupt_foreground(task)
        self.assertEqual(fgbg.run_in_foreground(asyncio.sleep(0, 1)), 1)
        self.assertEqual(fgbg.run_in_foreground(task), 42)

    def test_ctrl_c_while_a_task_ends_does_not_stop_the_next_wait(self):
        async def main():
            self.interrupt()
            await asyncio.sleep(0)
            return 42

        task = fgbg.schedule_coroutine(main())
        self.interrupt_foreground(task)
        fgbg.run_in_foreground(asyncio.sleep(0))
        self.assertEqual(fgbg.run_in_foreground(task), 42)

    def test_coroutine_is_cancelled_though_the_loop_was_stopped(self):
        async def main():
            started.append(asyncio.current_task())
            self.interrupt()
            self.loop.stop()
            await wait_for_ever()

        started = []
        self.interrupt_foreground(main())
        self.assertTrue(started[0].cancelled())

    def test_task_is_left_pending_and_can_be_run_again(self):
        async def main():
            await asyncio.sleep(0)
            self.interrupt()
            return await future

        future = self.loop.create_future()
        task = fgbg.schedule_coroutine(main())
        self.interrupt_foreground(task)
        self.assertFalse(task.done())
        self.loop.call_soon(future.set_result, 42)
        self.assertEqual(fgbg.run_in_foreground(task), 42)

    def test_task_that_nobody_else_holds_is_not_lost(self):
        async def wait():
            future = self.loop.create_future()
            futures.add(future)
            self.interrupt()
            results.append(await future)

        futures, results = weakref.WeakSet(), []
        self.interrupt_foreground(self.loop.create_task(wait()))
        collect()
        for future in futures:
            future.set_result(42)
        del future
        self.run_once()
        self.assertEqual(results, [42])

    def test_future_that_knows_no_contexts_is_left_pending(self):
        class Future(asyncio.Future):
            def add_done_callback(self, callback):
                super().add_done_callback(callback)

        future = Future(loop=self.loop)
        self.loop.call_soon(self.interrupt)
        self.interrupt_foreground(future)
        future.set_result(42)
        self.assertEqual(fgbg.run_in_foreground(future), 42)

    def test_future_that_was_left_pending_is_let_go(self):
        future = self.loop.create_future()
        self.loop.call_soon(self.interrupt)
        self.interrupt_foreground(future)
        future.set_result(42)
        self.run_once()
        future = weakref.ref(future)
        collect()
        self.assertIsNone(future())

    def test_future_is_left_pending_and_can_be_run_again(self):
        def call():
            waiting.wait(TIMEOUT)
            self.interrupt()
            may_return.wait(TIMEOUT)
            return 42

        waiting, may_return = threading.Event(), threading.Event()
        future = fgbg.call_in_background(call)
        self.loop.call_soon(waiting.set)
        heartbeat = fgbg.schedule_coroutine(self.beat())
        self.interrupt_foreground(future)
        self.assertFalse(future.done())
        may_return.set()
        self.assertEqual(fgbg.run_in_foreground(future), 42)
        heartbeat.cancel()
        self.run_once()

    async def beat(self):
        # Python may be told of a signal just before it starts to wait.
        while True:
            await asyncio.sleep(0.01)

    def test_other_tasks_see_nothing(self):
        async def background():
            while not stop:
                seen.append(len(seen))
                if len(seen) == 10:
                    self.interrupt()
                await asyncio.sleep(0)

        seen, stop = [], []
        task = fgbg.schedule_coroutine(background())
        self.interrupt_foreground(wait_for_ever())
        self.assertFalse(task.done())
        stop.append(True)
        fgbg.run_in_foreground(task)
        self.assertEqual(seen, list(range(len(seen))))

    def test_no_callback_is_lost(self):
        def callback(number):
            if number == 50:
                self.interrupt()
            seen.append(number)

        seen = []
        for number in range(100):
            self.loop.call_soon(callback, number)
        self.interrupt_foreground(wait_for_ever())
        self.run_once()
        self.assertEqual(seen, list(range(100)))

    def test_second_ctrl_c_raises_at_once_in_code_that_does_not_stop(self):
        async def stubborn():
            tasks.append(asyncio.current_task())
            while not stop:
                try:
                    self.interrupt()
                    await asyncio.sleep(0)
                except asyncio.CancelledError:
                    seen.append('cancelled')

        tasks, seen, stop = [], [], []
        self.interrupt_foreground(stubborn())
        self.assertEqual(seen, ['cancelled'])
        self.assertTrue(tasks[0].done())
        self.assertEqual(self.logged, [])

    def test_second_ctrl_c_raises_at_once_in_code_that_does_not_await(self):
        async def busy():
            self.interrupt()
            seen.append('once')
            self.interrupt()
            seen.append('twice')

        seen = []
        self.interrupt_foreground(busy())
        self.assertEqual(seen, ['once'])

    def test_second_ctrl_c_elsewhere_leaves_no_coroutine_behind(self):
        async def main():
            self.loop.call_soon(stubborn)
            try:
                await wait_for_ever()
            finally:
                seen.append('cleaned up')

        def stubborn():
            self.interrupt()
            self.interrupt()

        seen = []
        self.interrupt_foreground(main())
        self.run_once()
        self.assertEqual(seen, ['cleaned up'])
        self.assertEqual(asyncio.all_tasks(self.loop), set())

    @unittest.skipIf(sys.version_info < (3, 8), 'before Python 3.8, a task '
                     'that waits for what has raised an exit is stuck')
    def test_second_ctrl_c_does_not_come_again(self):
        # The coroutine that is left learns of it only when the loop runs.
        async def strike():
            self.interrupt()
            self.interrupt()

        async def clean_up():
            try:
                await wait_for_ever()
            finally:
                await asyncio.sleep(0)
                await asyncio.sleep(0)

        async def main():
            await asyncio.gather(clean_up(), strike())

        self.interrupt_foreground(main())
        for _ in range(5):
            self.run_once()
        self.assertEqual(asyncio.all_tasks(self.loop), set())

    def test_second_ctrl_c_does_not_wait_for_code_that_does_not_stop(self):
        async def stubborn():
            self.loop.call_soon(self.interrupt)
            while not stop:
                try:
                    await asyncio.sleep(0)
                    self.loop.call_soon(self.interrupt)
                    await wait_for_ever()
                except asyncio.CancelledError:
                    pass

        stop = []
        self.interrupt_foreground(stubborn())
        stop.append(True)
        self.run_once()
        self.run_once()
        self.assertEqual(asyncio.all_tasks(self.loop), set())

    def strike_in(self, *modules):
        """Return a function that is struck twice, as if it was of *modules*.

        The first of them is the innermost.
        """
        function = None
        for module in modules:
            namespace = {'__name__': module, 'function': function, 'os': os,
                         'signal': signal, 'reached': self.reached}
            exec(textwrap.dedent("""
                def strike():
                    if function is None:
                        for _ in range(2):
                            os.kill(os.getpid(), signal.SIGINT)
                    else:
                        function()
                    reached.append(__name__)
            """), namespace)
            function = namespace['strike']
        return function

    def check_strike(self, *modules):
        """Return what a second Ctrl-C in a callback does not reach."""
        async def main():
            self.loop.call_soon(self.strike_in(*modules))
            try:
                await wait_for_ever()
            finally:
                self.reached.append('cleaned up')

        self.reached = []
        self.interrupt_foreground(main())
        self.run_once()
        self.assertEqual(self.reached.pop(), 'cleaned up')
        return self.reached

    def test_second_ctrl_c_does_not_strike_the_event_loop(self):
        for module in 'asyncio.base_events', fgbg.__name__:
            with self.subTest(module):
                self.assertEqual(self.check_strike(module), [module])

    def test_second_ctrl_c_does_not_strike_what_the_event_loop_calls(self):
        for modules in [
            ['selectors', 'asyncio.base_events'],
            ['threading', 'concurrent.futures', 'asyncio.base_events'],
        ]:
            with self.subTest(modules):
                self.assertEqual(self.check_strike(*modules), modules)

    def test_second_ctrl_c_that_spares_the_event_loop_ends_the_wait(self):
        async def stubborn():
            self.loop.call_soon(self.strike_in('asyncio'))
            while not stop:
                try:
                    await wait_for_ever()
                except asyncio.CancelledError:
                    cancelled.append(True)

        self.reached, stop, cancelled = [], [], []
        self.interrupt_foreground(stubborn())
        stop.append(True)
        self.run_once()
        self.run_once()
        self.assertEqual(asyncio.all_tasks(self.loop), set())
        self.assertTrue(cancelled)

    def test_ctrl_c_is_not_lost_in_what_an_earlier_call_left(self):
        # It is not the one that the earlier call has raised.
        async def stubborn():
            self.loop.call_soon(self.strike_in('asyncio'))
            while not stop:
                try:
                    await wait_for_ever()
                except asyncio.CancelledError:
                    pass
            raise KeyboardInterrupt

        self.reached, stop = [], []
        self.interrupt_foreground(stubborn())
        stop.append(True)
        self.interrupt_foreground(asyncio.sleep(0.01))
        self.assertEqual(fgbg.run_in_foreground(return_42()), 42)

    def test_second_ctrl_c_strikes_what_others_call(self):
        self.assertEqual(self.check_strike('other'), [])
        self.assertEqual(self.check_strike('threading', 'other'), [])
        self.assertEqual(self.check_strike('selectors', 'other'), [])

    def test_second_ctrl_c_strikes_what_the_event_loop_runs(self):
        self.assertEqual(self.check_strike('threading'), [])

        async def main():
            # No function of Python is between the event loop and this one.
            for _ in range(2):
                self.loop.call_soon(os.kill, os.getpid(), signal.SIGINT)
            self.loop.call_soon(self.reached.append, 'too far')
            await wait_for_ever()

        self.interrupt_foreground(main())
        self.assertEqual(self.reached, [])

    @unittest.skipUnless(PYPY, "no Ctrl-C can hit CPython's own tasks")
    def test_second_ctrl_c_in_a_task_of_pypy_leaves_the_loop_usable(self):
        def hit():
            asyncio.tasks._enter_task(self.loop, task)
            raise KeyboardInterrupt

        task = fgbg.schedule_coroutine(wait_for_ever())
        self.loop.call_soon(hit)
        self.interrupt_foreground(task)
        self.assertEqual(fgbg.run_in_foreground(return_42()), 42)
        task.cancel()

    def handler_inside(self):
        async def main():
            return signal.getsignal(signal.SIGINT)

        return fgbg.run_in_foreground(main())

    def handler_outside(self):
        return signal.getsignal(signal.SIGINT)

    def test_handler_is_in_place_while_the_call_runs(self):
        self.assertIsNot(self.handler_inside(), signal.default_int_handler)

    def test_handler_is_gone_after_the_call(self):
        self.run_once()
        self.assertIs(self.handler_outside(), signal.default_int_handler)

    def test_handler_is_gone_after_an_exception(self):
        async def fail():
            raise Exception

        with self.assertRaises(Exception):
            fgbg.run_in_foreground(fail())
        self.assertIs(self.handler_outside(), signal.default_int_handler)

    def test_handler_is_gone_after_ctrl_c(self):
        async def main():
            self.interrupt()
            self.interrupt()

        self.interrupt_foreground(main())
        self.assertIs(self.handler_outside(), signal.default_int_handler)

    def test_handler_of_somebody_else_is_not_replaced(self):
        for handler in (lambda signum, frame: None), signal.SIG_IGN:
            signal.signal(signal.SIGINT, handler)
            self.assertIs(self.handler_inside(), handler)
            self.assertIs(self.handler_outside(), handler)

    def test_handler_that_was_set_during_the_call_is_kept(self):
        async def main():
            signal.signal(signal.SIGINT, signal.SIG_IGN)

        fgbg.run_in_foreground(main())
        self.assertIs(self.handler_outside(), signal.SIG_IGN)

    def get_ended_handler(self):
        # As a debugger or a server may save it.
        handler = self.handler_inside()
        self.assertIsNot(handler, signal.default_int_handler)
        return handler

    def test_handler_that_is_put_back_does_what_pythons_own_does(self):
        signal.signal(signal.SIGINT, self.get_ended_handler())
        for _ in range(3):
            with self.assertRaises(KeyboardInterrupt):
                self.interrupt()

    def test_handler_that_is_put_back_is_taken_for_pythons_own(self):
        async def main():
            self.interrupt()
            try:
                await wait_for_ever()
            finally:
                cleaned.append(True)

        cleaned = []
        handler = self.get_ended_handler()
        signal.signal(signal.SIGINT, handler)
        self.assertNotIn(self.handler_inside(),
                         [handler, signal.default_int_handler])
        self.assertIs(self.handler_outside(), signal.default_int_handler)
        signal.signal(signal.SIGINT, handler)
        self.interrupt_foreground(main())
        self.assertEqual(cleaned, [True])
        self.assertIs(self.handler_outside(), signal.default_int_handler)

    def test_handler_that_is_put_back_in_the_next_wait_is_kept(self):
        async def main():
            signal.signal(signal.SIGINT, handler)
            try:
                self.interrupt()
            finally:
                await asyncio.sleep(0)

        handler = self.get_ended_handler()
        self.interrupt_foreground(main())
        self.assertIs(self.handler_outside(), handler)
        self.assertIs(type(self.handler_inside()), type(handler))

    def test_handler_that_the_wait_puts_back_itself_is_taken_out(self):
        async def main():
            handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
            await asyncio.sleep(0)
            signal.signal(signal.SIGINT, handler)
            self.interrupt()
            await wait_for_ever()

        self.interrupt_foreground(main())
        self.assertIs(self.handler_outside(), signal.default_int_handler)

    def test_ended_waits_do_not_pile_up(self):
        future = self.loop.create_future()
        for _ in range(10):
            self.loop.call_soon(self.interrupt)
            self.interrupt_foreground(future)
        collect()
        waits = [obj for obj in gc.get_objects() if type(obj) is fgbg._Wait]
        self.assertEqual(waits, [])
        future.cancel()

    def test_other_thread_works_without_a_handler(self):
        def call():
            asyncio.set_event_loop(loop)
            return self.handler_inside()

        loop = self.new_loop()
        self.assertIs(self.in_thread(call), signal.default_int_handler)

    def test_interpreter_without_signals_works_without_a_handler(self):
        def refuse(*args):
            raise ValueError('signal only works in main thread')

        with unittest.mock.patch('_signal.signal', refuse):
            self.assertIs(self.handler_inside(), signal.default_int_handler)
            self.assertEqual(fgbg.run_in_foreground(return_42()), 42)

    def test_cancellation_is_not_the_cause(self):
        async def main():
            self.interrupt()
            await wait_for_ever()

        self.assertIsNone(self.interrupt_foreground(main()).__cause__)

    def test_end_of_the_wait_is_not_the_cause(self):
        future = self.loop.create_future()
        self.loop.call_soon(self.interrupt)
        self.assertIsNone(self.interrupt_foreground(future).__cause__)

    def test_ctrl_c_in_a_failing_task_factory_is_not_lost(self):
        def factory(loop, coro, **kwargs):
            self.interrupt()
            raise ZeroDivisionError

        coro = asyncio.sleep(0.01, 42)
        self.loop.set_task_factory(factory)
        self.interrupt_foreground(coro)
        self.loop.set_task_factory(None)
        # What the Ctrl-C has left in the event loop does nothing to this.
        self.assertEqual(fgbg.run_in_foreground(coro), 42)
        self.assertEqual(self.logged, [])

    @unittest.skipUnless(platform.python_implementation() == 'PyPy',
                         'only on PyPy, tasks leave the loop in Python code')
    def test_handler_that_raises_as_a_task_leaves_the_loop(self):
        leave = asyncio.tasks._leave_task

        def interrupted(loop, task):
            asyncio.tasks._leave_task = leave
            raise KeyboardInterrupt

        signal.signal(signal.SIGINT, lambda signum, frame: None)
        asyncio.tasks._leave_task = interrupted
        self.interrupt_foreground(asyncio.sleep(0.01))
        self.assertEqual(fgbg.run_in_foreground(return_42()), 42)

    def test_second_ctrl_c_that_is_caught_does_not_keep_the_wait(self):
        async def main():
            self.interrupt()
            with self.assertRaises(KeyboardInterrupt):
                self.interrupt()

        self.interrupt_foreground(main())

    def test_handler_that_equals_any_other_is_not_replaced(self):
        class Handler(EqualToAnything):
            def __call__(self, signum, frame):
                pass

        handler = Handler()
        signal.signal(signal.SIGINT, handler)
        self.assertIs(self.handler_inside(), handler)

    def test_handler_that_equals_any_other_is_kept(self):
        class Handler(EqualToAnything):
            def __call__(self, signum, frame):
                pass

        async def main():
            signal.signal(signal.SIGINT, handler)

        handler = Handler()
        fgbg.run_in_foreground(main())
        self.assertIs(self.handler_outside(), handler)


class LeavingTests(unittest.TestCase):
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

    @unittest.skipIf((3, 12) <= sys.version_info < (3, 12, 3), 'from 3.12.0 '
                     'to 3.12.2, no thread is started at exit (gh-113964)')
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

    def test_call_is_waited_for_while_the_loop_runs(self):
        self.assertEqual(run_python("""
            import threading
            leaving = threading.Event()
            def call():
                leaving.wait()
                print(asyncio.run_coroutine_threadsafe(
                    asyncio.sleep(0.01, 'done'), loop).result())
            async def watch():
                try:
                    await asyncio.sleep(3600)
                finally:
                    # Only when tasks have been cancelled.
                    asyncio.get_running_loop().call_later(0.01, leaving.set)
            loop = schedule_coroutine(watch()).get_loop()
            run_in_foreground(asyncio.sleep(0))
            call_in_background(call)
        """), 'done\n')

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

    @unittest.skipIf(sys.version_info < (3, 9), 'before Python 3.9, threads '
                     'are joined before any function is called (bpo-39812)')
    def test_thread_that_waits_for_the_loop_is_told(self):
        self.assertEqual(run_python(textwrap.dedent(self.QUEUE) + textwrap.
                                    dedent("""
            threading.Thread(target=call).start()
            queued.wait()
        """)), 'told\n')

    def test_call_that_waits_for_the_loop_is_told(self):
        self.assertEqual(run_python(textwrap.dedent(self.QUEUE) + textwrap.
                                    dedent("""
            call_in_background(call)
            queued.wait()
        """)), 'told\n')

    def test_call_in_an_explicit_executor_that_waits_for_the_loop_is_told(
            self):
        self.assertEqual(run_python(textwrap.dedent(self.QUEUE) + textwrap.
                                    dedent("""
            executor = concurrent.futures.ThreadPoolExecutor(1)
            call_in_background(call, executor=executor)
            queued.wait()
        """)), 'told\n')

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
            import signal
            async def main():
                while True:
                    try:
                        await asyncio.sleep(3600)
                    except asyncio.CancelledError:
                        print('refuses')
                        asyncio.get_running_loop().call_soon(
                            os.kill, os.getpid(), signal.SIGINT)
            schedule_coroutine(main())
            run_in_foreground(asyncio.sleep(0))
            logging.disable()   # asyncio tells what is still pending
        """), 'refuses\n')

    def test_ctrl_c_leaves_a_call_that_does_not_end(self):
        self.assertEqual(run_python("""
            import signal, threading, time
            leaving = threading.Event()
            def call():
                leaving.wait()
                os.kill(os.getpid(), signal.SIGINT)
                while not loop.is_closed():
                    time.sleep(0.001)
                print('left')
            async def watch():
                try:
                    await asyncio.sleep(3600)
                finally:
                    # Only when tasks have been cancelled.
                    loop.call_later(0.01, leaving.set)
            def tick():     # Python may see a signal only when it wakes up
                loop.call_later(0.01, tick)
            loop = call_in_background(call).get_loop()
            schedule_coroutine(watch())
            run_in_foreground(asyncio.sleep(0))
            tick()
            logging.disable()   # Python 3.8 and earlier miss the loop then
        """), 'left\n')

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

    SESSION = """
        import asyncio, atexit, socket
        from {package} import *
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
        server = run_in_foreground(asyncio.start_server(echo, '127.0.0.1', 0))
        loop = asyncio.get_event_loop()
        address = server.sockets[0].getsockname()
        connection = run_in_foreground(exchange(address))
        schedule_coroutine(exchange(address))
        client = run_in_foreground(loop.create_connection(Client, *address))
        schedule_coroutine(asyncio.sleep(3600))
        loop.call_later(3600, print)
        call_in_background(int)
        run_in_foreground(asyncio.sleep(0.01))
    """

    def test_servers_and_connections_are_left_in_silence(self):
        self.assertEqual(
            run_python(textwrap.dedent(self.SESSION.format(package=PACKAGE)),
                       preamble='', options=()),
            "b'x'\nb'x'\n")

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

    def test_loop_that_runs_at_exit_is_left_alone(self):
        self.assertEqual(run_python("""
            import threading
            loop = call_in_background(int).get_loop()
            running = threading.Event()
            loop.call_soon(running.set)
            threading.Thread(target=loop.run_forever, daemon=True).start()
            running.wait()
        """), '')

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

    def test_exception_of_a_cleanup_is_logged(self):
        with self.assertRaisesRegex(AssertionError, 'ZeroDivisionError'):
            run_python("""
                async def main():
                    try:
                        await asyncio.sleep(3600)
                    finally:
                        1 / 0
                schedule_coroutine(main())
                run_in_foreground(asyncio.sleep(0))
            """)

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

    def test_executor_that_cannot_be_shut_down_is_logged(self):
        with self.assertRaisesRegex(AssertionError, 'ZeroDivisionError'):
            run_python("""
                import concurrent.futures
                class Executor(concurrent.futures.ThreadPoolExecutor):
                    def shutdown(self, wait=True):
                        super().shutdown(wait)
                        1 / 0
                loop = call_in_background(int).get_loop()
                loop.set_default_executor(Executor())
            """)

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

    def test_exit_status_of_a_coroutine_is_kept(self):
        run_python("""
            async def main():
                sys.exit(3)
            schedule_coroutine(asyncio.sleep(3600))
            run_in_foreground(main())
        """, status=3)

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

    FORK = """
        import warnings
        warnings.simplefilter('ignore', DeprecationWarning)
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

    def fork(self, source):
        if not hasattr(os, 'fork'):
            self.skipTest('this platform has no os.fork()')
        return run_python(textwrap.dedent(self.FORK) + textwrap.dedent(source))

    def test_forked_child_leaves_cleanup_to_its_parent(self):
        self.assertEqual(self.fork("""
            if pid == 0:
                sys.exit()
            print(os.waitpid(pid, 0)[1], flush=True)
        """), '0\nclean\n')

    def test_forked_child_gets_a_loop_of_its_own(self):
        self.assertEqual(self.fork("""
            if pid == 0:
                task = schedule_coroutine(asyncio.sleep(0, 42))
                print(task.get_loop() is loop, run_in_foreground(task))
                sys.stdout.flush()
                sys.exit()
            print(os.waitpid(pid, 0)[1], flush=True)
        """), 'False 42\n0\nclean\n')

    def test_child_forked_before_the_first_wait_gets_a_loop_of_its_own(self):
        if not hasattr(os, 'fork'):
            self.skipTest('this platform has no os.fork()')
        self.assertEqual(run_python("""
            import warnings
            warnings.simplefilter('ignore', DeprecationWarning)
            loop = schedule_coroutine(asyncio.sleep(0)).get_loop()
            if os.fork() == 0:
                task = schedule_coroutine(asyncio.sleep(0, 42))
                print(task.get_loop() is loop, run_in_foreground(task))
                sys.stdout.flush()
                os._exit(0)
            os.wait()
        """), 'False 42\n')

    def test_grandchild_gets_a_loop_of_its_own(self):
        self.assertEqual(self.fork("""
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
        self.assertEqual(run_python("""
            import warnings
            warnings.simplefilter('ignore', DeprecationWarning)
            run_in_foreground(asyncio.sleep(0))
            asyncio.get_event_loop().close()
            pid = os.fork()
            if pid == 0:
                print(run_in_foreground(asyncio.sleep(0, 42)), flush=True)
                sys.exit()
            print(os.waitpid(pid, 0)[1])
        """), '42\n0\n')

    def test_forked_child_that_exits_does_not_disturb_its_parent(self):
        self.assertEqual(self.fork("""
            if pid == 0:
                sys.exit()
            os.waitpid(pid, 0)
            # Only the loop's own pipe can wake it up.
            print(run_in_foreground(asyncio.wait_for(
                call_in_background(lambda: 42), 10)), flush=True)
        """), '42\nclean\n')

    def test_forked_child_that_closes_a_connection_leaves_its_parents(self):
        if not hasattr(os, 'fork'):
            self.skipTest('this platform has no os.fork()')
        self.assertEqual(run_python("""
            import warnings
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
            warnings.simplefilter('ignore', DeprecationWarning)
            pid = os.fork()
            if pid == 0:
                writer.close()
                os._exit(0)
            os.waitpid(pid, 0)
            print(run_in_foreground(asyncio.wait_for(exchange(), 10)))
        """), "b'x'\n")

    def test_forked_child_gets_no_loop_that_its_parent_set(self):
        if not hasattr(os, 'fork'):
            self.skipTest('this platform has no os.fork()')
        self.assertEqual(run_python("""
            import warnings
            warnings.simplefilter('ignore', DeprecationWarning)
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

    FORK_IN_A_WAIT = """
        import multiprocessing, signal, time, warnings
        import concurrent.futures
        warnings.simplefilter('ignore', DeprecationWarning)
        def work():
            try:
                os.kill(os.getpid(), signal.SIGINT)
                time.sleep(60)
            except KeyboardInterrupt:
                return 'KeyboardInterrupt'
    """

    def fork_in_a_wait(self, source):
        if not hasattr(os, 'fork'):
            self.skipTest('this platform has no os.fork()')
        return run_python(textwrap.dedent(self.FORK_IN_A_WAIT)
                          + textwrap.dedent(source))

    def test_child_forked_in_a_wait_has_pythons_own_ctrl_c(self):
        self.assertEqual(self.fork_in_a_wait("""
            async def main():
                pid = os.fork()
                if pid == 0:
                    print(work(), flush=True)
                    os._exit(0)
                os.waitpid(pid, 0)
                return 42
            print(run_in_foreground(main()))
        """), 'KeyboardInterrupt\n42\n')

    def test_child_forked_in_a_wait_with_a_loop_of_somebody_else(self):
        self.assertEqual(self.fork_in_a_wait("""
            async def main():
                pid = os.fork()
                if pid == 0:
                    print(work(), flush=True)
                    os._exit(0)
                os.waitpid(pid, 0)
                return 42
            loop = asyncio.new_event_loop()
            print(run_in_foreground(main(), loop=loop))
            loop.close()
        """), 'KeyboardInterrupt\n42\n')

    def test_child_forked_in_a_wait_can_wait_itself(self):
        self.assertEqual(self.fork_in_a_wait("""
            async def wait():
                os.kill(os.getpid(), signal.SIGINT)
                try:
                    await asyncio.sleep(60)
                finally:
                    print('clean', flush=True)
            async def main():
                pid = os.fork()
                if pid == 0:
                    try:
                        run_in_foreground(wait())
                    except KeyboardInterrupt:
                        print('KeyboardInterrupt', flush=True)
                    os._exit(0)
                os.waitpid(pid, 0)
                return 42
            print(run_in_foreground(main()))
        """), 'clean\nKeyboardInterrupt\n42\n')

    def test_child_forked_in_a_wait_can_leave_it(self):
        self.assertEqual(self.fork_in_a_wait("""
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

    def test_worker_process_forked_in_a_wait_has_pythons_own_ctrl_c(self):
        self.assertEqual(self.fork_in_a_wait("""
            async def main():
                executor = concurrent.futures.ProcessPoolExecutor(
                    1, mp_context=context)
                with executor:
                    return await call_in_background(work, executor=executor)
            context = multiprocessing.get_context('fork')
            print(run_in_foreground(main()))
        """), 'KeyboardInterrupt\n')

    def test_forked_child_flushes_its_files(self):
        if not hasattr(os, 'fork'):
            self.skipTest('this platform has no os.fork()')
        with tempfile.TemporaryDirectory() as folder:
            name = os.path.join(folder, 'log')
            # With logging, Python 3.8 itself does not collect the cycle.
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
            """, preamble='', options=()), '')
            with open(name) as file:
                self.assertEqual(file.read(), 'important')

    def test_forked_child_without_file_descriptors_has_no_loop_of_its_parent(
            self):
        if not hasattr(os, 'fork'):
            self.skipTest('this platform has no os.fork()')
        self.assertEqual(run_python(f"""
            import resource, warnings
            from {PACKAGE} import fgbg
            warnings.simplefilter('ignore', DeprecationWarning)
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
        """, options=()), 'None')

    def test_exit_functions_do_not_pile_up(self):
        self.assertEqual(run_python("""
            import atexit
            run_in_foreground(asyncio.sleep(0))
            count = atexit._ncallbacks()
            asyncio.get_event_loop().close()
            run_in_foreground(asyncio.sleep(0))
            print(atexit._ncallbacks() - count)
        """), '0\n')

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


if __name__ == '__main__':
    unittest.main()
