# python -m pip install . flask gunicorn
"""A web application whose views are called in worker threads"""

import asyncio
import time

import flask

from asyncio_fgbg import (
    call_in_background, run_in_foreground, schedule_coroutine,
)

app = flask.Flask(__name__)


def blocking_call():
    time.sleep(0.1)
    return 'called'


async def fetch():
    await asyncio.sleep(0.1)
    return 'fetched'


@app.route('/run')
def with_asyncio_run():
    """Do work of this request's own: asyncio.run() closes the event loop."""
    async def work():
        call = call_in_background(blocking_call)
        task = schedule_coroutine(fetch())
        return f'{await call}, {await task}'

    return asyncio.run(work())


@app.route('/runner')
def with_runner():
    """Do something else meanwhile: the 'with' closes the event loop."""
    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        call = call_in_background(blocking_call, loop=loop)
        task = schedule_coroutine(fetch(), loop=loop)
        meanwhile = 'rendered'
        return ', '.join([meanwhile,
                          run_in_foreground(call, loop=loop),
                          run_in_foreground(task, loop=loop)])


@app.route('/default')
def with_default_loop():
    """Find out whether this thread has an event loop by default."""
    try:
        return run_in_foreground(call_in_background(blocking_call))
    except RuntimeError as exc:
        return str(exc), 500
