"""Typing at the prompt of python -m asyncio_fgbg, and interrupting it"""

import unittest

from support.prompt_session import (
    CTRL_A, CTRL_C, CTRL_E, END_OF_PASTE, ENTER, MORE, ModulePrompt,
    NewModulePrompt, START_OF_PASTE, TAB, UP, needs_new_prompt,
)

# No Ctrl-C is lost on an event loop that wakes up now and then: one that comes
# just before a system call does not end it.
WAIT = """
async def wait():
    while True:
        await asyncio.sleep(0.1)
"""


class Editing:
    """Typing at the prompt is as at any other."""

    def test_up_recalls_a_line(self):
        prompt = self.share()
        prompt.run('6 * 7')
        prompt.press(UP)
        self.assertEqual(prompt.run(' + 1'), '43')

    def test_up_recalls_a_line_of_an_earlier_session(self):
        startup = """if True:
            import os
            with open(os.path.expanduser('~/.python_history'), 'w') as file:
                file.write('6 * 7\\n')
            """
        prompt = self.arrive(startup=startup)
        prompt.press(UP)
        self.assertEqual(prompt.run(' + 2'), '44')

    def test_history_is_written(self):
        prompt = self.arrive()
        prompt.run("'for the records'")
        prompt.leave()
        self.assertIn("'for the records'\n",
                      prompt.home.read('.python_history'))

    def test_tab_completes_a_helper(self):
        prompt = self.share()
        # Some completers add a parenthesis: see it as a string.
        prompt.press('schedule_co', TAB, CTRL_A, "'", CTRL_E)
        self.assertRegex(prompt.run("'"), r"^'schedule_coroutine\(?'$")

    def test_tab_completes_a_name_of_the_session(self):
        prompt = self.share()
        prompt.run("distinctive_name = 'its value'")
        prompt.press('distinctive_n', TAB)
        self.assertEqual(prompt.run(''), "'its value'")

    def test_ctrl_c_drops_the_line(self):
        prompt = self.arrive()
        prompt.interrupt_typing('exit(5)')
        self.assertEqual(prompt.run('6 * 7'), '42')

    def test_ctrl_c_drops_an_unfinished_block(self):
        prompt = self.arrive()
        prompt.press('if True:', ENTER)
        prompt.wait_for(MORE)
        prompt.interrupt_typing('    exit(5)')
        self.assertEqual(prompt.run('6 * 7'), '42')


class Interrupting:
    """Ctrl-C at the prompt stops the wait and nothing else."""

    def test_ctrl_c_cancels_a_coroutine(self):
        prompt = self.arrive()
        prompt.run("""
            async def wait():
                try:
                    print('waiting')
                    while True:
                        await asyncio.sleep(0.1)
                finally:
                    await asyncio.sleep(0.01)
                    print('cleaned up')
            """)
        prompt.enter('run_in_foreground(wait())')
        prompt.wait_for('waiting')
        self.assertRegex(prompt.interrupt(),
                         '(?s)cleaned up\n.*\nKeyboardInterrupt$')

    def test_ctrl_c_leaves_a_task_pending(self):
        prompt = self.arrive()
        prompt.run(WAIT)
        prompt.run('task = schedule_coroutine(wait())')
        # A live prompt has started it before.
        prompt.enter('asyncio.get_event_loop().call_soon(print, "in", "front")'
                     ' and run_in_foreground(task)')
        prompt.wait_for('in front')
        prompt.interrupt()
        self.assertEqual(prompt.run('task.done()'), 'False')

    def test_task_can_be_in_the_foreground_again_after_ctrl_c(self):
        prompt = self.arrive()
        prompt.run("""
            async def wait():
                while not stopping:
                    await asyncio.sleep(0.1)
                return 'at last'
            """)
        prompt.run('stopping = False')
        prompt.run('task = schedule_coroutine(wait())')
        # A live prompt has started it before.
        prompt.enter('asyncio.get_event_loop().call_soon(print, "in", "front")'
                     ' and run_in_foreground(task)')
        prompt.wait_for('in front')
        prompt.interrupt()
        prompt.run('stopping = True')
        self.assertEqual(prompt.run('run_in_foreground(task)'), "'at last'")

    def test_second_ctrl_c_interrupts_what_will_not_stop(self):
        prompt = self.arrive()
        prompt.run("""
            async def stubborn():
                print('waiting')
                while not stopping:
                    try:
                        await asyncio.sleep(0.1)
                    except asyncio.CancelledError:
                        # Until the next Ctrl-C counts.
                        await asyncio.sleep(0.2)
                        print('no, thank you')
            """)
        prompt.run('stopping = False')
        prompt.enter('run_in_foreground(stubborn())')
        prompt.wait_for('waiting')
        prompt.press(CTRL_C)
        prompt.wait_for('no, thank you')
        self.assertTrue(prompt.interrupt().endswith('\nKeyboardInterrupt'))
        prompt.run('stopping = True')


class EditingThePlainPrompt(Editing, ModulePrompt, unittest.TestCase):
    """Typing at the plain prompt is as at Python's."""


@needs_new_prompt
class EditingTheNewPrompt(Editing, NewModulePrompt, unittest.TestCase):
    """Typing at the new prompt is as at Python's."""

    def test_block_is_indented(self):
        prompt = self.share()
        prompt.press('if True:', ENTER, "print('inden' + 'ted')", ENTER)
        self.assertEqual(prompt.run(''), 'indented')

    def test_block_is_recalled_as_a_whole(self):
        prompt = self.share()
        prompt.run("""
            for word in 'one', 'two':
                print(word.upper())
            """)
        prompt.press(UP, ENTER)
        self.assertEqual(prompt.run(''), 'ONE\nTWO')

    def test_block_can_be_pasted(self):
        prompt = self.arrive()
        prompt.press(START_OF_PASTE,
                     "if True:\n    if True:\n        'pas' + 'ted'\n",
                     END_OF_PASTE)
        prompt.wait_for("ted'")
        self.assertEqual(prompt.run(''), "'pasted'")


class InterruptingAtThePlainPrompt(Interrupting, ModulePrompt,
                                   unittest.TestCase):
    """Ctrl-C at the plain prompt stops the wait and nothing else."""


@needs_new_prompt
class InterruptingAtTheNewPrompt(Interrupting, NewModulePrompt,
                                 unittest.TestCase):
    """Ctrl-C at the new prompt stops the wait and nothing else."""


if __name__ == '__main__':
    unittest.main()
