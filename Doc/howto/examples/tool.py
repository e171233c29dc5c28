# python -m pip install . aiosqlite tqdm
"""Count primes in processes, load the counts into a database: tool.py FILE

Started again, it loads the rows that are missing.
"""

import asyncio
import concurrent.futures
import functools
import signal
import sys

import aiosqlite
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
    await database.execute('INSERT INTO primes VALUES (?, ?)',
                           (number, count))
    bar.update()


async def load(path, pool, bar):
    # Each statement is a transaction: a row is there, or it is not.
    async with aiosqlite.connect(path, isolation_level=None) as database:
        await database.execute('CREATE TABLE IF NOT EXISTS primes '
                               '(number INTEGER PRIMARY KEY, count)')
        rows = await database.execute_fetchall('SELECT number FROM primes')
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
