#!/usr/bin/env python3
"""Make a patch for CPython of this project, and try it.

export TREE
    Write to standard output a patch for a source tree of CPython, or for the
    standard library of an installed Python (lib/python3.X).  The second gets
    the module and its tests, the first its documentation and news as well.

check PYTHON
    Run all of test_asyncio with private copies of that Python, without the
    patch and with it.  Exit status 1 means that a test ended differently, or
    that a new one failed.  Hypothesis is used if that Python has it.

Exit status 2 means that something is in the way, which is named; nothing is
written then.
"""

import argparse
import ast
import collections
import difflib
import io
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import typing


ROOT = pathlib.Path(__file__).resolve().parent.parent
NAME = 'fgbg'
NEW_TESTS = [f'test.test_asyncio.test_{NAME}',
             f'test.test_asyncio.test_{NAME}_property']

# What fgbg.py takes in private from objects that asyncio makes.
PRIVATE = {
    'asyncio/futures.py': '_exception',
}


class Problem(Exception):
    pass


# The patch: a dictionary of texts, old and new, by the path in the tree.

class Tree:
    """A source tree of CPython, or the standard library of a Python."""

    def __init__(self, path):
        self.path = path
        self.is_source = (path / 'Lib').is_dir()
        self.lib = 'Lib/' if self.is_source else ''
        self.changes = {}

    def read(self, name):
        try:
            return (self.path / name).read_bytes().decode()
        except (OSError, UnicodeDecodeError) as exc:
            raise Problem(f'{self.path / name}: '
                          f'{getattr(exc, "strerror", None) or exc}') from None

    def add(self, name, text):
        if (self.path / name).exists():
            raise Problem(f'{self.path / name}: is there already, the patch '
                          'has been applied')
        self.changes[name] = None, text

    def edit(self, name, function):
        self.changes[name] = self.read(name), self.parse(name, function)

    def parse(self, name, function):
        """Return what *function* makes of the text; name the file if not."""
        text = self.read(name)
        try:
            if '\r' in text or not text.endswith('\n'):
                raise Problem('its lines do not all end with a newline alone')
            return function(text)
        except (Problem, SyntaxError) as exc:
            raise Problem(f'{self.path / name}: {exc}') from None

    def diff(self):
        for name, (old, new) in sorted(self.changes.items()):
            yield from difflib.unified_diff(
                split_lines(old or ''), split_lines(new),
                '/dev/null' if old is None else f'a/{name}', f'b/{name}')


def split_lines(text):
    # Not str.splitlines(), which splits at form feeds as well.
    return io.StringIO(text).readlines()


def make_patch(tree):
    """Fill tree.changes; return what had to be left out, one line each."""
    left_out = []
    module = read(f'asyncio_fgbg/{NAME}.py')
    tree.add(f'{tree.lib}asyncio/{NAME}.py', module)
    tree.edit(f'{tree.lib}asyncio/__init__.py', add_submodule)
    check_needs(tree, module)
    if (tree.path / tree.lib / 'test' / 'test_asyncio').is_dir():
        for name in f'test_{NAME}.py', f'test_{NAME}_property.py':
            tree.add(f'{tree.lib}test/test_asyncio/{name}',
                     adapt_tests(read(f'Lib_tests/{name}')))
    else:
        left_out.append(f'{tree.path / tree.lib / "test"} has no '
                        'test_asyncio: the tests are left out')
    if tree.is_source:
        version = tree.parse('Include/patchlevel.h', find_version)
        tree.add('Doc/library/asyncio-fgbg.rst',
                 read('Doc/library/asyncio-fgbg.rst'))
        tree.edit('Doc/library/asyncio.rst', add_page)
        tree.edit('Doc/library/asyncio-api-index.rst', add_to_index)
        tree.edit(f'Doc/whatsnew/{version}.rst', add_whatsnew)
        for path in sorted((ROOT / 'Misc').rglob('*.rst')):
            name = path.relative_to(ROOT).as_posix()
            tree.add(name, read(name))
    return left_out


def read(name):
    return (ROOT / name).read_text(encoding='utf-8')


def check_needs(tree, module):
    """Check that the library has what fgbg.py takes from it in private."""
    needed = {}     # what is taken from which file
    submodules = {alias.name for node in ast.parse(module).body
                  if isinstance(node, ast.ImportFrom) and node.level
                  for alias in node.names}
    for node in ast.walk(ast.parse(module)):
        if (isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
        ):
            name = node.value.id
            if name in submodules:
                needed.setdefault(f'asyncio/{name}.py', set()).add(node.attr)
            elif name == 'threading' and node.attr.startswith('_'):
                needed.setdefault('threading.py', set()).add(node.attr)
    for file, name in PRIVATE.items():
        needed.setdefault(file, set()).add(name)
    for file, names in sorted(needed.items()):
        missing = sorted(names - tree.parse(tree.lib + file, find_names))
        if missing:
            raise Problem(f'{tree.path / tree.lib / file}: has no '
                          f'{missing[0]}, which the patch needs: this Python '
                          'is too old or too new')


def find_names(text):
    """Return the names that are defined, bound or set as attributes."""
    names = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef,
                             ast.ClassDef, ast.alias)):
            names.add(getattr(node, 'asname', None) or node.name)
        elif isinstance(getattr(node, 'ctx', None), ast.Store):
            names.add(getattr(node, 'id', None) or getattr(node, 'attr', None))
    return names


def add_submodule(text):
    """Add the module to asyncio/__init__.py, in alphabetical order."""
    body = ast.parse(text).body
    imports = [node for node in body
               if isinstance(node, ast.ImportFrom) and node.level == 1
               and node.names[0].name == '*']
    names = [attribute for node in body if isinstance(node, ast.Assign)
             and getattr(node.targets[0], 'id', None) == '__all__'
             for attribute in ast.walk(node.value)
             if isinstance(attribute, ast.Attribute)
             and attribute.attr == '__all__']
    names.sort(key=lambda attribute: attribute.lineno)
    if any(node.module == NAME for node in imports):
        raise Problem(f'imports {NAME} already, the patch has been applied')
    place = next((node for node in imports if node.module > NAME), None)
    name = next((attribute for attribute in names
                 if attribute.value.id > NAME), None)
    if place is None or name is None:
        raise Problem('has no list of submodules to add to')
    lines = split_lines(text)
    if name.lineno == names[0].lineno:
        raise Problem('has the names of its submodules on one line')
    lines.insert(name.lineno - 1,
                 ' ' * name.col_offset + f'{NAME}.__all__ +\n')
    lines.insert(place.lineno - 1, f'from .{NAME} import *\n')
    return ''.join(lines)


def adapt_tests(text):
    """Say where in CPython the names come from."""
    for old, new in (
        (f'from asyncio_fgbg import {NAME}\n',
         f'from asyncio import {NAME}\n'),
        ('import hypothesis\n',
         'from test.support.hypothesis_helper import hypothesis\n'),
    ):
        text = text.replace(old, new)
    if 'asyncio_fgbg' in text:
        raise Problem('the tests name asyncio_fgbg in more places than one')
    return text


def find_version(text):
    numbers = re.findall(r'^#define PY_(?:MAJOR|MINOR)_VERSION\s+(\d+)', text,
                         re.MULTILINE)
    if len(numbers) != 2:
        raise Problem('does not tell the version')
    return '.'.join(numbers)


def add_page(text):
    """Add the page to the first list of pages in asyncio.rst."""
    return insert(text, r'^ +asyncio-runner\.rst\n',
                  '   asyncio-fgbg.rst\n')


def add_to_index(text):
    """Add the functions to the API index, after asyncio.Runner."""
    rows = ''.join(
        f'    * - :func:`{name}`\n      - {summary}\n\n'
        for name, summary in (
            ('run_in_foreground', 'Run the event loop until an awaitable is '
                                  'done.'),
            ('schedule_coroutine', 'Start a coroutine in the background.'),
            ('call_in_background', 'Call a function in the background.')))
    return insert(text, r'^ +\* - :class:`Runner`\n(?: {6}.*\n)+\n', rows)


def add_whatsnew(text):
    """Add the entry to the improved modules, under asyncio."""
    entry = read(f'Doc/whatsnew/{NAME}.rst')
    if entry in text:
        raise Problem('has the entry already, the patch has been applied')
    start = re.search(r'^Improved modules\n=+\n', text, re.MULTILINE)
    if start is None:
        raise Problem('has no section "Improved modules"')
    end = re.compile(r'^.+\n=+\n', re.MULTILINE).search(text, start.end())
    stop = end.start() if end else len(text)
    heading = re.compile(r'^(?:\.\. _.*:\n\n)?(\w[\w.]*)\n-+\n\n?',
                         re.MULTILINE)
    sections = list(heading.finditer(text, start.end(), stop))
    for section in sections:
        if section[1] == 'asyncio':
            return text[:section.end()] + entry + '\n' + text[section.end():]
    place = next((section.start() for section in sections
                  if section[1].lower() > 'asyncio'), stop)
    new = f'asyncio\n-------\n\n{entry}\n\n'
    return text[:place] + new + text[place:]


def insert(text, pattern, new):
    if new in text:
        raise Problem('has been changed already, the patch has been applied')
    match = re.search(pattern, text, re.MULTILINE)
    if match is None:
        raise Problem(f'has no place for the patch, {pattern!r} is not found')
    return text[:match.end()] + new + text[match.end():]


def export(path):
    if not path.is_dir():
        raise Problem(f'{path}: is no folder')
    tree = Tree(path)
    left_out = make_patch(tree)
    patch = ''.join(tree.diff())
    for line in left_out:
        print(f'cpython_patch: {line}', file=sys.stderr)
    return patch


# The check.

# What describes an interpreter and the copy of it.
DESCRIBE = """
import importlib.util, json, os, sys
spec = importlib.util.find_spec('hypothesis')
print(json.dumps({
    'executable': os.path.realpath(sys._base_executable or sys.executable),
    'library': os.path.dirname(os.path.realpath(os.__file__)),
    'packages': spec and os.path.dirname(os.path.dirname(spec.origin)),
}))
"""


def check(python):
    """Return whether the tests end as they should."""
    about = json.loads(run([python, '-c', DESCRIBE]))
    library = pathlib.Path(about['library'])
    if not (library / 'test' / 'test_asyncio').is_dir():
        raise Problem(f'{library / "test" / "test_asyncio"}: is not there, '
                      'without it nothing can be compared')
    env = {name: value for name, value in os.environ.items()
           if not name.startswith('PYTHON')}
    if about['packages']:
        env['PYTHONPATH'] = about['packages']
    else:
        print('without Hypothesis, which is not installed there, the '
              'property tests are skipped')
    with tempfile.TemporaryDirectory() as folder:
        plain = copy_python(about, pathlib.Path(folder, 'plain'))
        patched = copy_python(about, pathlib.Path(folder, 'patched'))
        apply(export(patched.library), patched.library)
        before = run_tests(plain.python, env)
        print_totals('without the patch', before)
        after = run_tests(patched.python, env)
        print_totals('with the patch', after)
        print_totals('new tests among them', choose_new(after))
        differences = find_differences(before, after)
        # A test that depends on the time may fail on a busy machine.
        again = [name for name in differences if name in before]
        if again:
            print('once more:', *again, sep='\n  ')
            before.update(run_tests(plain.python, env, again))
            after.update(run_tests(patched.python, env, again))
            differences = find_differences(before, after)
        print('import asyncio takes {:.3f} times as long (median of {} pairs)'
              .format(*compare_imports(plain.python, patched.python)))
    for name, (old, new) in differences.items():
        print(f'{name}: {old} without the patch, {new} with it')
    return not differences


class Copy(typing.NamedTuple):
    python: pathlib.Path
    library: pathlib.Path


def copy_python(about, folder):
    """Copy an interpreter with its standard library, but for other tests."""
    executable = pathlib.Path(about['executable'])
    library = pathlib.Path(about['library'])
    copy = Copy(folder / 'bin' / executable.name,
                folder / library.parent.name / library.name)

    def ignore(path, names):
        if pathlib.Path(path) == library / 'test':
            return [name for name in names if name.startswith('test_')
                    and name != 'test_asyncio']
        return [name for name in names if name == '__pycache__'
                or name in ('site-packages', 'dist-packages')]

    copy.python.parent.mkdir(parents=True)
    shutil.copy2(executable, copy.python)
    shutil.copytree(library, copy.library, ignore=ignore,
                    ignore_dangling_symlinks=True)
    where = run([copy.python, '-I', '-c',
                 'import asyncio; print(asyncio.__file__)']).strip()
    if not pathlib.Path(where).is_relative_to(folder):
        raise Problem(f'{executable}: a copy of it still uses {where}')
    return copy


def apply(patch, folder):
    # Where Git finds a repository, it applies the patch there.
    env = dict(os.environ, GIT_CEILING_DIRECTORIES=str(folder.parent))
    for command in ['git', 'apply', '--check', '-'], ['patch', '-p1', '-s']:
        try:
            subprocess.run(command, cwd=folder, env=env, input=patch.encode(),
                           check=True)
        except (OSError, subprocess.CalledProcessError) as exc:
            raise Problem(f'the patch is not accepted: {exc}') from None


# Runs tests and writes how each of them ended.  unittest reports subtests,
# and what is set up for a class or a module, in calls of their own.
RUN_TESTS = """
import faulthandler, json, sys, unittest

class Result(unittest.TextTestResult):
    def note(self, test, end):
        if ends.get(test.id()) != 'failed':
            ends[test.id()] = end

    def addSuccess(self, test):
        super().addSuccess(test)
        self.note(test, 'passed')

    def addExpectedFailure(self, test, err):
        super().addExpectedFailure(test, err)
        self.note(test, 'passed')

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self.note(test, 'failed')

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.note(test, 'skipped')

    def addError(self, test, err):
        super().addError(test, err)
        self.note(test, 'failed')

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.note(test, 'failed')

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.note(test, 'failed')

ends = {}
faulthandler.dump_traceback_later(900, exit=True)
unittest.TextTestRunner(resultclass=Result).run(
    unittest.defaultTestLoader.loadTestsFromNames(sys.argv[2:]))
with open(sys.argv[1], 'w') as file:
    json.dump(ends, file)
"""


def run_tests(python, env, names=('test.test_asyncio',)):
    """Return how each test ended, by its name."""
    with tempfile.TemporaryDirectory() as folder:
        output = pathlib.Path(folder, 'ends.json')
        process = subprocess.run(
            [python, '-c', RUN_TESTS, output, *names], cwd=folder, env=env,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        said = process.stdout.decode(errors='replace')
        if not output.exists():
            raise Problem('test_asyncio did not run to its end, with status '
                          f'{process.returncode}: {said[-2000:]}')
        ends = json.loads(output.read_text())
    if 'failed' in ends.values():
        print(said, file=sys.stderr)
    return ends


def compare_imports(plain, patched, pairs=51):
    """Return how much longer the second Python takes, and of how many."""
    def measure(python):
        # Not what the start of the interpreter takes.
        return float(run([
            python, '-I', '-c', 'import time; start = time.perf_counter(); '
            'import asyncio; print(time.perf_counter() - start)']))

    for python in plain, patched:
        measure(python)     # writes the bytecode
    return statistics.median(measure(patched) / measure(plain)
                             for _ in range(pairs)), pairs


def print_totals(title, ends):
    counts = collections.Counter(ends.values())
    print(f'{title}: {len(ends)} tests', *(
        f'{counts[end]} {end}' for end in ('passed', 'failed', 'skipped')),
        sep=', ', flush=True)


def choose_new(ends):
    return {name: end for name, end in ends.items()
            if name.startswith(NEW_TESTS[0])}


def find_differences(before, after):
    """Return the two ends of each test that did not end as it should."""
    new = choose_new(after)
    differences = {
        name: (before.get(name, 'absent'), after.get(name, 'absent'))
        for name in sorted({*before, *after} - {*new})
        if before.get(name) != after.get(name)}
    differences.update((name, ('absent', end))
                       for name, end in sorted(new.items()) if end == 'failed')
    for module in NEW_TESTS:
        if not any(name.startswith(f'{module}.') for name in new):
            differences[module] = 'absent', 'absent'
    if 'passed' not in new.values():
        differences[NEW_TESTS[0]] = 'absent', 'not passed'
    return differences


def run(command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE,
                          universal_newlines=True).stdout


def main():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest='command', required=True)
    command = commands.add_parser('export', help='write the patch')
    command.add_argument('tree', type=pathlib.Path, metavar='TREE')
    command = commands.add_parser('check', help='run the tests with it')
    command.add_argument('python', metavar='PYTHON')
    args = parser.parse_args()
    try:
        if args.command == 'check':
            return 0 if check(args.python) else 1
        sys.stdout.buffer.write(export(args.tree).encode())
    except (Problem, OSError, subprocess.CalledProcessError,
            shutil.Error) as exc:
        print(f'cpython_patch: {exc}', file=sys.stderr)
        return 2
    return 0


if __name__ == '__main__':
    sys.exit(main())
