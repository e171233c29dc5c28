# python -m pip install . pytest-asyncio
"""Tests with pytest-asyncio

Outside of the clone, which has settings of its own for pytest:
python -m pytest tests_pytest_asyncio.py
"""

import asyncio
import functools
import socket

import pytest
import pytest_asyncio

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


@pytest_asyncio.fixture
async def port():
    server = await asyncio.start_server(shout, '127.0.0.1', 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


@pytest.mark.asyncio
async def test_blocking_client(port):
    call = call_in_background(functools.partial(ask, port, b'hello\n'))
    assert await call == b'HELLO\n'


@pytest.mark.asyncio
async def test_background(port):
    task = schedule_coroutine(asyncio.open_connection('127.0.0.1', port))
    reader, writer = await task
    writer.write(b'bye\n')
    assert await reader.readline() == b'BYE\n'
    writer.close()


@pytest.mark.asyncio
async def test_foreground_is_refused():
    nothing = asyncio.sleep(0, 'slept')
    with pytest.raises(RuntimeError, match="use 'await'"):
        run_in_foreground(nothing)
    assert await nothing == 'slept'


def test_without_await():
    server = run_in_foreground(asyncio.start_server(shout, '127.0.0.1', 0))
    port = server.sockets[0].getsockname()[1]
    call = call_in_background(functools.partial(ask, port, b'hello\n'))
    assert run_in_foreground(call) == b'HELLO\n'
    server.close()
