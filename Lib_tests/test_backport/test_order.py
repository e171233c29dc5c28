"""The tests of the helpers pass in every order

unittest orders tests by name, pytest as they stand in the file.
"""

import os
import random
import subprocess
import sys
import unittest


RUN = """\
import random, sys, unittest

seed = sys.argv.pop()

class Loader(unittest.TestLoader):
    def loadTestsFromModule(self, *args, **kwargs):
        tests = list(cases(super().loadTestsFromModule(*args, **kwargs)))
        random.Random(seed).shuffle(tests)
        return unittest.TestSuite(tests)

def cases(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from cases(test)
        elif type(test).__name__ not in ('FirstCallTests', 'LeavingTests'):
            yield test

unittest.main('test_fgbg', testLoader=Loader())
"""


class OrderTests(unittest.TestCase):

    def test_tests_pass_shuffled(self):
        # Those that run in interpreters of their own are left out.
        seed = str(random.randrange(10**6))
        result = subprocess.run(
            [sys.executable, '-X', 'dev', '-W', 'error', '-c', RUN, seed],
            cwd=os.path.dirname(os.path.abspath(__file__)),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, universal_newlines=True, timeout=300)
        if result.returncode:
            self.fail(f'with seed {seed}:\n{result.stdout}')
        self.assertRegex(result.stdout, r'Ran \d\d+ tests')


if __name__ == '__main__':
    unittest.main()
