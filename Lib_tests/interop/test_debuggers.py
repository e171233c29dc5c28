"""The three functions at the prompt of a debugger"""

import sys
import unittest

from interop.support.places import Place, answer
from interop.support.screen import Screen
from interop.test_prompts import Prompt

PDB = r'\(Pdb\) '
# There is one trace function for a debugger and for what measures coverage.
UNMEASURED = {'COVERAGE_PROCESS_START': None}


class PdbInSyncCode(Prompt, unittest.TestCase):

    group = 'debugger'
    place = 'pdb'
    args = '-c', "breakpoint()\nprint('over')"
    prompt = PDB
    interrupted = 'cleaned up$', r'^\*\*\* KeyboardInterrupt'
    expected = {'await': 'SyntaxError', 'progress': 'no'}

    @classmethod
    def leave(cls, screen):
        screen.enter('continue')


class PdbInACoroutine(Place, unittest.TestCase):

    group = 'debugger'
    place = 'pdb in a coroutine'
    stop = 'breakpoint()'
    expected = {'await': 'SyntaxError', 'progress': 'no'}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        source = f"""
import asyncio
from asyncio_fgbg import *
from interop.support.work import *

async def main():
    background = []
    {cls.stop}
    print('results', await asyncio.gather(*background))

asyncio.run(main())
"""
        with Screen('-c', source, prompt=PDB, **UNMEASURED) as screen:
            screen.wait_for_prompt()
            cls.shown = [screen.run(statement) for statement in [
                'print(run_in_foreground(asyncio.sleep(0, 42)))',
                'background.append(schedule_coroutine(asyncio.sleep(0, 43)))',
                'background.append(call_in_background(lambda: 44))',
                'print(await asyncio.sleep(0, 45))',
                'telling = schedule_coroutine(tell())',
            ]]
            try:
                screen.wait_for('progress', 0.5)
                cls.progress = True
            except AssertionError:
                cls.progress = False
            screen.enter('continue')
            cls.results = screen.wait_for(r'results (.*)').group(1)

    def see(self, column, seen):
        self.saw(column, seen, self.expected.get(column, 'yes'), self.shown)

    def test_run_in_foreground_is_refused(self):
        self.saw('run_in_foreground', answer(self.shown[0], '42'),
                 'RuntimeError', self.shown)
        self.assertIn("use 'await'", self.shown[0])

    def test_coroutine_goes_on_after_the_debugger(self):
        self.see('schedule_coroutine', '43' in self.results)

    def test_call_in_background(self):
        self.see('call_in_background', '44' in self.results)

    def test_await(self):
        self.see('await', answer(self.shown[3], '45'))

    def test_background_stands_still_unless_something_is_awaited(self):
        self.see('progress', self.progress)


@unittest.skipIf(sys.version_info < (3, 14),
                 'pdb.set_trace_async() came with Python 3.14')
class PdbThatAwaits(PdbInACoroutine):

    place = 'pdb.set_trace_async()'
    stop = 'import pdb; await pdb.set_trace_async()'
    expected = {'progress': 'no'}


if __name__ == '__main__':
    unittest.main()
