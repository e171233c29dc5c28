"""What the tests of the places type at the prompts"""

import asyncio
import io
import os
import sys

__all__ = ['wait', 'tell', 'clean_up', 'tee', 'until', 'app',
           'get']


async def wait():
    """Print, wait to be cancelled, and print then."""
    print('waiting')
    try:
        # No Ctrl-C is lost on an event loop that wakes up now and then.
        while True:
            await asyncio.sleep(0.1)
    finally:
        await asyncio.sleep(0.01)
        print('cleaned up')


async def tell():
    """Print after a while."""
    await asyncio.sleep(0.01)
    print('progress', flush=True)


async def clean_up():
    """Wait to be cancelled, and print then."""
    try:
        await asyncio.sleep(3600)
    finally:
        await asyncio.sleep(0.01)
        print('cleaned up at exit')


async def until(condition):
    """Wait until a callable returns something true."""
    while not condition():
        await asyncio.sleep(0.01)


class Tee(io.TextIOBase):
    def __init__(self, file):
        self.file = file

    def write(self, text):
        with open(os.environ['FGBG_TEE'], 'a', encoding='utf-8') as file:
            file.write(text)
        return self.file.write(text)

    def flush(self):
        self.file.flush()


def tee():
    """From now on, write what is shown to the file FGBG_TEE as well."""
    sys.stdout, sys.stderr = Tee(sys.stdout), Tee(sys.stderr)


async def app(scope, receive, send):
    """Answer, as an ASGI application."""
    if scope['type'] == 'http':
        await send({'type': 'http.response.start', 'status': 200,
                    'headers': [(b'content-length', b'2')]})
        await send({'type': 'http.response.body', 'body': b'42'})


async def get(port):
    """Return what the server at *port* answers."""
    while True:
        try:
            reader, writer = await asyncio.open_connection('127.0.0.1', port)
            break
        except ConnectionError:         # it is about to start
            await asyncio.sleep(0.01)
    writer.write(b'GET / HTTP/1.1\r\nHost: localhost\r\n'
                 b'Connection: close\r\n\r\n')
    text = await reader.read()
    writer.close()
    return text.decode().split('\r\n')[-1]
