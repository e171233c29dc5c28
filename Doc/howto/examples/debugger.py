# python -m pip install .
import asyncio
from asyncio_fgbg import run_in_foreground


async def fetch(word):
    await asyncio.sleep(0.01)
    return word.upper()


async def main(words):
    fetched = [await fetch(word) for word in words]
    breakpoint()        # in a coroutine: an event loop runs
    return fetched


words = ['hello']
breakpoint()            # not in a coroutine
print(run_in_foreground(main(words)))
