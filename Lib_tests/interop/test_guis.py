"""Windows that stay alive while what is in the background goes on"""

import importlib.util
import re
import signal
import sys
import unittest

import pexpect

from interop.support.desktop import Desktop
from interop.support.places import Place
from interop.support.programs import Program, needs_runner, run_example
from support import TIMEOUT


class Gui(Place):
    """The example of a how-to page, with somebody who uses the mouse."""

    group = 'gui'
    programs = 'Xvfb', 'import'     # the latter is ImageMagick's
    args = ()

    def start(self):
        desktop = Desktop()
        self.addCleanup(desktop.close)
        program = run_example(*self.args, DISPLAY=desktop.name)
        self.addCleanup(program.__exit__)
        window = desktop.wait_for_window(self.title)
        self.press_button(program, desktop, window)
        return program, desktop, window

    def press_button(self, program, desktop, window):
        # A button that is not there yet takes no click, and one that was
        # clicked takes no second one.
        for _ in range(TIMEOUT):
            desktop.click(window, 0.5, 0.85)
            if program.child.expect(['calling\r\n', pexpect.TIMEOUT],
                                    timeout=1) == 0:
                return
        self.fail('the button does nothing')

    def test_window_goes_on_while_a_call_blocks(self):
        program, desktop, window = self.start()
        shown = program.wait_for('gap.* ms')
        shown += program.child.after
        result, ticks, gap = map(int, re.findall(r'\d+', shown))
        self.saw('call_in_background', result == 42)
        self.saw('schedule_coroutine', result == 42)
        self.saw('await', result == 42)
        # Not one of them when the call blocks the window.
        self.saw('progress', ticks > 10)
        self.measured('longest gap (ms)', gap, limit=1000)
        desktop.take_picture(window, type(self).__name__)
        desktop.close_window(window)
        shown, status = program.wait_for_exit()
        self.saw('run_in_foreground', shown == 'closed')
        self.assertEqual(status, 0)

    def test_closing_the_window_ends_what_is_in_the_background(self):
        program, desktop, window = self.start()
        desktop.close_window(window)
        self.saw('exit', program.wait_for_exit() == ('closed', 0))

    def test_ctrl_c_ends_the_program(self):
        program, _, _ = self.start()
        program.interrupt()
        self.check_interrupted(*program.wait_for_exit())

    def check_interrupted(self, shown, status):
        self.assertEqual(shown.split('\n')[-1], 'KeyboardInterrupt')
        self.assertEqual(shown.count('Traceback'), 1)
        self.saw('ctrl_c', status == -signal.SIGINT)


needs_tkinter = unittest.skipUnless(importlib.util.find_spec('_tkinter'),
                                    'this Python was built without tkinter')

# By default, tkinter shows the exceptions of callbacks, and that is all.
SWALLOWED = """\
import asyncio, signal, tkinter
from asyncio_fgbg import run_in_foreground, schedule_coroutine
root = tkinter.Tk()
async def interrupt():
    signal.raise_signal(signal.SIGINT)
    await asyncio.sleep(0.1)
    print('goes on')
    root.after(0, root.destroy)
def step():
    try:
        run_in_foreground(asyncio.sleep(0))
    finally:
        root.after(10, step)
schedule_coroutine(interrupt())
root.after(0, step)
root.mainloop()
"""


@needs_tkinter
class TkinterPump(Gui, unittest.TestCase):
    """The event loop updates a tkinter window."""

    place = 'tkinter, pump'
    title = 'tkinter'
    args = 'tkinter_pump.py',


@needs_tkinter
class TkinterAfter(Gui, unittest.TestCase):
    """tkinter steps the event loop."""

    place = 'tkinter, after()'
    title = 'tkinter'
    args = 'tkinter_after.py',

    def check_interrupted(self, shown, status):
        self.assertEqual(shown, '^Cclosed')
        self.saw('ctrl_c', status == 0)

    def test_tkinter_swallows_ctrl_c_in_a_step_and_steps_on(self):
        desktop = Desktop()
        self.addCleanup(desktop.close)
        with Program('-c', SWALLOWED, DISPLAY=desktop.name) as program:
            shown, status = program.wait_for_exit()
        self.assertRegex(shown, r'Exception in Tkinter callback\n'
                                r'(.*\n)*KeyboardInterrupt\ngoes on$')
        self.assertEqual(status, 0)


@needs_runner
class QtAsyncio(Gui, unittest.TestCase):
    """PySide6's own event loop runs a window."""

    place = 'PySide6.QtAsyncio'
    title = 'Qt'
    args = 'qt_window.py',
    distributions = 'PySide6',


@needs_runner
class Qasync(Gui, unittest.TestCase):
    """qasync's event loop runs a window."""

    place = 'qasync'
    title = 'Qt'
    args = 'qt_window.py', 'qasync'
    distributions = 'qasync', 'PySide6'


@needs_runner
@unittest.skipIf(sys.version_info >= (3, 14),
                 'gbulb needs AbstractChildWatcher, which went with 3.14')
class Gbulb(Gui, unittest.TestCase):
    """gbulb's event loop runs a window."""

    place = 'gbulb'
    title = 'GTK'
    args = 'gtk_window.py',
    distributions = 'gbulb', 'PyGObject'


if __name__ == '__main__':
    unittest.main()
