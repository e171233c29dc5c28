# python -m pip install . aiosqlite
"""A database that is open over several calls, and closed at exit"""

import asyncio
import contextlib
import time

import aiosqlite

from asyncio_fgbg import run_in_foreground, schedule_coroutine
from connections_hold import hold


def slow(number):
    """What SQLite calls for each row, in the thread of the connection."""
    print('row', number, flush=True)
    time.sleep(0.1)
    return number ** 2


@contextlib.asynccontextmanager
async def open_database():
    try:
        async with aiosqlite.connect(':memory:') as db:
            await db.create_function('slow', 1, slow)
            yield db
    finally:
        print('closed')


db, holder = run_in_foreground(hold(open_database))
run_in_foreground(db.execute('create table numbers (number integer)'))
run_in_foreground(db.executemany('insert into numbers values (?)',
                                 [(number,) for number in range(20)]))
run_in_foreground(db.commit())

query = schedule_coroutine(
    db.execute_fetchall('select slow(number) from numbers'))
try:
    print('squares:', len(run_in_foreground(query)))
except KeyboardInterrupt:
    run_in_foreground(db.interrupt())   # or else wait for it once more
    run_in_foreground(asyncio.wait([query]))
    print('ended:', query.exception())
print('rows:', run_in_foreground(
    db.execute_fetchall('select count(*) from numbers')))
