#!/usr/bin/env python3
"""Change the package in every small way and see a test fail each time.

cosmic-ray makes the changes, in a copy, and so does an operator that leaves
out a statement.  For each, the tests must fail on one of the Pythons; a test
that takes ten seconds has failed.  cr-report reads SESSION, meanwhile too.

The exit status is 1 if a change was not noticed that is not among those that
mutants.toml says make no difference, and 2 if one of these is no longer made.
"""

import argparse
import contextlib
import functools
import os
import pathlib
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile

try:
    import parso.python.tree
    from cosmic_ray import commands, config, mutating, plugins, work_db
    from cosmic_ray.work_item import TestOutcome, WorkerOutcome, WorkResult
except ImportError as exc:
    print(f'mutants: {exc}: "tox run -e mutants" has it', file=sys.stderr)
    sys.exit(2)


ROOT = pathlib.Path(__file__).resolve().parent.parent


class StatementRemover:
    """An operator that leaves out a statement, but for imports and such."""

    arguments = tuple       # it takes none

    def mutation_positions(self, node):
        if (node.type == 'simple_stmt' and node.children[0] != 'pass'
            and node.children[0].type in ('expr_stmt', 'atom_expr', 'power',
                                          'await_expr', 'return_stmt',
                                          'raise_stmt', 'keyword')):
            yield node.start_pos, node.end_pos

    def mutate(self, node, index):
        node.children[0] = parso.python.tree.Keyword(
            'pass', node.start_pos, node.get_first_leaf().prefix)
        return node


def describe(mutation):
    """Return the line, with what is replaced in brackets, and the operator."""
    line, start = mutation.start_pos
    text = mutation.module_path.read_text().splitlines()[line - 1]
    end = mutation.end_pos[1] if mutation.end_pos[0] == line else len(text)
    text = f'{text[:start]}[{text[start:end]}]{text[end:]}'.partition('  #')[0]
    return (f'{mutation.module_path.name} {mutation.definition_name}: '
            f'{text.strip()} {mutation.operator_name.rpartition("/")[2]}')


def run_tests(pythons, command, timeout):
    """Do what cosmic-ray does, on several Pythons, and end what is left."""
    for python in pythons:
        process = subprocess.Popen(
            [python, *shlex.split(command)], cwd='Lib_tests',
            env=dict(os.environ, PYTHONPATH=os.getcwd(), FGBG_PATIENCE='3',
                     PYTHONDONTWRITEBYTECODE='1'),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        if process.wait():
            return TestOutcome.KILLED, python
    return TestOutcome.SURVIVED, ''


def main():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--python', action='append', required=True,
                        help='has what the tests need; may be repeated')
    parser.add_argument('--tests', help='others than mutants.toml names')
    parser.add_argument('session', type=os.path.abspath)
    parser.add_argument('file', nargs='+', help='such as fgbg.py')
    args = parser.parse_args()
    settings = config.load_config(ROOT / 'Tools' / 'mutants.toml')
    settings['test-command'] += args.tests or settings['tests']
    plugins.OPERATOR_PROVIDERS['fgbg'] = {'StatementRemover': StatementRemover}
    mutating.run_tests = functools.partial(run_tests, args.python)
    with tempfile.TemporaryDirectory() as copy, work_db.use_db(
            args.session, work_db.WorkDB.Mode.create) as db:
        shutil.copytree(ROOT, copy, dirs_exist_ok=True,
                        ignore=shutil.ignore_patterns('.*', '__pycache__'))
        os.chdir(copy)
        if run_tests(args.python, settings.test_command, 900)[0] != 'survived':
            sys.exit('the tests fail before anything is changed')
        commands.init([pathlib.Path('asyncio_fgbg', name)
                       for name in args.file], db, {})
        changes = {item.job_id: describe(item.mutations[0])
                   for item in db.work_items}
        db.set_multiple_results(
            [job for job, change in changes.items()
             if change in settings['no-difference']
             or any(word in change for word in settings['versions'])],
            WorkResult(WorkerOutcome.SKIPPED))
        commands.execute(db, settings)
        missed = [result.diff for _, result in db.results
                  if not result.is_killed]
    stale = {change for change in settings['no-difference']
             if change.split()[0] in args.file} - {*changes.values()}
    print(*missed, *stale, f'{len(changes)} changes, {len(missed)} not '
          f'noticed, {len(stale)} no longer made', sep='\n')
    sys.exit(2 if stale else 1 if missed else 0)


if __name__ == '__main__':
    main()
