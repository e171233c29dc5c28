#!/usr/bin/env python3
"""Compare the three functions with the primitives under them and with peers.

run -o FILE
    Measure with this interpreter, and write the values as a pyperf suite.
    Each case is measured in processes of its own, each on one processor; in
    each of these the contestants take turns, so that the ratio of two
    neighbouring values says more than either of them on a machine that is
    not quiet.

show FILE...
    Print a table of the median ratios, with quartiles, and of what the other
    one takes; --json prints it as JSON, --chart draws it.  Files of different
    machines are refused.

It needs pyperf; peers that are not installed are left out; --chart needs
matplotlib.
"""

import argparse
import asyncio
import concurrent.futures
import contextlib
import functools
import gc
import importlib
import json
import os
import random
import statistics
import subprocess
import sys
import textwrap
import threading
import time
import typing

import asyncio_fgbg

try:
    import pyperf
except ImportError as exc:
    print(f'benchmark: {exc}: tox run -e bench has it', file=sys.stderr)
    sys.exit(2)

run_in_foreground = asyncio_fgbg.run_in_foreground
schedule_coroutine = asyncio_fgbg.schedule_coroutine
call_in_background = asyncio_fgbg.call_in_background
clock = time.perf_counter


class Problem(Exception):
    pass


# What is measured.  Every contestant is called with a number of times and
# returns how many seconds these took.

CASES = {}          # name: a function that yields the contestants by name
HELPER = 'helper'   # the contestant that the others are compared with


def case(name):
    def add(function):
        CASES[name] = contextlib.contextmanager(function)
        return function
    return add


async def nothing():
    pass


def do_nothing():
    pass


def repeated(function):
    """Return a contestant that calls *function* without arguments."""
    def contestant(number):
        start = clock()
        for _ in range(number):
            function()
        return clock() - start
    return contestant


def has(module):
    try:
        importlib.import_module(module)
    except ImportError:
        return False
    return True


async def get_loop():
    return asyncio.get_running_loop()


@case('run_in_foreground')
def foreground():
    with contextlib.ExitStack() as stack:
        # The functions' own event loop: asyncio.run() leaves it alone.
        loop = run_in_foreground(get_loop())
        contestants = {
            HELPER: repeated(lambda: run_in_foreground(nothing())),
            'loop.run_until_complete':
                repeated(lambda: loop.run_until_complete(nothing())),
            'asyncio.run': repeated(lambda: asyncio.run(nothing())),
        }
        if hasattr(asyncio, 'Runner'):
            runner = stack.enter_context(asyncio.Runner())
            contestants['asyncio.Runner.run'] = repeated(
                lambda: runner.run(nothing()))
        yield contestants


@case('run_in_foreground, peers')
def foreground_peers():
    # Their threads would disturb the rest.
    with contextlib.ExitStack() as stack:
        contestants = {HELPER: repeated(lambda: run_in_foreground(nothing()))}
        if has('asgiref.sync'):
            import asgiref.sync
            call = asgiref.sync.async_to_sync(nothing)
            contestants['asgiref.sync.async_to_sync'] = repeated(call)
        if has('anyio.from_thread'):
            import anyio.from_thread
            contestants['anyio.run'] = repeated(lambda: anyio.run(nothing))
            portal = stack.enter_context(
                anyio.from_thread.start_blocking_portal())
            contestants['anyio portal'] = repeated(
                lambda: portal.call(nothing))
        if has('unsync'):
            import unsync
            start = unsync.unsync(nothing)
            contestants['unsync'] = repeated(lambda: start().result())
        yield contestants


@case('run_in_foreground, nest_asyncio')
def nested():
    # It replaces parts of asyncio for good: in a process of its own, against
    # the functions on an event loop that it has not touched.
    if not has('nest_asyncio'):
        yield {}
        return
    import nest_asyncio

    class NestedLoop(asyncio.SelectorEventLoop):
        pass

    loop = NestedLoop()
    nest_asyncio.apply(loop)
    yield {
        HELPER: repeated(lambda: run_in_foreground(nothing())),
        'nest_asyncio': repeated(lambda: loop.run_until_complete(nothing())),
    }
    loop.close()


@case('run_in_foreground, another thread')
def foreground_in_thread():
    def in_thread(function):
        def contestant(number):
            with concurrent.futures.ThreadPoolExecutor(1) as thread:
                return thread.submit(measure, number).result()

        def measure(number):
            asyncio.set_event_loop(loop)
            return repeated(function)(number)
        return contestant

    loop = asyncio.new_event_loop()
    yield {
        HELPER: in_thread(lambda: run_in_foreground(nothing())),
        'loop.run_until_complete':
            in_thread(lambda: loop.run_until_complete(nothing())),
    }
    loop.close()


BATCH = 1000        # coroutines that are scheduled before they run


def count_batches(number):
    return -(-number // BATCH)


def in_batches(schedule):
    """Return a contestant that schedules coroutines and sees them done."""
    async def run_batches(number):
        start = clock()
        for _ in range(count_batches(number)):
            for _ in range(BATCH):
                schedule(nothing())
            # They run, then what waits for their ends does.
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        return (clock() - start) * number / count_batches(number) / BATCH

    return lambda number: run_in_foreground(run_batches(number))


@case('schedule_coroutine')
def schedule():
    loop = run_in_foreground(get_loop())
    background = set()

    def create_and_keep(coro):
        task = asyncio.create_task(coro)
        background.add(task)
        task.add_done_callback(background.discard)

    contestants = {
        HELPER: in_batches(schedule_coroutine),
        'create_task, kept as documented': in_batches(create_and_keep),
        'loop.create_task': in_batches(loop.create_task),
    }
    if hasattr(asyncio, 'TaskGroup'):
        async def run_groups(number):
            start = clock()
            for _ in range(count_batches(number)):
                async with asyncio.TaskGroup() as group:
                    for _ in range(BATCH):
                        group.create_task(nothing())
            return (clock() - start) * number / count_batches(number) / BATCH

        contestants['TaskGroup.create_task'] = (
            lambda number: run_in_foreground(run_groups(number)))
    yield contestants


CALLS = 100         # calls that are started before they are waited for


def in_threads(call):
    """Return a contestant that starts calls and waits for their results.

    What returns a coroutine has started nothing: gather() makes a task of it.
    """
    async def run_calls(number):
        start = clock()
        count = -(-number // CALLS)
        for _ in range(count):
            await asyncio.gather(*[call() for _ in range(CALLS)])
        return (clock() - start) * number / count / CALLS

    return lambda number: run_in_foreground(run_calls(number))


def one_at_a_time(call):
    """Return a contestant that waits for each result at once."""
    async def run_calls(number):
        start = clock()
        for _ in range(number):
            await call()
        return clock() - start

    return lambda number: run_in_foreground(run_calls(number))


def get_calls(start):
    loop = run_in_foreground(get_loop())
    contestants = {
        HELPER: start(lambda: call_in_background(do_nothing)),
        'loop.run_in_executor':
            start(lambda: loop.run_in_executor(None, do_nothing)),
    }
    if hasattr(asyncio, 'to_thread'):
        contestants['asyncio.to_thread'] = start(
            lambda: asyncio.to_thread(do_nothing))
    return contestants


@case('call_in_background')
def calls():
    yield get_calls(in_threads)


@case('call_in_background, one at a time')
def calls_one_at_a_time():
    yield get_calls(one_at_a_time)


@case('call_in_background, peers')
def call_peers():
    contestants = {
        HELPER: in_threads(lambda: call_in_background(do_nothing))}
    if has('asgiref.sync'):
        import asgiref.sync
        contestants['asgiref.sync.sync_to_async'] = in_threads(
            asgiref.sync.sync_to_async(do_nothing, thread_sensitive=False))
    if has('anyio.to_thread'):
        import anyio.to_thread
        contestants['anyio.to_thread.run_sync'] = in_threads(
            lambda: anyio.to_thread.run_sync(do_nothing))
    yield contestants


MESSAGE = b'spam\n'


async def echo(reader, writer):
    async for message in reader:
        writer.write(message)
    writer.close()


async def exchange(address, number):
    reader, writer = await asyncio.open_connection(*address)
    for _ in range(number):
        writer.write(MESSAGE)
        await reader.readline()
    writer.close()


@case('TCP echo')
def tcp_echo():
    # The proposal's session: a server, two clients, one after the other.
    def with_helpers(number):
        start = clock()
        server = run_in_foreground(
            asyncio.start_server(echo, '127.0.0.1', 0))
        address = server.sockets[0].getsockname()
        for half in number - number // 2, number // 2:
            run_in_foreground(schedule_coroutine(exchange(address, half)))
        server.close()
        run_in_foreground(server.wait_closed())
        return clock() - start

    def plain(number):
        start = clock()
        server = loop.run_until_complete(
            asyncio.start_server(echo, '127.0.0.1', 0))
        address = server.sockets[0].getsockname()
        for half in number - number // 2, number // 2:
            loop.run_until_complete(
                loop.create_task(exchange(address, half)))
        server.close()
        loop.run_until_complete(server.wait_closed())
        return clock() - start

    loop = run_in_foreground(get_loop())
    yield {HELPER: with_helpers, 'plain asyncio': plain}


@case('import')
def imports():
    def measure(setup, statement):
        source = (f'import time\n{setup}\nstart = time.perf_counter()\n'
                  f'{statement}\nprint(time.perf_counter() - start)')

        def contestant(number):
            return sum(float(subprocess.check_output(
                [sys.executable, '-c', source])) for _ in range(number))
        return contestant

    yield {
        HELPER: measure('import asyncio', 'import asyncio_fgbg'),
        'import asyncio': measure('', 'import asyncio'),
    }


@case('loop.run_until_complete, used loop')
def used_loop():
    # Each in a process of its own: what the interpreter has seen of one event
    # loop, it expects of another.
    def measure(use):
        source = textwrap.dedent(f'''
            import asyncio, asyncio_fgbg, sys, time
            async def nothing(): pass
            loop = asyncio.new_event_loop()
            {use}
            for number in 1000, int(sys.argv[1]):
                start = time.perf_counter()
                for _ in range(number):
                    loop.run_until_complete(nothing())
                took = time.perf_counter() - start
            loop.close()
            print(took)
        ''')

        def contestant(number):
            return float(subprocess.check_output(
                [sys.executable, '-c', source, str(number)]))
        return contestant

    yield {
        HELPER: measure(
            'asyncio_fgbg.schedule_coroutine(nothing(), loop=loop)'),
        'new loop': measure(''),
    }


# Growth: what an item costs when there are many, in seconds or bytes.

def put_task():
    loop = run_in_foreground(get_loop())
    return lambda: loop.create_task(nothing())


def measure_growth(prepare, sizes, collects, rounds):
    """Return the seconds per item, by how many there are."""
    put = prepare()
    values = {str(size): [] for size in sizes}
    for _ in range(rounds):
        for size in sizes:
            gc.collect()
            if not collects:
                gc.disable()
            start = clock()
            for _ in range(size):
                future = put()
            # What is scheduled last is done last, and so is what is called.
            run_in_foreground(asyncio.wait([future]))
            values[str(size)].append((clock() - start) / size)
            gc.enable()
    return values


def weigh(put, items):
    """Return what *put* makes of the items, and the bytes that each takes."""
    import tracemalloc
    futures = [None] * len(items)
    gc.collect()
    tracemalloc.start()
    for number, item in enumerate(items):
        futures[number] = put(item)
    memory = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return futures, memory / len(items)


def weigh_tasks(put, size):
    """Return the bytes that a pending task takes besides its coroutine."""
    async def wait():
        await end

    end = run_in_foreground(get_loop()).create_future()
    tasks, memory = weigh(put, [wait() for _ in range(size)])
    for task in tasks:
        task.cancel()
    run_in_foreground(asyncio.wait(tasks))
    return memory


def weigh_calls(put, size):
    """Return the bytes that a call takes while it waits for a thread."""
    end = threading.Event()
    # More calls than the executor has threads.
    blocked = [call_in_background(end.wait) for _ in range(100)]
    futures, memory = weigh(put, [do_nothing] * size)
    end.set()
    run_in_foreground(asyncio.wait(blocked + futures))
    return memory


def get_weighings():
    loop = run_in_foreground(get_loop())
    return {
        'schedule_coroutine': (weigh_tasks, schedule_coroutine),
        'loop.create_task': (weigh_tasks, loop.create_task),
        'call_in_background': (weigh_calls, call_in_background),
        'loop.run_in_executor':
            (weigh_calls, functools.partial(loop.run_in_executor, None)),
    }


def measure_memory(contestants, rounds):
    """Return the bytes per item, by the name of the contestant.

    Each is weighed in a process of its own: tables that have grown once stay
    as they are.
    """
    if not has('tracemalloc'):      # PyPy
        return {}
    return {name: [float(subprocess.check_output(
                [sys.executable, __file__, 'weigh', put, str(size)]))]
            for name, (put, size) in contestants.items()}


TASKS = 10**3, 10**4, 10**5, 10**6
CALLS_MADE = 10**2, 10**3, 10**4, 10**5

# Each is called with a number of rounds.  The garbage collector, where it is
# on, looks at all that is pending ever again.
GROWTH = {
    f'growth of {name}{collector}': functools.partial(
        measure_growth, prepare, sizes, not collector)
    for name, prepare, sizes in [
        ('schedule_coroutine', lambda: lambda: schedule_coroutine(nothing()),
         TASKS),
        ('loop.create_task', put_task, TASKS),
        ('call_in_background', lambda: lambda: call_in_background(do_nothing),
         CALLS_MADE),
    ]
    for collector in ('', ', no collector')
}
MEMORY_GROWTH = {
    f'memory of {put}': functools.partial(
        measure_memory, {str(size): (put, size) for size in sizes})
    for put, sizes in [
        ('schedule_coroutine', TASKS),
        ('loop.create_task', TASKS),
        ('call_in_background', CALLS_MADE),
        ('loop.run_in_executor', CALLS_MADE),
    ]
}
MEMORY = {
    'memory': functools.partial(
        measure_memory,
        {HELPER: ('schedule_coroutine', 10**4),
         'loop.create_task': ('loop.create_task', 10**4)}),
}


# A process that measures, and the one that starts it.

BYTES = {**MEMORY_GROWTH, **MEMORY}
ALL_CASES = [*CASES, *GROWTH, *BYTES]


def measure(args):
    if hasattr(os, 'sched_setaffinity'):
        # What threads cost differs with the processors that they are on.
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    if args.case in CASES:
        values = measure_case(args.case, args.rounds, args.seconds)
    else:
        values = {**GROWTH, **BYTES}[args.case](max(1, args.rounds // 10))
    print(json.dumps(values))


def print_weight(args):
    weigh_all, put = get_weighings()[args.put]
    print(weigh_all(put, args.size))


def measure_case(name, rounds, seconds):
    """Return the seconds that each contestant took, in every round."""
    with CASES[name]() as contestants:
        numbers = {contestant: calibrate(function, seconds)
                   for contestant, function in contestants.items()}
        values = {contestant: [] for contestant in contestants}
        order = list(contestants)
        for _ in range(rounds):
            random.shuffle(order)
            for contestant in order:
                gc.collect()
                number = numbers[contestant]
                values[contestant].append(
                    contestants[contestant](number) / number)
    return values


def calibrate(function, seconds):
    """Return a number of times that takes about so many seconds."""
    number = 1
    function(number)        # the first time may take longer
    while True:
        took = function(number)
        if took >= seconds / 4:
            return max(1, round(number * seconds / took))
        number *= 4


def run(args):
    for name in args.cases:
        if name not in ALL_CASES:
            raise Problem(f'there is no case {name!r}: see run --help')
    folder = os.path.dirname(os.path.abspath(args.output))
    if not os.access(folder, os.W_OK):
        raise Problem(f'{folder} is no folder that can be written to')
    suite = []
    for name in dict.fromkeys(args.cases or ALL_CASES):
        runs = {}
        for _ in range(args.processes):
            output = subprocess.check_output([
                sys.executable, __file__, 'measure', name,
                '--rounds', str(args.rounds), '--seconds', str(args.seconds)])
            for contestant, values in json.loads(output).items():
                metadata = {'name': f'{name}: {contestant}'}
                if name in BYTES:
                    metadata['unit'] = 'byte'
                    values = [round(value) for value in values]
                runs.setdefault(contestant, []).append(
                    pyperf.Run(values, metadata=metadata))
        suite += map(pyperf.Benchmark, runs.values())
        print(f'measured {name}', file=sys.stderr, flush=True)
    if not suite:
        raise Problem('there is nothing to compare here')
    pyperf.BenchmarkSuite(suite).dump(args.output, replace=True)


# What the values say.

# At most so many times what the other takes.
BOUNDS = {
    ('run_in_foreground', 'loop.run_until_complete'): 1.30,
    ('run_in_foreground', 'asyncio.Runner.run'): 0.85,
    ('run_in_foreground', 'asyncio.run'): 0.20,
    ('run_in_foreground, peers', 'asgiref.sync.async_to_sync'): 0.20,
    ('run_in_foreground, peers', 'anyio.run'): 0.20,
    ('run_in_foreground, peers', 'anyio portal'): 0.20,
    ('run_in_foreground, another thread', 'loop.run_until_complete'): 1.15,
    ('schedule_coroutine', 'create_task, kept as documented'): 1.10,
    ('call_in_background', 'loop.run_in_executor'): 1.10,
    ('TCP echo', 'plain asyncio'): 1.02,
    ('import', 'import asyncio'): 0.02,
    ('growth of schedule_coroutine', '1000000'): 1.2,
    ('growth of schedule_coroutine, no collector', '1000000'): 1.2,
    ('memory', 'loop.create_task'): 150,    # bytes more
}
# What must be the same for figures to be compared.
MACHINE = 'hostname', 'cpu_model_name', 'cpu_count'


class Row(typing.NamedTuple):
    python: str
    case: str
    against: str
    low: float          # the first quartile
    ratio: float        # the median; bytes more, for memory
    high: float         # the third quartile
    bound: typing.Optional[float]
    each: float         # what stands in "against" takes: seconds or bytes


def load(path):
    """Return the machine, the Python and the values of each benchmark."""
    try:
        benchmarks = pyperf.BenchmarkSuite.load(path).get_benchmarks()
        metadata = benchmarks[0].get_metadata()
        # "3.15.2 (64-bit)", or "PyPy 8.0.1 (Python 3.11.17) (64-bit)"
        python = metadata['python_version'].partition(' (')[0]
        if metadata['python_implementation'] == 'cpython':
            python = f'CPython {python}'
    except (OSError, EOFError, ValueError, LookupError, TypeError,
            AttributeError) as exc:
        raise Problem(f'{path}: {exc!r}') from None
    machine = get_machine(benchmarks[0])
    values = {}
    for benchmark in benchmarks:
        if get_machine(benchmark) != machine:
            raise Problem(f'{path} has figures of different machines')
        case, _, contestant = benchmark.get_name().rpartition(': ')
        values.setdefault(case, {})[contestant] = benchmark.get_values()
    for case, contestants in values.items():
        if case not in ALL_CASES or not (
            all(map(str.isdigit, contestants)) if grows(case)
            else HELPER in contestants
        ):
            raise Problem(f'{path}: {case!r} is not from this tool')
    return machine, python, values


def get_machine(benchmark):
    metadata = benchmark.get_metadata()
    return {name: metadata.get(name) for name in MACHINE}


def grows(case):
    return case in GROWTH or case in MEMORY_GROWTH


def has_bounds(python):
    name, version = python.split()
    return name == 'CPython' and [*map(int, version.split('.')[:2])] >= [3, 11]


def compare(python, values):
    for case, contestants in values.items():
        first = contestants[min(contestants, key=int) if grows(case)
                            else HELPER]
        for against, others in contestants.items():
            if against == HELPER:
                continue
            pairs = list(zip(first, others))
            if case in MEMORY:
                ratios = [mine - other for mine, other in pairs]
            elif grows(case):
                ratios = [many / few for few, many in pairs]
            else:
                ratios = [mine / other for mine, other in pairs]
            if len(ratios) > 1:
                low, ratio, high = statistics.quantiles(ratios, n=4)
            else:
                low = ratio = high = ratios[0]
            yield Row(python, case, against, low, ratio, high,
                      BOUNDS.get((case, against)) if has_bounds(python)
                      else None, statistics.median(others))


def show(args):
    machines, rows = [], []
    for path in args.files:
        machine, python, values = load(path)
        machines.append(machine)
        rows += compare(python, values)
        if machine != machines[0]:
            raise Problem(f'{path} is of another machine than '
                          f'{args.files[0]}')
    if args.chart:
        draw_chart(rows, args.chart)
    if args.json:
        print(json.dumps([row._asdict() for row in rows], indent=1))
    else:
        print_table(rows)


def print_table(rows):
    case = None
    for row in rows:
        if (row.python, row.case) != case:
            case = row.python, row.case
            print(f'\n{row.python}: {row.case}')
        bound = f'  at most {row.bound}' if row.bound is not None else ''
        missed = '  MISSED' if bound and row.ratio > row.bound else ''
        each = (f'{row.each:.0f} bytes' if row.case in BYTES
                else f'{row.each * 1e6:.3g} us')
        print(f'  {row.against:34} {row.ratio:8.3f}  '
              f'({row.low:.3f} to {row.high:.3f})  {each}{bound}{missed}')


def draw_chart(rows, path):
    """Draw the ratios, on a logarithmic scale, a colour for each Python.

    Growth and memory are no ratios to another contestant.
    """
    try:
        import matplotlib
    except ImportError as exc:
        raise Problem(f'{exc}: tox run -e bench has it') from None
    matplotlib.use('svg')
    from matplotlib import pyplot, ticker
    matplotlib.rcParams['svg.hashsalt'] = 'the same for the same figures'
    rows = [row for row in rows if row.case in CASES]
    # Not every Python has every contestant.
    lines = sorted(dict.fromkeys((row.case, row.against) for row in rows),
                   key=lambda line: list(CASES).index(line[0]))
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
    try:
        figure.savefig(path, format='svg', metadata={'Date': None})
    except OSError as exc:
        raise Problem(exc) from None


def main():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest='command', required=True)
    command = commands.add_parser('run', help='measure')
    command.add_argument('cases', nargs='*', metavar='CASE',
                         help=f'all if none is given: {"; ".join(ALL_CASES)}')
    command.add_argument('-o', '--output', required=True, metavar='FILE')
    command.add_argument('--processes', type=whole, default=5,
                         help='processes for each case (default: 5)')
    add_limits(command)
    command.set_defaults(function=run)
    command = commands.add_parser('show', help='say what came out')
    command.add_argument('files', nargs='+', metavar='FILE')
    command.add_argument('--json', action='store_true', help='as JSON')
    command.add_argument('--chart', metavar='SVG', help='draw a chart, too')
    command.set_defaults(function=show)
    command = commands.add_parser('measure', help='one process of run')
    command.add_argument('case', choices=ALL_CASES, metavar='CASE')
    add_limits(command)
    command.set_defaults(function=measure)
    command = commands.add_parser('weigh', help='one process of measure')
    command.add_argument('put', choices=['schedule_coroutine',
                                         'loop.create_task',
                                         'call_in_background',
                                         'loop.run_in_executor'])
    command.add_argument('size', type=int)
    command.set_defaults(function=print_weight)
    args = parser.parse_args()
    try:
        args.function(args)
    except Problem as exc:
        print(f'benchmark: {exc}', file=sys.stderr)
        return 2
    return 0


def whole(text):
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError('at least 1 is needed')
    return number


def duration(text):
    seconds = float(text)
    if not 0 < seconds < 60:
        raise argparse.ArgumentTypeError('more than 0 and less than 60 '
                                         'seconds are needed')
    return seconds


def add_limits(command):
    command.add_argument('--rounds', type=whole, default=20,
                         help='in which each has a turn (default: 20)')
    command.add_argument('--seconds', type=duration, default=0.02,
                         help='how long a turn takes (default: 0.02)')


if __name__ == '__main__':
    sys.exit(main())
