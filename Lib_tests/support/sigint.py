"""SIGINT, for tests of what comes of more than one"""

import os
import signal
from unittest import mock

from asyncio_fgbg import fgbg


def freeze_clock():
    """Let each Ctrl-C count, however soon it comes after another one."""
    return mock.patch.object(fgbg, 'time', mock.Mock(monotonic=lambda: 0))


def send_sigint():
    os.kill(os.getpid(), signal.SIGINT)
    for _ in range(100):        # here, Python calls its signal handler
        pass
