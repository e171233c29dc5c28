#!/usr/bin/env python3
"""Count what Ctrl-C breaks in a process that is busy, in all moments.

SIGINTs go to a process that waits in the foreground, over and over, with
tasks, callbacks, timers, sockets and calls in threads in its background.  It
is started with this interpreter and takes the package from where that finds
it: with PYTHONPATH=. it is the checkout's, with PYTHONPATH=Lib_tests/thin the
three thin shims.  The exit status is 1 if anything was lost.
"""

import argparse
import collections
import pathlib
import platform
import random
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent
                       / 'Lib_tests'))

try:
    from storm_sender import LOSSES, NotStarted, Sender
except ImportError as exc:
    print(f'storm: {exc}', file=sys.stderr)
    sys.exit(2)


class Problem(Exception):
    pass


def send(args):
    sender = Sender(seed=args.seed, loop=args.loop, burst=args.burst,
                    quiet=args.quiet)
    try:
        sender.send(args.signals)
    except NotStarted as exc:
        raise Problem(str(exc).strip().splitlines()[-1]) from None
    return sender.events, sender.losses, sender.notes


def type_at_prompt(args):
    try:
        from storm_terminal import storm_at_prompt
    except ImportError as exc:
        raise Problem(exc) from None
    try:
        losses, notes = storm_at_prompt(args.signals, seed=args.seed,
                                        loop=args.loop)
    except AssertionError as exc:
        raise Problem(exc) from None
    return {'Ctrl-C typed': args.signals}, collections.Counter(losses), notes


def main():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--signals', type=int, default=600,
                        help='how many to send (default: 600)')
    parser.add_argument('--seed', type=int, default=random.getrandbits(32),
                        help='a number that the random choices begin with')
    parser.add_argument('--loop', choices=['asyncio', 'uvloop'],
                        default='asyncio',
                        help='the event loop (default: asyncio)')
    parser.add_argument('--quiet', action='store_true',
                        help='leave the background empty, so that the event '
                             'loop sleeps when it is struck')
    parser.add_argument('--burst', type=int, default=1, metavar='MOST',
                        help='send from two up to this many signals in each '
                             'wait: all but the first strike whatever runs, '
                             'so that only hangs, crashes and handlers left '
                             'behind make the exit status 1')
    parser.add_argument('--terminal', action='store_true',
                        help='type Ctrl-C at a prompt on a pseudo-terminal '
                             'instead, with pexpect')
    args = parser.parse_args()
    if args.terminal and (args.quiet or args.burst > 1):
        parser.error('--terminal goes with neither --quiet nor --burst')
    print(f'{platform.python_implementation()} {platform.python_version()}, '
          f'{args.loop}, seed {args.seed}: ', end='', flush=True)
    try:
        events, losses, notes = (type_at_prompt if args.terminal
                                 else send)(args)
    except Problem as exc:
        print()
        print(f'storm: {exc}', file=sys.stderr)
        return 2
    print(', '.join(f'{number} {name}'
                    for name, number in sorted(events.items())))
    print('   ', ', '.join(f'{losses[key]} {text}'
                           for key, text in LOSSES.items()))
    for note, number in collections.Counter(notes).most_common(10):
        print(f'    {number} x {note}')
    counted = LOSSES if args.burst == 1 else ('handlers', 'hangs', 'crashes')
    return int(any(losses[key] for key in counted))


if __name__ == '__main__':
    sys.exit(main())
