# python -m pip install . asyncpg redis
"""PostgreSQL and Redis over several calls, and Ctrl-C that loses nothing"""

import asyncio
import contextlib
import sys

import asyncpg
import redis.asyncio

from asyncio_fgbg import run_in_foreground, schedule_coroutine
from connections_hold import hold

POSTGRESQL, REDIS = sys.argv[1:]    # URLs


@contextlib.asynccontextmanager
async def connect():
    async with asyncpg.create_pool(POSTGRESQL) as pool:
        async with redis.asyncio.from_url(REDIS) as client:
            await pool.execute('create table fgbg_example (number integer)')
            await client.rpush('fgbg_example', *range(1000))
            try:
                yield pool, client
            finally:
                await client.delete('fgbg_example')
                await pool.execute('drop table fgbg_example')


async def work():
    """Move what is in the list to the table."""
    while True:
        number = await client.lpop('fgbg_example')
        if number is None:
            return
        await pool.execute('insert into fgbg_example values ($1)', int(number))


def count():
    return run_in_foreground(
        pool.fetchval('select count(distinct number) from fgbg_example'))


(pool, client), holder = run_in_foreground(hold(connect))

# Results in the order in which they come
pending = {schedule_coroutine(pool.fetchval(
    'select $1::float from pg_sleep($1)', seconds))
    for seconds in (0.9, 0.1, 0.5)}
while pending:
    done, pending = run_in_foreground(asyncio.wait(
        pending, return_when=asyncio.FIRST_COMPLETED))
    for query in done:
        print('slept', query.result(), flush=True)

# Ctrl-C in the middle of a query, and on
print('asking', flush=True)
try:
    run_in_foreground(pool.execute('select pg_sleep(60)'))
except KeyboardInterrupt:
    print('interrupted, with', count(), 'rows', flush=True)

# What takes something away is scheduled first, and then waited for.
working = schedule_coroutine(work())
while not working.done():
    try:
        run_in_foreground(working)
    except KeyboardInterrupt:
        print('so far', count(), flush=True)
print('in all', count())

holder.cancel()         # close both; at exit, this is done as well
run_in_foreground(asyncio.wait([holder]))
print('closed')
