"""End interpreters in every way, with everything in the background.

In Lib_tests, "PYTHONPATH=.. python -m exits" makes a table for each set of
warning filters.  Each cell is an interpreter of the Python that makes it: a
row is how it ends, a column what is in its background when it does.  It must
end with the status that plain Python gives, clean up what asyncio.run() cleans
up, and be as silent as with asyncio.run().  The exit status is 1 if a cell
fails.
"""

import platform
import sys

from support.command_line import Parser

from . import cases, runner


def judge(ending, background, filters):
    """Return a mark, and what it is for."""
    limit = runner.find_limit(ending, background)
    if limit is not None:
        return '-', [limit]
    wrong, better = runner.compare(ending, background, filters)
    if wrong:
        return 'FAILS', wrong
    return ('better' if better else 'ok'), better


def main():
    parser = Parser(__doc__, prog='python -m exits')
    for option, names in [('--ending', cases.ENDINGS),
                          ('--background', cases.BACKGROUNDS),
                          ('--filters', runner.FILTERS)]:
        parser.add_argument(option, nargs='+', choices=names, default=names,
                            metavar='NAME',
                            help='only some of: ' + ', '.join(names))
    args = parser.parse_args()
    status = 0
    for filters in args.filters:
        cells = {}      # by what is said of them
        print(platform.python_implementation(), platform.python_version(),
              f'{filters:14}', *(f'{name:12}' for name in args.background))
        for ending in args.ending:
            print(f'{ending:28}', end='', flush=True)
            for background in args.background:
                mark, notes = judge(ending, background, filters)
                print(f' {mark:12}', end='', flush=True)
                for note in notes:
                    cells.setdefault(f'{mark}, {note}', []).append(
                        f'{ending}, {background}')
                if mark == 'FAILS':
                    status = 1
            print()
        for note, names in sorted(cells.items()):
            print(f'{note}:\n   ', '; '.join(names))
    return status


if __name__ == '__main__':
    sys.exit(main())
