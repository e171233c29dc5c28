"""Doc/howto/examples/tool.py with PostgreSQL: tool_postgresql.py URL"""

import asyncio
import concurrent.futures
import functools
import signal
import sys

import asyncpg
import tqdm

from asyncio_fgbg import (
    call_in_background, run_in_foreground, schedule_coroutine,
)

NUMBERS = range(3000, 3100)


def count_primes(number):
    return sum(all(n % d for d in range(2, n)) for n in range(2, number))


async def load_row(number, pool, database, bar):
    call = functools.partial(count_primes, number)
    count = await call_in_background(call, executor=pool)
    await database.execute('INSERT INTO primes VALUES ($1, $2)',
                           number, count)
    bar.update()


async def load(url, pool, bar):
    async with asyncpg.create_pool(url, min_size=2, max_size=2) as database:
        await database.execute('CREATE TABLE IF NOT EXISTS primes '
                               '(number integer PRIMARY KEY, count integer)')
        rows = await database.fetch('SELECT number FROM primes')
        bar.update(len(rows))
        await asyncio.gather(*[
            load_row(number, pool, database, bar)
            for number in set(NUMBERS) - {number for number, in rows}])


def wait_for(task):
    while True:
        try:
            return run_in_foreground(task)
        except KeyboardInterrupt:
            if input('\nGo on? [Y/n] ').lower().startswith('n'):
                sys.exit('stopped')     # what is in the background cleans up


if __name__ == '__main__':      # or else each new process would do it, too
    pool = concurrent.futures.ProcessPoolExecutor(
        2, initializer=signal.signal,
        initargs=(signal.SIGINT, signal.SIG_IGN))
    with tqdm.tqdm(total=len(NUMBERS)) as bar:
        wait_for(schedule_coroutine(load(sys.argv[1], pool, bar)))
