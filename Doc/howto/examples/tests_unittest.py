# python -m pip install .
"""Tests with unittest: python -m unittest tests_unittest.py"""

import asyncio
import functools
import socket
import unittest

from asyncio_fgbg import (
    call_in_background, run_in_foreground, schedule_coroutine,
)


async def shout(reader, writer):
    writer.write((await reader.readline()).upper())
    writer.close()


def ask(port, line):
    """Ask in the blocking way."""
    with socket.create_connection(('127.0.0.1', port)) as connection:
        connection.sendall(line)
        with connection.makefile('rb') as stream:
            return stream.readline()


class AsyncTests(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        server = await asyncio.start_server(shout, '127.0.0.1', 0)
        self.addCleanup(server.close)
        self.port = server.sockets[0].getsockname()[1]

    async def test_blocking_client(self):
        call = call_in_background(functools.partial(ask, self.port, b'a\n'))
        self.assertEqual(await call, b'A\n')

    async def test_background(self):
        task = schedule_coroutine(
            asyncio.open_connection('127.0.0.1', self.port))
        reader, writer = await task
        writer.write(b'bye\n')
        self.assertEqual(await reader.readline(), b'BYE\n')
        writer.close()

    async def test_foreground_is_refused(self):
        nothing = asyncio.sleep(0, 'slept')
        with self.assertRaisesRegex(RuntimeError, "use 'await'"):
            run_in_foreground(nothing)
        self.assertEqual(await nothing, 'slept')


class SynchronousTests(unittest.TestCase):
    def test_without_await(self):
        server = run_in_foreground(asyncio.start_server(shout, '127.0.0.1', 0))
        self.addCleanup(server.close)
        port = server.sockets[0].getsockname()[1]
        call = call_in_background(functools.partial(ask, port, b'hello\n'))
        self.assertEqual(run_in_foreground(call), b'HELLO\n')


if __name__ == '__main__':
    unittest.main()
