"""The extension of IPython: %load_ext asyncio_fgbg.ipython"""

import unittest

from interop.places import Place
from interop.screen import CTRL_C, Screen

IPYTHON = '-m', 'IPython', '--no-banner', '--no-confirm-exit'
PROMPT = r'In \[\d+\]: '
IMPORTS = ('import asyncio; from asyncio_fgbg import *; '
           'from interop.work import *; '
           'from IPython.core.async_helpers import get_asyncio_loop')


class Terminal(Place, unittest.TestCase):

    distributions = 'ipython',

    def start(self, *args):
        screen = Screen(*args, prompt=PROMPT)
        self.addCleanup(screen.__exit__)
        screen.wait_for_prompt()
        screen.run(IMPORTS)
        return screen

    def load(self, *args):
        screen = self.start(*args or IPYTHON)
        self.assertEqual(screen.run('%load_ext asyncio_fgbg.ipython'), '')
        return screen

    def assert_shows(self, screen, statement, value):
        self.assertEqual(screen.run(statement).split('\n')[-1], value)


class AfterLoading(Terminal):
    """2. IPython and the three functions use one event loop."""

    def test_event_loop_is_that_of_ipython(self):
        screen = self.load()
        screen.run('task = schedule_coroutine(asyncio.sleep(0, 42))')
        self.assert_shows(
            screen, 'print(task.get_loop() is get_asyncio_loop())', 'True')
        self.assert_shows(screen, 'print(await task)', '42')

    def test_gather_finds_it(self):
        screen = self.load()
        screen.run('both = asyncio.gather(asyncio.sleep(0, 6), '
                   'asyncio.sleep(0, 7))')
        self.assert_shows(screen, 'print(await both)', '[6, 7]')

    def test_it_is_found_after_asyncio_run_in_the_same_cell(self):
        screen = self.load()
        screen.run('task = schedule_coroutine(asyncio.sleep(0, 42))')
        self.assert_shows(screen, 'asyncio.run(asyncio.sleep(0)); '
                          'print(run_in_foreground(task))', '42')

    def test_it_is_found_after_asyncio_run_in_an_earlier_cell(self):
        screen = self.load()
        screen.run('task = schedule_coroutine(asyncio.sleep(0, 42))')
        screen.run('asyncio.run(asyncio.sleep(0))')
        screen.run('call = call_in_background(lambda: 43)')
        self.assert_shows(screen, 'print(await task, await call)', '42 43')

    def test_ctrl_c_cancels_what_is_awaited(self):
        screen = self.load()
        screen.run('other = schedule_coroutine(asyncio.sleep(3600))')
        screen.enter('await wait()')
        screen.wait_for('^waiting')
        screen.press(CTRL_C)
        self.assertRegex(screen.wait_for_prompt(),
                         r'(?s)cleaned up\n.*\nKeyboardInterrupt')
        self.assert_shows(screen, 'print(other.done())', 'False')

    def test_it_can_be_loaded_from_the_command_line(self):
        screen = self.start(*IPYTHON, '--ext', 'asyncio_fgbg.ipython')
        screen.run('task = schedule_coroutine(asyncio.sleep(0, 42))')
        self.assert_shows(screen, 'print(await task)', '42')

    def test_it_can_be_loaded_twice(self):
        screen = self.load()
        self.assertIn('already loaded',
                      screen.run('load_ext asyncio_fgbg.ipython'))
        self.assertEqual(screen.run('%reload_ext asyncio_fgbg.ipython'), '')
        self.assert_shows(screen, 'print(await asyncio.sleep(0, 42))', '42')


class AfterUnloading(Terminal):
    """2. %unload_ext gives IPython back what it had."""

    def test_ipython_has_its_own_event_loop(self):
        screen = self.start(*IPYTHON)
        screen.run('loop = get_asyncio_loop()')
        screen.run('ip = get_ipython(); runner = ip.loop_runner')
        screen.run('%load_ext asyncio_fgbg.ipython')
        self.assert_shows(screen, 'print(get_asyncio_loop() is loop)', 'False')
        screen.run('%unload_ext asyncio_fgbg.ipython')
        self.assert_shows(
            screen, 'print(get_asyncio_loop() is loop, '
            'ip.loop_runner is runner, ip.active_eventloop)',
            'True True None')

    def test_functions_and_await_still_work(self):
        screen = self.load()
        screen.run('%unload_ext asyncio_fgbg.ipython')
        self.assert_shows(
            screen, 'print(run_in_foreground(asyncio.sleep(0, 42)))', '42')
        self.assert_shows(screen, 'print(await asyncio.sleep(0, 43))', '43')

    def test_background_stands_still_while_the_prompt_waits(self):
        screen = self.load()
        screen.run('%unload_ext asyncio_fgbg.ipython')
        screen.run('telling = schedule_coroutine(tell())')
        with self.assertRaises(AssertionError):
            screen.wait_for('progress', 0.5)


class Embedded(Terminal):
    """1. 'await' works in IPython.embed() as well."""

    EMBED = '-c', ("import IPython; "
                   "IPython.embed(banner1='', confirm_exit=False); "
                   "print('back', run_in_foreground(asyncio.sleep(0, 5)))")

    def test_await(self):
        screen = self.load(*self.EMBED)
        screen.run('task = schedule_coroutine(asyncio.sleep(0, 42))')
        self.assert_shows(screen, 'print(await task)', '42')

    def test_background_goes_on_while_the_prompt_waits(self):
        screen = self.load(*self.EMBED)
        screen.enter('telling = schedule_coroutine(tell())')
        screen.wait_for('progress')

    def test_event_loop_is_there_afterwards(self):
        screen = self.load(*self.EMBED)
        screen.run('left = schedule_coroutine(clean_up())')
        screen.enter('exit()')
        shown, status = screen.wait_for_exit()
        self.assertEqual((shown.split('\n')[-2:], status),
                         (['back 5', 'cleaned up at exit'], 0))

    def test_await_is_given_back_when_it_is_unloaded(self):
        screen = self.load(*self.EMBED)
        screen.run('%unload_ext asyncio_fgbg.ipython')
        self.assertIn('SyntaxError', screen.run('await asyncio.sleep(0)'))


if __name__ == '__main__':
    unittest.main()
