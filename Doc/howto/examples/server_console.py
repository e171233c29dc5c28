# python -m pip install .
"""An echo server, with a console for its operator in the same process"""

import asyncio
import functools
import os
import signal
import sys
import time

from asyncio_fgbg import (
    call_in_background, run_in_foreground, schedule_coroutine,
)


def shout(line):
    time.sleep(0.02)        # a blocking call, of a database perhaps
    return line.upper()


class Server:
    def __init__(self):
        self.requests = set()
        self.stopping = asyncio.Event()
        self.go = asyncio.Event()
        self.go.set()

    async def connected(self, reader, writer):
        async for line in reader:
            request = schedule_coroutine(self.answer(line, writer))
            self.requests.add(request)
            try:
                await request
            finally:
                self.requests.remove(request)

    async def answer(self, line, writer):
        await self.go.wait()
        writer.write(await call_in_background(functools.partial(shout, line)))
        await writer.drain()

    def command(self):
        """Do what the operator typed; a terminal hands on line by line."""
        text = os.read(sys.stdin.fileno(), 1024)
        command = text.decode().strip()
        if not text:        # the end of a file is there to be read for ever
            asyncio.get_running_loop().remove_reader(sys.stdin)
        elif command == 'status':
            print(len(self.requests), 'requests', flush=True)
        elif command == 'pause':
            self.go.clear()
            print('paused', flush=True)
        elif command == 'resume':
            self.go.set()
        elif command == 'stop':
            self.stopping.set()
        else:
            print('commands: status pause resume stop', flush=True)

    async def finish(self):
        """Answer what was asked."""
        self.go.set()
        if self.requests:
            await asyncio.wait(self.requests)


async def serve():
    server = Server()
    listener = await asyncio.start_server(server.connected, '127.0.0.1', 0)
    print('port', listener.sockets[0].getsockname()[1], flush=True)
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, server.stopping.set)
    loop.add_reader(sys.stdin, server.command)
    return server, listener


server, listener = run_in_foreground(serve())
try:
    run_in_foreground(server.stopping.wait())
except KeyboardInterrupt:
    print('interrupted')    # the wait has ended, and nothing else
listener.close()
run_in_foreground(server.finish())
print('answered')
