"""Run the cases with the helpers and with asyncio.run()"""

import functools
import os
import re
import signal
import subprocess
import sys

from support import PATIENCE
from support.cpython import PYPY
from support.paths import PYTHONPATH

from . import cases

FILTERS = {'default': [], 'dev': ['-X', 'dev', '-W', 'error']}
VERSION = sys.version_info

# Of what is left open, the same may be said as after asyncio.run().  (That one
# fails on Python 3.7 with everything in the background and -W error.)
LEFT_OPEN = {'servers': ['servers'], 'subprocesses': ['subprocesses'],
             'everything': ['servers', 'subprocesses', 'everything']}
# What does not count: where it was, that a traceback has several parts, that
# a busy machine is slow, and that a signal cancelled what it ended.
SKIPPED = re.compile(r' |$|Traceback |During handling |The above exception '
                     r'|Exception ignored |Executing|task:|handle:'
                     r'|source_traceback: |[\w.]*CancelledError$')
# What Python may say of its parent's objects at the end of a forked child.
INHERITED = re.compile(r'Task was destroyed but it is pending'
                       r'|RuntimeError: .* ignored GeneratorExit'
                       r'|ResourceWarning: unclosed( transport)?$')


def find_limit(ending, background):
    """Return why there is no such case here, None if there is one."""
    if ending == 'sub-interpreter':
        if PYPY:
            return 'PyPy has no sub-interpreters'
        if VERSION < (3, 13):
            return 'before Python 3.13, one that imports asyncio may crash'
    if ending.startswith('multiprocessing'):
        if VERSION < (3, 9):
            return 'before Python 3.9, such a child calls nothing at its exit'
        if VERSION < (3, 13) and background in ('generators', 'everything'):
            return 'before Python 3.13, such a child calls no exit functions'
    if (VERSION < (3, 8) and ending == 'fork and start'
            and background in ('subprocesses', 'everything')):
        return 'on Python 3.7, a child inherits the watcher of subprocesses'
    if (ending == 'Ctrl-C while leaving'
            and background in ('calls', 'everything')):
        return 'a call that needs the event loop waits for it for ever'
    return None


def compare(ending, background, filters):
    """Return what is wrong with an end, and what is better than asyncio.run()

    Both are lists of lines.
    """
    _, status, prints = cases.ENDINGS[ending]
    ours, said, cleaned = run(ending, background, filters, True)
    theirs, their_said, their_cleaned = run(ending, background, filters, False)
    expected = {prints}
    for part in LEFT_OPEN.get(background, []):
        # Without -X dev, nothing is said of servers.
        if filters == 'dev' or part != 'servers':
            expected |= run(ending, part, filters, False)[1]
    wrong = [f'lacks: {line}' for line in sorted(their_cleaned - cleaned)]
    wrong += [f'prints: {line}' for line in sorted(said - expected)]
    better = [f'asyncio.run() lacks: {line}'
              for line in sorted(cleaned - their_cleaned)]
    better += [f'asyncio.run() prints: {line}'
               for line in sorted(their_said - said - {prints})]
    if ours != status:
        wrong.insert(0, f'status {ours}, not {status}')
    elif theirs != status:
        better.insert(0, f'asyncio.run() has status {theirs}, not {status}')
    return wrong, better


@functools.lru_cache(maxsize=None)
def run(ending, background, filters, helpers):
    """Return the status, what was said, and what was cleaned up."""
    env = dict(os.environ, PYTHONPATH=PYTHONPATH)
    if VERSION[:2] == (3, 8):
        # A forked child of 3.8 crashes at exit with -X dev's allocator.
        env['PYTHONMALLOC'] = 'pymalloc'
    process = subprocess.Popen(
        [sys.executable, *FILTERS[filters], '-c',
         'from exits import cases; '
         f'cases.end({ending!r}, {background!r}, {helpers})'],
        env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, universal_newlines=True, errors='replace',
        start_new_session=True)
    try:
        output, errors = process.communicate(timeout=PATIENCE)
        status = process.returncode
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, errors = process.communicate()
        status = '"does not end"'
    is_forked = ending.startswith(('fork', 'multiprocessing'))
    lines = set(output.splitlines())
    cleaned = {line for line in lines if ' cleaned ' in line}
    said = lines - cleaned
    for line in errors.splitlines():
        # Leave out objects, addresses, numbers, and where a warning was.
        line = re.sub(r'(0x|[ (]<).*|\d+|^/\S+: ', '', line)
        if not (SKIPPED.match(line)
                or is_forked and INHERITED.match(line)):
            said.add(line)
    return status, said, cleaned
