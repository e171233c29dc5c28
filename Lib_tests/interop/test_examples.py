"""The examples of the how-to pages about prompts and debuggers"""

import sys
import unittest

from interop.support import session
from interop.support.places import Place, example
from interop.support.screen import Screen
from interop.test_debuggers import PDB, UNMEASURED
from interop.test_idle import Window, needs_tkinter


class Examples(unittest.TestCase):

    def play(self, name, *args, **kwargs):
        with Screen(*args, **kwargs) as screen:
            screen.wait_for_prompt()
            session.play(self, screen, session.read(name))

    @unittest.skipIf(sys.version_info < (3, 13),
                     'the new prompt came with Python 3.13')
    def test_prompt(self):
        statements = session.read('prompt.txt')
        # These two are typed already.
        self.assertEqual(statements[:2], [
            ('import asyncio', []), ('from asyncio_fgbg import *', [])])
        with Screen('-q', '-m', 'asyncio_fgbg') as screen:
            screen.wait_for_prompt()
            session.play(self, screen, statements[2:])

    def test_notebook(self):
        # The other examples do not need what this module imports.
        from interop.test_notebooks import run_notebook

        with open(example('notebook.txt'), encoding='utf-8') as file:
            _, *cells = file.read().split('# %%\n')
        for cell, shown in zip(cells, run_notebook(*cells)):
            expected = [line[3:] for line in cell.split('\n')
                        if line.startswith('#> ')]
            self.assertEqual(shown.split('\n')[-len(expected) - 1:-1],
                             expected)

    def test_debugger(self):
        self.play('debugger.txt', example('debugger.py'), prompt=PDB,
                  **UNMEASURED)

    @unittest.skipIf(sys.version_info < (3, 14),
                     'pdb.set_trace_async() came with Python 3.14')
    def test_debugger_that_awaits(self):
        self.play('debugger_async.txt', example('debugger_async.py'),
                  prompt=PDB, **UNMEASURED)


class IPythonExample(Place, unittest.TestCase):

    distributions = 'ipython',

    def test_ipython(self):
        with Screen('-m', 'IPython', '--no-banner', '--no-confirm-exit',
                    prompt=r'In \[\d+\]: ') as screen:
            screen.wait_for_prompt()
            session.play(self, screen, session.read('ipython.txt'))


@needs_tkinter
class IdleExample(Place, unittest.TestCase):

    programs = 'Xvfb', 'xdotool'

    def test_idle(self):
        with Window() as window:
            window.wait_for_prompt()
            session.play(self, window, session.read('idle.txt'),
                         leaves=False)


if __name__ == '__main__':
    unittest.main()
