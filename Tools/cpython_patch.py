#!/usr/bin/env python3
"""Make a patch for CPython of this project, and try it.

export TREE
    Write to standard output a patch for a source tree of CPython, or for the
    standard library of an installed Python (lib/python3.X).  The second gets
    the module and its tests, the first its documentation and news as well.

check
    Run CPython's regrtest on test_asyncio with private copies of this Python,
    without the patch and with it.  Exit status 1 means that a test ended
    differently, or that a new one failed.

Exit status 2 means that something is in the way, which is named.
"""

import argparse
import collections
import difflib
import io
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree


ROOT = pathlib.Path(__file__).resolve().parent.parent

API_INDEX = """\
    * - :func:`run_in_foreground`
      - Run the event loop until an awaitable is done.

    * - :func:`schedule_coroutine`
      - Start a coroutine in the background.

    * - :func:`call_in_background`
      - Call a function in the background.

"""


class Problem(Exception):
    pass


class Patch:
    def __init__(self, tree):
        self.tree = tree
        self.text = ''

    def add(self, name, text):
        if (self.tree / name).exists():
            raise Problem(f'{self.tree / name}: is there already')
        self.change(name, '', text)

    def edit(self, name, function, *args):
        try:
            old = (self.tree / name).read_text('utf-8')
            new = function(old, *args)
        except (OSError, ValueError, Problem) as exc:
            raise Problem(f'{self.tree / name}: {exc}') from None
        self.change(name, old, new)

    def change(self, name, old, new):
        # Not str.splitlines(), which splits at form feeds as well.
        self.text += ''.join(difflib.unified_diff(
            io.StringIO(old).readlines(), io.StringIO(new).readlines(),
            f'a/{name}' if old else '/dev/null', f'b/{name}'))


def export(tree):
    if not tree.is_dir():
        raise Problem(f'{tree}: is no folder')
    patch = Patch(tree)
    lib = 'Lib/' if (tree / 'Lib').is_dir() else ''
    module = read('asyncio_fgbg/fgbg.py')
    patch.add(f'{lib}asyncio/fgbg.py', module)
    patch.edit(f'{lib}asyncio/__init__.py', insert, {
        r'^from \.exceptions import \*\n': 'from .fgbg import *\n',
        r'^ +exceptions\.__all__ \+\n': '           fgbg.__all__ +\n'})
    for file, names in find_needs(module).items():
        patch.edit(lib + file, check_names, names)
    for test in find_tests():
        patch.add(f'{lib}test/test_asyncio/{test.name}', adapt_test(test))
    if lib:
        patch.edit('Doc/library/asyncio.rst', insert, {
            r'^ +asyncio-runner\.rst\n': '   asyncio-fgbg.rst\n'})
        patch.edit('Doc/library/asyncio-api-index.rst', insert, {
            r'^ +\* - :class:`Runner`\n(?: {6}.*\n)+\n': API_INDEX})
        number = max([int(path.stem[2:]) for path
                      in tree.glob('Doc/whatsnew/3.*.rst')], default='X')
        patch.edit(f'Doc/whatsnew/3.{number}.rst', add_whatsnew)
        for path in [*ROOT.glob('Doc/library/*.rst'),
                     *ROOT.glob('Misc/**/*.rst')]:
            name = path.relative_to(ROOT).as_posix()
            patch.add(name, read(name))
    return patch.text


def read(name):
    return (ROOT / name).read_text('utf-8')


def find_tests(pattern='[!_]*.py'):
    return sorted(ROOT.glob(f'Lib_tests/test_asyncio/{pattern}'))


def adapt_test(path):
    """Import names from where comments say that CPython has them."""
    text = re.sub(
        r'^from (?:asyncio_fgbg|support\.cpython) import (\w+)  # (\S+)$',
        r'from \2 import \1', path.read_text('utf-8'), flags=re.MULTILINE)
    left = re.search(r'.*(?:asyncio_fgbg|\bfrom support\b|backport).*', text)
    if left:
        raise Problem(f'{path}: is not for CPython: {left[0]}')
    return text


def find_needs(module):
    """Return the names that the module needs, by the file in the library."""
    submodules = re.findall(r'^from \. import (\w+)', module, re.MULTILINE)
    needs = {f'asyncio/{name}.py': set() for name in submodules}
    needs['asyncio/futures.py'].add('_exception')
    needs['threading.py'] = set()
    for where, name in re.findall(r'\b(\w+)\.(\w+)', module):
        for file in {f'asyncio/{where}.py', f'{where}.py'} & {*needs}:
            needs[file].add(name)
    return needs


def check_names(text, names):
    for name in names - {*re.findall(r'\w+', text)}:
        raise Problem(f'has no {name}: this Python is too old or too new')
    return text


def add_whatsnew(text):
    """Add the entry to the improved modules, under asyncio."""
    entry = read('Doc/whatsnew/fgbg.rst')
    start = re.search(r'^Improved modules\n=+\n', text, re.MULTILINE)
    if start is None or entry in text:
        raise Problem('has no place for the entry')
    # The heading of a module, or of the next chapter.
    for heading in re.compile(
        r'^(?:\.\. _.*:\n\n)?(\w[\w.]*)\n-+\n\n?|^.+\n=+\n', re.MULTILINE
    ).finditer(text, start.end()):
        if heading[1] == 'asyncio':
            return f'{text[:heading.end()]}{entry}\n{text[heading.end():]}'
        if heading[1] is None or heading[1].lower() > 'asyncio':
            return (f'{text[:heading.start()]}asyncio\n-------\n\n{entry}\n\n'
                    f'{text[heading.start():]}')
    raise Problem('ends with the improved modules')


def insert(text, changes):
    """Put each new text after what its pattern matches."""
    for pattern, new in changes.items():
        match = re.search(pattern, text, re.MULTILINE)
        if match is None or new in text:
            raise Problem(f'has no place for the patch after {pattern!r}')
        text = text[:match.end()] + new + text[match.end():]
    return text


# The check.

# What regrtest counts, but does not name.
UNNAMED = 'failures in subtests and in what is set up for classes'


def check():
    """Return whether the tests end as they should."""
    library = pathlib.Path(os.__file__).resolve().parent
    with tempfile.TemporaryDirectory() as folder:
        plain, _ = copy_python(library, pathlib.Path(folder, 'plain'))
        patched, copy = copy_python(library, pathlib.Path(folder, 'patched'))
        # Where Git finds a repository, it applies the patch there.
        subprocess.run(['git', 'apply', '-'], cwd=copy, check=True,
                       env=dict(os.environ, GIT_CEILING_DIRECTORIES=folder),
                       input=export(copy).encode())
        differences = compare(plain, patched)
        # A test that depends on the time may fail on a busy machine.
        if differences and not any(
            is_new(name) or name == UNNAMED for name in differences
        ):
            print('once more:', *differences, sep='\n  ')
            differences = compare(plain, patched)
    for name, (old, new) in differences.items():
        print(f'{name}: {old} without the patch, {new} with it')
    return not differences


def copy_python(library, folder):
    """Copy the interpreter and its library, but for tests of other modules."""
    def ignore(path, names):
        in_tests = pathlib.Path(path) == library / 'test'
        return [name for name in names
                if name in ('__pycache__', 'site-packages', 'dist-packages')
                or in_tests and name.startswith('test_')
                and name != 'test_asyncio']

    python = folder / 'bin' / 'python'
    python.parent.mkdir(parents=True)
    shutil.copy2(sys._base_executable, python)
    return python, shutil.copytree(
        library, folder / library.parent.name / library.name, ignore=ignore,
        ignore_dangling_symlinks=True)


def compare(plain, patched):
    """Return the two ends of each test that did not end as it should."""
    print('running test_asyncio twice, which takes minutes', flush=True)
    before = run_tests(plain)
    after = run_tests(patched)
    new = {name: end for name, end in after.items() if is_new(name)}
    for title, ends in [('without the patch', before), ('with it', after),
                        ('new tests', new)]:
        print(f'{title}:', dict(collections.Counter(ends.values())),
              flush=True)
    return find_differences(before, after)


def run_tests(python):
    """Return how each test ended, by its name."""
    with tempfile.TemporaryDirectory() as folder:
        report = pathlib.Path(folder, 'junit.xml')
        process = subprocess.run(
            [python, '-E', '-m', 'test', 'test_asyncio', '--timeout', '900',
             '--junit-xml', report],
            cwd=folder, text=True, errors='replace', stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if process.returncode:
            print(process.stdout)
        if not report.exists():
            raise Problem('regrtest did not come to its end')
        return read_report(report)


def read_report(path):
    root = xml.etree.ElementTree.parse(path).getroot()
    ends = {}
    failed = int(root.get('errors')) + int(root.get('failures'))
    for case in root.iter('testcase'):
        tags = {child.tag for child in case}
        if case.get('name'):    # an outcome is an unexpected success
            ends[case.get('name')] = (
                'failed' if tags & {'error', 'failure', 'outcome'}
                else 'skipped' if 'skipped' in tags else 'passed')
            failed -= bool(tags & {'error', 'failure'})
    ends[UNNAMED] = f'failed ({failed})' if failed else 'passed'
    return ends


def is_new(name):
    return name.startswith('test.test_asyncio.test_fgbg')


def find_differences(before, after):
    differences = {
        name: (before.get(name, 'absent'), after.get(name, 'absent'))
        for name in sorted({*before, *after})
        if (after.get(name) == 'failed' if is_new(name)
            else before.get(name) != after.get(name))}
    for path in find_tests('test_*.py'):
        module = f'test.test_asyncio.{path.stem}'
        ends = {after[name] for name in after if name.startswith(f'{module}.')}
        if 'passed' not in ends:
            differences[module] = 'absent', 'not passed'
    return differences


def main():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest='command', required=True)
    commands.add_parser('export', help='write the patch').add_argument(
        'tree', type=pathlib.Path, metavar='TREE')
    commands.add_parser('check', help='run the tests with it')
    args = parser.parse_args()
    try:
        if args.command == 'export':
            sys.stdout.buffer.write(export(args.tree).encode())
        elif not check():
            sys.exit(1)
    except (Problem, OSError, subprocess.CalledProcessError) as exc:
        print(f'cpython_patch: {exc}', file=sys.stderr)
        sys.exit(2)


if __name__ == '__main__':
    main()
