"""Run the interpreters of exit_cases.py, say what is wrong with their ends"""

import collections
import contextlib
import functools
import os
import platform
import signal
import subprocess
import sys
import threading

import asyncio_fgbg
from exit_cases import BACKGROUNDS, ENDINGS


HERE = os.path.dirname(os.path.abspath(__file__))
PATH = os.pathsep.join([HERE, os.path.dirname(*asyncio_fgbg.__path__)])
PYTHON = sys.executable, '-X', 'dev', '-W', 'error', '-c'
TIMEOUT = float(os.environ.get('FGBG_PATIENCE', 60))    # seconds
VERSION = sys.version_info
PYPY = platform.python_implementation() == 'PyPy'

THREADED = 'threads', 'executor work', 'subprocesses', 'everything'


def find_limit(ending, background):
    """Return why there is no such case here, None if there is one."""
    if PYPY and ending in ('sub-interpreter', 'Py_Exit'):
        return 'PyPy has neither sub-interpreters nor the C API for its end'
    if (ending == 'SIGTERM that exits'
        and background in ('sockets', 'servers', 'everything')
    ):
        return 'what a signal handler raises may break a busy event loop'
    if ending == 'sub-interpreter':
        if VERSION < (3, 12):
            return 'before Python 3.12, interpreters share parts of asyncio'
        if background == 'refusing tasks':
            return 'Ctrl-C reaches the main interpreter only'
        if VERSION < (3, 13) and background in THREADED:
            return 'before Python 3.13, one with threads is not destroyed'
    return None


def find_problems(ending, background, python=PYTHON):
    """Run a case and return what is wrong with its end, line by line."""
    expected_status, expected_errors, _ = run_plain(ending)
    source = (f'import exit_cases; '
              f'exit_cases.ENDINGS[{ending!r}].end({background!r})')
    status, errors, said = run([*python, source], ENDINGS[ending].signal)
    problems = []
    if status is None:
        problems.append('does not end')
    elif status != expected_status:
        problems.append(f'status {status}, not {expected_status}')
    if summary(errors) != summary(expected_errors):
        problems += ['prints:', *errors.splitlines()]
    expected = collections.Counter()
    for cleaner in ENDINGS[ending].cleans:
        for cleanup in BACKGROUNDS[background][1]:
            expected[cleaner, f'cleaned {cleanup}'] += 1
        if background == 'refusing tasks':
            expected[cleaner, 'refuses'] += 1
    said.pop(('main', 'ready'), None)
    for (who, what), times in (expected - said).items():
        problems.append(f'{who} has not {what}, {times} times')
    for (who, what), times in (said - expected).items():
        problems.append(f'{who} has {what}, {times} times too often')
    return problems


@functools.lru_cache(maxsize=None)
def run_plain(ending):
    return run([sys.executable, '-c', ENDINGS[ending].plain],
               ENDINGS[ending].signal)


def run(command, signum):
    """Return the status, the errors and what was said; None if it hangs."""
    env = dict(os.environ, PYTHONPATH=PATH)
    if VERSION[:2] == (3, 8):
        # A forked child of 3.8 crashes at exit with -X dev's allocator.
        env['PYTHONMALLOC'] = 'pymalloc'
    process = subprocess.Popen(
        command, cwd=HERE, env=env, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        universal_newlines=True, start_new_session=True)
    late = threading.Event()

    def give_up():
        late.set()
        # The development mode prints where it is.
        os.killpg(process.pid, signal.SIGABRT)

    timer = threading.Timer(TIMEOUT, give_up)
    timer.start()
    errors = []
    reader = threading.Thread(
        target=lambda: errors.append(process.stderr.read()))
    reader.start()
    said = collections.Counter()
    try:
        for line in process.stdout:
            sender, pid, text = line.rstrip().split(' ', 2)
            said[sender, text] += 1
            if text == 'ready':
                os.kill(int(pid), signum)
            elif text == 'refuses':
                os.kill(int(pid), signal.SIGINT)
        # The errors end when what the interpreter started has ended, too.
        reader.join()
        process.wait()
    finally:
        timer.cancel()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        reader.join()
        process.stdout.close()
        process.stderr.close()
        process.wait()
    return None if late.is_set() else process.returncode, errors[0], said


def summary(errors):
    """Return what does not depend on who called what, and where it was."""
    return [line.rpartition(' at 0x')[0] or line
            for line in errors.splitlines()
            # A forked child of 3.7 looks for its parent's subprocesses.
            if not line.startswith((' ', 'Unknown child process'))]
