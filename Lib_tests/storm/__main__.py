"""Count what Ctrl-C breaks in a process that is busy, in all moments.

In Lib_tests, "PYTHONPATH=.. python -m storm" sends SIGINTs to a process that
waits in the foreground, over and over, with tasks, callbacks, timers, sockets
and calls in threads in its background.  With PYTHONPATH=support/thin, the
process has the three thin shims.  The exit status is 1 if anything was lost.
"""

import collections
import platform
import random
import sys
import unittest

from support.command_line import Parser

from .sender import LOSSES, Sender


def main():
    parser = Parser(__doc__, prog='python -m storm')
    parser.add_argument('--signals', type=int, default=600,
                        help='how many to send (default: 600)')
    parser.add_argument('--seed', type=int, default=random.getrandbits(32),
                        help='a number that the random choices begin with')
    parser.add_argument('--loop', choices=['asyncio', 'uvloop'],
                        default='asyncio',
                        help='the event loop (default: asyncio)')
    parser.add_argument('--quiet', action='store_true',
                        help='leave the background empty, so that the event '
                             'loop sleeps when the signal comes')
    parser.add_argument('--burst', type=int, default=1, metavar='MOST',
                        help='send from two up to this many signals within '
                             'milliseconds in each wait: all but the first '
                             'must do nothing (default: 1 signal)')
    parser.add_argument('--terminal', action='store_true',
                        help='type Ctrl-C at a prompt on a pseudo-terminal '
                             'instead, with pexpect')
    args = parser.parse_args()
    if args.terminal and (args.quiet or args.burst > 1):
        parser.error('--terminal goes with neither --quiet nor --burst')
    try:
        if args.terminal:
            from .terminal import storm_at_prompt
            events, losses, notes = storm_at_prompt(
                args.signals, seed=args.seed, loop=args.loop)
        else:
            events, losses, notes = Sender(
                seed=args.seed, loop=args.loop, burst=args.burst,
                quiet=args.quiet).send(args.signals)
    except (AssertionError, unittest.SkipTest) as exc:
        parser.error(exc)
    print(f'{platform.python_implementation()} {platform.python_version()}, '
          f'{args.loop}, seed {args.seed}:',
          ', '.join(f'{number} {name}'
                    for name, number in sorted(events.items())))
    print('   ', ', '.join(f'{losses[key]} {text}'
                           for key, text in LOSSES.items()))
    for note, number in collections.Counter(notes).most_common(10):
        print(f'    {number} x {note}')
    return int(any(losses[key] for key in LOSSES))


if __name__ == '__main__':
    sys.exit(main())
