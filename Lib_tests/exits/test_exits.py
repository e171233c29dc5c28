"""An interpreter ends with its background as after asyncio.run(), or better

These are a few cells of the table that "python -m exits" makes.
"""

import os
import unittest

from . import runner


@unittest.skipUnless(hasattr(os, 'fork'), 'the cases are those of POSIX')
class ExitTests(unittest.TestCase):
    """Python ends with its background as after asyncio.run(), or better."""

    def check(self, ending, background='everything', filters='dev'):
        limit = runner.find_limit(ending, background)
        if limit is not None:
            self.skipTest(limit)
        wrong, _ = runner.compare(ending, background, filters)
        self.assertFalse(wrong)

    def test_end_of_script_cleans_up(self):
        self.check('end of script')

    def test_end_of_script_is_silent_about_servers(self):
        self.check('end of script', 'servers', 'default')

    def test_end_of_script_is_silent_about_calls(self):
        self.check('end of script', 'calls')

    def test_exit_in_coroutine_cleans_up(self):
        self.check('exit in coroutine')

    def test_ctrl_c_cleans_up(self):
        self.check('Ctrl-C')

    def test_ctrl_c_ends_cleanup_that_does_not_end(self):
        self.check('Ctrl-C while leaving', 'tasks')

    def test_later_exit_function_can_use_the_event_loop(self):
        self.check('later exit function')

    def test_forked_child_leaves_its_parents_background_alone(self):
        self.check('fork')

    def test_forked_child_cleans_up_a_background_of_its_own(self):
        self.check('fork and start')

    def test_multiprocessing_child_cleans_up_its_own_tasks(self):
        self.check('multiprocessing in coroutine', 'tasks')

    def test_sub_interpreter_cleans_up(self):
        self.check('sub-interpreter')


if __name__ == '__main__':
    unittest.main()
