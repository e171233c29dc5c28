"""A model of a shell whose jobs are coroutines and calls

What a person can do at a prompt are the rules of a state machine, which
Hypothesis combines.  It knows what must have become of each job.
"""

import asyncio
import concurrent.futures
import contextlib
import gc
import inspect
import signal
import sys
import types

import hypothesis
from asyncio_fgbg import fgbg
from hypothesis import stateful
from shell_jobs import MANNERS, OUTCOMES, TIMEOUT, CallJob, CoroutineJob

st = hypothesis.strategies
sampled_from = st.sampled_from

CALLS = 4               # that are made at the same time
LOOPS = 4               # that are open at the same time
CAN_BE_SUSPENDED = (inspect.CO_GENERATOR | inspect.CO_COROUTINE
                    | inspect.CO_ASYNC_GENERATOR)


def rule_for(*conditions, **strategies):
    """Make a rule for one of the jobs that meet all the conditions."""
    def candidates(self):
        return [job for job in self.jobs
                if all(condition(job) for condition in conditions)]

    def decorate(function):
        def step(self, data, **kwargs):
            job = data.draw(sampled_from(candidates(self)), label='job')
            function(self, job, **kwargs)

        step.__name__ = function.__name__
        return stateful.precondition(candidates)(
            stateful.rule(data=st.data(), **strategies)(step))
    return decorate


def held(job):
    return job.handle is not None


def pending(job):
    return job.is_pending()


def harmless(job):
    return not job.is_bomb()


def unsettled(job):
    return not (job.settled or job.abandoned)


def coroutine(job):
    return isinstance(job, CoroutineJob)


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
        self.jobs = []
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
        owners = [job for job in self.jobs
                  if exc is not None and job.owns(exc)]
        for job in owners:
            job.logged += 1
        if not owners and not any(job.abandoned and job.loop is loop
                                  for job in self.jobs):
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
            return None, exc

    def schedule(self, job, loop=None):
        job.take(fgbg.schedule_coroutine(job.run(), loop=loop))
        self.jobs.append(job)
        if loop is None:
            self.used_default(job.loop)
        return job

    def check_end(self, job, result, exc):
        assert job.ends_with(result, exc), (job, result, exc)
        job.settled = True
        job.raised = exc is not None

    def settle(self, loop):
        """Run *loop* until everything has ended that may."""
        futures = [job.ref() for job in self.jobs
                   if job.loop is loop and not coroutine(job) and job.may_end]
        result, exc = self.foreground(spin(), loop)
        assert exc is None, exc
        for future in futures:
            if future is not None and not future.done():
                self.foreground(asyncio.wait([future]), loop)
        for job in self.jobs:
            if job.loop is loop and (job.may_end or job.cancelled):
                job.settled = True

    # The rules: into the background ...

    @stateful.rule(
        data=st.data(), outcome=sampled_from(list(OUTCOMES)),
        manner=sampled_from(MANNERS), steps=st.integers(0, 3))
    def schedule_coroutine(self, data, outcome, manner, steps):
        self.schedule(CoroutineJob(outcome, manner, steps),
                      self.draw_loop(data))

    @stateful.precondition(lambda self: self.pools and CALLS > sum(
        not (coroutine(job) or job.gate.is_set()) for job in self.jobs))
    @stateful.rule(data=st.data(), outcome=sampled_from(list(OUTCOMES)),
                   explicit=st.booleans())
    def call_in_background(self, data, outcome, explicit):
        loop = data.draw(sampled_from(list(self.pools)), label='loop')
        if explicit and outcome == 'StopIteration':
            outcome = 'exception'       # not every Python can do that
        job = CallJob(outcome)
        job.take(fgbg.call_in_background(
            job, loop=self.name(loop),
            executor=self.pools[loop][1] if explicit else None))
        self.jobs.append(job)
        assert job.loop is loop
        assert job.started.wait(TIMEOUT)

    @rule_for(pending, harmless)
    def let_end(self, job):
        job.let_end()

    @rule_for(held, unsettled)
    def cancel(self, job):
        if job.handle.cancel():
            job.was_cancelled()

    @rule_for(held, at_once=st.booleans())
    def drop(self, job, at_once):
        job.handle = None
        if at_once:
            self.collect()

    @stateful.rule()
    def collect(self):
        for loop in self.pools:     # a task is let go by a callback
            self.settle(loop)
        if self.find_kept():
            forget_frames()
            kept = self.find_kept()
            assert not kept, (kept, 'are kept')

    def find_kept(self):
        for _ in range(3):      # PyPy needs more than one
            gc.collect()
        return [job for job in self.jobs
                if (coroutine(job) and job.settled and job.handle is None
                    and job.loop in self.pools and not job.is_held()
                    and job.ref() is not None)]

    @stateful.rule(data=st.data())
    def run_for_a_while(self, data):
        loop = self.draw_loop(data)
        if loop is None and self.default_loop() is None:
            assert self.foreground(asyncio.sleep(0, 42)) == (42, None)
            self.used_default(asyncio.get_event_loop())
        else:
            self.settle(loop or self.default_loop())

    # ... and to the foreground.

    @rule_for(held)
    def foreground_handle(self, job):
        if pending(job):
            job.let_end()
        self.check_end(job, *self.foreground(job.handle, self.name(job.loop)))

    @rule_for(held, pending)
    def foreground_handle_of_another_loop(self, job):
        loop = asyncio.new_event_loop()
        result, exc = self.foreground(job.handle, loop)
        assert type(exc) is ValueError
        loop.close()

    @stateful.rule(
        data=st.data(), outcome=sampled_from(list(OUTCOMES)),
        steps=st.integers(0, 3))
    def foreground_coroutine(self, data, outcome, steps):
        loop = self.draw_loop(data)
        job = CoroutineJob(outcome, steps=steps)
        job.let_end()
        self.jobs.append(job)
        result, exc = self.foreground(job.run(), loop)
        if loop is None:
            self.used_default(job.loop)
        self.check_end(job, result, exc)

    @rule_for(held, harmless, gather=st.booleans())
    def foreground_all(self, job, gather):
        jobs = [other for other in self.jobs if other.loop is job.loop
                and held(other) and harmless(other)]
        for each in filter(pending, jobs):
            each.let_end()
        handles = [each.handle for each in jobs]
        loop = self.name(job.loop)
        if gather:
            results, exc = self.foreground(
                asyncio.gather(*handles, return_exceptions=True), loop)
            assert exc is None, exc
            for each, result in zip(jobs, results):
                returned = each.ends_with(result, None)
                self.check_end(each, result, None if returned else result)
        else:
            result, exc = self.foreground(asyncio.wait(handles), loop)
            assert result == (set(handles), set()), (result, exc)
            for each in jobs:
                each.settled = True

    @rule_for(held, harmless)
    def foreground_wait_for(self, job):
        if pending(job):
            job.let_end()
        self.check_end(job, *self.foreground(
            wait_for(job.handle, TIMEOUT), self.name(job.loop)))

    @rule_for(held, pending, harmless, timeout=sampled_from([0, 0.001]))
    def foreground_wait_for_too_long(self, job, timeout):
        if coroutine(job) and job.manner in ('return', 'fail'):
            job.manner = 'clean up'     # versions differ in what they do
        result, exc = self.foreground(
            wait_for(job.handle, timeout), self.name(job.loop))
        assert isinstance(exc, asyncio.TimeoutError), (result, exc)
        job.was_cancelled()

    # The event loop changes.

    @stateful.rule()
    def asyncio_run(self):
        job = CoroutineJob()
        job.let_end()
        self.check_end(job, asyncio.run(job.run()), None)
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
        jobs = [job for job in self.jobs if job.loop is loop]
        for job in jobs:
            if not coroutine(job):
                job.let_end()
        for pool in self.pools.pop(loop):
            pool.shutdown()
        self.settle(loop)
        loop.close()
        for job in jobs:
            job.abandoned = not job.settled
            job.handle = None

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
        for job in self.jobs:
            assert job.ends <= 1, (job, 'has ended twice')
            assert job.logged <= 1, (job, 'was logged twice')
            assert not (job.logged and job.raised
                        and not (self.goes_on and job.is_exit())
                        ), (job, 'was logged, too')
            if pending(job):
                assert not job.is_lost(), (job, 'is lost')
                assert job.ends == 0, job
                assert job.handle is None or not job.handle.done(), job
            elif job.settled:
                assert job.ref is None or job.is_done(), (job, 'is pending')
                assert job.ends == 1 or not coroutine(job), job

    def check_tasks(self):
        tasks = {job.ref() for job in self.jobs if job.ref is not None}
        for loop in self.pools:
            zombies = asyncio.all_tasks(loop) - tasks
            assert not zombies, zombies

    def end_everything(self):
        for job in self.jobs:
            if pending(job) and job.is_bomb():
                self.exit_of(job)
        for job in filter(pending, self.jobs):
            job.let_end()
        for job in filter(held, self.jobs):
            self.check_end(job, *self.foreground(job.handle, job.loop))
        for loop in list(self.pools):
            self.end_loop(loop)
        for job in self.jobs:
            assert job.abandoned or job.ends == 1, (job, 'has not ended')

    def exit_of(self, job):
        job.let_end()
        self.check_end(job, *self.foreground(spin(), job.loop))

    def teardown(self):
        try:
            if sys.exc_info()[0] is None:
                self.end_everything()
                self.check_jobs()
        finally:
            for loop in list(self.pools):
                self.end_loop(loop)
            asyncio.set_event_loop(None)
