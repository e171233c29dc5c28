"""The three functions with event loops, and arguments, that are peculiar"""

import asyncio
import concurrent.futures
import sys
import unittest
import weakref
from unittest import mock

from support import PATIENCE
from test_asyncio.fgbg_utils import (
    PACKAGE, FgbgTestCase, fgbg, gc_collect, interrupt, interrupt_again,
    return_42, run_python, wait_for_ever,
)


class FalseLoop(asyncio.SelectorEventLoop):
    def __bool__(self):
        return False


class EmptyLoop(asyncio.SelectorEventLoop):
    def __len__(self):
        return 0


class FalseLoopTests(FgbgTestCase):
    """An event loop whose truth value is false is an event loop."""

    def setUp(self):
        super().setUp()
        self.other = self.loop

    def make(self, cls):
        with mock.patch('asyncio.new_event_loop', cls):
            self.loop = self.new_loop()

    def check(self, **kwargs):
        """Check that each function uses the loop that is false."""
        async def get_loop():
            return asyncio.get_running_loop()

        tasks = [fgbg.schedule_coroutine(get_loop(), **kwargs)
                 for _ in range(2)]
        calls = [fgbg.call_in_background(int, **kwargs) for _ in range(2)]
        for awaitable in [get_loop(), *tasks]:
            self.assertIs(fgbg.run_in_foreground(awaitable, **kwargs),
                          self.loop)
        for call in calls:
            self.assertIs(call.get_loop(), self.loop)
            self.assertEqual(fgbg.run_in_foreground(call, **kwargs), 0)
        self.loop.call_soon(interrupt)
        with self.assertRaises(KeyboardInterrupt):
            fgbg.run_in_foreground(wait_for_ever(), **kwargs)
        self.assertEqual(asyncio.all_tasks(self.loop), set())

    def test_it_can_be_passed(self):
        for cls in FalseLoop, EmptyLoop:
            self.make(cls)
            self.check(loop=self.loop)

    def test_it_can_be_set(self):
        for cls in FalseLoop, EmptyLoop:
            self.make(cls)
            asyncio.set_event_loop(self.loop)
            self.check()

    def test_it_can_be_set_in_another_thread(self):
        def call():
            asyncio.set_event_loop(self.loop)
            return fgbg.run_in_foreground(return_42())

        self.make(FalseLoop)
        self.assertEqual(self.in_thread(call), 42)

    def test_it_can_run(self):
        async def main():
            with self.assertRaisesRegex(RuntimeError, 'await'):
                fgbg.run_in_foreground(coro)
            with self.assertRaisesRegex(RuntimeError, 'await'):
                fgbg.run_in_foreground(coro, loop=self.other)
            call = fgbg.call_in_background(lambda: 42)
            self.assertIs(call.get_loop(), self.loop)
            return await fgbg.schedule_coroutine(coro), await call

        for cls in FalseLoop, EmptyLoop:
            self.make(cls)
            coro = return_42()
            self.assertEqual(self.loop.run_until_complete(main()), (42, 42))

    def test_it_can_run_in_another_thread(self):
        self.make(FalseLoop)
        self.run_loop_in_thread(self.loop)
        coro = return_42()
        for function in fgbg.run_in_foreground, fgbg.schedule_coroutine:
            self.rejects(RuntimeError, '', function, coro, loop=self.loop)
        self.assertEqual(fgbg.run_in_foreground(coro, loop=self.other), 42)

    def test_it_can_be_made_and_ends_at_exit(self):
        self.assertEqual(run_python(f"""
            from {PACKAGE} import fgbg
            class Loop(asyncio.SelectorEventLoop):
                def __len__(self):
                    return 0
            fgbg.events.new_event_loop = Loop
            async def clean_up():
                try:
                    await asyncio.sleep(60)
                finally:
                    print('cleaned up')
            tasks = [schedule_coroutine(clean_up()) for _ in range(2)]
            run_in_foreground(call_in_background(int))
            asyncio.run(asyncio.sleep(0))
            run_in_foreground(asyncio.sleep(0))
            print(len({{task.get_loop() for task in tasks}}),
                  asyncio.get_event_loop() is tasks[0].get_loop())
        """), '1 True\ncleaned up\ncleaned up\n')


class FalseArgumentTests(FgbgTestCase):
    """What is awaited, called or submitted to may be false as well."""

    def test_future(self):
        class Future(asyncio.Future):
            def __bool__(self):
                return False

        future = Future(loop=self.loop)
        self.loop.call_soon(interrupt)
        self.interrupt_foreground(future)
        self.assertFalse(future.done())
        self.loop.call_soon(future.set_result, 42)
        self.assertEqual(fgbg.run_in_foreground(future), 42)

    def test_task(self):
        class Task(asyncio.tasks._PyTask):
            def __bool__(self):
                return False

        self.loop.set_task_factory(
            lambda loop, coro, **kwargs: Task(coro, loop=loop, **kwargs))
        for exception, end in [(KeyboardInterrupt, interrupt),
                               (SystemExit, sys.exit),
                               (RuntimeError, self.loop.stop)]:
            self.loop.call_soon(end)
            with self.assertRaises(exception):
                fgbg.run_in_foreground(wait_for_ever())
            self.assertEqual(asyncio.all_tasks(self.loop), set())
        task = fgbg.schedule_coroutine(return_42())
        self.assertEqual(fgbg.run_in_foreground(task), 42)

    def test_awaitable_callable_and_executor(self):
        class Target:
            def __len__(self):
                return 0

            def __call__(self):
                return 42

            def __await__(self):
                return return_42().__await__()

        class Executor(concurrent.futures.ThreadPoolExecutor):
            def __len__(self):
                return 0

            def submit(self, target):
                return super().submit(lambda: [target()])

        self.assertEqual(fgbg.run_in_foreground(Target()), 42)
        with Executor(1) as executor:
            self.assertEqual(fgbg.run_in_foreground(
                fgbg.call_in_background(Target(), executor=executor)), [42])


class Proxy(asyncio.AbstractEventLoop):
    """An event loop that forwards everything to another, as wrappers do."""

    def __init__(self, loop):
        self.loop = loop

    def __getattribute__(self, name):
        loop = object.__getattribute__(self, '__dict__')['loop']
        return getattr(loop, name)


class ReadOnlyProxy(Proxy):
    def __setattr__(self, name, value):
        if name != 'loop':
            raise AttributeError(name)
        super().__setattr__(name, value)


class ProxyTests(FgbgTestCase):
    """An event loop may be a proxy of another."""

    PROXIES = Proxy, ReadOnlyProxy

    def test_dropped_task_is_kept_though_the_proxy_is_dropped(self):
        async def wait():
            future = self.loop.create_future()
            futures.add(future)
            results.append(await future)

        futures, results = weakref.WeakSet(), []
        for make in self.PROXIES:
            fgbg.schedule_coroutine(wait(), loop=make(self.loop))
        self.run_once()
        gc_collect()
        self.assertEqual(len(futures), 2)
        for future in futures:
            future.set_result(42)
        del future
        self.run_once()
        self.assertEqual(results, [42, 42])
        gc_collect()
        self.assertEqual(len(futures), 0)

    def test_finished_task_is_let_go(self):
        for make in self.PROXIES:
            ref = weakref.ref(
                fgbg.schedule_coroutine(return_42(), loop=make(self.loop)))
            fgbg.run_in_foreground(ref())
            gc_collect()
            self.assertIsNone(ref())

    def test_wait(self):
        for make in self.PROXIES:
            proxy = make(self.loop)
            self.assertEqual(
                fgbg.run_in_foreground(return_42(), loop=proxy), 42)
            self.loop.call_soon(interrupt)
            with self.assertRaises(KeyboardInterrupt):
                fgbg.run_in_foreground(wait_for_ever(), loop=proxy)
            self.assertEqual(asyncio.all_tasks(self.loop), set())

    def test_call(self):
        call = fgbg.call_in_background(lambda: 42, loop=Proxy(self.loop))
        self.assertEqual(fgbg.run_in_foreground(call), 42)


class ForgottenLoopTests(FgbgTestCase):
    """The tasks of a loop that is gone are gone, too."""

    def test_forgotten_loops_with_pending_tasks_do_not_pile_up(self):
        class Loop(asyncio.SelectorEventLoop):
            def __del__(self):
                self.close()    # without the warning

        refs = []
        for _ in range(10):
            loop = Loop()
            loop.set_exception_handler(lambda loop, context: None)
            task = fgbg.schedule_coroutine(wait_for_ever(), loop=loop)
            fgbg.run_in_foreground(asyncio.sleep(0), loop=loop)
            loop.call_soon(interrupt)
            with self.assertRaises(KeyboardInterrupt):
                fgbg.run_in_foreground(task, loop=loop)
            refs += weakref.ref(loop), weakref.ref(task)
        del loop, task
        gc_collect()
        self.assertEqual([ref() for ref in refs], [None] * 20)


class EchoTests(FgbgTestCase):
    """The proposal's own echo client gets its reply."""

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
        gc_collect()
        may_reply.set()
        fgbg.run_in_foreground(asyncio.wait_for(replied.wait(), PATIENCE))
        self.assertEqual(replies, [b'hello\n'])
        server.close()
        fgbg.run_in_foreground(server.wait_closed())


class LostStopTests(FgbgTestCase):
    """A second Ctrl-C ends a wait that has failed to stop its event loop."""

    def test_second_ctrl_c_stops_the_loop_though_the_future_is_done(self):
        async def main():
            asyncio.current_task().add_done_callback(press)

        def press(task):
            interrupt()
            self.loop.call_soon(interrupt_again)

        # So does the handler of another signal that raises there.
        with mock.patch.object(fgbg._Wait, 'stop', side_effect=OSError):
            self.interrupt_foreground(main())
        self.assertIsInstance(self.logged.pop()['exception'], OSError)
        self.assertEqual(fgbg.run_in_foreground(return_42()), 42)


if __name__ == '__main__':
    unittest.main()
