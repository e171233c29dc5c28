# python -m pip install .
"""Calls in processes that leave Ctrl-C to the one that is in the foreground"""

import asyncio
import concurrent.futures
import functools
import signal
import time

from asyncio_fgbg import call_in_background, run_in_foreground


def blocking_call(number):
    print('working', flush=True)
    time.sleep(2)
    return number ** 2


if __name__ == '__main__':      # or else each new process would do it, too
    with concurrent.futures.ProcessPoolExecutor(
            initializer=signal.signal,
            initargs=(signal.SIGINT, signal.SIG_IGN)) as pool:
        squares = asyncio.gather(*[
            call_in_background(functools.partial(blocking_call, number),
                               executor=pool) for number in range(2)])
        try:
            print(run_in_foreground(squares))
        except KeyboardInterrupt:
            print('interrupted, once more')
            print(run_in_foreground(squares))
