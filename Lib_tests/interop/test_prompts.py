"""The three functions at the prompts where people type Python"""

import re
import sys
import unittest

from interop.support.places import Place, answer
from interop.support.screen import CTRL_C, CTRL_D, Screen
from support import TIMEOUT


class Prompt(Place):
    """A session that is typed at the prompt of a place."""

    group = 'prompt'
    args = ()               # of Python
    prompt = '>>> '         # a regular expression
    environ = {}
    setup = ()              # what is typed first
    loop_runs = False       # whether an event loop runs at the prompt
    expected = {}           # where it is not 'yes'
    interrupted = 'cleaned up$', '^KeyboardInterrupt'

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.shown = {}
        with cls.start() as screen:
            screen.wait_for_prompt()
            cls.play(screen)

    @classmethod
    def start(cls):
        return Screen(*cls.args, prompt=cls.prompt, **cls.environ)

    @classmethod
    def wait(cls, what):
        if cls.loop_runs:
            return f'await {what}'
        return f'run_in_foreground({what})'

    @classmethod
    def play(cls, screen):
        shown = cls.shown
        for statement in cls.setup:
            screen.run(statement)
        screen.run('import asyncio; from asyncio_fgbg import *; '
                   'from interop.support.work import *')
        screen.run('coro = asyncio.sleep(0, 42)')
        shown['run_in_foreground'] = screen.run(
            'print(run_in_foreground(coro))')
        if cls.loop_runs:
            shown['refused'] = screen.run('print(await coro)')
        screen.run('task = schedule_coroutine(asyncio.sleep(0, 43))')
        shown['schedule_coroutine'] = screen.run(
            f'print({cls.wait("task")})')
        screen.run('call = call_in_background(lambda: 44)')
        shown['call_in_background'] = screen.run(
            f'print({cls.wait("call")})')
        cls.play_await(screen)

        screen.enter('telling = schedule_coroutine(tell())')
        prompt = f'(?:{cls.prompt.rstrip()})'
        try:
            expected = cls.expected.get('progress', 'yes') == 'yes'
            screen.wait_for(rf'(?s)\n{prompt}.*progress|progress.*\n{prompt}',
                            TIMEOUT if expected else 0.5)
            shown['progress'] = True
        except AssertionError:
            shown['progress'] = False
        screen.run(cls.wait('telling'))

        screen.run('other = schedule_coroutine(asyncio.sleep(3600))')
        screen.enter(cls.wait('wait()'))
        screen.wait_for('^waiting')
        screen.press(CTRL_C)
        shown['ctrl_c'] = screen.wait_for_prompt()
        shown['other'] = screen.run('print(other.done())')

        screen.run('left = schedule_coroutine(clean_up())')
        screen.run(f'_ = {cls.wait("asyncio.sleep(0)")}')
        cls.leave(screen)
        shown['exit'], _ = screen.wait_for_exit()

    @classmethod
    def play_await(cls, screen):
        screen.run('task2 = schedule_coroutine(asyncio.sleep(0, 45))')
        cls.shown['await'] = screen.run('print(await task2)')

    @classmethod
    def leave(cls, screen):
        screen.enter('exit()')

    def see(self, column, seen):
        self.saw(column, seen, self.expected.get(column, 'yes'),
                 self.shown[column])

    def test_run_in_foreground(self):
        self.see('run_in_foreground',
                 answer(self.shown['run_in_foreground'], '42'))
        if self.loop_runs:
            self.assertIn("use 'await'", self.shown['run_in_foreground'])
            self.assertEqual(self.shown['refused'], '42')

    def test_schedule_coroutine(self):
        self.see('schedule_coroutine',
                 answer(self.shown['schedule_coroutine'], '43'))

    def test_call_in_background(self):
        self.see('call_in_background',
                 answer(self.shown['call_in_background'], '44'))

    def test_await(self):
        self.see('await', answer(self.shown['await'], '45'))

    def test_background_goes_on_while_the_prompt_waits(self):
        self.see('progress', self.shown['progress'])

    def test_ctrl_c_cancels_the_coroutine_only(self):
        self.see('ctrl_c', self.shown['other'] == 'False' and all(
            re.search(pattern, self.shown['ctrl_c'], re.MULTILINE)
            for pattern in self.interrupted))

    def test_exit_cleans_up(self):
        self.see('exit', 'cleaned up at exit' in self.shown['exit']
                 and not re.search('Traceback|Exception|destroyed',
                                   self.shown['exit']))


class PythonPrompt(Prompt, unittest.TestCase):
    """Python's prompt, the new one from 3.13 on"""

    place = 'python'
    args = '-q',
    expected = {'await': 'SyntaxError', 'progress': 'no'}


@unittest.skipIf(sys.version_info < (3, 13), 'there is no other prompt')
class PlainPrompt(PythonPrompt):

    place = 'python with PYTHON_BASIC_REPL=1'
    environ = {'PYTHON_BASIC_REPL': '1'}


class OwnPrompt(Prompt, unittest.TestCase):

    place = 'python -m asyncio_fgbg'
    args = '-q', '-m', 'asyncio_fgbg'
    expected = {'progress': 'no'}


@unittest.skipIf(sys.version_info < (3, 13), 'there is no live prompt')
class LivePrompt(Prompt, unittest.TestCase):

    place = 'python -m asyncio_fgbg --live'
    args = '-q', '-m', 'asyncio_fgbg', '--live'


class AsyncioPrompt(Prompt, unittest.TestCase):

    place = 'python -m asyncio'
    args = '-m', 'asyncio'
    loop_runs = True
    interrupted = 'cleaned up$',    # nothing is said in addition
    expected = {'run_in_foreground': 'RuntimeError', 'exit': 'no'}


class BareIPython(Prompt, unittest.TestCase):

    place = 'IPython'
    distributions = 'ipython',
    args = '-m', 'IPython', '--no-banner', '--no-confirm-exit'
    prompt = r'In \[\d+\]: '
    expected = {'await': 'RuntimeError', 'progress': 'no'}


class ExtendedIPython(BareIPython):

    place = 'IPython with the extension'
    setup = '%load_ext asyncio_fgbg.ipython',
    expected = {}


class EmbeddedIPython(ExtendedIPython):

    place = 'IPython.embed() with the extension'
    args = '-c', "import IPython; IPython.embed(banner1='')"


class Ptpython(Prompt, unittest.TestCase):

    place = 'ptpython'
    distributions = 'ptpython',
    args = '-m', 'ptpython'
    expected = {'await': 'RuntimeError', 'progress': 'no'}


class AsyncioPtpython(Prompt, unittest.TestCase):

    place = 'ptpython --asyncio'
    distributions = 'ptpython',
    args = '-m', 'ptpython', '--asyncio'
    loop_runs = True
    interrupted = 'cleaned up$', '^asyncio.exceptions.CancelledError'
    expected = {'run_in_foreground': 'RuntimeError'}

    @classmethod
    def leave(cls, screen):
        screen.press(CTRL_D)
        screen.wait_for('really want to exit')
        screen.press('y')


class Bpython(Prompt, unittest.TestCase):

    place = 'bpython'
    distributions = 'bpython',
    args = '-m', 'bpython', '--quiet'
    environ = {'NO_COLOR': None}    # which takes the cursor from it
    expected = {'await': 'SyntaxError', 'progress': 'no'}

    @classmethod
    def play_await(cls, screen):
        # A SyntaxError ends bpython 0.26 on Python 3.14.
        with cls.start() as screen:
            screen.wait_for_prompt()
            screen.enter('await call')
            cls.shown['await'] = screen.wait_for('SyntaxError: .*').group()


class CodeInteract(Prompt, unittest.TestCase):

    place = 'code.interact()'
    args = '-c', "import code; code.interact(banner='', exitmsg='')"
    expected = {'await': 'SyntaxError', 'progress': 'no'}


class InteractiveScript(Prompt, unittest.TestCase):

    place = 'python -i'
    args = '-i', '-c', 'pass'
    expected = {'await': 'SyntaxError', 'progress': 'no'}


if __name__ == '__main__':
    unittest.main()
