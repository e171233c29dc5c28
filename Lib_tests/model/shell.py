"""A model of a shell with coroutines and calls in its background

What a person can do at a prompt are the rules of a state machine, which
Hypothesis combines.  It knows what must have become of each one.
"""

import asyncio
import concurrent.futures
import contextlib
import gc
import inspect
import signal
import sys
import threading
import types
import weakref

import hypothesis
from asyncio_fgbg import fgbg
from hypothesis import stateful

from support import TIMEOUT
from support.cpython import PYPY
from support.sigint import send_sigint

from .work import MANNERS, OUTCOMES, CallWork, CoroutineWork

st = hypothesis.strategies
sampled_from = st.sampled_from

CALLS = 4               # that are made at the same time
LOOPS = 4               # that are open at the same time
SENDERS = ['callback', 'innocent task', 'thread']
TWICE = ['twice', 'twice, soon']
CAN_BE_SUSPENDED = (inspect.CO_GENERATOR | inspect.CO_COROUTINE
                    | inspect.CO_ASYNC_GENERATOR)


def rule_for(*conditions, **strategies):
    """Make a rule for work that meets all the conditions."""
    def candidates(self):
        return [work for work in self.works
                if all(condition(work) for condition in conditions)]

    def decorate(function):
        def step(self, data, **kwargs):
            work = data.draw(sampled_from(candidates(self)), label='work')
            function(self, work, **kwargs)

        step.__name__ = function.__name__
        return stateful.precondition(candidates)(
            stateful.rule(data=st.data(), **strategies)(step))
    return decorate


def has_handle(work):
    return work.handle is not None


def pending(work):
    return work.is_pending()


def harmless(work):
    return not work.is_bomb()


def unsettled(work):
    return not (work.settled or work.abandoned)


def coroutine(work):
    return isinstance(work, CoroutineWork)


async def spin():
    for _ in range(20):     # more than any coroutine needs to end
        await asyncio.sleep(0)


async def wait_for(awaitable, timeout):
    return await asyncio.wait_for(awaitable, timeout)


def forget_frames():
    # Those of what has ended still refer to tasks.  Both exceptions and tasks
    # refer to them, and they to their callers.
    for obj in gc.get_objects():
        if issubclass(type(obj), BaseException):
            obj.__traceback__ = None
        elif (type(obj) is types.FrameType
              and not obj.f_code.co_flags & CAN_BE_SUSPENDED
        ):
            with contextlib.suppress(RuntimeError):     # it is running
                obj.clear()


class Shell(stateful.RuleBasedStateMachine):
    """What a person can do at a prompt."""

    goes_on = False         # for one more iteration, after an exit
    sender = None           # the last thread that sent SIGINT

    def __init__(self):
        super().__init__()
        if hasattr(gc, 'freeze'):       # not on PyPy
            # Hypothesis remembers all examples: the collector would look at
            # more and more objects.
            gc.collect()
            gc.freeze()
        asyncio.set_event_loop(None)
        self.set_loop = None    # the event loop that is set for this thread
        self.own_loop = None    # the last one that the helpers made
        self.pools = {}         # open event loops, each with two executors
        self.works = []
        self.unexpected = []    # what was logged for no good reason

    # The event loops.

    def default_loop(self):
        for loop in self.set_loop, self.own_loop:
            if loop is not None and not loop.is_closed():
                return loop
        return None

    def add_loop(self, loop):
        # nest() needs a thread, too.
        pools = [concurrent.futures.ThreadPoolExecutor(CALLS + 1)
                 for _ in range(2)]
        loop.set_default_executor(pools[0])
        loop.set_exception_handler(self.log)
        self.pools[loop] = pools

    def used_default(self, loop):
        """Check that *loop* is what loop=None had to mean."""
        expected = self.default_loop()
        if expected is None:
            assert loop not in self.pools
            self.add_loop(loop)
            self.own_loop = loop
        else:
            assert loop is expected
        self.set_loop = loop

    def log(self, loop, context):
        exc = context.get('exception')
        owners = [work for work in self.works
                  if exc is not None and work.owns(exc)]
        for work in owners:
            work.logged += 1
        if not owners and not any(work.abandoned and work.loop is loop
                                  for work in self.works):
            self.unexpected.append(context['message'])

    def draw_loop(self, data):
        return data.draw(sampled_from([None, *self.pools]), label='loop')

    def name(self, loop):
        """Return *loop*, or None if that means the same."""
        return None if loop is self.default_loop() else loop

    # What the rules have in common.

    def foreground(self, awaitable, loop=None):
        try:
            return fgbg.run_in_foreground(awaitable, loop=loop), None
        except BaseException as exc:
            if self.goes_on and not isinstance(exc, Exception):
                # What stops the event loop then would end the next wait.
                with contextlib.suppress(RuntimeError):
                    fgbg.run_in_foreground(spin(), loop=loop)
            return None, exc

    def foreground_new(self, work, loop):
        """Wait for a coroutine that nobody else holds."""
        self.works.append(work)
        result, exc = self.foreground(work.run(), loop)
        if loop is None:
            self.used_default(work.loop)
        return result, exc

    def schedule(self, work, loop=None):
        work.take(fgbg.schedule_coroutine(work.run(), loop=loop))
        self.works.append(work)
        if loop is None:
            self.used_default(work.loop)
        return work

    def check_end(self, work, result, exc):
        assert work.ends_with(result, exc), (work, result, exc)
        work.settled = True
        work.raised = exc is not None

    def settle(self, loop):
        """Run *loop* until everything has ended that may."""
        futures = [work.ref() for work in self.works if work.loop is loop
                   and work.may_end and not coroutine(work)]
        result, exc = self.foreground(spin(), loop)
        assert exc is None, exc
        for future in futures:
            if future is not None and not future.done():
                self.foreground(asyncio.wait([future]), loop)
        for work in self.works:
            if work.loop is loop and (work.may_end or work.cancelled):
                work.settled = True

    # The rules: into the background ...

    @stateful.rule(
        data=st.data(), outcome=sampled_from(list(OUTCOMES)),
        manner=sampled_from(MANNERS), steps=st.integers(0, 3))
    def schedule_coroutine(self, data, outcome, manner, steps):
        self.schedule(CoroutineWork(outcome, manner, steps),
                      self.draw_loop(data))

    @stateful.precondition(lambda self: self.pools and CALLS > sum(
        not (coroutine(work) or work.gate.is_set()) for work in self.works))
    @stateful.rule(data=st.data(), outcome=sampled_from(list(OUTCOMES)),
                   explicit=st.booleans())
    def call_in_background(self, data, outcome, explicit):
        loop = data.draw(sampled_from(list(self.pools)), label='loop')
        if explicit and outcome == 'StopIteration':
            outcome = 'exception'       # not every Python can do that
        work = CallWork(outcome)
        work.take(fgbg.call_in_background(
            work, loop=self.name(loop),
            executor=self.pools[loop][1] if explicit else None))
        self.works.append(work)
        assert work.loop is loop
        assert work.started.wait(TIMEOUT)

    @rule_for(pending, harmless)
    def let_end(self, work):
        work.let_end()

    @rule_for(has_handle, unsettled)
    def cancel(self, work):
        if work.handle.cancel():
            work.was_cancelled()

    @rule_for(has_handle, at_once=st.booleans())
    def drop(self, work, at_once):
        work.handle = None
        if at_once:
            self.collect()

    @stateful.rule()
    def collect(self):
        for loop in self.pools:     # a task is let go by a callback
            self.settle(loop)
        if self.find_leaked():
            forget_frames()
            leaked = self.find_leaked()
            assert not leaked, (leaked, 'are still there')

    def find_leaked(self):
        for _ in range(3):      # PyPy needs more than one
            gc.collect()
        return [work for work in self.works
                if (coroutine(work) and work.settled and work.handle is None
                    and work.loop in self.pools and not work.is_referred_to()
                    and work.ref() is not None)]

    @stateful.rule(data=st.data())
    def run_for_a_while(self, data):
        loop = self.draw_loop(data)
        if loop is None and self.default_loop() is None:
            assert self.foreground(asyncio.sleep(0, 42)) == (42, None)
            self.used_default(asyncio.get_event_loop())
        else:
            self.settle(loop or self.default_loop())

    # ... and to the foreground.

    @rule_for(has_handle)
    def foreground_handle(self, work):
        if pending(work):
            work.let_end()
        self.check_end(
            work, *self.foreground(work.handle, self.name(work.loop)))

    @rule_for(has_handle, pending)
    def foreground_handle_of_another_loop(self, work):
        loop = asyncio.new_event_loop()
        result, exc = self.foreground(work.handle, loop)
        assert type(exc) is ValueError
        loop.close()

    @stateful.rule(
        data=st.data(), outcome=sampled_from(list(OUTCOMES)),
        steps=st.integers(0, 3))
    def foreground_coroutine(self, data, outcome, steps):
        loop = self.draw_loop(data)
        work = CoroutineWork(outcome, steps=steps)
        work.let_end()
        self.check_end(work, *self.foreground_new(work, loop))

    @rule_for(has_handle, harmless, gather=st.booleans())
    def foreground_all(self, work, gather):
        works = [other for other in self.works if other.loop is work.loop
                 and has_handle(other) and harmless(other)]
        for each in filter(pending, works):
            each.let_end()
        handles = [each.handle for each in works]
        loop = self.name(work.loop)
        if gather:
            results, exc = self.foreground(
                asyncio.gather(*handles, return_exceptions=True), loop)
            assert exc is None, exc
            for each, result in zip(works, results):
                returned = each.ends_with(result, None)
                self.check_end(each, result, None if returned else result)
        else:
            result, exc = self.foreground(asyncio.wait(handles), loop)
            assert result == (set(handles), set()), (result, exc)
            for each in works:
                each.settled = True

    @rule_for(has_handle, harmless)
    def foreground_wait_for(self, work):
        if pending(work):
            work.let_end()
        self.check_end(work, *self.foreground(
            wait_for(work.handle, TIMEOUT), self.name(work.loop)))

    @rule_for(has_handle, pending, harmless, timeout=sampled_from([0, 0.001]))
    def foreground_wait_for_too_long(self, work, timeout):
        if coroutine(work) and work.manner in ('return', 'fail'):
            work.manner = 'clean up'    # versions differ in what they do
        result, exc = self.foreground(
            wait_for(work.handle, timeout), self.name(work.loop))
        assert isinstance(exc, asyncio.TimeoutError), (result, exc)
        work.was_cancelled()

    # The event loop changes.

    @stateful.rule()
    def asyncio_run(self):
        work = CoroutineWork()
        work.let_end()
        self.check_end(work, asyncio.run(work.run()), None)
        self.set_loop = None

    @stateful.precondition(lambda self: len(self.pools) < LOOPS)
    @stateful.rule()
    def set_new_loop(self):
        self.set_loop = asyncio.new_event_loop()
        self.add_loop(self.set_loop)
        asyncio.set_event_loop(self.set_loop)

    @stateful.rule(data=st.data())
    def set_event_loop(self, data):
        self.set_loop = self.draw_loop(data)
        asyncio.set_event_loop(self.set_loop)

    @stateful.precondition(lambda self: self.pools)
    @stateful.rule(data=st.data())
    def close_loop(self, data):
        self.end_loop(data.draw(sampled_from(list(self.pools)), label='loop'))

    def end_loop(self, loop):
        works = [work for work in self.works if work.loop is loop]
        for work in works:
            if not coroutine(work):
                work.let_end()
        for pool in self.pools.pop(loop):
            pool.shutdown()
        self.settle(loop)
        loop.close()
        for work in works:
            work.abandoned = not work.settled
            work.handle = None

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
        elif sender in TWICE:
            self.interrupt('callback', loop)
            if sender == 'twice, soon':
                self.interrupt('callback', loop)
            else:       # when the event loop has seen the first one
                loop.call_soon(self.interrupt, 'callback', loop)
        elif sender == 'thread':
            self.ended = threading.Event()
            self.sender = threading.Thread(target=send_from_thread)
            loop.call_soon(self.sender.start)
        else:
            work = CoroutineWork(steps=1, first=send)
            work.let_end()
            self.schedule(work, loop)

    # Ctrl-C.

    @rule_for(has_handle, pending, sender=sampled_from(SENDERS + TWICE))
    def interrupt_handle(self, work, sender):
        self.interrupt(sender, work.loop)
        self.check_interrupted(
            *self.foreground(work.handle, self.name(work.loop)))

    @stateful.rule(data=st.data(), sender=sampled_from(SENDERS + TWICE),
                   manner=sampled_from(MANNERS))
    def interrupt_coroutine(self, data, sender, manner):
        work = CoroutineWork(
            manner=manner, first=lambda: self.interrupt(sender, work.loop))
        result, exc = self.foreground_new(work, self.draw_loop(data))
        self.check_interrupted(result, exc)
        if sender in TWICE:
            # It is cancelled when the event loop runs again.
            assert work.ends == 0 or self.goes_on, 'the cleanup was waited for'
        else:
            work.settled = work.raised = True
            assert exc.__cause__ is (work.error if manner == 'fail' else None)
        work.was_cancelled()

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

    # SystemExit and KeyboardInterrupt end the run of an event loop.

    @rule_for(pending, coroutine, CoroutineWork.is_bomb)
    def exit_while_a_coroutine_waits(self, work):
        other = CoroutineWork()
        work.let_end()
        self.check_end(work, *self.foreground_new(other, work.loop))
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

    # What must be so after each step.

    @stateful.invariant()
    def all_is_well(self):
        self.check_process()
        self.check_jobs()
        self.check_tasks()

    def check_process(self):
        handler = signal.getsignal(signal.SIGINT)
        assert handler is signal.default_int_handler, handler
        assert asyncio._get_running_loop() is None
        assert not self.unexpected, self.unexpected

    def check_jobs(self):
        for work in self.works:
            assert work.ends <= 1, (work, 'has ended twice')
            assert work.logged <= 1, (work, 'was logged twice')
            assert not (work.logged and work.raised
                        and not (self.goes_on and work.is_exit())
                        ), (work, 'was logged, too')
            if pending(work):
                assert not work.is_lost(), (work, 'is lost')
                assert work.ends == 0, work
                assert work.handle is None or not work.handle.done(), work
            elif work.settled:
                assert work.ref is None or work.is_done(), (work, 'is pending')
                assert work.ends == 1 or not coroutine(work), work

    def check_tasks(self):
        tasks = {work.ref() for work in self.works if work.ref is not None}
        for loop in self.pools:
            zombies = asyncio.all_tasks(loop) - tasks
            assert not zombies, zombies

    def end_everything(self):
        for work in self.works:
            if pending(work) and work.is_bomb():
                self.exit_of(work)
        for work in filter(pending, self.works):
            work.let_end()
        for work in filter(has_handle, self.works):
            self.check_end(work, *self.foreground(work.handle, work.loop))
        for loop in list(self.pools):
            self.end_loop(loop)
        for work in self.works:
            assert work.abandoned or work.ends == 1, (work, 'has not ended')

    def exit_of(self, work):
        work.let_end()
        self.check_end(work, *self.foreground(spin(), work.loop))

    def teardown(self):
        try:
            if sys.exc_info()[0] is None:
                self.end_everything()
                self.check_jobs()
        finally:
            for loop in list(self.pools):
                self.end_loop(loop)
            asyncio.set_event_loop(None)
