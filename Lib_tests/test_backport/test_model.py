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
import signal
import threading
import unittest
import warnings
import weakref

import hypothesis
from asyncio_fgbg import fgbg
from hypothesis import stateful
from shell_jobs import MANNERS, TIMEOUT, CoroutineJob, send_sigint
from shell_model import (
    Shell, coroutine, held, pending, rule_for, sampled_from, spin, st)

PYPY = platform.python_implementation() == 'PyPy'
if not PYPY:
    import uvloop

SENDERS = ['callback', 'innocent task', 'thread']


def setUpModule():
    global sigint_handler
    sigint_handler = signal.signal(signal.SIGINT, signal.default_int_handler)


def tearDownModule():
    signal.signal(signal.SIGINT, sigint_handler)
    if hasattr(gc, 'unfreeze'):     # not on PyPy
        gc.unfreeze()


class BusyShell(Shell):
    """A shell that is interrupted, left, misused and shared by threads."""

    sender = None       # the last thread that sent SIGINT

    def check_interrupted(self, result, exc):
        if self.sender is not None:
            self.sender.join()
        assert type(exc) is KeyboardInterrupt, (result, exc)
        assert not any(job.value is exc for job in self.jobs)

    def interrupt(self, sender, loop):
        """Have SIGINT sent to this process when *loop* runs."""
        def send():
            send_sigint()
            # Python may see it only when the event loop wakes up.
            loop.call_soon_threadsafe(loop.call_later, 0.01, int)

        if sender == 'callback':
            loop.call_soon(send)
        elif sender == 'thread':
            self.sender = threading.Thread(target=send)
            loop.call_soon(self.sender.start)
        else:
            job = CoroutineJob(steps=1, first=send)
            job.let_end()
            job.take(fgbg.schedule_coroutine(job.run(), loop=loop))
            self.jobs.append(job)

    # Ctrl-C.

    @rule_for(held, pending, sender=sampled_from(SENDERS))
    def interrupt_handle(self, job, sender):
        self.interrupt(sender, job.loop)
        self.check_interrupted(
            *self.foreground(job.handle, self.name(job.loop)))

    @stateful.rule(data=st.data(), sender=sampled_from(SENDERS),
                   manner=sampled_from(MANNERS))
    def interrupt_coroutine(self, data, sender, manner):
        loop = self.draw_loop(data)
        job = CoroutineJob(manner=manner, first=lambda: self.interrupt(
            sender, asyncio.get_event_loop()))
        self.jobs.append(job)
        result, exc = self.foreground(job.run(), loop)
        if loop is None:
            self.used_default(job.loop)
        self.check_interrupted(result, exc)
        job.was_cancelled()
        job.settled = True
        assert exc.__cause__ is (job.error if manner == 'fail' else None)
        job.raised = True

    @rule_for(held, pending, sender=sampled_from(SENDERS),
              gather=st.booleans())
    def interrupt_all(self, job, sender, gather):
        jobs = [other for other in self.jobs
                if other.loop is job.loop and held(other)]
        handles = [other.handle for other in jobs]
        if gather:
            # It stays in the background, and refers to them all.
            awaitable = asyncio.gather(*handles, return_exceptions=True)
            for other in jobs:
                other.holders.append(weakref.ref(awaitable))
        else:
            awaitable = asyncio.wait(handles)
        self.interrupt(sender, job.loop)
        self.check_interrupted(
            *self.foreground(awaitable, self.name(job.loop)))

    @rule_for(held, pending)
    def interrupt_handle_twice(self, job):
        self.interrupt('callback', job.loop)
        self.interrupt('callback', job.loop)
        self.check_interrupted(
            *self.foreground(job.handle, self.name(job.loop)))

    @stateful.rule(data=st.data(), manner=sampled_from(MANNERS))
    def interrupt_coroutine_twice(self, data, manner):
        loop = self.draw_loop(data)

        def send_two():
            self.interrupt('callback', job.loop)
            self.interrupt('callback', job.loop)

        job = CoroutineJob(manner=manner, first=send_two)
        self.jobs.append(job)
        result, exc = self.foreground(job.run(), loop)
        if loop is None:
            self.used_default(job.loop)
        self.check_interrupted(result, exc)
        job.was_cancelled()     # when the event loop runs again

    # SystemExit and KeyboardInterrupt end the run of an event loop.

    @rule_for(pending, coroutine, CoroutineJob.is_bomb)
    def exit_while_a_coroutine_waits(self, job):
        other = CoroutineJob()
        self.jobs.append(other)
        job.let_end()
        self.check_end(job, *self.foreground(other.run(), job.loop))
        other.was_cancelled()
        other.settled = True

    @rule_for(pending, coroutine, CoroutineJob.is_bomb)
    def exit_while_a_handle_waits(self, job):
        others = [other for other in self.jobs if other.loop is job.loop
                  and held(other) and pending(other) and other is not job]
        if others:
            job.let_end()
            self.check_end(job, *self.foreground(others[0].handle, job.loop))

    @rule_for(pending, coroutine, CoroutineJob.is_bomb, early=st.booleans())
    def exit_while_another_ends(self, job, early):
        other = CoroutineJob(steps=job.steps)
        other.let_end()
        if early:
            job.let_end()
        self.schedule(other, job.loop)
        if not early:
            job.let_end()
        result, exc = self.foreground(other.handle, job.loop)
        if exc is None:
            self.check_end(other, result, exc)
            result, exc = self.foreground(spin(), job.loop)
        self.check_end(job, result, exc)
        if self.goes_on:
            self.foreground(asyncio.sleep(0), job.loop)
        self.settle(job.loop)

    # What is refused.

    @stateful.rule(data=st.data())
    def nest(self, data):
        loop = self.draw_loop(data)
        inner = CoroutineJob()
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

    @rule_for(held)
    def schedule_what_is_scheduled(self, job):
        try:
            fgbg.schedule_coroutine(job.handle)
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
        job = CoroutineJob()
        self.in_thread(lambda: self.schedule(job, loop))

    @stateful.rule()
    def foreground_in_another_thread(self):
        job = CoroutineJob()
        job.let_end()

        def run():
            loop = asyncio.new_event_loop()
            asyncio.set_event_loop(loop)
            try:
                return self.foreground(job.run())
            finally:
                asyncio.set_event_loop(None)
                loop.close()

        self.check_end(job, *self.in_thread(run))


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
    pass


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


@unittest.skipIf(PYPY, 'uvloop does not serve PyPy')
class UvloopModelTests(UvloopTestCase, UvloopShell.TestCase):
    pass


@unittest.skipIf(PYPY, 'uvloop does not serve PyPy')
class UvloopTests(UvloopTestCase):
    def setUp(self):
        self.loop = asyncio.new_event_loop()
        self.addCleanup(self.loop.close)
        self.addCleanup(asyncio.set_event_loop, None)
        asyncio.set_event_loop(self.loop)

    def check_next_wait(self):
        self.assertEqual(fgbg.run_in_foreground(asyncio.sleep(0, 42)), 42)

    def test_exit_of_a_task_does_not_stop_the_next_wait(self):
        async def fail():
            raise SystemExit

        with self.assertRaises(SystemExit):
            fgbg.run_in_foreground(fgbg.schedule_coroutine(fail()))
        self.check_next_wait()

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

    def test_second_ctrl_c_does_not_stop_the_next_wait(self):
        task = fgbg.schedule_coroutine(asyncio.sleep(0.01))
        self.loop.call_soon(send_sigint)
        self.loop.call_soon(send_sigint)
        with self.assertRaises(KeyboardInterrupt):
            fgbg.run_in_foreground(task)
        self.check_next_wait()
        fgbg.run_in_foreground(task)


if __name__ == '__main__':
    unittest.main()
