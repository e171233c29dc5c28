# python -m pip install . distributed
"""Calls on a cluster of Dask that was started with, on this machine or others,

    dask scheduler --scheduler-file cluster.json
    dask worker --scheduler-file cluster.json
"""

import functools
import operator
import sys

import distributed

from asyncio_fgbg import (
    call_in_background, run_in_foreground, schedule_coroutine,
)


async def add_up(executor, numbers):
    """Await the calls in a coroutine, in the background."""
    calls = [call_in_background(functools.partial(operator.mul, n, n),
                                executor=executor) for n in numbers]
    return sum([await call for call in calls])


with distributed.Client(scheduler_file=sys.argv[1]) as client:
    # Equal calls are not one and the same.
    executor = client.get_executor(pure=False)
    squares = schedule_coroutine(add_up(executor, range(100)))
    print('sum of squares:', run_in_foreground(squares))
