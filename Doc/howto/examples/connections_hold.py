"""A task that holds an "async with" over several calls"""

import asyncio

from asyncio_fgbg import schedule_coroutine


async def hold(make):
    """Enter what *make* returns; return its value and the task that holds it.

    The task leaves it when it is cancelled: by you, or at exit.
    """
    entered = asyncio.get_running_loop().create_future()

    async def enter_and_leave():
        async with make() as value:
            entered.set_result(value)
            await asyncio.Event().wait()    # until it is cancelled

    holder = schedule_coroutine(enter_and_leave())
    try:
        await asyncio.wait([entered, holder],
                           return_when=asyncio.FIRST_COMPLETED)
    except asyncio.CancelledError:
        holder.cancel()     # Ctrl-C while it is being entered
        raise
    if holder.done():
        await holder        # raises what has failed
    return entered.result(), holder
