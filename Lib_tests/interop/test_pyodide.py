"""Python in WebAssembly, where JavaScript's event loop always runs"""

import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest

import asyncio_fgbg
from interop.support.places import Place, example, missing
from support import TIMEOUT


class Pyodide(Place, unittest.TestCase):
    """The example of the how-to page, in Node."""

    group = 'pyodide'
    place = 'Pyodide in Node'
    programs = 'node', 'npm'

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = folder.name
        if cls.run_program('npm', 'install', '--no-audit', '--no-fund',
                           '--prefer-offline', 'pyodide').returncode:
            missing('npm cannot install pyodide')
        with open(os.path.join(cls.folder, 'node_modules', 'pyodide',
                               'package.json'), encoding='utf-8') as file:
            cls.version = json.load(file)['version']
        shutil.copy(example('pyodide.mjs'), cls.folder)
        shutil.copytree(*asyncio_fgbg.__path__,
                        os.path.join(cls.folder, 'site', 'asyncio_fgbg'))

    @classmethod
    def run_program(cls, *args):
        return subprocess.run(args, cwd=cls.folder, timeout=2 * TIMEOUT,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              universal_newlines=True)

    def test_example(self):
        node = self.run_program('node', 'pyodide.mjs')
        shown = dict(re.findall('^([a-z]+): (.*)$', node.stdout, re.MULTILINE))
        with open(example('pyodide.txt'), encoding='utf-8') as file:
            self.assertEqual(node.stdout, file.read())
        self.saw('run_in_foreground', "use 'await'" in shown['refused']
                 and 'RuntimeError', 'RuntimeError')
        # The refusal left the argument alone.
        self.saw('await', shown['await'] == 'slept')
        self.saw('schedule_coroutine', shown['task'] == 'in the background')
        self.saw('call_in_background', shown['call'] == 'True called at once'
                 and 'blocks', 'blocks')
        self.saw('progress', shown['progress'] == 'tick tick tick')
        self.saw('exit', node.returncode == 0)


if __name__ == '__main__':
    unittest.main()
