"""Tests for the benchmark, with what the tox environment "bench" has"""

import contextlib
import io
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import pyperf

from support import TIMEOUT

from .__main__ import compare, update


class CompareTests(unittest.TestCase):
    """What the functions cost is told in ratios of neighbouring values."""

    def compare(self, *values, python='3.15.2 (64-bit)'):
        run = pyperf.Run(values, collect_metadata=False, metadata={
            'name': 'TCP echo', 'python_version': python,
            'contestants': '["helper", "plain asyncio"]'})
        with contextlib.redirect_stdout(io.StringIO()):
            return list(compare(pyperf.Benchmark([run])))

    def test_ratios_are_those_of_pairs(self):
        # They are 2, 1 and 4; the medians' ratio would be 3.  The last one
        # has no other value beside it.
        self.assertEqual(
            self.compare(2.0, 1.0, 3.0, 3.0, 4.0, 1.0, 9.0),
            [{'case': 'TCP echo', 'against': 'plain asyncio',
              'python': 'CPython 3.15.2', 'low': 1, 'ratio': 2, 'high': 4}])

    def test_rows_replace_those_of_the_same_case_and_python(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, 'costs.json')
            path.write_text('[]')
            for value, python in [(3.0, 'PyPy 8.0.1 (Python 3.11.17)'),
                                  (2.0, '3.15.2'), (5.0, '3.15.2')]:
                update(path, self.compare(value, 1.0, value, 1.0,
                                          python=python))
            text = path.read_text()
        self.assertEqual(
            [(row['python'], row['ratio']) for row in json.loads(text)],
            [('CPython 3.15.2', 5), ('PyPy 8.0.1', 3)])
        self.assertEqual(text.count('\n'), 4)       # a line for each


class RunTests(unittest.TestCase):
    """Each case is measured once, with the contestants that are there."""

    def run_benchmark(self, *args, path=''):
        return subprocess.run(
            [sys.executable, '-m', 'benchmark', *args],
            env={**os.environ, 'PYTHONPATH': os.pathsep.join(
                [path, os.environ.get('PYTHONPATH', '')])},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, universal_newlines=True, timeout=TIMEOUT)

    def test_bad_arguments_are_refused_before_anything_is_measured(self):
        for args in ['spam'], ['--costs', 'spam/1.json'], ['--processes', '0']:
            with self.subTest(args):
                result = self.run_benchmark(*args)
                self.assertEqual((result.returncode, result.stdout), (2, ''))
                self.assertRegex(result.stderr, rf'\n.*error: .*{args[-1]}')

    def test_peer_that_is_not_installed_is_left_out(self):
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, 'nest_asyncio.py').write_text(
                'raise ImportError\n')
            result = self.run_benchmark(
                '--processes', '1', '--values', '4', '--min-time', '0.001',
                'run_in_foreground, nest_asyncio', 'TCP echo', 'TCP echo',
                path=folder)
        self.assertEqual((result.returncode, result.stderr), (0, ''))
        self.assertRegex(
            result.stdout,
            r'\ATCP echo: helper / plain asyncio: \d+\.\d+ \(.+\), .+ us\n\Z')


if __name__ == '__main__':
    unittest.main()
