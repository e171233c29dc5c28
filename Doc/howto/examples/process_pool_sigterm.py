# python -m pip install .
"""Calls in processes that end with the one that SIGTERM ends"""

import concurrent.futures
import signal
import sys
import time

from asyncio_fgbg import call_in_background, run_in_foreground


def exit_by_signal(signum, frame):
    sys.exit(128 + signum)      # as shells number it


def start_worker():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def blocking_call():
    print('working', flush=True)
    time.sleep(2)
    print('worked', flush=True)


if __name__ == '__main__':
    signal.signal(signal.SIGTERM, exit_by_signal)
    with concurrent.futures.ProcessPoolExecutor(
            initializer=start_worker) as pool:
        call = call_in_background(blocking_call, executor=pool)
        try:
            run_in_foreground(call)
        finally:
            print('waiting for the workers')
