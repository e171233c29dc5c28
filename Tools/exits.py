#!/usr/bin/env python3
"""End interpreters in every way, with everything in the background.

Each cell is an interpreter of the Python that runs this script: a row is how
it ends, a column what is in its background when it does.  It must end with the
status that plain Python gives, clean up what asyncio.run() cleans up, and be
as silent as with asyncio.run().  The exit status is 1 if a cell fails.

asyncio_fgbg is the one that Python finds: with PYTHONPATH=. the checkout's.
"""

import platform
import sys

import _paths  # noqa: F401
from support.command_line import Parser


def main():
    parser = Parser(__doc__)
    try:
        from support import exit_cases, exit_runner
    except ImportError as exc:
        parser.error(f'{exc}: install it, or set PYTHONPATH')
    for option, names in [('--ending', exit_cases.ENDINGS),
                          ('--background', exit_cases.BACKGROUNDS),
                          ('--filters', exit_runner.FILTERS)]:
        parser.add_argument(option, choices=names, metavar='NAME',
                            help='only this one of: ' + ', '.join(names))
    args = parser.parse_args()
    endings, backgrounds, filters = [
        [only] if only else [*names] for only, names in [
            (args.ending, exit_cases.ENDINGS),
            (args.background, exit_cases.BACKGROUNDS),
            (args.filters, exit_runner.FILTERS)]]
    cells = {}      # by what is said of them
    status = 0
    print(platform.python_implementation(), platform.python_version())
    print(' ' * 28, *(f'{name:12}' for name in backgrounds))
    for ending in endings:
        print(f'{ending:28}', end='', flush=True)
        for background in backgrounds:
            mark, notes = exit_runner.judge(ending, background, filters)
            print(f' {mark:12}', end='', flush=True)
            for note in notes:
                cells.setdefault(note, []).append(f'{ending}, {background}')
            if mark == 'FAILS':
                status = 1
        print()
    for note, names in sorted(cells.items()):
        print(f'{note}:\n   ', '; '.join(names))
    return status


if __name__ == '__main__':
    sys.exit(main())
