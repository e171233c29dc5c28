"""Tests for Tools/benchmark.py, with what the tox environment "bench" has"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import pyperf

from support import TIMEOUT


TOOL = (pathlib.Path(__file__).resolve().parent.parent.parent / 'Tools'
        / 'benchmark.py')

CPYTHON = {
    'hostname': 'here',
    'cpu_model_name': 'fast',
    'cpu_count': 2,
    'python_implementation': 'cpython',
    'python_version': '3.15.2 (64-bit)',
}
ECHO = {'TCP echo: helper': [1.0], 'TCP echo: plain asyncio': [1.0]}
PYPY = dict(CPYTHON, python_implementation='pypy',
            python_version='PyPy 8.0.1 (Python 3.11.17) (64-bit)')


class ShowTests(unittest.TestCase):
    """What the functions cost is told in ratios of neighbouring values."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def write(self, file, benchmarks, metadata=CPYTHON):
        """Write a suite of *benchmarks*: names, and the values of each."""
        pyperf.BenchmarkSuite([
            pyperf.Benchmark([pyperf.Run(values, collect_metadata=False,
                                         metadata=dict(metadata, name=name))])
            for name, values in benchmarks.items()
        ]).dump(str(self.folder / file))

    def show(self, *args):
        return subprocess.run(
            [sys.executable, TOOL, 'show', *args], cwd=self.folder,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, universal_newlines=True, timeout=TIMEOUT)

    def show_rows(self, *args):
        result = self.show('--json', *args)
        self.assertEqual((result.returncode, result.stderr), (0, ''))
        return json.loads(result.stdout)

    def assert_refused(self, error, *args):
        result = self.show(*args)
        self.assertEqual((result.returncode, result.stdout), (2, ''))
        self.assertRegex(result.stderr, rf'\Abenchmark: {error}\n\Z')

    def test_other_machine_is_refused(self):
        for name, value in [('hostname', 'there'), ('cpu_model_name', 'slow'),
                            ('cpu_count', 4)]:
            with self.subTest(name):
                self.write(f'{name} 1.json', ECHO)
                self.write(f'{name} 2.json', ECHO, {**CPYTHON, name: value})
                self.assert_refused(
                    f'{name} 2.json has figures of another machine',
                    '--chart', 'chart.svg', f'{name} 1.json', f'{name} 2.json')
                self.assertFalse((self.folder / 'chart.svg').exists())

    def test_other_python_on_the_same_machine_is_shown(self):
        self.write('cpython.json', ECHO)
        self.write('pypy.json', ECHO, PYPY)
        rows = self.show_rows('cpython.json', 'pypy.json')
        self.assertEqual([row['python'] for row in rows],
                         ['CPython 3.15.2', 'PyPy 8.0.1'])

    def test_ratios_are_those_of_pairs(self):
        self.write('1.json', {
            'run_in_foreground: helper': [2.0, 3.0, 4.0],
            'run_in_foreground: asyncio.run': [1.0, 3.0, 1.0],
        })
        (row,) = self.show_rows('1.json')
        # 2, 1 and 4; the medians' ratio would be 3.
        self.assertEqual([row['low'], row['ratio'], row['high'], row['each']],
                         [1, 2, 4, 1])

    def test_growth_is_compared_with_the_fewest(self):
        self.write('1.json', {
            'growth of schedule_coroutine: 10000': [3.0],
            'growth of schedule_coroutine: 1000': [2.0],
        })
        self.assertEqual(
            [(row['against'], row['ratio'], row['each'])
             for row in self.show_rows('1.json')],
            [('10000', 1.5, 3), ('1000', 1, 2)])

    def test_memory_is_a_difference(self):
        self.write('1.json', {'memory: helper': [530.0],
                              'memory: loop.create_task': [479.0]})
        (row,) = self.show_rows('1.json')
        self.assertEqual([row['ratio'], row['each']], [51, 479])

    def test_table(self):
        self.write('1.json', {'TCP echo: helper': [3e-6] * 2,
                              'TCP echo: plain asyncio': [2e-6] * 2})
        result = self.show('1.json')
        self.assertEqual(
            [line.split() for line in result.stdout.splitlines()],
            [[], 'CPython 3.15.2: TCP echo'.split(),
             'plain asyncio 1.500 (1.500 to 1.500) 2 us'.split()])

    def test_chart_is_the_same_for_the_same_figures(self):
        self.write('1.json', {'TCP echo: helper': [2.0, 1.0],
                              'TCP echo: plain asyncio': [1.0, 1.0]})
        charts = []
        for name in '1.svg', '2.svg':
            self.assertEqual(self.show('--chart', name, '1.json').stderr, '')
            charts.append((self.folder / name).read_text())
        self.assertIn('<!-- TCP echo / plain asyncio -->', charts[0])
        self.assertEqual(*charts)

    def test_figures_of_two_machines_in_a_file_are_refused(self):
        self.write('1.json', {'TCP echo: helper': [1.0]})
        self.write('2.json', {'TCP echo: plain asyncio': [1.0]},
                   dict(CPYTHON, hostname='there'))
        suite = pyperf.BenchmarkSuite.load(str(self.folder / '1.json'))
        suite.add_runs(pyperf.BenchmarkSuite.load(
            str(self.folder / '2.json')).get_benchmarks()[0])
        suite.dump(str(self.folder / 'both.json'))
        self.assert_refused('both.json has figures of another machine',
                            'both.json')

    def test_unreadable_file(self):
        (self.folder / 'empty.json').write_text('{}')
        (self.folder / 'list.json').write_text('[]')
        (self.folder / 'cut.json.gz').write_bytes(b'\x1f\x8b\x08\x00')
        self.write('foreign.json', {'timeit': [1.0]})
        self.write('no helper.json', {'TCP echo: plain asyncio': [1.0]})
        self.write('no version.json', {'TCP echo: helper': [1.0]},
                   {'hostname': 'here'})
        for name in ('empty.json', 'list.json', 'cut.json.gz', 'foreign.json',
                     'no helper.json', 'no version.json', 'missing.json'):
            with self.subTest(name):
                self.assert_refused(f'{name}: .+', name)

    def test_chart_that_cannot_be_written(self):
        self.write('1.json', {'TCP echo: helper': [2.0],
                              'TCP echo: plain asyncio': [1.0]})
        self.assert_refused('.+missing/1.svg.+',
                            '--chart', 'missing/1.svg', '1.json')


class RunTests(unittest.TestCase):
    """Each case is measured once, with the contestants that are there."""

    def run_tool(self, *args, **env):
        return subprocess.run(
            [sys.executable, TOOL, 'run', *args], env=dict(os.environ, **env),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, universal_newlines=True, timeout=TIMEOUT)

    def test_bad_arguments_are_refused_before_anything_is_measured(self):
        with tempfile.TemporaryDirectory() as folder:
            output = os.path.join(folder, '1.json')
            for args, error in [
                (['-o', output, 'spam'], "no case 'spam'"),
                (['TCP echo'], '-o must name a file'),
                (['-o', os.path.join(folder, 'missing', '1.json')],
                 '-o must name a file in a folder that can be written to'),
                (['-o', output, '--processes', '0'], 'argument -p'),
                (['-o', output, '--values', '-1'], 'argument -n'),
                (['-o', output, '--spam'], 'unrecognized arguments: --spam'),
            ]:
                with self.subTest(args):
                    result = self.run_tool(*args)
                    self.assertEqual((result.returncode, result.stdout),
                                     (2, ''))
                    self.assertIn(error, result.stderr)
                    self.assertNotIn('Traceback', result.stderr)
                    self.assertFalse(os.path.exists(output))

    def measure(self, *args, **env):
        """Return how many values there are, by the name of the benchmark."""
        with tempfile.TemporaryDirectory() as folder:
            output = os.path.join(folder, '1.json')
            result = self.run_tool('-o', output, '--processes', '1',
                                   '--min-time', '0.001', *args, **env)
            self.assertEqual((result.returncode, result.stderr), (0, ''))
            return {bench.get_name(): len(bench.get_values())
                    for bench in pyperf.BenchmarkSuite.load(output)}

    def test_peer_that_is_not_installed_is_left_out(self):
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, 'nest_asyncio.py').write_text(
                'raise ImportError\n')
            path = os.pathsep.join(
                [folder, *filter(None, [os.environ.get('PYTHONPATH')])])
            self.assertEqual(
                self.measure('run_in_foreground, nest_asyncio', '--values',
                             '3', PYTHONPATH=path),
                {'run_in_foreground, nest_asyncio: helper': 3})

    def test_case_that_is_named_twice_is_measured_once(self):
        self.assertEqual(
            self.measure('--values', '4', 'TCP echo', 'TCP echo'),
            {'TCP echo: helper': 2, 'TCP echo: plain asyncio': 2})


if __name__ == '__main__':
    unittest.main()
