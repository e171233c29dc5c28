"""Doc/howto/examples/tool.py with anyio's portal: tool_portal.py FILE"""

import asyncio
import concurrent.futures
import signal
import sys

import aiosqlite
import anyio.from_thread
import tqdm

NUMBERS = range(3000, 3100)


def count_primes(number):
    return sum(all(n % d for d in range(2, n)) for n in range(2, number))


async def load_row(number, pool, database, bar):
    loop = asyncio.get_running_loop()
    count = await loop.run_in_executor(pool, count_primes, number)
    await database.execute('INSERT INTO primes VALUES (?, ?)',
                           (number, count))
    bar.update()


async def load(pool, database, bar):
    await database.execute('CREATE TABLE IF NOT EXISTS primes '
                           '(number INTEGER PRIMARY KEY, count)')
    rows = await database.execute_fetchall('SELECT number FROM primes')
    bar.update(len(rows))
    await asyncio.gather(*[
        load_row(number, pool, database, bar)
        for number in set(NUMBERS) - {number for number, in rows}])


def wait_for(future, bar):
    while True:
        try:
            return future.result()
        except KeyboardInterrupt:
            with bar.get_lock():    # or the bar would overwrite the question
                if input('\nGo on? [Y/n] ').lower().startswith('n'):
                    future.cancel()
                    sys.exit('stopped')


if __name__ == '__main__':      # or else each new process would do it, too
    pool = concurrent.futures.ProcessPoolExecutor(
        2, initializer=signal.signal,
        initargs=(signal.SIGINT, signal.SIG_IGN))
    with tqdm.tqdm(total=len(NUMBERS)) as bar, \
            anyio.from_thread.start_blocking_portal() as portal, \
            portal.wrap_async_context_manager(aiosqlite.connect(
                # Each statement is a transaction: a row is there, or not.
                sys.argv[1], isolation_level=None)) as database:
        wait_for(portal.start_task_soon(load, pool, database, bar), bar)
