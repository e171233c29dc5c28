"""Ctrl-C at random moments of waits with a busy background: a small storm

"python -m storm" makes the large ones.
"""

import signal
import unittest

from .sender import Sender


@unittest.skipUnless(hasattr(signal, 'pthread_sigmask'),
                     'Windows cannot block signals')
class StormTests(unittest.TestCase):
    """Ctrl-C stops the wait and nothing else, whenever it comes."""

    burst = 1

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sender = Sender(seed=1, burst=cls.burst)
        cls.sender.send(50)

    def loses_no(self, what):
        self.assertEqual(self.sender.losses[what], 0, self.sender.notes)

    def test_waits_are_interrupted(self):
        self.assertGreater(self.sender.events['interrupted'], 0)

    def test_no_background_task_is_killed(self):
        self.loses_no('killed')

    def test_no_callback_timer_or_data_is_lost(self):
        self.loses_no('callbacks')

    def test_no_task_is_left_pending_for_ever(self):
        self.loses_no('zombies')

    def test_no_result_or_cleanup_is_lost(self):
        self.loses_no('results')

    def test_no_handler_is_left_behind(self):
        self.loses_no('handlers')

    def test_every_wait_ends_with_its_result_or_keyboard_interrupt(self):
        self.loses_no('endings')

    def test_no_ctrl_c_is_lost(self):
        self.loses_no('ctrl_c')

    def test_no_error_is_logged(self):
        self.loses_no('logged')

    def test_session_neither_hangs_nor_crashes(self):
        self.loses_no('hangs')
        self.loses_no('crashes')


class BurstTests(StormTests):
    """What comes within a tenth of a second of a Ctrl-C is the same one."""

    burst = 4


if __name__ == '__main__':
    unittest.main()
