"""A prompt on a pseudo-terminal, for tests that type and read"""

import contextlib
import io
import re
import signal
import sys
import textwrap
import unittest
import warnings

try:
    import pexpect
    import pty  # noqa: F401 (on Windows, pexpect can do without, but not we)
except ImportError as exc:
    raise unittest.SkipTest(f'needs a terminal, and pexpect: {exc}') from None

from support import TIMEOUT
from support.paths import PACKAGE_FOLDER
from support.prompt_home import NEW_PROMPT, PYPY, Home

needs_new_prompt = unittest.skipUnless(
    NEW_PROMPT or PYPY, 'the new prompt came with Python 3.13')

CTRL_A, CTRL_C, CTRL_D, CTRL_E, CTRL_U = '\x01', '\x03', '\x04', '\x05', '\x15'
ENTER, TAB, UP = '\r', '\t', '\x1bOA'
START_OF_PASTE, END_OF_PASTE = '\x1b[200~', '\x1b[201~'

PROMPT = '>>>>? '   # PyPy's own has four
MORE = r'\.\.\.\.? '
ESCAPE_SEQUENCE = re.compile(r'\x1b(?:\[[0-?]*[ -/]*[@-~]|[=>])')


def plain(shown):
    return ESCAPE_SEQUENCE.sub('', shown).replace('\r', '').strip('\n')


class Session:
    """An interpreter that was started with *args* in *home*.

    *new* says that it opens a prompt that edits several lines at once.
    """

    def __init__(self, home, *args, new=False):
        self.new = new
        # What a line editor writes when it has taken what was typed.
        self.taken = re.escape('\x1b[?2004l') if new or PYPY else '\n'
        self.transcript = io.StringIO()
        with warnings.catch_warnings():
            # Threads of the test runner do no harm: the child only execs.
            warnings.filterwarnings('ignore', 'This process .* multi-threaded',
                                    DeprecationWarning)
            self.child = pexpect.spawn(
                sys.executable, [*args],
                # The package is found there, with -E too.
                env=home.environ, cwd=PACKAGE_FOLDER, encoding='utf-8',
                dimensions=(50, 200), timeout=TIMEOUT)
        self.child.logfile_read = self.transcript
        self.child.delaybeforesend = None
        self.child.ptyproc.delayafterclose = 0

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.child.kill(signal.SIGKILL)
        self.child.wait()
        self.child.close()

    def wait_for(self, pattern):
        """Return what is shown before *pattern*, a regular expression."""
        try:
            self.child.expect(pattern)
        except (pexpect.EOF, pexpect.TIMEOUT) as exc:
            raise AssertionError(f'{type(exc).__name__}: no {pattern!r} in '
                                 f'{self.transcript.getvalue()!r}') from None
        return plain(self.child.before)

    def wait_for_prompt(self):
        return self.wait_for(PROMPT)

    def wait_for_imports(self):
        """Return what python -m asyncio_fgbg shows before its first prompt."""
        shown = self.wait_for(r'from asyncio_fgbg import \*')
        return shown + 'from asyncio_fgbg import *' + self.wait_for_prompt()

    def press(self, *keys):
        self.child.send(''.join(keys))

    def enter(self, text):
        """Type a statement until it is taken."""
        first, *rest = textwrap.dedent(text).strip().split('\n')
        self.press(first, ENTER)
        if self.new:
            for line in rest:
                self.press(CTRL_U, line, ENTER)     # not as it was indented
        else:
            for line in rest:
                self.wait_for(self.taken)
                self.wait_for(MORE)
                self.press(line, ENTER)
        if rest:
            if not self.new:
                self.wait_for(self.taken)
                self.wait_for(MORE)
            self.press(ENTER)
        self.wait_for(self.taken)

    def run(self, text):
        """Type a statement and return what is shown until the next prompt."""
        self.enter(text)
        return self.wait_for_prompt()

    def interrupt(self):
        """Press Ctrl-C and return what is shown until the next prompt."""
        self.press(CTRL_C)
        self.wait_for('KeyboardInterrupt')
        # Only then: line editors show their prompt again for every key.
        shown = self.child.before + self.child.after
        self.wait_for_prompt()
        return plain(shown + self.child.before)

    def interrupt_typing(self, text):
        """Type *text*, then press Ctrl-C; wait for the next prompt."""
        self.press(text, '  # Z')
        self.wait_for('Z')
        self.press(CTRL_C)
        # CPython with readline does not notice one that comes just before it
        # waits for the next key.
        if self.child.expect(['KeyboardInterrupt', pexpect.TIMEOUT],
                             timeout=TIMEOUT / 2):
            self.press(CTRL_C)
            self.wait_for('KeyboardInterrupt')
        self.wait_for_prompt()

    def leave(self):
        """Press Ctrl-D; return what is shown then, and the exit status."""
        self.press(CTRL_D)
        return self.wait_for_exit()

    def wait_for_exit(self):
        shown = self.wait_for(pexpect.EOF)
        self.child.wait()
        if self.child.signalstatus is not None:
            return shown, -self.child.signalstatus
        return shown, self.child.exitstatus


class ModulePrompt:
    """The plain prompt of python -m asyncio_fgbg, for a TestCase"""

    args = ()
    new = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.shared, cls.stack = None, contextlib.ExitStack()

    @classmethod
    def tearDownClass(cls):
        cls.stack.close()
        super().tearDownClass()

    def share(self):
        """Return a prompt for all tests whose traces no other one minds."""
        if self.shared is None:
            type(self).shared = self.arrive(clean_up=self.stack.callback)
        return self.shared

    def open(self, *options, clean_up=None, **home):
        clean_up = clean_up or self.addCleanup
        home = Home(new=self.new, **home)
        clean_up(home.__exit__)
        prompt = Session(home, *options, '-m', 'asyncio_fgbg', *self.args,
                         new=self.new)
        clean_up(prompt.__exit__)
        prompt.home = home
        return prompt

    def arrive(self, *options, clean_up=None, **home):
        prompt = self.open(*options, clean_up=clean_up, **home)
        prompt.shown = prompt.wait_for_imports()
        (clean_up or self.addCleanup)(self.depart, prompt)
        return prompt

    def depart(self, prompt):
        # Coverage is measured where the interpreter may finish.
        if prompt.child.isalive():
            prompt.leave()


class NewModulePrompt(ModulePrompt):
    """Its new prompt"""

    new = True


class LiveModulePrompt(NewModulePrompt):
    """Its new prompt, where the background goes on"""

    args = '--live',

    def open(self, *options, **home):
        # No colours come between what is looked for.
        return super().open(*options, **{'PYTHON_COLORS': '0', **home})
