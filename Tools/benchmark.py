#!/usr/bin/env python3
"""Compare the three functions with the primitives under them and with peers.

run -o FILE
    Measure with this interpreter and write a suite of pyperf's, whose runner
    does it: it takes the runner's options.  In each of its processes, the
    contestants of a case take turns, one value each, so that ratios of
    neighbouring values say more than means on a machine that is not quiet.
    "python -m pyperf compare_to" compares two such files.

show FILE...
    Print the median ratios, with quartiles, and what the other one takes;
    --json prints them as JSON, --chart draws them.  Files of different
    machines are refused.

Peers that are not installed are left out; --chart needs matplotlib.
"""

import argparse
import contextlib
import gc
import itertools
import json
import os
import random
import statistics
import sys
import typing

import _paths       # noqa: F401

try:
    import pyperf
    from support.benchmark_cases import CASES, HELPER, cleanup
except ImportError as exc:
    print(f'benchmark: {exc}: "tox run -e bench" has it', file=sys.stderr)
    sys.exit(2)


class Problem(Exception):
    pass


def run(options):
    runner = pyperf.Runner(
        values=80, warmups=0, processes=5, min_time=0.02,
        program_args=(__file__, 'run'),
        add_cmdline_args=lambda command, args: command.append(case))
    runner.argparser.add_argument('cases', nargs='*', metavar='CASE',
                                  help=f'{"; ".join(CASES)} (default: all)')
    runner.argparser.set_defaults(quiet=True)
    if hasattr(os, 'sched_getaffinity'):
        # What threads cost differs with the processors that they are on.
        runner.argparser.set_defaults(
            affinity=str(max(os.sched_getaffinity(0))))
    args = runner.parse_args(options)
    for case in args.cases:
        if case not in CASES:
            raise Problem(f'there is no case {case!r}: see run --help')
    if args.worker:
        measure(runner, args, *args.cases)
        return
    # The runner would write all contestants of a case as one.
    output, args.output = args.output, None
    folder = os.path.dirname(os.path.abspath(output or ''))
    if not (output and os.access(folder, os.W_OK)):
        raise Problem('-o must name a file in a folder that can be written to')
    suite = []
    values, loops = args.values, args.loops
    for case in dict.fromkeys(args.cases or CASES):
        long = case.startswith(('growth', 'memory'))    # a value takes seconds
        args.values = max(len(CASES[case]), values // 10 if long else values)
        args.loops = 1 if long else loops
        suite += split(case, runner.bench_time_func(f'{case}: all', None))
    pyperf.BenchmarkSuite(suite).dump(output)


def measure(runner, args, case):
    """Be the worker process that measures a case."""
    contestants = {}
    for name, make in CASES[case].items():
        with contextlib.suppress(ImportError, AttributeError):
            contestants[name] = make()
            if args.loops != 1:
                contestants[name](1)    # the first time takes longer
    turns = take_turns(list(contestants))

    def measure_next(number):
        gc.collect()
        return contestants[next(turns)](number)

    args.worker_task = None     # whatever it is, this process has no other
    with cleanup:
        runner.bench_time_func(f'{case}: all', measure_next, metadata={
            'contestants': json.dumps(list(contestants)),
            'unit': 'byte' if case.startswith('memory') else 'second'})


def take_turns(names):
    """Yield all names again and again, each time in another order."""
    for number in itertools.count():
        yield from random.Random(number).sample(names, len(names))


def split(case, bench):
    """Yield a benchmark for each contestant."""
    runs = {}
    for run in bench.get_runs():
        names = json.loads(run.get_metadata()['contestants'])
        values = {name: [] for name in names if run.values}
        for name, value in zip(take_turns(names), run.values):
            values[name].append(value)
        for name in values:
            runs.setdefault(name, []).append(pyperf.Run(
                values[name], collect_metadata=False, metadata={
                    **run.get_metadata(), 'name': f'{case}: {name}'}))
    return map(pyperf.Benchmark, runs.values())


class Row(typing.NamedTuple):
    python: str
    case: str
    against: str
    low: float          # the first quartile
    ratio: float        # the median; bytes more, for memory
    high: float         # the third quartile
    each: float         # what stands in "against" takes: seconds or bytes


def show(args):
    machines, rows = set(), []
    for path in args.files:
        try:
            rows += compare(pyperf.BenchmarkSuite.load(path), machines)
        except Exception as exc:    # whatever pyperf makes of other files
            raise Problem(f'{path}: {exc!r}') from None
        if len(machines) > 1:
            raise Problem(f'{path} has figures of another machine')
    if args.chart:
        draw_chart(rows, args.chart)
    if args.json:
        print(json.dumps([row._asdict() for row in rows], indent=1))
    else:
        print_table(rows)


def compare(suite, machines):
    """Yield a row for each contestant but the first of each case."""
    cases = {}
    for benchmark in suite:
        metadata = benchmark.get_metadata()
        machines.add(tuple(metadata.get(name) for name in (
            'hostname', 'cpu_model_name', 'cpu_count')))
        # "3.15.2 (64-bit)", or "PyPy 8.0.1 (Python 3.11.17) (64-bit)"
        python = metadata['python_version'].partition(' (')[0]
        if metadata['python_implementation'] == 'cpython':
            python = f'CPython {python}'
        case, _, contestant = benchmark.get_name().rpartition(': ')
        cases.setdefault(case, {})[contestant] = benchmark.get_values()
    for case, contestants in cases.items():
        grows = HELPER not in contestants
        first = contestants[min(contestants, key=int) if grows else HELPER]
        for against, others in contestants.items():
            if against != HELPER:
                # Of memory the difference is told, but not of its growth.
                ratios = [mine - other if case == 'memory' else
                          other / mine if grows else mine / other
                          for mine, other in zip(first, others)]
                low, ratio, high = (statistics.quantiles(ratios, n=4)
                                    if len(ratios) > 1 else ratios * 3)
                yield Row(python, case, against, low, ratio, high,
                          statistics.median(others))


def print_table(rows):
    for (python, case), group in itertools.groupby(
        rows, key=lambda row: (row.python, row.case)
    ):
        print(f'\n{python}: {case}')
        for row in group:
            each = (f'{row.each:.0f} bytes' if case.startswith('memory')
                    else f'{row.each * 1e6:.3g} us')
            print(f'  {row.against:34} {row.ratio:8.3f}  '
                  f'({row.low:.3f} to {row.high:.3f})  {each}')


def draw_chart(rows, path):
    """Draw the ratios to other contestants, a colour for each Python."""
    try:
        import matplotlib
    except ImportError as exc:
        raise Problem(f'{exc}: tox run -e bench has it') from None
    matplotlib.use('svg')
    from matplotlib import pyplot, ticker
    matplotlib.rcParams['svg.hashsalt'] = 'the same for the same figures'
    rows = [row for row in rows if not row.case.startswith(('growth',
                                                            'memory'))]
    # Not every Python has every contestant.
    cases = list(dict.fromkeys(row.case for row in rows))
    lines = sorted(dict.fromkeys((row.case, row.against) for row in rows),
                   key=lambda line: cases.index(line[0]))
    pythons = list(dict.fromkeys(row.python for row in rows))
    figure, axes = pyplot.subplots(
        figsize=(9, 1.2 + 0.42 * len(lines)), layout='constrained')
    for number, python in enumerate(pythons):
        shown = [row for row in rows if row.python == python]
        axes.errorbar(
            [row.ratio for row in shown],
            [lines.index((row.case, row.against))
             + 0.7 * ((number + 0.5) / len(pythons) - 0.5) for row in shown],
            xerr=[[row.ratio - row.low for row in shown],
                  [row.high - row.ratio for row in shown]],
            fmt='o', markersize=3, linewidth=1, label=python)
    axes.axvline(1, color='black', linewidth=0.8)
    axes.set_xscale('log')
    axes.xaxis.set_major_formatter(ticker.FormatStrFormatter('%g'))
    axes.xaxis.set_minor_formatter(ticker.NullFormatter())
    axes.set_yticks(range(len(lines)),
                    [f"{case.replace(', peers', '')} / {against}"
                     for case, against in lines])
    axes.invert_yaxis()
    axes.set_xlabel('times as long as what stands after the slash '
                    '(median, quartiles)')
    axes.grid(axis='x', which='both', linewidth=0.3)
    axes.legend(fontsize='small')
    figure.savefig(path, format='svg', metadata={'Date': None})


def main():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest='command', required=True)
    commands.add_parser('run', help='measure', add_help=False)
    command = commands.add_parser('show', help='say what came out')
    command.add_argument('files', nargs='+', metavar='FILE')
    command.add_argument('--json', action='store_true', help='as JSON')
    command.add_argument('--chart', metavar='SVG', help='draw a chart, too')
    args, options = parser.parse_known_args()
    try:
        if args.command == 'run':
            run(options)
        elif options:
            parser.error(f'unrecognized arguments: {" ".join(options)}')
        else:
            show(args)
    except (Problem, OSError) as exc:
        print(f'benchmark: {exc}', file=sys.stderr)
        sys.exit(2)


if __name__ == '__main__':
    main()
