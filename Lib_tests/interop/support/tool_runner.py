"""Doc/howto/examples/tool.py with asyncio.Runner: tool_runner.py FILE"""

import asyncio
import concurrent.futures
import signal
import sys

import aiosqlite
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


def wait_for(task, runner):
    while not task.done():
        try:
            runner.run(asyncio.wait([task]))    # Ctrl-C cancels this wait
        except KeyboardInterrupt:
            if input('\nGo on? [Y/n] ').lower().startswith('n'):
                sys.exit('stopped')     # what is in the background cleans up
    return task.result()


if __name__ == '__main__':      # or else each new process would do it, too
    pool = concurrent.futures.ProcessPoolExecutor(
        2, initializer=signal.signal,
        initargs=(signal.SIGINT, signal.SIG_IGN))
    with tqdm.tqdm(total=len(NUMBERS)) as bar, asyncio.Runner() as runner:
        task = runner.get_loop().create_task(load(sys.argv[1], pool, bar))
        wait_for(task, runner)
