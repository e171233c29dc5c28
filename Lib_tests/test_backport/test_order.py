"""The tests of test_asyncio pass in every order

unittest orders tests by name, pytest as they stand in the file.
"""

import os
import pathlib
import random
import subprocess
import sys
import unittest

import test_asyncio
from support import TIMEOUT


FOLDER = pathlib.Path(test_asyncio.__file__).resolve().parent

RUN = """\
import random, sys, unittest
from test_asyncio import fgbg_utils

def run_python(*args, **kwargs):
    raise unittest.SkipTest('in an interpreter of its own, it has no order')

fgbg_utils.run_python = run_python

def cases(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from cases(test)
        else:
            yield test

seed, *names = sys.argv[1:]
tests = list(cases(unittest.defaultTestLoader.loadTestsFromNames(names)))
random.Random(seed).shuffle(tests)
result = unittest.TextTestRunner().run(unittest.TestSuite(tests))
sys.exit(not result.wasSuccessful())
"""


class OrderTests(unittest.TestCase):
    """The patch's tests pass in every order."""

    def test_tests_pass_shuffled(self):
        seed = str(random.randrange(10**6))
        names = sorted(path.stem for path in FOLDER.glob('test_*.py'))
        result = subprocess.run(
            [sys.executable, '-X', 'dev', '-W', 'error', '-c', RUN, seed,
             *(f'test_asyncio.{name}' for name in names)],
            # What it runs is measured elsewhere.
            env={**os.environ, 'COVERAGE_PROCESS_START': ''},
            cwd=FOLDER.parent, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            universal_newlines=True, timeout=3 * TIMEOUT)
        if result.returncode:
            self.fail(f'with seed {seed}:\n{result.stdout}')
        self.assertRegex(result.stdout, r'Ran \d\d+ tests')


if __name__ == '__main__':
    unittest.main()
