"""The three functions on consoles of Windows, as Wine has them

FGBG_WINDOWS is the folder of .ci/windows, which has made the Pythons and Wine.
"""

import os
import re
import sys
import unittest

from interop.support.places import Place
from interop.support.screen import CTRL_C, Screen
from interop.test_executors import Executor
from interop.test_prompts import Prompt
from support.paths import LIB_TESTS, PACKAGE_FOLDER

FOLDER = os.environ.get('FGBG_WINDOWS')
needs_windows = unittest.skipUnless(
    FOLDER and sys.version_info[:2] == (3, 13),
    'needs FGBG_WINDOWS; one Python of Linux is enough to type')


def as_windows(*paths):
    return ';'.join('Z:' + path.replace('/', '\\') for path in paths)


class Console(Screen):
    """A console of Windows that runs its Python *version*."""

    python = '/usr/lib/wine/wine64'

    def __init__(self, version, *args):
        super().__init__(
            os.path.join(FOLDER, version, 'python.exe'), *args,
            WINEPREFIX=os.path.join(FOLDER, 'prefix'), WINEARCH='win64',
            WINEDEBUG='-all', DISPLAY='',
            PATH=f'/usr/lib/wine:{os.environ["PATH"]}',
            PYTHONPATH=as_windows(LIB_TESTS, PACKAGE_FOLDER),
            # Wine 8 mixes up what the new prompt of 3.13 shows.
            PYTHON_BASIC_REPL='1')


class WindowsPrompt(Prompt):
    """Python's prompt"""

    place = 'python, plain prompt, on Windows'
    args = '-q',
    expected = {'await': 'SyntaxError', 'progress': 'no'}

    @classmethod
    def start(cls):
        return Console(cls.python, *cls.args)

    @classmethod
    def play(cls, screen):
        cls.version = screen.run(
            'import platform; print(platform.python_version())')
        super().play(screen)


class WindowsOwnPrompt(WindowsPrompt):
    """The prompt of python -m asyncio_fgbg"""

    place = 'python -m asyncio_fgbg, plain prompt, on Windows'
    args = '-q', '-m', 'asyncio_fgbg'
    expected = {'progress': 'no'}

    def test_ctrl_c_leaves_calls_of_the_default_executor(self):
        with self.start() as screen:
            screen.wait_for_prompt()
            screen.run('import threading')
            screen.run('call = call_in_background(threading.Event().wait)')
            screen.enter('exit()')
            screen.wait_for('^waiting for calls')
            screen.press(CTRL_C)
            _, status = screen.wait_for_exit()
        self.assertEqual(status, 130)


@needs_windows
class PromptOf38(WindowsPrompt, unittest.TestCase):
    python = '3.8'


@needs_windows
class PromptOf311(WindowsPrompt, unittest.TestCase):
    python = '3.11'


@needs_windows
class PromptOf313(WindowsPrompt, unittest.TestCase):
    python = '3.13'


@needs_windows
class OwnPromptOf38(WindowsOwnPrompt, unittest.TestCase):
    python = '3.8'


@needs_windows
class OwnPromptOf311(WindowsOwnPrompt, unittest.TestCase):
    python = '3.11'


@needs_windows
class OwnPromptOf313(WindowsOwnPrompt, unittest.TestCase):
    python = '3.13'


class WindowsLoop(Place):
    """A session on one of Windows' two event loops"""

    group = 'loop'
    python = '3.13'

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with Console(
                cls.python, '-c', 'import asyncio, sys; '
                "print('python:', sys.version.split()[0]); "
                f'asyncio.set_event_loop_policy(asyncio.{cls.policy}()); '
                'from interop.support.loop_session import play; play()'
        ) as screen:
            screen.wait_for('^waiting$')
            screen.press(CTRL_C)
            shown, cls.status = screen.wait_for_exit()
        shown, _, cls.farewell = shown.partition('\nwaiting\n')
        cls.said = dict(re.findall('^(.*): (.*)$', shown, re.MULTILINE))
        cls.version = cls.said['python']

    def test_functions(self):
        for column, value in [('run_in_foreground', '42'),
                              ('schedule_coroutine', '43'),
                              ('call_in_background', '44'), ('await', '44')]:
            with self.subTest(column=column):
                self.saw(column, self.said[column] == value)

    def test_event_loop(self):
        self.assertEqual(self.said['loop'], 'asyncio.windows_events')

    def test_ctrl_c_and_exit(self):
        shown = self.farewell.replace('^C', '').split('\n')
        self.saw('ctrl_c', shown[:3] == ['cleaned up', 'interrupted',
                                         'left alone: True'], shown=shown)
        self.saw('exit', shown[3:] == ['cleaned up at exit']
                 and self.status == 0, shown=shown)


@needs_windows
class Proactor(WindowsLoop, unittest.TestCase):
    place = 'Proactor, on Windows'
    policy = 'WindowsProactorEventLoopPolicy'


@needs_windows
class Selector(WindowsLoop, unittest.TestCase):
    place = 'Selector, on Windows'
    policy = 'WindowsSelectorEventLoopPolicy'


@needs_windows
class Spawn(Executor, unittest.TestCase):
    """Calls in a pool of processes"""

    place = 'process, on Windows'
    python = '3.13'

    @classmethod
    def setUpClass(cls):
        super(Executor, cls).setUpClass()
        with Console(cls.python, '-c', 'import os, sys; '
                     "print('python:', sys.version.split()[0]); "
                     "os.environ['HOME'] = os.getcwd(); "
                     'from interop.support.executor_session import main; '
                     'main()',
                     'spawn', str(cls.calls), 'play') as screen:
            screen.wait_for('^press Ctrl-C$')
            screen.press(CTRL_C)
            cls.farewell, cls.status = screen.wait_for_exit()
        cls.said = dict(re.findall(r'^(?:\^C)?([a-z ]+): (.*)$', cls.farewell,
                                   re.MULTILINE))
        cls.version = cls.said['python']


if __name__ == '__main__':
    unittest.main()
