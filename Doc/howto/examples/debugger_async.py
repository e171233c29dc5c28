# python -m pip install .
import asyncio
import pdb


async def fetch(word):
    await asyncio.sleep(0.01)
    return word.upper()


async def main(words):
    fetched = [await fetch(word) for word in words]
    await pdb.set_trace_async()
    return fetched


print(asyncio.run(main(['hello', 'bye'])))
