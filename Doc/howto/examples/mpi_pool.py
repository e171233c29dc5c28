# python -m pip install . mpi4py mpich
"""Calls in the processes of an MPI job, whichever machines these are on:

    mpiexec -n 3 python -m mpi4py.futures mpi_pool.py
"""

import functools
import operator
import signal

from mpi4py.futures import MPIPoolExecutor

from asyncio_fgbg import (
    call_in_background, run_in_foreground, schedule_coroutine,
)


async def add_up(executor, numbers):
    """Await the calls in a coroutine, in the background."""
    calls = [call_in_background(functools.partial(operator.mul, n, n),
                                executor=executor) for n in numbers]
    return sum([await call for call in calls])


if __name__ == '__main__':
    with MPIPoolExecutor(initializer=signal.signal,
                         initargs=(signal.SIGINT, signal.SIG_IGN)) as executor:
        squares = schedule_coroutine(add_up(executor, range(100)))
        print('sum of squares:', run_in_foreground(squares))
