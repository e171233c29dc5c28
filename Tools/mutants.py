#!/usr/bin/env python3
"""Change asyncio_fgbg/ in every small way and see a test fail each time.

The changes are cosmic-ray's, and each statement once left out.  Each is made
in a copy, for which the file's tests in Lib_tests/ must fail on one of the
Pythons that are given.  A test that takes too long has failed.  The exit
status is 1 if a change was not noticed that is not among those known to make
no difference, and 2 if one of these is no longer made.
"""

import argparse
import ast
import collections
import concurrent.futures
import contextlib
import difflib
import functools
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import typing
import warnings

try:
    import cosmic_ray.mutating
    import cosmic_ray.operators.operator
    import cosmic_ray.plugins
    import parso.python.tree
except ImportError as exc:
    print(f'mutants: {exc}: tox run -e mutants has it', file=sys.stderr)
    sys.exit(2)


ROOT = pathlib.Path(__file__).resolve().parent.parent
TESTS = {
    'fgbg.py': ['test_fgbg', 'test_compat', 'test_model.UvloopTests'],
    '_compat.py': ['test_compat', 'test_fgbg'],
    '__init__.py': ['test_fgbg', 'test_compat'],
    '__main__.py': ['test_prompt_stdin', 'test_prompt_module', 'test_prompt',
                    'test_prompt_editing'],
}

# Runs the tests until one fails; a test may take ten seconds.
RUN_TESTS = """
import faulthandler, unittest

class Result(unittest.TextTestResult):
    def startTest(self, test):
        faulthandler.dump_traceback_later(10, exit=True)
        super().startTest(test)

class Runner(unittest.TextTestRunner):
    resultclass = Result

unittest.main(None, failfast=True, testRunner=Runner)
"""

# What no test can see: file, function, old text, new text.
NO_DIFFERENCE = [
    # Threads, code and event loops equal nothing but themselves.
    ('fgbg.py', '__enter__',
     'and threading.current_thread() is threading.main_thread()',
     'and threading.current_thread() == threading.main_thread()'),
    ('fgbg.py', '_find_loop',
     'if thread is not threading.main_thread():',
     'if thread != threading.main_thread():'),
    ('fgbg.py', 'run_in_foreground',
     'if shared and futures._get_loop(task) is not loop:',
     'if shared and futures._get_loop(task) != loop:'),
    ('fgbg.py', 'schedule_coroutine',
     'if events._get_running_loop() is not loop and loop.is_running():',
     'if events._get_running_loop() != loop and loop.is_running():'),
    ('fgbg.py', '_is_in_event_loop',
     'and frame.f_code is not events.Handle._run.__code__)',
     'and frame.f_code != events.Handle._run.__code__)'),
    ('_compat.py', '_get_event_loop',
     'return None if loop is _inherited_loop else loop',
     'return None if loop == _inherited_loop else loop'),
    # So does the list of a process, in which there is one more in each child.
    ('fgbg.py', 'run',
     'if self.process is _parents:', 'if self.process == _parents:'),
    ('fgbg.py', '__enter__',
     'or isinstance(handler, _Wait) and handler.process is not _parents)',
     'or isinstance(handler, _Wait) and handler.process != _parents)'),
    ('fgbg.py', '__call__',
     'if self.process is not _parents:', 'if self.process != _parents:'),
    # There is at least one when it is counted, and a third does no harm.
    ('fgbg.py', '__call__',
     'if self.interrupts == 1 or _is_in_event_loop(frame):',
     'if self.interrupts <= 1 or _is_in_event_loop(frame):'),
    ('fgbg.py', 'interrupt',
     'if count > 1:', 'if count != 1:'),
    ('fgbg.py', 'cancel_or_keep',
     'if self.interrupts < 2:', 'if self.interrupts != 2:'),
    # It takes longer.
    ('fgbg.py', 'run_in_foreground',
     'if not (is_coroutine or shared or coroutines.iscoroutine(task)',
     'if not (is_coroutine and shared or coroutines.iscoroutine(task)'),
    ('_compat.py', '_shutdown_default_executor',
     'await asyncio.sleep(0.01)', 'await asyncio.sleep( 1.01)'),
    ('_compat.py', '_shutdown_default_executor',
     'await asyncio.sleep(0.01)', 'await asyncio.sleep( -0.99)'),
    # From 3.12 on, a forked child has no event loop to remember.
    ('_compat.py', '',
     "and hasattr(os, 'register_at_fork')",
     "or hasattr(os, 'register_at_fork')"),
    # Nothing else has a name that is less.
    ('__main__.py', '', "if __name__ == '__main__':",
     "if __name__ <= '__main__':"),
]
# Which versions need what in _compat.py is seen by these versions alone.
VERSIONS = 'sys.version_info', 'sys.implementation.name', 'PYPY'


class Mutant(typing.NamedTuple):
    file: str
    function: str       # the innermost one, '' outside of any
    line: int
    old: str            # what was there
    new: str            # what is there instead
    source: str         # of the whole file


class StatementRemover(cosmic_ray.operators.operator.Operator):
    """An operator that leaves out a statement, but for imports and such."""

    def mutation_positions(self, node):
        if (node.type == 'simple_stmt'
            and node.children[0].type in ('expr_stmt', 'atom_expr', 'power',
                                          'await_expr', 'return_stmt',
                                          'raise_stmt', 'keyword')
            and node.children[0].get_code(include_prefix=False) != 'pass'
        ):
            yield node.start_pos, node.end_pos

    def mutate(self, node, index):
        node.children[0] = parso.python.tree.Keyword(
            'pass', node.start_pos, node.get_first_leaf().prefix)
        return node

    @classmethod
    def examples(cls):
        return ()


def operators():
    for name in cosmic_ray.plugins.operator_names():
        operator = cosmic_ray.plugins.get_operator(name)
        if not operator.arguments():
            yield operator()
    yield StatementRemover()


def make_mutants(file):
    source = (ROOT / 'asyncio_fgbg' / file).read_text()
    warnings.simplefilter('ignore', SyntaxWarning)
    for operator in operators():
        number = 0
        while True:
            mutated = cosmic_ray.mutating.mutate_code(source, operator, number)
            if mutated is None:
                break
            number += 1
            with contextlib.suppress(SyntaxError):
                compile(mutated, file, 'exec')
                line, *change = describe(source, mutated)
                yield Mutant(file, find_function(source, line), line, *change,
                             mutated)


def describe(old, new):
    """Return the number of the first line that differs, and what differs."""
    old, new = (re.sub('  +#.*', '', text).splitlines()
                for text in (old, new))
    _, start, stop, new_start, new_stop = next(
        opcode for opcode in difflib.SequenceMatcher(
            None, old, new, autojunk=False).get_opcodes()
        if opcode[0] != 'equal')
    return (start + 1,
            ' '.join(' '.join(old[start:stop]).split()),
            ' '.join(' '.join(new[new_start:new_stop]).split()))


def find_function(source, line):
    """Return the name of the innermost function that *line* is in."""
    functions = {node.lineno: node.name for node in ast.walk(ast.parse(source))
                 if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
                 and node.lineno <= line <= node.end_lineno}
    return functions[max(functions)] if functions else ''


def run_tests(python, tests, package_parent):
    """Return 'passed', 'failed' or 'timed out'."""
    with tempfile.TemporaryFile('w+', errors='replace') as output:
        process = subprocess.Popen(
            [python, '-X', 'dev', '-W', 'error', '-c', RUN_TESTS, *tests],
            cwd=ROOT / 'Lib_tests',
            env=dict(os.environ, PYTHONPATH=str(package_parent),
                     PYTHONDONTWRITEBYTECODE='1', FGBG_PATIENCE='3'),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=output, start_new_session=True)
        try:
            status = process.wait(300)
        except subprocess.TimeoutExpired:
            return 'timed out'
        finally:
            # What the tests have started may go on when they have ended.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        output.seek(0)
        if 'Timeout (0:00:10)!' in output.read():
            return 'timed out'
    return 'failed' if status else 'passed'


def identify(mutant):
    return mutant.file, mutant.function, mutant.old, mutant.new


def try_mutant(mutant, pythons):
    with tempfile.TemporaryDirectory() as folder:
        package = pathlib.Path(folder, 'asyncio_fgbg')
        shutil.copytree(ROOT / 'asyncio_fgbg', package,
                        ignore=shutil.ignore_patterns('__pycache__'))
        (package / mutant.file).write_text(mutant.source)
        for python in pythons:
            verdict = run_tests(python, TESTS[mutant.file], folder)
            if verdict != 'passed':
                return verdict
    return 'not noticed'


def check_mutants(mutants, pythons, count):
    """Return how many of *mutants* were not noticed; try *count* at once."""
    verdicts = collections.Counter()
    with concurrent.futures.ThreadPoolExecutor(count) as executor:
        results = executor.map(functools.partial(try_mutant, pythons=pythons),
                               mutants)
        for mutant, verdict in zip(mutants, results):
            verdicts[verdict] += 1
            print(f'{verdict:11} {mutant.file}:{mutant.line}: {mutant.old}'
                  f' -> {mutant.new}', flush=True)
    print(', '.join(f'{count} {verdict}'
                    for verdict, count in verdicts.items()))
    return verdicts['not noticed']


def main():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--python', action='append', required=True,
                        dest='pythons', metavar='PYTHON',
                        help='run the tests on it, too; it must have what '
                             'the extra "test" installs')
    parser.add_argument('--jobs', type=int, default=1,
                        help='so many changes at once (default: 1)')
    parser.add_argument('files', nargs='+', choices=TESTS, metavar='FILE',
                        help=f'what to change: {", ".join(TESTS)}')
    args = parser.parse_args()
    for file in args.files:
        for python in args.pythons:
            if run_tests(python, TESTS[file], ROOT) != 'passed':
                sys.exit(f'the tests of {file} fail on {python} as it is')
    mutants = [mutant for file in args.files for mutant in make_mutants(file)]
    made = {identify(mutant) for mutant in mutants}
    stale = [change for change in NO_DIFFERENCE
             if change[0] in args.files and change not in made]
    for change in stale:
        print('STALE', *change)
    missed = check_mutants(
        [mutant for mutant in mutants
         if identify(mutant) not in NO_DIFFERENCE
         and not any(name in mutant.old for name in VERSIONS)],
        args.pythons, args.jobs)
    return 2 if stale else 1 if missed else 0


if __name__ == '__main__':
    sys.exit(main())
