#!/usr/bin/env python3
"""Hunt for reference leaks with CPython's own tests runner.

The tests run in this interpreter, three times to warm up and three times to
count references, memory blocks and file descriptors.  It must be a debug
build of CPython with its test suite, as ../shared/interpreters --debug
provides:

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


def run_tests(names, match):
    """Run the hunt; return its exit status and what it prints."""
    command = [sys.executable, '-m', 'test', '--testdir', ROOT / 'Lib_tests',
               '-R', '3:3']
    for pattern in match:
        command += '-m', pattern
    output = []
    # The runner leaves a report of what leaked where it is started.
    with tempfile.TemporaryDirectory() as folder, subprocess.Popen(
            [*command, *names], cwd=folder,
            env=dict(os.environ, PYTHONPATH=str(ROOT),
                     PYTHONDONTWRITEBYTECODE='1'),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, universal_newlines=True) as process:
        for line in process.stdout:
            sys.stderr.write(line)
            output.append(line)
    return process.returncode, ''.join(output)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('names', nargs='*', default=['test_fgbg'],
                        help='test files in Lib_tests (test_fgbg)')
    parser.add_argument('-m', '--match', action='append', default=[],
                        metavar='PATTERN',
                        help='only the tests, methods or classes named so')
    args = parser.parse_args()
    if not hasattr(sys, 'gettotalrefcount'):
        parser.error(f'{sys.executable} is not a debug build of CPython')
    if importlib.util.find_spec('test.libregrtest') is None:
        parser.error(f'{sys.executable} lacks the test suite')
    status, output = run_tests(args.names, args.match)
    ran = re.search(r'Total tests: run=(\d+)', output)
    leaks = re.findall(r'^(.* leaked .*sum=\d+)$', output, re.MULTILINE)
    if status == 0 and ran is not None and int(ran[1]):
        print(f'no leak in {ran[1]} tests')
        return 0
    print('; '.join(leaks) or f'the tests failed with status {status}')
    return 1


if __name__ == '__main__':
    sys.exit(main())
