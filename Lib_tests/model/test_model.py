"""Model-based tests for asyncio's foreground and background helpers

Hypothesis combines what a person can do at a prompt: put coroutines and calls
in the background, bring them to the foreground, interrupt, cancel and forget
them, change the event loop.  A model knows what must have become of each, and
whatever was put in the background must end exactly once, in its own way.

FGBG_MODEL_EXAMPLES sets how many examples are tried.
"""

import asyncio
import gc
import os
import unittest
import warnings
from unittest import mock

try:
    import hypothesis
except ImportError as exc:
    raise unittest.SkipTest(f'the model needs hypothesis: {exc}') from None
from asyncio_fgbg import fgbg

from support.cpython import PYPY
from support.sigint import freeze_clock, send_sigint

from .shell import Shell

try:
    import uvloop
except ImportError:
    uvloop = None

needs_uvloop = unittest.skipIf(
    uvloop is None, 'needs uvloop, which PyPy and Windows cannot have')
clock = freeze_clock()


def setUpModule():
    clock.start()


def tearDownModule():
    clock.stop()
    if hasattr(gc, 'unfreeze'):     # not on PyPy
        gc.unfreeze()


class UvloopShell(Shell):
    # After SystemExit or KeyboardInterrupt, uvloop goes on for one iteration:
    # a task that ended so may be let go, and logged, before it is raised, and
    # what stops the event loop then takes effect when it runs again.
    goes_on = True


for machine in Shell, UvloopShell:
    machine.TestCase.settings = hypothesis.settings(
        # PyPy takes long to collect.
        max_examples=int(os.environ.get('FGBG_MODEL_EXAMPLES',
                                        15 if PYPY else 40)),
        stateful_step_count=40,
        deadline=None, database=None, print_blob=True,
        # The usual run tries the same examples each time.
        derandomize='FGBG_MODEL_EXAMPLES' not in os.environ,
        suppress_health_check=list(hypothesis.HealthCheck))


class SelectorLoopModelTests(Shell.TestCase):
    """Whatever ends a wait, all in the background ends once."""


class UvloopTestCase(unittest.TestCase):
    def setUp(self):
        super().setUp()
        with warnings.catch_warnings():
            warnings.simplefilter('ignore', DeprecationWarning)
            policy = mock.patch.object(asyncio.events, '_event_loop_policy',
                                       uvloop.EventLoopPolicy())
        policy.start()
        self.addCleanup(policy.stop)


@needs_uvloop
class UvloopModelTests(UvloopTestCase, UvloopShell.TestCase):
    """Whatever ends a wait, all ends once with uvloop, too."""


@needs_uvloop
class UvloopTests(UvloopTestCase):
    """What ends a wait does not stop the next one, with uvloop, too."""

    def setUp(self):
        super().setUp()
        self.loop = asyncio.new_event_loop()
        self.addCleanup(self.loop.close)
        self.addCleanup(asyncio.set_event_loop, None)
        asyncio.set_event_loop(self.loop)

    def check_next_wait(self):
        self.assertEqual(fgbg.run_in_foreground(asyncio.sleep(0, 42)), 42)

    def test_exit_after_the_last_moment_does_not_stop_the_next_wait(self):
        async def main():
            asyncio.current_task().add_done_callback(lambda task: exit())

        with self.assertRaises(SystemExit):
            fgbg.run_in_foreground(main())
        self.check_next_wait()

    def test_ctrl_c_while_a_task_ends_does_not_stop_the_next_wait(self):
        async def end():
            send_sigint()
            await asyncio.sleep(0)

        with self.assertRaises(KeyboardInterrupt):
            fgbg.run_in_foreground(fgbg.schedule_coroutine(end()))
        self.check_next_wait()


if __name__ == '__main__':
    unittest.main()
