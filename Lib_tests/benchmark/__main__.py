"""Compare the three functions with the primitives under them and with peers.

In each of pyperf's processes, the contestants of a case take turns, one value
each: ratios of neighbouring values say more than means on a machine that is
not quiet.  Printed are the median ratio, with quartiles, and what the other
one takes.  Peers that are not installed are left out.
"""

import contextlib
import gc
import io
import itertools
import json
import operator
import os
import pathlib
import re
import statistics

import pyperf

from .cases import CASES, cleanup


def main():
    runner = pyperf.Runner(
        values=80, warmups=0, processes=5, min_time=0.02,
        program_args=('-m', 'benchmark'),
        add_cmdline_args=lambda command, args: command.extend(args.cases))
    parser = runner.argparser
    parser.description = __doc__
    # Without arguments, an old argparse looks for the empty list in choices.
    parser.add_argument('cases', nargs='*', choices=[*CASES, []],
                        metavar='CASE',
                        help=f'{"; ".join(CASES)} (default: all)')
    parser.add_argument('--costs', type=pathlib.Path, metavar='JSON',
                        help='a file such as Doc/costs.json, to be updated')
    parser.set_defaults(quiet=True)
    if hasattr(os, 'sched_getaffinity'):
        # What threads cost differs with the processors that they are on.
        parser.set_defaults(affinity=str(max(os.sched_getaffinity(0))))
    args = runner.parse_args()
    if args.costs and not os.access(args.costs, os.W_OK):
        parser.error(f'{args.costs} cannot be written to')
    values = args.values
    for task, case in enumerate(dict.fromkeys(args.cases or CASES)):
        args.values = max(values, 2 * len(CASES[case]))     # for quartiles
        contestants = make(case) if args.worker_task == task else {}
        # What it prints is the mean of all contestants.
        with contextlib.redirect_stdout(io.StringIO()):
            bench = runner.bench_time_func(
                case, measure, itertools.cycle(contestants.values()),
                metadata={'contestants': json.dumps(list(contestants))})
        if bench and not args.worker:
            rows = list(compare(bench))
            if args.costs and not case.startswith('growth'):
                update(args.costs, rows)


def make(case):
    contestants = {}
    for name, make_contestant in CASES[case].items():
        with contextlib.suppress(ImportError, AttributeError):
            contestants[name] = make_contestant()
            contestants[name](1)        # the first time takes longer
    return contestants


def measure(number, turns):
    gc.collect()
    return next(turns)(number)


def compare(bench):
    """Print and yield how the first contestant compares with each other."""
    # "3.15.2 (64-bit)", or "PyPy 8.0.1 (Python 3.11.17) (64-bit)"
    python = bench.get_metadata()['python_version'].partition(' (')[0]
    python = python if python.startswith('PyPy') else f'CPython {python}'
    names = json.loads(bench.get_metadata()['contestants'])
    first, *others = zip(*(
        turns for run in bench.get_runs()
        for turns in zip(*[iter(run.values)] * len(names))))
    for against, other in zip(names[1:], others):
        low, ratio, high = statistics.quantiles(
            map(operator.truediv, first, other), n=4)
        each = bench.format_value(statistics.median(other))
        print(f'{bench.get_name()}: {names[0]} / {against}: {ratio:.3f} '
              f'({low:.3f} to {high:.3f}), {each}', flush=True)
        yield {'case': bench.get_name(), 'against': against, 'python': python,
               'low': round(low, 4), 'ratio': round(ratio, 4),
               'high': round(high, 4)}


def update(path, rows):
    """Put *rows* in place of those of the same case and Python, sorted."""
    order = [(case, name) for case, names in CASES.items() for name in names]
    rows += [row for row in json.loads(path.read_text())
             if (row['case'], row['python']) not in [
                 (new['case'], new['python']) for new in rows]]
    rows.sort(key=lambda row: (
        order.index((row['case'], row['against'])),
        [int(number) for number in re.findall(r'\d+', row['python'])]))
    path.write_text('[\n' + ',\n'.join(map(json.dumps, rows)) + '\n]\n')


if __name__ == '__main__':
    with cleanup:
        main()
