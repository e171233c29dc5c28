#!/usr/bin/env python3
"""End interpreters in every way, with everything in the background.

Each cell is an interpreter of the Python that runs this script: a row is how
it ends, a column what is in its background when it does.  It must end with the
status that plain Python gives, clean up what asyncio.run() cleans up, and be
as silent as with asyncio.run().  The exit status is 1 if a cell fails.
"""

import argparse
import pathlib
import platform
import signal
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / 'Lib_tests'), str(ROOT)]

import exit_cases       # noqa: E402
import exit_runner      # noqa: E402


class Parser(argparse.ArgumentParser):
    def error(self, message):
        self.exit(2, f'exits: {message}\n')


def main():
    parser = Parser(description=__doc__, formatter_class=argparse.
                    RawDescriptionHelpFormatter)
    for option, names in [('--ending', exit_cases.ENDINGS),
                          ('--background', exit_cases.BACKGROUNDS)]:
        parser.add_argument(option, choices=names, metavar='NAME',
                            help='only this one of: ' + ', '.join(names))
    parser.add_argument('--filters', choices=['default', 'dev', 'both'],
                        default='both', help='those of plain Python, those '
                        'of -X dev -W error, or both (what is done if not '
                        'given)')
    args = parser.parse_args()
    # In the background of a shell, processes are told to ignore SIGINT.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    backgrounds = [args.background] if args.background else [
        *exit_cases.BACKGROUNDS]
    filters = [args.filters]
    if args.filters == 'both':
        filters = [*exit_runner.FILTERS]
    limits, notes = [], {'FAILS': {}, 'better': {}}
    print(platform.python_implementation(), platform.python_version())
    print(' ' * 28, *(f'{name:12}' for name in backgrounds))
    for ending in [args.ending] if args.ending else exit_cases.ENDINGS:
        print(f'{ending:28}', end='', flush=True)
        for background in backgrounds:
            limit = exit_runner.find_limit(ending, background)
            if limit is None:
                mark = run_cell(ending, background, filters, notes)
            else:
                if limit not in limits:
                    limits.append(limit)
                mark = f'-{limits.index(limit) + 1}'
            print(f' {mark:12}', end='', flush=True)
        print()
    for number, limit in enumerate(limits, 1):
        print(f'-{number}: {limit}')
    for mark, lines in notes.items():
        for line, cells in lines.items():
            print(f'{mark}, {line}:\n   ', '; '.join(
                cell if len(names) == len(filters) else f'{cell} ({names[0]})'
                for cell, names in cells.items()))
    sys.exit(bool(notes['FAILS']))


def run_cell(ending, background, filters, notes):
    """Return the mark of a cell, and add to *notes* what it is for."""
    marks = set()
    for name in filters:
        wrong, better = exit_runner.compare(ending, background, name)
        for mark, lines in ('FAILS', wrong), ('better', better):
            for line in lines:
                marks.add(mark)
                cells = notes[mark].setdefault(line, {})
                cells.setdefault(f'{ending}, {background}', []).append(name)
    return min(marks, default='ok')     # FAILS before better


if __name__ == '__main__':
    main()
