#!/usr/bin/env python3
"""End an interpreter in every way, with everything in the background.

Each cell of the table is an interpreter of its own, started by the Python that
runs this script: a row is how it ends, a column what is in its background when
it does.  It must end with the status that plain Python gives, print nothing
that plain Python does not print, and clean up what is in the background,
unless that is how it ends.  The exit status is 1 if one of them fails.
"""

import argparse
import os
import pathlib
import platform
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile


ROOT = pathlib.Path(__file__).resolve().parent.parent

HOST = """\
#include <Python.h>

/* Run argv[2] in the main interpreter or in a sub-interpreter. */
int main(int argc, char **argv)
{
    PyThreadState *first, *sub;
    int failed;

    Py_Initialize();
    first = PyThreadState_Get();
    sub = strcmp(argv[1], "sub") == 0 ? Py_NewInterpreter() : NULL;
    failed = PyRun_SimpleString(argv[2]);
    if (sub != NULL) {
        Py_EndInterpreter(sub);
        PyThreadState_Swap(first);
    }
    return Py_FinalizeEx() < 0 || failed;
}
"""


class Problem(Exception):
    pass


def main():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--ending', help='only the row of this name')
    parser.add_argument('--background', help='only the column of this name')
    args = parser.parse_args()
    # In the background of a shell, processes are told to ignore SIGINT.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.path += [str(ROOT / 'Lib_tests'), str(ROOT)]
    try:
        with tempfile.TemporaryDirectory() as folder:
            failed = Table(folder, args.ending, args.background).run()
    except Problem as exc:
        print(f'exits: {exc}', file=sys.stderr)
        sys.exit(2)
    sys.exit(failed)


class Table:
    def __init__(self, folder, ending, background):
        import exit_runner
        self.runner = exit_runner
        self.backgrounds = choose(exit_runner.BACKGROUNDS, background)
        self.endings = choose([*exit_runner.ENDINGS, 'Py_FinalizeEx',
                               'Py_EndInterpreter'], ending)
        self.limits = []
        self.failures = []
        self.host, self.no_host = build_host(folder)

    def run(self):
        """Print the table and return whether a cell failed."""
        print(platform.python_implementation(), sys.version.split()[0])
        print(' ' * 26, *(f'{name:14}' for name in self.backgrounds))
        for ending in self.endings:
            print(f'{ending:26}', end='', flush=True)
            for background in self.backgrounds:
                print(f' {self.run_cell(ending, background):14}', end='',
                      flush=True)
            print()
        for number, limit in enumerate(self.limits, 1):
            print(f'-{number}: {limit}')
        for ending, background, problems in self.failures:
            print(f'\n{ending}, {background}:', *problems, sep='\n    ')
        return bool(self.failures)

    def run_cell(self, ending, background):
        limit = self.find_limit(ending, background)
        if limit is not None:
            if limit not in self.limits:
                self.limits.append(limit)
            return f'-{self.limits.index(limit) + 1}'
        if ending == 'Py_FinalizeEx':
            problems = self.runner.find_problems(
                'end of script', background, [*self.host, 'main'])
        elif ending == 'Py_EndInterpreter':
            problems = self.runner.find_problems(
                'end of script', background, [*self.host, 'sub'])
        else:
            problems = self.runner.find_problems(ending, background)
        if problems:
            self.failures.append((ending, background, problems))
            return 'FAILS'
        return 'ok'

    def find_limit(self, ending, background):
        if ending not in ('Py_FinalizeEx', 'Py_EndInterpreter'):
            return self.runner.find_limit(ending, background)
        if ending == 'Py_EndInterpreter' and self.no_host is None:
            if background == 'refusing tasks':
                return 'Ctrl-C reaches the main interpreter only'
            if (sys.version_info[:2] == (3, 8)
                and background in ('subprocesses', 'everything')
            ):
                return "Python 3.8 frees asyncio's child watcher too late"
        return self.no_host


def choose(names, wanted):
    if wanted is None:
        return list(names)
    if wanted not in names:
        raise Problem(f'there is no {wanted!r}, only {", ".join(names)}')
    return [wanted]


def build_host(folder):
    """Return a command that embeds this Python, or why there is none."""
    header = os.path.join(sysconfig.get_path('include'), 'Python.h')
    library = sysconfig.get_config_var('LIBDIR')
    name = sysconfig.get_config_var('LDLIBRARY')
    compiler = shutil.which('cc')
    if compiler is None:
        return None, 'there is no C compiler'
    if platform.python_implementation() == 'PyPy':
        return None, ('PyPy has neither sub-interpreters nor the C API '
                      'for its end')
    if not (os.path.exists(header)
            and os.path.exists(os.path.join(library, name))):
        return None, 'there are no header files or no library of this Python'
    source = pathlib.Path(folder, 'host.c')
    source.write_text(HOST)
    host = os.path.join(folder, 'host')
    command = [compiler, '-o', host, str(source),
               f'-I{os.path.dirname(header)}', f'-L{library}',
               f'-Wl,-rpath,{library}', f'-l:{name}']
    result = subprocess.run(command, stderr=subprocess.PIPE,
                            universal_newlines=True)
    if result.returncode:
        raise Problem(f'{" ".join(command)}: {result.stderr.strip()}')
    return ['env', f'PYTHONHOME={sys.base_prefix}', 'PYTHONDEVMODE=1',
            'PYTHONWARNINGS=error', host], None


if __name__ == '__main__':
    main()
