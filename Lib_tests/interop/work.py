"""What the tests of the places type at the prompts"""

import asyncio
import io
import os
import sys

__all__ = ['wait', 'tell', 'clean_up', 'tee']


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
