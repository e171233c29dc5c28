"""Model-based tests for asyncio's foreground and background helpers

Hypothesis combines what a person can do at a prompt: put coroutines and calls
in the background, bring them to the foreground, interrupt, cancel and forget
them, change the event loop.  A model knows what must have become of each, and
whatever was put in the background must end exactly once, in its own way.

FGBG_MODEL_EXAMPLES and FGBG_MODEL_STEPS set how many examples are tried, and
how many steps each of them has at most.
"""

import asyncio
import concurrent.futures
import gc
import os
import platform
import threading
import unittest
import warnings
import weakref

try:
    import hypothesis
except ImportError as exc:
    raise unittest.SkipTest(f'the model needs hypothesis: {exc}') from None
from asyncio_fgbg import fgbg
from hypothesis import stateful

from support import TIMEOUT
from support.model_shell import (
    Shell, coroutine, has_handle, pending, rule_for, sampled_from, spin, st)
from support.model_work import (
    MANNERS, CoroutineWork, freeze_clock, send_sigint)

try:
    import uvloop
except ImportError:
    uvloop = None

PYPY = platform.python_implementation() == 'PyPy'
needs_uvloop = unittest.skipIf(
    uvloop is None, 'needs uvloop, which PyPy and Windows cannot have')
SENDERS = ['callback', 'innocent task', 'thread']


clock = freeze_clock()


def setUpModule():
    clock.start()


def tearDownModule():
    clock.stop()
    if hasattr(gc, 'unfreeze'):     # not on PyPy
        gc.unfreeze()


class BusyShell(Shell):
    """A shell that is interrupted, left, misused and shared by threads."""

    sender = None       # the last thread that sent SIGINT

    def check_interrupted(self, result, exc):
        if self.sender is not None:
            self.ended.set()
            self.sender.join()
        assert type(exc) is KeyboardInterrupt, (result, exc)
        assert not any(work.value is exc for work in self.works)

    def interrupt(self, sender, loop):
        """Have SIGINT sent to this process when *loop* runs."""
        def send():
            send_sigint()
            # Python may see it only when the event loop wakes up.
            loop.call_soon_threadsafe(loop.call_later, 0.01, int)

        def send_from_thread():
            send()
            # PyPy may forget a signal until another thread runs: asyncio alone
            # waits for ever then, too, with signal.set_wakeup_fd() or without.
            while PYPY and not self.ended.wait(0.001):
                loop.call_soon_threadsafe(int)

        if sender == 'callback':
            loop.call_soon(send)
        elif sender == 'thread':
            self.ended = threading.Event()
            self.sender = threading.Thread(target=send_from_thread)
            loop.call_soon(self.sender.start)
        else:
            work = CoroutineWork(steps=1, first=send)
            work.let_end()
            work.take(fgbg.schedule_coroutine(work.run(), loop=loop))
            self.works.append(work)

    def interrupt_twice(self, loop, seen):
        """Have it sent again; *seen* if the loop has seen the first one."""
        self.interrupt('callback', loop)
        if seen:
            loop.call_soon(self.interrupt, 'callback', loop)
        else:
            self.interrupt('callback', loop)

    # Ctrl-C.

    @rule_for(has_handle, pending, sender=sampled_from(SENDERS))
    def interrupt_handle(self, work, sender):
        self.interrupt(sender, work.loop)
        self.check_interrupted(
            *self.foreground(work.handle, self.name(work.loop)))

    @stateful.rule(data=st.data(), sender=sampled_from(SENDERS),
                   manner=sampled_from(MANNERS))
    def interrupt_coroutine(self, data, sender, manner):
        loop = self.draw_loop(data)
        work = CoroutineWork(manner=manner, first=lambda: self.interrupt(
            sender, asyncio.get_event_loop()))
        self.works.append(work)
        result, exc = self.foreground(work.run(), loop)
        if loop is None:
            self.used_default(work.loop)
        self.check_interrupted(result, exc)
        work.was_cancelled()
        work.settled = True
        assert exc.__cause__ is (work.error if manner == 'fail' else None)
        work.raised = True

    @rule_for(has_handle, pending, sender=sampled_from(SENDERS),
              gather=st.booleans())
    def interrupt_all(self, work, sender, gather):
        works = [other for other in self.works
                 if other.loop is work.loop and has_handle(other)]
        handles = [other.handle for other in works]
        if gather:
            # It stays in the background, and refers to them all.
            awaitable = asyncio.gather(*handles, return_exceptions=True)
            for other in works:
                other.referrers.append(weakref.ref(awaitable))
        else:
            awaitable = asyncio.wait(handles)
        self.interrupt(sender, work.loop)
        self.check_interrupted(
            *self.foreground(awaitable, self.name(work.loop)))

    @rule_for(has_handle, pending, seen=st.booleans())
    def interrupt_handle_twice(self, work, seen):
        self.interrupt_twice(work.loop, seen)
        self.check_interrupted(
            *self.foreground(work.handle, self.name(work.loop)))

    @stateful.rule(data=st.data(), manner=sampled_from(MANNERS),
                   seen=st.booleans())
    def interrupt_coroutine_twice(self, data, manner, seen):
        loop = self.draw_loop(data)
        work = CoroutineWork(
            manner=manner, first=lambda: self.interrupt_twice(work.loop, seen))
        self.works.append(work)
        result, exc = self.foreground(work.run(), loop)
        if loop is None:
            self.used_default(work.loop)
        self.check_interrupted(result, exc)
        assert work.ends == 0 or self.goes_on, 'the cleanup was waited for'
        work.was_cancelled()    # when the event loop runs again

    # SystemExit and KeyboardInterrupt end the run of an event loop.

    @rule_for(pending, coroutine, CoroutineWork.is_bomb)
    def exit_while_a_coroutine_waits(self, work):
        other = CoroutineWork()
        self.works.append(other)
        work.let_end()
        self.check_end(work, *self.foreground(other.run(), work.loop))
        other.was_cancelled()
        other.settled = True

    @rule_for(pending, coroutine, CoroutineWork.is_bomb)
    def exit_while_a_handle_waits(self, work):
        others = [other for other in self.works if other.loop is work.loop
                  and has_handle(other) and pending(other)
                  and other is not work]
        if others:
            work.let_end()
            self.check_end(work, *self.foreground(others[0].handle, work.loop))

    @rule_for(pending, coroutine, CoroutineWork.is_bomb, early=st.booleans())
    def exit_while_another_ends(self, work, early):
        other = CoroutineWork(steps=work.steps)
        other.let_end()
        if early:
            work.let_end()
        self.schedule(other, work.loop)
        if not early:
            work.let_end()
        result, exc = self.foreground(other.handle, work.loop)
        if exc is None:
            self.check_end(other, result, exc)
            result, exc = self.foreground(spin(), work.loop)
        self.check_end(work, result, exc)
        if self.goes_on:
            self.foreground(asyncio.sleep(0), work.loop)
        self.settle(work.loop)

    # What is refused.

    @stateful.rule(data=st.data())
    def nest(self, data):
        loop = self.draw_loop(data)
        inner = CoroutineWork()
        inner.let_end()

        def refuse(helper, coro, *words):
            try:
                helper(coro)
            except RuntimeError as exc:
                assert all(word in str(exc) for word in words), exc
            else:
                assert not 'refused'

        def refuse_in_thread(coro, loop):
            refuse(lambda coro: fgbg.run_in_foreground(coro, loop=loop),
                   coro, 'await')
            refuse(lambda coro: fgbg.schedule_coroutine(coro, loop=loop),
                   coro, 'run_coroutine_threadsafe')
            refuse(fgbg.run_in_foreground, coro, 'set_event_loop')
            refuse(fgbg.schedule_coroutine, coro, 'set_event_loop')

        async def outer():
            loop = asyncio.get_event_loop()
            coro = inner.run()
            refuse(fgbg.run_in_foreground, coro, 'run_in_foreground', 'await')
            await loop.run_in_executor(None, refuse_in_thread, coro, loop)
            await spin()
            assert not inner.started
            return await coro

        result, exc = self.foreground(outer(), loop)
        if loop is None:
            self.used_default(inner.loop)
        assert exc is None, exc
        assert result is inner.value

    @rule_for(has_handle)
    def schedule_what_is_scheduled(self, work):
        try:
            fgbg.schedule_coroutine(work.handle)
        except TypeError as exc:
            assert 'run_in_foreground' in str(exc)
        else:
            assert not 'refused'

    # Other threads.

    def in_thread(self, function):
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            return pool.submit(function).result(TIMEOUT)

    @stateful.precondition(lambda self: self.pools)
    @stateful.rule(data=st.data())
    def schedule_from_another_thread(self, data):
        loop = data.draw(sampled_from(list(self.pools)), label='loop')
        work = CoroutineWork()
        self.in_thread(lambda: self.schedule(work, loop))

    @stateful.rule()
    def foreground_in_another_thread(self):
        work = CoroutineWork()
        work.let_end()

        def run():
            loop = asyncio.new_event_loop()
            asyncio.set_event_loop(loop)
            try:
                return self.foreground(work.run())
            finally:
                asyncio.set_event_loop(None)
                loop.close()

        self.check_end(work, *self.in_thread(run))


class UvloopShell(BusyShell):
    # After SystemExit or KeyboardInterrupt, uvloop goes on for one iteration:
    # a task that ended so may be let go, and logged, before it is raised, and
    # what stops the event loop then takes effect when it runs again.
    goes_on = True


for machine in BusyShell, UvloopShell:
    machine.TestCase.settings = hypothesis.settings(
        # PyPy takes long to collect.
        max_examples=int(os.environ.get('FGBG_MODEL_EXAMPLES',
                                        15 if PYPY else 40)),
        stateful_step_count=int(os.environ.get('FGBG_MODEL_STEPS', 40)),
        deadline=None, database=None, print_blob=True,
        # The usual run tries the same examples each time.
        derandomize='FGBG_MODEL_EXAMPLES' not in os.environ,
        suppress_health_check=list(hypothesis.HealthCheck))


class SelectorLoopModelTests(BusyShell.TestCase):
    """Whatever ends a wait, all in the background ends once."""


class UvloopTestCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with warnings.catch_warnings():
            warnings.simplefilter('ignore', DeprecationWarning)
            asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())

    @classmethod
    def tearDownClass(cls):
        with warnings.catch_warnings():
            warnings.simplefilter('ignore', DeprecationWarning)
            asyncio.set_event_loop_policy(None)


@needs_uvloop
class UvloopModelTests(UvloopTestCase, UvloopShell.TestCase):
    """Whatever ends a wait, all ends once with uvloop, too."""


@needs_uvloop
class UvloopTests(UvloopTestCase):
    """What ends a wait does not stop the next one, with uvloop, too."""

    def setUp(self):
        self.loop = asyncio.new_event_loop()
        self.addCleanup(self.loop.close)
        self.addCleanup(asyncio.set_event_loop, None)
        asyncio.set_event_loop(self.loop)

    def check_next_wait(self):
        self.assertEqual(fgbg.run_in_foreground(asyncio.sleep(0, 42)), 42)

    def test_exit_after_the_last_moment_does_not_stop_the_next_wait(self):
        async def main():
            asyncio.current_task().add_done_callback(lambda task: exit())

        with self.assertRaises(SystemExit):
            fgbg.run_in_foreground(main())
        self.check_next_wait()

    def test_ctrl_c_while_a_task_ends_does_not_stop_the_next_wait(self):
        async def end():
            send_sigint()
            await asyncio.sleep(0)

        with self.assertRaises(KeyboardInterrupt):
            fgbg.run_in_foreground(fgbg.schedule_coroutine(end()))
        self.check_next_wait()


if __name__ == '__main__':
    unittest.main()
