"""Event loops that are not asyncio's own"""

import re
import unittest

from interop.support.places import Place
from interop.support.programs import Program, needs_runner


class EventLoop(Place):
    """A session at a terminal, on another event loop."""

    group = 'loop'

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        name, = cls.distributions
        with Program('-m', 'interop.support.loop_session',
                     name, cls.how) as program:
            shown = program.wait_for('waiting\r\n')
            program.interrupt()
            cls.farewell, cls.status = program.wait_for_exit()
        cls.said = dict(re.findall('^(.*): (.*)$', shown, re.MULTILINE))

    def test_functions(self):
        for column, value in [('run_in_foreground', '42'),
                              ('schedule_coroutine', '43'),
                              ('call_in_background', '44'), ('await', '44')]:
            with self.subTest(column=column):
                self.saw(column, self.said[column] == value)

    def test_event_loop(self):
        self.assertEqual(self.said['loop'].partition('.')[0],
                         self.distributions[0])

    def test_ctrl_c_and_exit(self):
        shown = self.farewell.split('\n')
        self.saw('ctrl_c', shown[:3] == ['^Ccleaned up', 'interrupted',
                                         'left alone: True'])
        self.saw('exit', shown[3:] == ['cleaned up at exit']
                 and self.status == 0)


class UvloopPolicy(EventLoop, unittest.TestCase):
    """uvloop's policy is set: the functions make a loop of uvloop's."""

    place = 'uvloop, policy'
    distributions = 'uvloop',
    how = 'policy'


@needs_runner
class UvloopFactory(EventLoop, unittest.TestCase):
    """A runner makes uvloop's loop and closes it."""

    place = 'uvloop, Runner'
    distributions = 'uvloop',
    how = 'factory'


class UvloopArgument(EventLoop, unittest.TestCase):
    """The functions are given uvloop's loop."""

    place = 'uvloop, loop='
    distributions = 'uvloop',
    how = 'loop'


class RloopPolicy(UvloopPolicy):
    """rloop's policy is set: the functions make a loop of rloop's."""

    place = 'rloop, policy'
    distributions = 'rloop',


class RloopFactory(UvloopFactory):
    """A runner makes rloop's loop and closes it."""

    place = 'rloop, Runner'
    distributions = 'rloop',


class RloopArgument(UvloopArgument):
    """The functions are given rloop's loop."""

    place = 'rloop, loop='
    distributions = 'rloop',


if __name__ == '__main__':
    unittest.main()
