"""A busy background for the process under a storm of signals

Tasks, callbacks, timers, sockets and calls in threads go on for as long as
the event loop runs.  What must come of each is known, and what does not is
counted.
"""

import asyncio
import collections
import concurrent.futures
import functools
import gc
import random
import signal
import socket
import threading
import time

from asyncio_fgbg import (
    call_in_background, run_in_foreground, schedule_coroutine,
)
from support import PATIENCE

THREADS = 4
PATTERN = bytes(range(251))
DATA = PATTERN * 40


def open_gate(gate):
    if not gate.done():
        gate.set_result(None)


def pause(seconds):
    time.sleep(seconds)
    return seconds


class Work:
    """A coroutine with cleanup; without *seconds*, it waits at its gate."""

    def __init__(self, loop, seconds):
        self.value = object()
        self.seconds = seconds
        self.gate = loop.create_future()
        self.started = self.clean = self.ended = False

    async def run(self):
        self.started = True
        try:
            if self.seconds is None:
                await self.gate
            else:
                await asyncio.sleep(self.seconds)
            return self.value
        finally:
            try:
                for _ in range(3):
                    await asyncio.sleep(0)
                self.clean = True
            except asyncio.CancelledError:
                self.clean = True       # this is how asyncio ends a cleanup
                raise
            finally:
                self.ended = True


class Chain:
    """A callback that calls itself again, by what *call* does."""

    def __init__(self, storm, call):
        self.storm = storm
        self.call = call
        self.armed = self.fired = 0

    def arm(self):
        self.armed += 1
        self.call(self.fire)

    def fire(self):
        self.fired += 1
        if not self.storm.stopping and self in self.storm.chains:
            self.arm()


class Stream:
    """A connection on which data is always in flight."""

    def __init__(self, storm):
        self.storm = storm
        self.sockets = socket.socketpair()
        self.sent = self.received = 0
        self.intact = True

    async def write(self):
        _, writer = await asyncio.open_connection(sock=self.sockets[0])
        try:
            while not self.storm.stopping:
                size = self.storm.random.randint(1, 5000)
                start = self.sent % len(PATTERN)
                writer.write(DATA[start:start + size])
                self.sent += size
                await writer.drain()
                await asyncio.sleep(0)
        finally:
            writer.close()

    async def read(self):
        reader, writer = await asyncio.open_connection(sock=self.sockets[1])
        try:
            while True:
                data = await reader.read(4096)
                if not data:
                    break
                start = self.received % len(PATTERN)
                self.intact &= data == DATA[start:start + len(data)]
                self.received += len(data)
        finally:
            writer.close()


class Background:
    """What goes on in the background, and the account of what is lost."""

    def __init__(self, loop, *, seed, quiet=False):
        self.loop = loop
        self.quiet = quiet              # there is nothing in the background
        self.losses = collections.Counter()
        self.notes = []
        self.random = random.Random(seed)
        loop.set_exception_handler(self.handle_exception)
        # Signals may go to any thread: these have SIGINT blocked if the one
        # that starts them has.
        self.executor = concurrent.futures.ThreadPoolExecutor(THREADS)
        barrier = threading.Barrier(THREADS)
        for future in [self.executor.submit(barrier.wait)
                       for _ in range(THREADS)]:
            future.result()
        loop.set_default_executor(self.executor)
        self.start()

    def lose(self, what, note):
        self.losses[what] += 1
        self.notes.append(f'{what}: {note}'[:300])

    def handle_exception(self, loop, context):
        self.lose('logged', repr(context))

    def start(self):
        self.owed = []          # future, result, the gate that it waits at
        self.works = []
        self.start_background()

    def start_background(self):
        self.stopping = False
        self.tasks = []
        self.chains = []
        self.streams = []
        if self.quiet:
            return
        for call in (self.loop.call_soon, self.call_later,
                     self.call_from_thread):
            chain = Chain(self, call)
            self.chains.append(chain)
            chain.arm()
        self.streams = [Stream(self), Stream(self)]
        self.tasks = [schedule_coroutine(function()) for function in (
            *[self.spin] * 3, *[self.doze] * 2, *[self.call] * 2,
            *[stream.write for stream in self.streams],
            *[stream.read for stream in self.streams])]

    async def spin(self):
        while not self.stopping:
            await asyncio.sleep(0)

    async def doze(self):
        while not self.stopping:
            await asyncio.sleep(self.random.uniform(0, 0.002))

    async def call(self):
        while not self.stopping:
            seconds = self.random.uniform(0, 0.002)
            call = functools.partial(pause, seconds)
            if await call_in_background(call) != seconds:
                self.lose('results', 'another result of a call')

    def call_later(self, callback):
        self.loop.call_later(self.random.uniform(0, 0.002), callback)

    def call_from_thread(self, callback):
        call_in_background(functools.partial(self.loop.call_soon_threadsafe,
                                             callback))

    def check_background(self):
        """Count what is broken; return whether anything is."""
        known = len(self.notes)
        alive = asyncio.all_tasks(self.loop)
        for task in self.tasks:
            if task.done():
                if task.cancelled() or task.exception() is not None:
                    self.lose('killed', repr(task))
            elif task not in alive:
                self.lose('zombies', f'not in all_tasks(): {task!r}')
        for chain in self.chains:
            # One call is due until they stop.
            if chain.armed - chain.fired != (not self.stopping):
                self.lose('callbacks', f'cut short: {chain.call}')
        if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
            self.lose('handlers', repr(signal.getsignal(signal.SIGINT)))
            signal.signal(signal.SIGINT, signal.default_int_handler)
        return len(self.notes) > known

    def mend_background(self):
        """Put another one in the place of one that is broken."""
        for task in self.tasks:
            task.cancel()
        self.start_background()

    def settle(self):
        """Let everything end, and count what does not."""
        self.stopping = True
        gates = [work.gate for work in self.works]
        for gate in gates + [gate for *_, gate in self.owed]:
            if gate is not None:
                open_gate(gate)
        run_in_foreground(self.end(
            {*self.tasks, *(future for future, *_ in self.owed)}))
        for future, value, _ in self.owed:
            if not future.done():
                self.lose('results', f'still pending: {future!r}')
            elif future.cancelled() or future.exception() is not None:
                self.lose('results', repr(future))
            elif future.result() != value:
                self.lose('results', f'another one: {future!r}')
        self.check_background()
        for stream in self.streams:
            if stream.sent != stream.received or not stream.intact:
                self.lose('callbacks', f'{stream.sent} bytes sent, '
                                       f'{stream.received} received')
        zombies = asyncio.all_tasks(self.loop)
        for work in self.works:
            if work.ended or not zombies:
                self.check_work(work)
        for task in zombies:
            self.lose('zombies', repr(task))
            task.cancel()
        gc.collect()
        run_in_foreground(asyncio.sleep(0.01))

    def close(self):
        self.settle()
        self.executor.shutdown()
        self.loop.close()

    def check_work(self, work):
        if work.started and not work.ended:
            self.lose('zombies', 'a coroutine goes on after its wait')
        elif work.started and not work.clean:
            self.lose('results', 'a coroutine did not clean up')

    async def end(self, futures):
        if futures:
            await asyncio.wait(futures, timeout=PATIENCE)
        patience = time.monotonic() + PATIENCE
        while (any(chain.armed != chain.fired for chain in self.chains)
               or asyncio.all_tasks() != {asyncio.current_task()}
        ):
            await asyncio.sleep(0.001)
            if time.monotonic() > patience:
                break
