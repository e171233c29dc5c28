#!/usr/bin/env python3
"""Hunt for reference leaks with CPython's own test runner.

The tests of the patch run in this interpreter, three times to warm up and
three times to count references, memory blocks and file descriptors.  It must
be a debug build of CPython with its test suite:

    python3.15d Tools/refleaks.py

asyncio_fgbg is the checkout's.  What the runner prints goes to standard
error; the last line tells the outcome.  The exit status is 1 if something
leaks or a test fails, and 2 if this interpreter cannot hunt.
"""

import argparse
import importlib.util
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent

TESTS = sorted(f'test_asyncio.{path.stem}'
               for path in ROOT.glob('Lib_tests/test_asyncio/test_fgbg*.py'))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('-m', '--match', action='append', default=[],
                        metavar='PATTERN',
                        help='only the tests, methods or classes named so')
    args = parser.parse_args()
    if not hasattr(sys, 'gettotalrefcount'):
        parser.error(f'{sys.executable} is not a debug build of CPython')
    if importlib.util.find_spec('test.libregrtest') is None:
        parser.error(f'{sys.executable} lacks the test suite')
    command = [sys.executable, '-m', 'test', '--testdir', ROOT / 'Lib_tests',
               '-R', '3:3', *TESTS]
    for pattern in args.match:
        command += '-m', pattern
    output = ''
    # The runner leaves a report of what leaked where it is started.
    with tempfile.TemporaryDirectory() as folder, subprocess.Popen(
            command, cwd=folder,
            env=dict(os.environ, PYTHONPATH=str(ROOT),
                     PYTHONDONTWRITEBYTECODE='1'),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True) as process:
        for line in process.stdout:
            sys.stderr.write(line)
            output += line
    ran = re.search(r'Total tests: run=([\d,]+)', output)
    if process.returncode == 0 and ran and ran[1] != '0':
        print(f'no leak in {ran[1]} tests')
        return 0
    leaks = re.findall(r'^.* leaked .*sum=\d+$', output, re.MULTILINE)
    print('; '.join(leaks) or
          f'the tests failed with status {process.returncode}')
    return 1


if __name__ == '__main__':
    sys.exit(main())
