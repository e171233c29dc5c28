"""Tests for Tools/cpython_patch.py, which makes the patch for CPython"""

import importlib.util
import os
import pathlib
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import unittest

from asyncio_fgbg import fgbg
from support import TIMEOUT


ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
TOOL = ROOT / 'Tools' / 'cpython_patch.py'
TESTS = sorted((ROOT / 'Lib_tests' / 'test_asyncio').glob('[!_]*.py'))
LIBRARY = pathlib.Path(sysconfig.get_path('stdlib'))

spec = importlib.util.spec_from_file_location('cpython_patch', TOOL)
tool = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tool)

# What the patch looks for in a source tree, and no more.
DOCUMENTATION = {
    'Doc/library/asyncio.rst': """\
.. toctree::
   :maxdepth: 1

   asyncio-runner.rst
   asyncio-task.rst
""",
    'Doc/library/asyncio-api-index.rst': """\
.. list-table::

    * - :func:`run`
      - One.

    * - :class:`Runner`
      - Two,
        in two lines.

    * - :class:`Task`
      - Three.
""",
    'Doc/whatsnew/3.16.rst': """\
Improved modules
================

argparse
--------

* Something.

base64
------

* Something else.

Optimizations
=============
""",
}


# A test that ends in each way.
SAMPLE = """
import unittest

class Tests(unittest.TestCase):
    def test_pass(self):
        pass

    def test_fail(self):
        self.fail()

    def test_error(self):
        raise ZeroDivisionError

    def test_skip(self):
        self.skipTest('reason')

    def test_subtest(self):
        with self.subTest():
            self.fail()

    @unittest.expectedFailure
    def test_expected(self):
        self.fail()

    @unittest.expectedFailure
    def test_unexpected(self):
        pass

class Broken(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        raise ZeroDivisionError

    def test_broken(self):
        pass
"""

needs_314 = unittest.skipIf(sys.version_info < (3, 14),
                            'the patch is for Python 3.14 and later')


def run_tool(*args):
    return subprocess.run(
        [sys.executable, TOOL, *args], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=TIMEOUT)


def apply(patch, tree):
    # Where Git finds a repository, it applies the patch there.
    env = dict(os.environ, GIT_CEILING_DIRECTORIES=str(tree.parent))
    subprocess.run(['git', 'apply', '--whitespace=error', '-'], cwd=tree,
                   env=env, input=patch, check=True, timeout=TIMEOUT)


class RefusedTests(unittest.TestCase):
    """A tree that the patch is not for is refused in one line."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.tree = pathlib.Path(folder.name)

    def assert_refused(self, word, tree=None):
        process = run_tool('export', tree or self.tree)
        message = process.stderr.decode()
        self.assertEqual((process.returncode, process.stdout), (2, b''),
                         message)
        self.assertRegex(message, r'\Acpython_patch: .*\n\Z')
        self.assertIn(word, message)

    def test_no_tree(self):
        self.assert_refused('nowhere', tree=self.tree / 'nowhere')

    def test_a_tree_without_asyncio(self):
        self.assert_refused(os.path.join('asyncio', '__init__.py'))

    def test_a_python_that_is_too_old(self):
        (self.tree / 'asyncio').mkdir()
        for name in ('base_events constants coroutines events exceptions'
                     ' futures runners tasks').split():
            (self.tree / 'asyncio' / f'{name}.py').write_text('import sys\n')
        (self.tree / 'asyncio' / '__init__.py').write_text(
            'from .base_events import *\nfrom .exceptions import *\n'
            '__all__ = (base_events.__all__ +\n'
            '           exceptions.__all__ +\n'
            '           futures.__all__)\n')
        self.assert_refused('too old')


@needs_314
class ExportTests(unittest.TestCase):
    """The package and its tests are laid out as a patch for CPython."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tree = cls.make_tree(cls.enterClassContext)
        cls.patch = tool.export(cls.tree)
        apply(cls.patch.encode(), cls.tree)

    @staticmethod
    def make_tree(enter_context):
        """Make a source tree with this Python's own asyncio."""
        tree = pathlib.Path(enter_context(tempfile.TemporaryDirectory()))
        shutil.copytree(LIBRARY / 'asyncio', tree / 'Lib' / 'asyncio',
                        ignore=shutil.ignore_patterns('__pycache__'))
        shutil.copy(LIBRARY / 'threading.py', tree / 'Lib')
        (tree / 'Lib' / 'test' / 'test_asyncio').mkdir(parents=True)
        for name, text in DOCUMENTATION.items():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            (tree / name).write_text(text)
        return tree

    def read(self, name):
        return (self.tree / name).read_text(encoding='utf-8')

    def assert_refused(self, tree, *words):
        with self.assertRaises((tool.Problem, OSError)) as caught:
            tool.export(tree)
        message = str(caught.exception)
        self.assertNotIn('\n', message)
        for word in words:
            self.assertIn(word, message)

    def test_module_is_the_package_s_own(self):
        self.assertEqual((self.tree / 'Lib/asyncio/fgbg.py').read_bytes(),
                         pathlib.Path(fgbg.__file__).read_bytes())

    def test_patched_asyncio_has_the_functions(self):
        process = subprocess.run(
            [sys.executable, '-W', 'error', '-c',
             'import asyncio; print(asyncio.__file__); '
             'print(asyncio.run_in_foreground(asyncio.sleep(0, 42)))'],
            env=dict(os.environ, PYTHONPATH=str(self.tree / 'Lib')),
            stdout=subprocess.PIPE, universal_newlines=True, check=True,
            timeout=TIMEOUT)
        self.assertEqual(process.stdout.split(), [
            str(self.tree / 'Lib' / 'asyncio' / '__init__.py'), '42'])

    def test_package_hands_on_what_this_asyncio_has_itself(self):
        path = os.pathsep.join([str(self.tree / 'Lib'),
                                str(pathlib.Path(fgbg.__file__).parents[1])])
        process = subprocess.run(
            [sys.executable, '-W', 'error', '-c',
             'import asyncio, asyncio_fgbg\n'
             'assert asyncio_fgbg.fgbg is asyncio.fgbg\n'
             'for name in asyncio_fgbg.__all__:\n'
             '    print(getattr(asyncio_fgbg, name)'
             ' is getattr(asyncio, name))'],
            env=dict(os.environ, PYTHONPATH=path), stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, universal_newlines=True, timeout=TIMEOUT)
        self.assertEqual((process.stdout, process.stderr), ('True\n' * 3, ''))

    def test_patch_speaks_of_nothing_but_cpython(self):
        for line in re.findall('^[+](.*)', self.patch, re.MULTILINE):
            self.assertNotRegex(line, r'asyncio_fgbg|_compat|from support\b|'
                                      r'(?i:backport|stand-in|contract|pypy)|'
                                      r'sys\.version|"""\d\. ')

    def test_tests_differ_from_ours_in_where_the_names_come_from(self):
        self.assertIn('test_fgbg.py', [path.name for path in TESTS])
        imported = set()
        for path in TESTS:
            ours = path.read_text(encoding='utf-8').splitlines()
            theirs = self.read(f'Lib/test/test_asyncio/{path.name}')
            for line, new in zip(ours, theirs.splitlines()):
                if new != line:
                    self.assertRegex(
                        line, r'^from (asyncio_fgbg|support\.cpython) '
                              r'import \w+  # [\w.]+$')
                    imported.add(new)
        self.assertIn('from asyncio import fgbg', imported)
        for line in imported:
            self.assertRegex(line, r'^from [\w.]+ import \w+$')

    def test_submodules_stay_in_order(self):
        self.assertIn('from .exceptions import *\nfrom .fgbg import *\n'
                      'from .futures import *\n',
                      self.read('Lib/asyncio/__init__.py'))

    def test_page_is_in_the_index(self):
        self.assertEqual(
            self.read('Doc/library/asyncio-fgbg.rst'),
            (ROOT / 'Doc/library/asyncio-fgbg.rst').read_text(
                encoding='utf-8'))
        self.assertIn('   asyncio-runner.rst\n   asyncio-fgbg.rst\n'
                      '   asyncio-task.rst\n',
                      self.read('Doc/library/asyncio.rst'))

    def test_functions_are_in_the_api_index(self):
        index = self.read('Doc/library/asyncio-api-index.rst')
        places = [index.index(f':{role}:`{name}`') for role, name in (
            ('class', 'Runner'), ('func', 'run_in_foreground'),
            ('func', 'schedule_coroutine'), ('func', 'call_in_background'),
            ('class', 'Task'))]
        self.assertEqual(places, sorted(places))

    def test_whatsnew_has_the_module_in_alphabetical_order(self):
        text = self.read('Doc/whatsnew/3.16.rst')
        places = [text.index(words) for words in (
            '* Something.\n\nasyncio\n-------\n\n* Add ',
            '\n\nbase64\n------\n\n* Something else.\n')]
        self.assertEqual(places, sorted(places))

    def test_whatsnew_that_has_asyncio_gets_one_more_entry(self):
        text = tool.add_whatsnew(
            DOCUMENTATION['Doc/whatsnew/3.16.rst'].replace(
                'argparse\n--------', 'asyncio\n-------'))
        self.assertEqual(text.count('asyncio\n-------\n\n* Add '), 1)
        self.assertIn('\n\n* Something.\n', text)

    def test_news_entry_is_there(self):
        entry, = (self.tree / 'Misc/NEWS.d/next/Library').iterdir()
        self.assertIn('run_in_foreground', entry.read_text())

    def test_installed_library_gets_the_library_part_alone(self):
        tree = self.make_tree(self.enterContext) / 'Lib'
        process = run_tool('export', tree)
        self.assertEqual((process.stderr, process.returncode), (b'', 0))
        apply(process.stdout, tree)
        self.assertTrue((tree / 'asyncio/fgbg.py').exists())
        self.assertTrue((tree / 'test/test_asyncio/test_fgbg.py').exists())
        self.assertNotIn(b'Doc', process.stdout.split(b'@@')[0])
        self.assertNotIn(b'b/Doc/', process.stdout)

    def test_second_time_is_refused(self):
        self.assert_refused(self.tree, 'fgbg.py', 'is there already')

    def test_file_that_is_not_as_expected_is_named(self):
        tree = self.make_tree(self.enterContext)
        for name in [*DOCUMENTATION, 'Lib/asyncio/__init__.py',
                     'Lib/asyncio/runners.py', 'Lib/threading.py']:
            path = tree / name
            text = path.read_text(encoding='utf-8')
            with self.subTest(f'{name} is empty'):
                path.write_text('\n')
                self.assert_refused(tree, str(path))
            with self.subTest(f'{name} is missing'):
                path.unlink()
                self.assert_refused(tree, str(path.parent))
            path.write_text(text, encoding='utf-8')


@needs_314
class CheckTests(unittest.TestCase):
    """The check sees each test that ends differently with the patch."""

    @classmethod
    def setUpClass(cls):
        cls.new = {f'test.test_asyncio.{path.stem}.Tests.test': 'passed'
                   for path in TESTS if path.name.startswith('test_')}

    def assert_differences(self, expected, before, after):
        self.assertEqual(tool.find_differences(
            before, {**self.new, **after}), expected)

    def test_same_ends_and_new_tests_are_well(self):
        ends = {'a': 'passed', 'b': 'skipped', 'c': 'failed'}
        self.assert_differences({}, ends, ends)

    def test_test_that_fails_with_the_patch(self):
        self.assert_differences({'a': ('passed', 'failed')},
                                {'a': 'passed'}, {'a': 'failed'})

    def test_test_that_is_gone_with_the_patch(self):
        self.assert_differences({'a': ('passed', 'absent')},
                                {'a': 'passed'}, {})

    def test_test_that_came_with_the_patch(self):
        self.assert_differences({'a': ('absent', 'passed')},
                                {}, {'a': 'passed'})

    def test_new_test_that_fails(self):
        name = 'test.test_asyncio.test_fgbg.NamesTests.test_name'
        self.assert_differences({name: ('absent', 'failed')},
                                {}, {name: 'failed'})

    def test_new_tests_that_do_not_run(self):
        differences = tool.find_differences({}, {})
        self.assertEqual(
            set(differences),
            {name.partition('.Tests')[0] for name in self.new})

    def test_new_tests_that_are_all_skipped(self):
        skipped = dict.fromkeys(self.new, 'skipped')
        self.assertIn('test.test_asyncio.test_fgbg',
                      tool.find_differences({}, skipped))

    @unittest.skipUnless(importlib.util.find_spec('test')
                         and importlib.util.find_spec('test.libregrtest'),
                         'requires CPython\'s regrtest')
    def test_ends_are_those_that_regrtest_reports(self):
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, 'test_sample.py').write_text(SAMPLE)
            report = pathlib.Path(folder, 'junit.xml')
            subprocess.run(
                [sys.executable, '-m', 'test', '--testdir', folder,
                 '--junit-xml', str(report), 'test_sample'],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, cwd=folder, timeout=TIMEOUT)
            ends = tool.read_report(report)
        self.assertEqual(
            {name.rpartition('.')[2]: end for name, end in ends.items()},
            {'test_pass': 'passed', 'test_fail': 'failed',
             'test_error': 'failed', 'test_skip': 'skipped',
             'test_expected': 'passed', 'test_unexpected': 'failed',
             # A subtest, and what was to be set up for a class.
             tool.UNNAMED: 'failed (2)'})


if __name__ == '__main__':
    unittest.main()
