"""Tests for asyncio/fgbg.py: schedule_coroutine()"""

import asyncio
import collections.abc
import contextvars
import unittest
import weakref

from .fgbg_utils import (
    SHORT_TIMEOUT, Awaitable, FgbgTestCase, fgbg, gc_collect, return_42,
    run_python, wait_for_ever,
)


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


class TargetTests(FgbgTestCase):
    """3. What is no coroutine is rejected, left alone, and told what to do."""

    def rejects_target(self, target, message):
        self.rejects(TypeError, f'^target must be a coroutine, not {message}',
                     fgbg.schedule_coroutine, target)

    def test_accepts_other_coroutines_than_native_ones(self):
        task = fgbg.schedule_coroutine(OtherCoroutine(return_42()))
        self.assertEqual(fgbg.run_in_foreground(task), 42)

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

    def test_rejects_a_generator(self):
        generator = (None for _ in range(1))
        self.rejects_target(generator, 'generator$')
        self.assertEqual(list(generator), [None])

    def test_rejects_a_plain_value(self):
        self.rejects_target(42, 'int$')


class TaskTests(FgbgTestCase):
    """3. The task is that of loop.create_task()."""

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


class KeepTests(FgbgTestCase):
    """3. The task is kept alive until it is done, though it was dropped."""

    def test_dropped_task_is_kept_until_it_is_done(self):
        async def wait():
            future = self.loop.create_future()
            futures.add(future)
            results.append(await future)

        futures, results = weakref.WeakSet(), []
        fgbg.schedule_coroutine(wait())
        self.run_once()
        gc_collect()
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
        gc_collect()
        may_reply.set()
        fgbg.run_in_foreground(
            asyncio.wait_for(replied.wait(), SHORT_TIMEOUT))
        self.assertEqual(replies, [b'hello\n'])
        server.close()
        fgbg.run_in_foreground(server.wait_closed())

    def test_loop_does_not_get_a_dict_of_its_attributes(self):
        # All that it does would take longer from then on.  There is no room
        # for many attributes: not where others add some, as in other tests.
        self.assertEqual(run_python("""
            import gc
            def has_dict(loop):
                return any(type(obj) is dict and '_closed' in obj
                           for obj in gc.get_referents(loop))
            loop = asyncio.new_event_loop()
            had_dict = has_dict(loop)
            schedule_coroutine(asyncio.sleep(0), loop=loop)
            run_in_foreground(call_in_background(int, loop=loop), loop=loop)
            print(has_dict(loop) == had_dict)
            loop.close()
        """), 'True\n')


class LetGoTests(FgbgTestCase):
    """3. A task is let go when it is done, or its loop is closed or gone."""

    def test_finished_task_is_let_go(self):
        ref = weakref.ref(fgbg.schedule_coroutine(return_42()))
        self.run_once()
        self.run_once()
        gc_collect()
        self.assertIsNone(ref())

    def test_task_that_an_eager_factory_finished_is_not_kept(self):
        async def main():
            task = fgbg.schedule_coroutine(return_42())
            self.assertTrue(task.done())
            ref = weakref.ref(task)
            del task
            gc_collect()
            self.assertIsNone(ref())

        self.loop.set_task_factory(asyncio.eager_task_factory)
        fgbg.run_in_foreground(main())

    def check_loops(self, make, end):
        refs = []
        for _ in range(10):
            loop = make()
            loop.set_exception_handler(lambda loop, context: None)
            task = fgbg.schedule_coroutine(wait_for_ever(), loop=loop)
            fgbg.run_in_foreground(asyncio.sleep(0), loop=loop)
            end(loop)
            refs += weakref.ref(loop), weakref.ref(task)
        del loop, task
        gc_collect()
        self.assertEqual([ref() for ref in refs], [None] * 20)

    def test_closed_loops_with_pending_tasks_do_not_pile_up(self):
        self.check_loops(asyncio.new_event_loop, lambda loop: loop.close())

    def test_forgotten_loops_with_pending_tasks_do_not_pile_up(self):
        class Loop(asyncio.SelectorEventLoop):
            def __del__(self):
                self.close()    # without the warning

        self.check_loops(Loop, lambda loop: None)


class RunningElsewhereTests(FgbgTestCase):
    """3. A loop that runs in another thread raises RuntimeError."""

    def test_rejects_a_loop_that_runs_in_another_thread(self):
        loop = self.new_loop()
        self.run_loop_in_thread(loop)
        coro = return_42()
        self.rejects(RuntimeError, r'asyncio\.run_coroutine_threadsafe\(\)',
                     fgbg.schedule_coroutine, coro, loop=loop)
        self.assertEqual(fgbg.run_in_foreground(coro), 42)


if __name__ == '__main__':
    unittest.main()
