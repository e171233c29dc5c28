"""However an interpreter ends, what is in its background is cleaned up

These are a few cells of the table that Tools/exits.py makes.
"""

import os
import signal
import unittest

import exit_runner


def setUpModule():
    # In the background of a shell, this process and those that it starts are
    # told to ignore SIGINT.
    global sigint_handler
    sigint_handler = signal.signal(signal.SIGINT, signal.default_int_handler)


def tearDownModule():
    signal.signal(signal.SIGINT, sigint_handler)


@unittest.skipUnless(hasattr(os, 'fork'), 'the cases are those of POSIX')
class ExitTests(unittest.TestCase):
    def check(self, ending, background='everything'):
        limit = exit_runner.find_limit(ending, background)
        if limit is not None:
            self.skipTest(limit)
        problems = exit_runner.find_problems(ending, background)
        self.assertFalse(problems, '\n'.join([ending, *problems]))

    def test_end_of_script(self):
        self.check('end of script')

    def test_exit_in_a_thread(self):
        self.check('exit in thread')

    def test_exit_in_an_exit_function(self):
        self.check('exit in earlier atexit')

    def test_exception(self):
        self.check('exception')

    def test_ctrl_c(self):
        self.check('Ctrl-C in coroutine')

    def test_sigterm(self):
        self.check('SIGTERM in the loop')

    def test_exit_without_cleanup(self):
        self.check('os._exit')

    def test_forked_child_that_exits(self):
        self.check('fork, start, exit')

    def test_forked_child_that_fails(self):
        self.check('fork, exception')

    def test_multiprocessing_child(self):
        self.check('multiprocessing fork')

    def test_sub_interpreter(self):
        self.check('sub-interpreter')

    def test_task_that_refuses_to_end_is_left_with_ctrl_c(self):
        self.check('end of script', 'refusing tasks')


if __name__ == '__main__':
    unittest.main()
