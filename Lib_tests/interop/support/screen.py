"""A program on a pseudo-terminal, and what is on its screen"""

import re
import signal
import sys
import warnings

from interop.support.places import missing
from support import TIMEOUT
from support.paths import PYTHONPATH
from support.prompt_home import Home

try:
    import pexpect
    import pyte
except ImportError as exc:
    missing(f'pexpect or pyte is not installed: {exc}')

CTRL_C, CTRL_D, ENTER = '\x03', '\x04', '\r'
START_OF_PASTE, END_OF_PASTE = '\x1b[200~', '\x1b[201~'
LINES, COLUMNS = 120, 160


class Screen:
    """Python, with *args*, in a home of its own.

    *prompt* is a regular expression.
    """

    python = sys.executable

    def __init__(self, *args, prompt='>>> ', **environ):
        self.prompt = prompt
        self.typed = None
        self.home = Home(
            new=True, **{'PYTHONPATH': PYTHONPATH, 'PYTHON_COLORS': '0',
                         'NO_COLOR': '1', 'IPYTHONDIR': None, **environ})
        with warnings.catch_warnings():
            # Threads of the test runner do no harm: the child only execs.
            warnings.filterwarnings('ignore', 'This process .* multi-threaded',
                                    DeprecationWarning)
            self.child = pexpect.spawn(
                self.python, [*args], env=self.home.environ,
                cwd=self.home.path, encoding='utf-8',
                dimensions=(LINES, COLUMNS))
        self.child.delaybeforesend = None
        self.child.ptyproc.delayafterclose = 0
        self.screen = pyte.Screen(COLUMNS, LINES)
        # Some programs ask the terminal where its cursor is.
        self.screen.write_process_input = self.press
        self.stream = pyte.Stream(self.screen)

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.child.kill(signal.SIGKILL)
        self.child.wait()
        self.child.close()
        self.home.__exit__()

    def show(self):
        """Return what is on the screen."""
        return '\n'.join(line.rstrip()
                         for line in self.screen.display).rstrip()

    def shown(self):
        """Return what is on the screen below what was typed last."""
        if self.typed is None:
            return '\n' + self.show()
        parts = self.show().split(self.typed)[self.typed_before + 1:]
        return self.typed.join(parts) if parts else None

    def read(self, timeout):
        self.stream.feed(self.child.read_nonblocking(10000, timeout))

    def wait_for(self, pattern, timeout=TIMEOUT):
        """Return the match of *pattern* below what was typed last."""
        while True:
            shown = self.shown()
            match = shown is not None and re.search(pattern, shown,
                                                    re.MULTILINE)
            if match:
                return match
            try:
                self.read(timeout)
            except (pexpect.EOF, pexpect.TIMEOUT) as exc:
                raise AssertionError(f'{type(exc).__name__}: no {pattern!r} '
                                     f'in:\n{self.show()}') from None

    def wait_for_prompt(self):
        """Return what is shown between what was typed last and the prompt."""
        match = self.wait_for(r'\n(?:%s)$' % self.prompt.rstrip())
        return match.string[:match.start()].strip('\n')

    def press(self, keys):
        self.child.send(keys)

    def enter(self, text):
        """Type a statement."""
        *_, self.typed = text.split('\n')
        self.typed_before = self.show().count(self.typed)
        self.press(text if self.typed == text
                   else START_OF_PASTE + text + '\n' + END_OF_PASTE)
        # Editors of terminals may drop what comes while they start.
        self.wait_for('')
        self.press(ENTER)

    def run(self, text):
        """Type a statement and return what is shown until the next prompt."""
        self.enter(text)
        return self.wait_for_prompt()

    def wait_for_exit(self):
        """Return what is shown and the exit status."""
        try:
            while True:
                self.read(TIMEOUT)
        except pexpect.EOF:
            pass
        self.child.wait()
        return self.shown().strip('\n'), self.child.exitstatus
