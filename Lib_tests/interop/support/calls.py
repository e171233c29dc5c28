"""Calls that executors of the tests make, in whatever process"""

import os
import signal
import time


def double(number):
    return 2 * number


def fail():
    raise LookupError('in the worker')


def wait_for_file(path, started=None):
    """Return when there is a file *path*; make the file *started* first."""
    if started is not None:
        make_file(started)
    while not os.path.exists(path):
        time.sleep(0.01)
    return 'waited'


def make_file(path):
    open(path, 'w').close()


def die():
    os.kill(os.getpid(), signal.SIGKILL)
