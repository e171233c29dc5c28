"""The extension of IPython: %load_ext asyncio_fgbg.ipython"""

import subprocess
import sys
import unittest

from interop.support import session
from interop.support.display import Display
from interop.support.places import Place
from interop.support.screen import CTRL_C, Screen
from interop.test_idle import needs_tkinter
from support import TIMEOUT
from support.paths import PYTHONPATH
from support.prompt_home import Home

IPYTHON = '-m', 'IPython', '--no-banner', '--no-confirm-exit'
EMBED = '-c', ("import IPython; IPython.embed(banner1=''); "
               "print('back', run_in_foreground(asyncio.sleep(0, 5)))")
IMPORTS = ('import asyncio; from asyncio_fgbg import *; '
           'from interop.support.work import *; '
           'from IPython.core.async_helpers import get_asyncio_loop')
# Functions find what they use in the namespace of IPython.
HELD = """\
async def hold():
    try:
        yield
    finally:
        await asyncio.sleep(0.01)
        print(farewell)

async def held():
    try:
        await asyncio.sleep(3600)
    finally:
        await asyncio.sleep(0.01)
        print(farewell)

farewell = 'has its names'"""
START = """\
from asyncio_fgbg import *
import asyncio, IPython
task = schedule_coroutine(asyncio.sleep(3600))
IPython.start_ipython(['--no-banner', '--no-confirm-exit'])
print(task.cancelled(), task.get_loop().is_closed(),
      IPython.get_ipython().user_ns.get('farewell'),
      run_in_foreground(asyncio.sleep(0, 5)))
"""
PROMPT = r'In \[\d+\]: '


class Session(Place):
    """One session for all tests of a class"""

    distributions = 'ipython',
    args = IPYTHON
    environ = {}
    first = '%load_ext asyncio_fgbg.ipython'

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.screen = Screen(*cls.args, prompt=PROMPT, **cls.environ)
        cls.addClassCleanup(cls.screen.__exit__)
        cls.screen.wait_for_prompt()
        cls.screen.run(IMPORTS)
        cls.first_shown = cls.screen.run(cls.first)

    @classmethod
    def tearDownClass(cls):
        # Coverage is measured where the interpreter may finish.
        if cls.screen.child.isalive():
            cls.screen.enter('exit()')
            cls.screen.wait_for_exit()
        super().tearDownClass()

    def run_cell(self, statement):
        return self.screen.run(statement)

    def assert_shows(self, statement, value):
        self.assertEqual(self.run_cell(statement).split('\n')[-1], value)

    def assert_background_goes_on(self):
        self.screen.enter('telling = schedule_coroutine(tell())')
        self.screen.wait_for('^progress')
        self.screen.wait_for_prompt()

    def assert_background_stands_still(self):
        self.run_cell('telling = schedule_coroutine(tell())')
        with self.assertRaises(AssertionError):
            self.screen.wait_for('progress', 0.5)


class WithoutTerminal(Place, unittest.TestCase):
    """What is printed is that of the command alone."""

    distributions = 'ipython',

    def test_nothing_is_shown(self):
        with Home(PYTHONPATH=PYTHONPATH, IPYTHONDIR=None) as home:
            ended = subprocess.run(
                [sys.executable, '-m', 'IPython',
                 '--ext', 'asyncio_fgbg.ipython', '-c',
                 'import asyncio; '
                 'print(await asyncio.sleep(0, get_ipython().loop_runner))'],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                env=home.environ, cwd=home.path, timeout=TIMEOUT)
        self.assertRegex(ended.stdout.decode(),
                         r'\A<function run_in_foreground .*\n\Z')


class AfterLoading(Session, unittest.TestCase):
    """IPython and the three functions use one event loop."""

    def test_nothing_is_shown(self):
        self.assertEqual(self.first_shown, '')

    def test_event_loop_is_that_of_ipython(self):
        self.run_cell('task = schedule_coroutine(asyncio.sleep(0, 1))')
        self.assert_shows('print(task.get_loop() is get_asyncio_loop())',
                          'True')
        self.assert_shows('print(await task)', '1')

    def test_gather_finds_it(self):
        self.run_cell('both = asyncio.gather(asyncio.sleep(0, 6), '
                      'asyncio.sleep(0, 7))')
        self.assert_shows('print(await both)', '[6, 7]')

    def test_it_is_found_after_asyncio_run_in_the_same_cell(self):
        self.run_cell('same = schedule_coroutine(asyncio.sleep(0, 2))')
        self.assert_shows('asyncio.run(asyncio.sleep(0)); '
                          'print(run_in_foreground(same))', '2')

    def test_it_is_found_after_asyncio_run_in_an_earlier_cell(self):
        self.run_cell('early = schedule_coroutine(asyncio.sleep(0, 3))')
        self.run_cell('asyncio.run(asyncio.sleep(0))')
        self.run_cell('call = call_in_background(lambda: 4)')
        self.assert_shows('print(await early, await call)', '3 4')

    def test_ctrl_c_cancels_what_is_awaited(self):
        self.run_cell('other = schedule_coroutine(asyncio.sleep(3600))')
        self.screen.enter('await wait()')
        self.screen.wait_for('^waiting')
        self.screen.press(CTRL_C)
        self.assertRegex(self.screen.wait_for_prompt(),
                         r'(?s)cleaned up\n.*\nKeyboardInterrupt')
        self.assert_shows('print(other.done())', 'False')

    def test_it_can_be_loaded_again(self):
        self.assertIn('already loaded',
                      self.run_cell('load_ext asyncio_fgbg.ipython'))
        self.assertEqual(self.run_cell('%reload_ext asyncio_fgbg.ipython'), '')
        self.assert_shows('print(await asyncio.sleep(0, 5))', '5')


class FromTheCommandLine(Session, unittest.TestCase):
    """The extension can be loaded when IPython starts."""

    args = *IPYTHON, '--ext', 'asyncio_fgbg.ipython'
    first = 'task = schedule_coroutine(asyncio.sleep(0, 42))'

    def test_await(self):
        self.assert_shows('print(await task)', '42')


class AfterUnloading(Session, unittest.TestCase):
    """%unload_ext gives IPython back what it had."""

    first = ('loop = get_asyncio_loop(); ip = get_ipython(); '
             'runner = ip.loop_runner')

    def test_ipython_has_what_it_had(self):
        self.run_cell('%load_ext asyncio_fgbg.ipython')
        self.assert_shows('print(get_asyncio_loop() is loop)', 'False')
        self.assertEqual(self.run_cell('%unload_ext asyncio_fgbg.ipython'), '')
        self.assertEqual(self.run_cell(
            'import asyncio_fgbg.ipython as extension; '
            'extension.unload_ipython_extension(ip)'), '')
        self.assert_shows('print(ip.loop_runner is runner, ip.autoawait, '
                          'get_asyncio_loop() is loop, ip.active_eventloop)',
                          'True True True None')
        self.assert_shows('print(await asyncio.sleep(0, 1))', '1')
        self.assert_shows('print(run_in_foreground(asyncio.sleep(0, 2)))', '2')
        self.assert_background_stands_still()


class WhenLeft(Place, unittest.TestCase):
    """What was scheduled is cleaned up before its names are gone."""

    distributions = 'ipython',

    def leave(self, *cells, args=IPYTHON):
        """Return what is shown when IPython is left after *cells*."""
        with Screen(*args, prompt=PROMPT) as screen:
            screen.wait_for_prompt()
            for cell in ('%load_ext asyncio_fgbg.ipython', IMPORTS, HELD,
                         *cells):
                screen.run(cell)
            screen.enter('exit()')
            shown, _ = screen.wait_for_exit()
        return shown

    def test_cleanup_has_the_names_that_it_uses(self):
        self.assertEqual(self.leave('left = schedule_coroutine(held())'),
                         'has its names')

    def test_asynchronous_generators_have_them_too(self):
        self.assertEqual(self.leave('left = hold()', 'await left.asend(None)'),
                         'has its names')

    def test_unloading_undoes_it(self):
        shown = self.leave('%unload_ext asyncio_fgbg.ipython',
                           'left = schedule_coroutine(held())')
        self.assertIn('NameError', shown)
        self.assertNotIn('has its names', shown)

    def test_start_ipython_ends_the_event_loop(self):
        self.assertEqual(self.leave(args=('-c', START)), 'True True None 5')


class Embedded(Session, unittest.TestCase):
    """The event loop is there after IPython.embed()."""

    args = EMBED

    def test_event_loop_is_there_afterwards(self):
        self.run_cell('left = schedule_coroutine(clean_up())')
        self.screen.enter('exit()')
        shown, status = self.screen.wait_for_exit()
        self.assertEqual((shown.split('\n')[-2:], status),
                         (['back 5', 'cleaned up at exit'], 0))


@needs_tkinter
class AnotherGui(Session, unittest.TestCase):
    """IPython has one event loop for windows or one for the background."""

    programs = 'Xvfb',

    @classmethod
    def setUpClass(cls):
        display = Display()
        cls.addClassCleanup(display.close)
        cls.environ = {'DISPLAY': display.name}
        super().setUpClass()

    def setUp(self):
        self.run_cell('%gui')       # it may be off already
        self.run_cell('%reload_ext asyncio_fgbg.ipython')

    def test_another_gui_is_refused(self):
        self.assertIn('already running a different gui',
                      self.run_cell('%gui tk'))
        self.assert_background_goes_on()

    def test_another_gui_after_the_extension(self):
        self.assertEqual(self.run_cell('%gui'), '')
        self.assertEqual(self.run_cell('%gui tk'), '')
        self.run_cell('import tkinter; window = tkinter.Tk()')
        self.screen.enter('timer = window.after(10, print, "window")')
        self.screen.wait_for('^window')
        self.screen.wait_for_prompt()
        self.assert_shows('print(await asyncio.sleep(0, 5))', '5')
        self.assert_shows('print(run_in_foreground(asyncio.sleep(0, 6)))', '6')
        self.assert_background_stands_still()
        self.run_cell('window.destroy()')

    def test_extension_after_another_gui(self):
        self.run_cell('%gui')
        self.run_cell('%gui tk')
        self.assertIn('already running a different gui',
                      self.run_cell('%reload_ext asyncio_fgbg.ipython'))
        self.assert_background_stands_still()
        self.run_cell('%gui')
        self.screen.enter('%reload_ext asyncio_fgbg.ipython')
        self.screen.wait_for('^progress')
        self.screen.wait_for_prompt()

    def test_both(self):
        example = session.read('ipython_window.txt')
        # The first two load the extension, and the last one leaves IPython.
        session.play(self, self.screen, example[1:-1], leaves=False)
        self.screen.enter('timer = window.after(10, print, "window")')
        self.screen.wait_for('^window')
        self.screen.wait_for_prompt()
        self.assert_background_goes_on()
        self.run_cell('refreshing.cancel(); window.destroy()')


class AfterUnloadingEmbedded(Session, unittest.TestCase):
    """%unload_ext gives IPython.embed() back what it had."""

    args = EMBED

    def test_await_is_no_longer_allowed(self):
        self.run_cell('%gui')       # it may be off already
        self.assertEqual(self.run_cell('%unload_ext asyncio_fgbg.ipython'), '')
        self.assertIn('SyntaxError', self.run_cell('await asyncio.sleep(0)'))


if __name__ == '__main__':
    unittest.main()
