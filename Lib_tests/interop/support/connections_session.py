"""What a user does with connections at a terminal

Started with what to do, the name of a function below, and its arguments.
Where it says "stopped", no event loop runs until Enter is pressed.
"""

import asyncio
import contextlib
import sys
import threading
import time

import aiosqlite

from asyncio_fgbg import (
    call_in_background, run_in_foreground, schedule_coroutine,
)
from connections_hold import hold

SLOW = 'select pg_sleep(600)'


def say(*words):
    print(*words, flush=True)


def stop():
    say('stopped')
    sys.stdin.readline()


async def ask_for_ctrl_c():
    say('press Ctrl-C')     # now that something is waited for


def show(what, coroutine):
    """Print the result, or what is raised and its cause."""
    try:
        say(what, run_in_foreground(coroutine))
    except Exception as exc:
        say(what, type(exc).__name__, type(exc.__cause__).__name__)


def open_database():
    return aiosqlite.connect(':memory:')


# SQLite

def count_threads():
    """Say for how many threads the exit waits when the event loop is gone."""
    threads = [thread for thread in threading.enumerate() if not thread.daemon
               and thread is not threading.main_thread()]
    for thread in threads:
        thread.join(1)      # or else it waits for somebody who is gone
    say('waits for', sum(thread.is_alive() for thread in threads))


def leave(how):
    # Hooks are called in reverse order: this one after the event loop's.
    threading._register_atexit(count_threads)
    if how == 'held':
        db, _ = run_in_foreground(hold(open_database))
    else:
        db = run_in_foreground(open_database())
    show('answer:', db.execute_fetchall('select 42'))


def interrupt(ends):
    """Be interrupted while rows are inserted, which are not committed yet."""
    def slow(number):
        say('row', number)
        time.sleep(0.1)
        return number

    db, _ = run_in_foreground(hold(open_database))
    run_in_foreground(db.create_function('slow', 1, slow))
    run_in_foreground(db.execute('create table numbers (n)'))
    run_in_foreground(db.commit())
    run_in_foreground(db.executemany('insert into numbers values (?)',
                                     [(number,) for number in range(10)]))
    try:
        run_in_foreground(db.execute(
            'insert into numbers select slow(n) from numbers'))
    except KeyboardInterrupt:
        if ends == 'ends':
            run_in_foreground(db.interrupt())
    show('rows:', db.execute_fetchall('select count(*) from numbers'))


# PostgreSQL

async def make_pool(url, **settings):
    import asyncpg
    return await asyncpg.create_pool(url, min_size=1, max_size=1,
                                     server_settings=settings)


async def connect(url, **settings):
    import asyncpg
    return await asyncpg.connect(url, server_settings=settings)


async def in_transaction(db):
    async with db.transaction():
        await db.execute(SLOW)


def query(what, url):
    """Be interrupted in the middle of a query."""
    db = run_in_foreground((make_pool if what == 'pool' else connect)(url))
    try:
        run_in_foreground(in_transaction(db) if what == 'transaction'
                          else db.execute(SLOW))
    except KeyboardInterrupt:
        say('interrupted')
    stop()
    show('answer:', db.fetchval('select 42'))
    stop()
    run_in_foreground(db.close())


def first(what, url):
    """Make a pool where no event loop runs, as the first thing, or not."""
    import asyncpg
    make = {'here': lambda url: asyncpg.create_pool(url),
            'held': lambda url: hold(lambda: asyncpg.create_pool(url))}[what]
    try:
        run_in_foreground(make(url))
    except RuntimeError as exc:
        say('RuntimeError:', exc)
    else:
        say('a pool')


# Servers that close what is idle

def idle(what, url):
    make = make_pool if what == 'pool' else connect
    db = run_in_foreground(make(url, idle_session_timeout='1s',
                                application_name='idle'))
    show('before:', db.fetchval('select 1'))
    for what in 'first', 'second':
        stop()
        if what == 'second':
            run_in_foreground(asyncio.sleep(0))
        show(f'{what}:', db.fetchval('select 2'))
        show('again:', db.fetchval('select 3'))


def idle_redis(what, url):
    import redis.asyncio
    options = {'retries': {'retry_on_error': [redis.ConnectionError]},
               'plain': {}}
    client = run_in_foreground(hold(
        lambda: redis.asyncio.from_url(url, **options[what])))[0]
    show('before:', client.ping())
    stop()
    show('first:', client.ping())
    show('again:', client.ping())


# What takes something away

def take(how, url):
    """Take what is in a list while Ctrl-C is pressed many times."""
    import redis.asyncio
    client, _ = run_in_foreground(hold(lambda: redis.asyncio.from_url(url)))
    taken = []

    async def take_all():
        while True:
            _, item = await client.blpop('items')
            if item == b'end':
                break
            taken.append(item)

    taking = schedule_coroutine(take_all()) if how == 'scheduled' else None
    while True:
        try:
            schedule_coroutine(ask_for_ctrl_c())
            run_in_foreground(taking or take_all())
            break
        except KeyboardInterrupt:
            say('interrupted')
    say('taken:', len(taken))


# Results in the order in which they come

def order():
    """Be interrupted before the second result, which Enter brings."""
    pending = {call_in_background(sys.stdin.readline),
               schedule_coroutine(asyncio.sleep(0.1, 'first'))}
    while pending:
        try:
            schedule_coroutine(ask_for_ctrl_c())
            done, pending = run_in_foreground(asyncio.wait(
                pending, return_when=asyncio.FIRST_COMPLETED))
        except KeyboardInterrupt:
            say('interrupted')
        else:
            say('got', len(done), repr(done.pop().result()))


# Groups of tasks

def group(how):
    import anyio

    async def child():
        try:
            say('begins')
            await asyncio.sleep(600)
        finally:
            say('ends')

    async def start():
        if how == 'TaskGroup':
            tasks.create_task(child())
        else:
            tasks.start_soon(child)

    async def enter():
        return await anyio.create_task_group().__aenter__()

    if how == 'by hand':
        tasks = run_in_foreground(enter())
        try:
            run_in_foreground(tasks.__aexit__(None, None, None))
        except RuntimeError as exc:
            say('RuntimeError:', exc)
        return
    tasks, holder = run_in_foreground(hold(
        asyncio.TaskGroup if how == 'TaskGroup' else anyio.create_task_group))
    run_in_foreground(start())
    if how == 'told':
        holder.cancel()
        run_in_foreground(asyncio.wait([holder]))
    say('leaving')


# What people stumble over

@contextlib.asynccontextmanager
async def manager(how):
    try:
        if how == 'waits':
            say('opening')
            await asyncio.sleep(600)
        elif how == 'fails':
            raise OSError('no server')
        yield
    finally:
        say('closed')


def opening(how):
    try:
        run_in_foreground(hold(lambda: manager(how)))
    except (OSError, KeyboardInterrupt) as exc:
        say(type(exc).__name__)
    run_in_foreground(asyncio.sleep(0))
    say('leaving')


def other_loop(url):
    db = run_in_foreground(connect(url))
    try:
        asyncio.run(db.execute('select 1'))
    except RuntimeError as exc:
        say('RuntimeError:', exc)
    show('then:', db.execute('select 1'))


def two_queries(url):
    db = run_in_foreground(connect(url))
    task = schedule_coroutine(db.fetchval('select 1 from pg_sleep(0.1)'))
    try:
        run_in_foreground(db.execute('select 1'))
    except Exception as exc:
        say('second:', exc)
    show('first:', task)
    run_in_foreground(db.close())


def redis_client(url):
    """Be interrupted while Redis has no answer yet."""
    import redis.asyncio
    client, _ = run_in_foreground(hold(lambda: redis.asyncio.from_url(url)))
    show('before:', client.client_id())
    try:
        run_in_foreground(client.blpop('nothing'))
    except KeyboardInterrupt:
        show('after:', client.client_id())


if __name__ == '__main__':
    globals()[sys.argv[1]](*sys.argv[2:])
