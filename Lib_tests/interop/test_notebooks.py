"""The three functions in notebooks"""

import asyncio
import os
import subprocess
import sys
import unittest

from interop.support.places import Place, answer, missing
from support import TIMEOUT
from support.paths import PYTHONPATH
from support.prompt_home import Home

try:
    import nbclient
    import nbformat.v4
except ImportError as exc:
    missing(f'nbclient is not installed: {exc}')

IMPORTS = ('import asyncio; from asyncio_fgbg import *; '
           'from interop.support.work import *')


class Interrupting(nbclient.NotebookClient):
    """A client that interrupts a cell when it shows that it waits."""

    def output(self, outs, msg, *args):
        if 'waiting' in msg['content'].get('text', ''):
            asyncio.ensure_future(self.km.interrupt_kernel())
        return super().output(outs, msg, *args)


def run_notebook(*cells, **environ):
    """Return what each of *cells* shows in a notebook."""
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    with Home(PYTHONPATH=PYTHONPATH, IPYTHONDIR=None, **environ) as home:
        Interrupting(
            notebook, timeout=TIMEOUT, kernel_name='python3',
            allow_errors=True, resources={'metadata': {'path': home.path}},
        ).execute(env=home.environ, cleanup_kc=True)
    return [''.join(map(show, cell.outputs)) for cell in notebook.cells]


def show(output):
    if output.output_type == 'error':
        return f'{output.ename}: {output.evalue}\n'
    return output.get('text', '')


class Notebook(Place):

    group = 'notebook'

    def test_run_in_foreground_is_refused(self):
        self.saw('run_in_foreground', answer(self.shown[1], '42'),
                 'RuntimeError', self.shown)
        self.assertIn("use 'await'", self.shown[1])

    def test_what_was_refused_can_be_awaited(self):
        self.assertEqual(self.shown[2], '42\n')

    def test_schedule_coroutine(self):
        self.saw('schedule_coroutine', answer(self.shown[4], '43'), 'yes',
                 self.shown)

    def test_call_in_background(self):
        self.saw('call_in_background', answer(self.shown[5], '44'), 'yes',
                 self.shown)

    def test_await(self):
        self.saw('await', answer(self.shown[5], '44'), 'yes', self.shown)

CELLS = [
    IMPORTS,
    'coro = asyncio.sleep(0, 42)\nrun_in_foreground(coro)',
    'print(await coro)',
    'task = schedule_coroutine(asyncio.sleep(0, 43))',
    'print(await task)',
    'print(await call_in_background(lambda: 44))',
    'ticks = []\n'
    'async def tick():\n'
    '    while True:\n'
    '        ticks.append(True)\n'
    '        await asyncio.sleep(0)\n'
    'ticking = schedule_coroutine(tick())\n'
    'print(len(ticks))',
    "print('progress' if ticks else 'none')",
]


class Jupyter(Notebook, unittest.TestCase):
    """Notebooks that ipykernel runs"""

    place = 'Jupyter (ipykernel)'
    distributions = 'ipykernel', 'nbclient'

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with Home() as home:
            cls.shown = run_notebook(
                *CELLS,
                'other = schedule_coroutine(asyncio.sleep(3600))\n'
                'await wait()',
                'print(other.done())',
                '%load_ext asyncio_fgbg.ipython\n'
                '%unload_ext asyncio_fgbg.ipython',
                "tee(); left = schedule_coroutine(clean_up()); print('begun')",
                FGBG_TEE=os.path.join(home.path, 'tee'))
            cls.exit_shown = home.read('tee')

    def test_tasks_go_on_between_cells(self):
        self.saw('progress', answer(self.shown[7], 'progress'), 'yes',
                 self.shown)

    def test_interrupting_a_cell_cancels_it_only(self):
        self.saw('ctrl_c', 'cleaned up' in self.shown[8]
                 and self.shown[9] == 'False\n', 'yes', self.shown)

    def test_extension_says_in_one_line_that_nothing_is_needed(self):
        self.assertEqual(self.shown[10], 'An event loop is running here: '
                         "use 'await', nothing is needed.\n")

    def test_exit_is_that_of_the_kernel(self):
        self.assertIn('begun', self.exit_shown)
        # The event loop is that of ipykernel.
        self.saw('exit', 'cleaned up at exit' in self.exit_shown, 'no')


class Marimo(Notebook, unittest.TestCase):

    place = 'marimo'
    distributions = 'marimo', 'nbformat'

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with Home(PYTHONPATH=PYTHONPATH) as home:
            subprocess.run(
                [sys.executable, '-m', 'marimo', 'export', 'ipynb',
                 '--include-outputs', '--output', 'out.ipynb',
                 home.write('notebook.py', MARIMO)],
                env=home.environ, cwd=home.path, check=True, timeout=TIMEOUT,
                stdout=subprocess.DEVNULL)
            notebook = nbformat.reads(home.read('out.ipynb'), 4)
        cls.shown = [''.join(map(show, cell.outputs))
                     for cell in notebook.cells]


# A cell is a function of what it has from others, and returns what it gives.
MARIMO = """
import marimo

app = marimo.App()


@app.cell
def _():
    import asyncio
    import asyncio_fgbg
    from asyncio_fgbg import call_in_background, schedule_coroutine
    return asyncio, asyncio_fgbg, call_in_background, schedule_coroutine


@app.cell
def _(asyncio, asyncio_fgbg):
    coro = asyncio.sleep(0, 42)
    try:
        asyncio_fgbg.run_in_foreground(coro)
    except RuntimeError as exc:
        print(f'RuntimeError: {exc}')
    return coro,


@app.cell
async def _(coro):
    print(await coro)


@app.cell
def _(asyncio, schedule_coroutine):
    task = schedule_coroutine(asyncio.sleep(0, 43))
    return task,


@app.cell
async def _(task):
    print(await task)


@app.cell
async def _(call_in_background):
    print(await call_in_background(lambda: 44))

"""


if __name__ == '__main__':
    unittest.main()
