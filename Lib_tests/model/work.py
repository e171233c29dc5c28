"""What test_model puts in the background, and what must become of it"""

import asyncio
import threading
import weakref

from support import TIMEOUT

OUTCOMES = {            # the simplest first
    'result': object,
    'exception': type('OrdinaryError', (Exception,), {}),
    'CancelledError': asyncio.CancelledError,
    'StopIteration': StopIteration,
    'SystemExit': SystemExit,
    'KeyboardInterrupt': KeyboardInterrupt,
}
# What a coroutine does when it is cancelled.
MANNERS = ['end', 'clean up', 'return', 'fail']


class Work:
    """A coroutine or a call, and what is known of its task or future."""

    def __init__(self, outcome):
        self.outcome = outcome
        self.value = OUTCOMES[outcome]()    # what it returns or raises
        self.handle = None          # the task or future, unless dropped
        self.ref = None             # a weak reference to it
        self.referrers = []         # weak references to futures of it
        self.loop = None
        self.may_end = False
        self.cancelled = 0          # how often
        self.settled = False        # whether it must have ended by now
        self.abandoned = False      # whether its event loop was closed
        self.ends = 0               # how often its code came to its end
        self.raised = False         # whether its exception was raised
        self.logged = 0             # how often it was logged

    def __repr__(self):
        return f'{type(self).__name__}({self.outcome!r}) at {id(self):#x}'

    def take(self, handle):
        self.handle = handle
        self.ref = weakref.ref(handle)
        self.loop = handle.get_loop()
        return handle

    def end(self):
        self.ends += 1
        if self.outcome == 'result':
            return self.value
        raise self.value

    def is_pending(self):
        return not (self.may_end or self.cancelled or self.abandoned)

    def is_done(self):
        future = self.ref()
        return future is None or future.done()

    def is_referred_to(self):
        """Return whether a future that is not done refers to it."""
        referrers = [ref() for ref in self.referrers]
        return any(referrer is not None and not referrer.done()
                   for referrer in referrers)

    def is_exit(self):
        return self.outcome in ('SystemExit', 'KeyboardInterrupt')

    def owns(self, exc):
        """Return whether *exc* is what it raises."""
        if self.outcome == 'StopIteration':
            exc = exc.__cause__
        return exc is self.value

    def ends_with(self, result, exc):
        """Return whether waiting for it must return or raise this."""
        if self.cancelled or self.outcome == 'CancelledError':
            return isinstance(exc, asyncio.CancelledError)
        if self.outcome == 'result':
            return exc is None and result is self.value
        return exc is not None and self.owns(exc)


class CoroutineWork(Work):
    def __init__(self, outcome='result', manner='end', steps=0, first=None):
        super().__init__(outcome)
        self.manner = manner
        self.steps = steps          # of the event loop, before it ends
        self.first = first          # is called when the coroutine starts
        self.started = False
        # The event loop must not need anybody who holds what it waits for.
        self.gate = None            # a weak reference
        self.error = OUTCOMES['exception']()

    async def run(self):
        self.started = True
        self.ref = weakref.ref(asyncio.current_task())
        self.loop = asyncio.get_event_loop()
        gate = self.loop.create_future()
        self.gate = weakref.ref(gate)
        if self.may_end:
            gate.set_result(None)
        if self.first is not None:
            self.first()
        try:
            await gate
            for _ in range(self.steps):
                await asyncio.sleep(0)
        except asyncio.CancelledError:
            if self.manner != 'end':
                try:
                    await asyncio.sleep(0)
                except asyncio.CancelledError:
                    assert self.cancelled > 1, 'cancelled once too often'
                    self.manner = 'end'
            self.ends += 1
            if self.manner == 'return':
                return self.value
            if self.manner == 'fail':
                raise self.error from None
            raise
        return self.end()

    def let_end(self):
        self.may_end = True
        if self.started:
            self.gate().set_result(None)

    def was_cancelled(self):
        self.cancelled += 1
        if not self.started:    # then none of its code ever runs
            self.manner = 'end'
            self.ends = 1

    def is_lost(self):
        return self.started and (self.gate() is None or self.gate().done())

    def is_bomb(self):
        """Return whether its end ends the run of the event loop."""
        return self.is_exit() and not self.cancelled and not self.settled

    def owns(self, exc):
        return exc is self.error or super().owns(exc)

    def ends_with(self, result, exc):
        if self.cancelled and self.manner == 'return':
            return exc is None and result is self.value
        if self.cancelled and self.manner == 'fail':
            return exc is self.error
        return super().ends_with(result, exc)


class CallWork(Work):
    def __init__(self, outcome='result'):
        super().__init__(outcome)
        self.started = threading.Event()
        self.gate = threading.Event()

    def __call__(self):
        self.started.set()
        assert self.gate.wait(TIMEOUT)
        return self.end()

    def let_end(self):
        self.may_end = True
        self.gate.set()

    def was_cancelled(self):
        self.cancelled += 1

    def is_lost(self):
        return False

    def is_bomb(self):
        return False
