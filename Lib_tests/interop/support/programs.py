"""Programs on a terminal of their own, for interop tests"""

import sys
import unittest

from interop.support.places import example
from support.paths import PYTHONPATH
from support.prompt_home import Home
from support.prompt_session import CTRL_C, Session

needs_runner = unittest.skipIf(sys.version_info < (3, 11),
                               'asyncio.Runner came with Python 3.11')


class Program(Session):
    """Python, started with *args* in a home of its own.

    *environ* is set on top of the environment of the tests.
    """

    def __init__(self, *args, **environ):
        self.home = Home(**{'PYTHONPATH': PYTHONPATH, 'PYTHON_COLORS': '0',
                            'NO_COLOR': '1', **environ})
        try:
            super().__init__(self.home, *args)
        except BaseException:
            self.home.__exit__()
            raise

    def __exit__(self, *exc_info):
        super().__exit__(*exc_info)
        self.home.__exit__()

    def interrupt(self):
        """Press Ctrl-C."""
        self.press(CTRL_C)


def run_example(name, *args, **environ):
    return Program(example(name), *args, **environ)
