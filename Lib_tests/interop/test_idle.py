"""The three functions in IDLE, in a window on a display of its own"""

import importlib.util
import json
import os
import select
import subprocess
import sys
import unittest

from interop.support.display import Display
from interop.support.places import find_program
from interop.support.screen import CTRL_C, ENTER, Screen, pexpect
from interop.test_prompts import Prompt
from support import TIMEOUT
from support.paths import PYTHONPATH
from support.prompt_home import Home

KEYS = {CTRL_C: 'ctrl+c', ENTER: 'Return'}

needs_tkinter = unittest.skipIf(
    importlib.util.find_spec('_tkinter') is None,
    'this Python was built without tkinter')


class Window(Screen):
    """IDLE's shell, used as a Screen is."""

    def __init__(self):
        self.prompt = '>>> '
        self.typed = None
        self.text = ''
        self.display = Display()
        self.home = Home(PYTHONPATH=PYTHONPATH, DISPLAY=self.display.name)
        self.home.environ['FGBG_TEE'] = os.path.join(self.home.path, 'tee')
        self.process = subprocess.Popen(
            [sys.executable, '-m', 'interop.support.idle_text'], bufsize=0,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            env=self.home.environ, cwd=self.home.path)
        try:
            # There is no window manager, which would set the focus.
            window = self.xdotool('search', '--sync', '--onlyvisible',
                                  '--name', 'IDLE Shell')
            self.xdotool('windowfocus', '--sync', window.split()[0])
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *exc_info):
        self.process.kill()
        self.process.communicate()
        self.display.close()
        self.home.__exit__()

    def xdotool(self, *args):
        return subprocess.run(
            [find_program('xdotool'), *args], env=self.home.environ,
            check=True, timeout=TIMEOUT, stdout=subprocess.PIPE,
            universal_newlines=True).stdout

    def press(self, keys):
        if keys in KEYS:
            self.xdotool('key', KEYS[keys])
        else:
            self.xdotool('type', '--delay', '1', keys)

    def enter(self, text):
        first, *rest = text.split('\n')
        super().enter(first)
        for line in rest:
            # It replaces the indentation that IDLE makes.
            self.xdotool('key', 'shift+Home')
            self.typed = line
            self.typed_before = self.show().count(line)
            self.press(line)
            self.press(ENTER)
        if rest:
            self.press(ENTER)

    def show(self):
        return self.text.rstrip()

    def read(self, timeout):
        if not select.select([self.process.stdout], [], [], timeout)[0]:
            raise pexpect.TIMEOUT('IDLE shows nothing new')
        line = self.process.stdout.readline()
        if not line:
            raise pexpect.EOF('IDLE has ended')
        self.text = json.loads(line)

    def wait_for_exit(self):
        self.process.communicate(timeout=TIMEOUT)
        return self.home.read('tee'), self.process.returncode


@needs_tkinter
class Idle(Prompt, unittest.TestCase):

    place = 'IDLE'
    programs = 'Xvfb', 'xdotool', 'import'
    setup = 'from interop.support.work import tee; tee()',
    # IDLE kills the process that has the event loop.
    expected = {'await': 'SyntaxError', 'progress': 'no', 'exit': 'no'}

    @classmethod
    def start(cls):
        return Window()

    @classmethod
    def leave(cls, window):
        window.display.take_picture('idle')
        window.enter('exit()')
        # It asks whether it shall.
        window.xdotool('search', '--sync', '--onlyvisible', '--class',
                       'Dialog')
        window.press(ENTER)


if __name__ == '__main__':
    unittest.main()
