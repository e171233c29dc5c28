"""What views and tasks do that are called in threads of a framework"""

import asyncio

from asyncio_fgbg import (
    call_in_background, run_in_foreground, schedule_coroutine,
)


def blocking_call():
    return 'called'


async def fetch():
    await asyncio.sleep(0.01)
    return 'fetched'


def run():
    async def work():
        call = call_in_background(blocking_call)
        task = schedule_coroutine(fetch())
        return f'{await call}, {await task}'

    return asyncio.run(work())


def runner():
    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        call = call_in_background(blocking_call, loop=loop)
        task = schedule_coroutine(fetch(), loop=loop)
        return ', '.join(['rendered', run_in_foreground(call, loop=loop),
                          run_in_foreground(task, loop=loop)])


def default():
    try:
        return run_in_foreground(call_in_background(blocking_call))
    except RuntimeError as exc:
        return str(exc)
