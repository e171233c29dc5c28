"""python -m asyncio_fgbg --live, where the background goes on"""

import signal
import sys
import unittest

from support.prompt_home import NEW_PROMPT
from support.prompt_session import (
    CTRL_C, END_OF_PASTE, ENTER, LiveModulePrompt, ModulePrompt,
    START_OF_PASTE, Session,
)
from test_backport import (
    test_prompt_await, test_prompt_editing, test_prompt_stdin,
)

needs_live_prompt = unittest.skipUnless(
    NEW_PROMPT, 'the prompt of CPython is live from 3.13 on')
CTRL_Z = '\x1a'
F1, F2, F3 = '\x1bOP', '\x1bOQ', '\x1bOR'

TICK = """
async def tick():
    while True:
        ticks.append(len(ticks))
        await asyncio.sleep(0.001)
"""
# Shows its line when there are more ticks, and nobody has pressed a key.
TELL = """
async def tell():
    start = len(ticks)
    while len(ticks) < start + 5:
        await asyncio.sleep(0.001)
    print('more', 'ticks')
"""


@needs_live_prompt
class BackgroundOfTheLivePrompt(LiveModulePrompt, unittest.TestCase):
    """The background goes on while the prompt waits for a key."""

    def arrive_ticking(self):
        prompt = self.arrive()
        prompt.run('ticks = []')
        prompt.run(TICK)
        prompt.run(TELL)
        prompt.run('task = schedule_coroutine(tick())')
        return prompt

    def assert_ticks(self, prompt):
        prompt.enter('telling = schedule_coroutine(tell())')
        prompt.wait_for('more ticks')
        prompt.wait_for_prompt()

    def listen(self, prompt, what):
        """Have SIGUSR1 call *what* in the event loop."""
        prompt.run('import signal')
        prompt.run('asyncio.get_event_loop().add_signal_handler('
                   f'signal.SIGUSR1, {what})')

    def test_coroutine_goes_on_without_a_key(self):
        self.assert_ticks(self.arrive_ticking())

    def test_connection_is_served(self):
        prompt = self.arrive()
        prompt.run("""
            async def serve(reader, writer):
                writer.write(await reader.readline())
                writer.close()
            """)
        prompt.run('server = await asyncio.start_server(serve, '
                   "'127.0.0.1', 0)")
        prompt.run("""
            async def talk():
                address = server.sockets[0].getsockname()
                reader, writer = await asyncio.open_connection(*address)
                writer.write(b'echo' * 2 + b'\\n')
                print(await reader.readline())
                writer.close()
            """)
        prompt.enter('task = schedule_coroutine(talk())')
        prompt.wait_for("b'echoecho")
        prompt.wait_for_prompt()

    def test_statement_has_no_running_event_loop(self):
        prompt = self.arrive_ticking()
        self.assertEqual(prompt.run('asyncio._get_running_loop() is None'),
                         'True')

    def test_ctrl_c_drops_the_line_and_leaves_tasks_pending(self):
        prompt = self.arrive_ticking()
        prompt.interrupt_typing('exit(5)')
        self.assertEqual(prompt.run('task.done()'), 'False')
        self.assert_ticks(prompt)

    def test_second_ctrl_c_interrupts_a_callback_that_will_not_stop(self):
        prompt = self.arrive()
        prompt.run('import os, time')
        prompt.run("""
            def spin():
                while True:
                    time.sleep(0.2)
                    os.write(1, b'spin' + b'ning')
            """)
        prompt.enter('handle = asyncio.get_event_loop().call_soon(spin)')
        prompt.wait_for('spinning')
        prompt.press(CTRL_C)
        prompt.wait_for('spinning')     # until the next Ctrl-C counts
        prompt.wait_for('spinning')
        prompt.interrupt()
        self.assertEqual(prompt.run('6 * 7'), '42')

    def test_output_comes_above_what_is_typed(self):
        prompt = self.arrive()
        self.listen(prompt, "lambda: print('one\\ntwo')")
        prompt.press('6 *')
        prompt.wait_for(r'\*')
        prompt.child.kill(signal.SIGUSR1)
        # In its place, with both ends of lines.
        prompt.wait_for('\r\x1b\\[Jone\r\ntwo\r\n')
        prompt.wait_for(r'>>> .*6 \*')
        self.assertEqual(prompt.run(' 7'), '42')

    def test_output_comes_above_a_block_that_is_typed(self):
        prompt = self.arrive()
        self.listen(prompt, "lambda: print('one')")
        prompt.press('if True:', ENTER, 'print(6 *')
        prompt.wait_for(r'\*')
        prompt.child.kill(signal.SIGUSR1)
        prompt.wait_for('\x1b\\[A\r\x1b\\[Jone\r\n')
        prompt.wait_for('if True:')
        prompt.press(' 7)', ENTER)
        self.assertEqual(prompt.run(''), '42')

    def test_output_without_an_end_of_line_has_a_line_of_its_own(self):
        prompt = self.arrive()
        self.listen(prompt, "lambda: print('one', end='')")
        prompt.child.kill(signal.SIGUSR1)
        prompt.wait_for('Jone\r\n')
        prompt.wait_for_prompt()

    def test_what_is_logged_is_output(self):
        prompt = self.arrive()
        prompt.run('import logging; logging.basicConfig()')
        self.listen(prompt, "lambda: logging.error('one')")
        prompt.child.kill(signal.SIGUSR1)
        prompt.wait_for('\r\x1b\\[JERROR:root:one\r\n')
        prompt.wait_for_prompt()

    def test_exit_in_the_background_leaves(self):
        prompt = self.arrive()
        self.listen(prompt, "lambda: exit(print('good' + 'bye') or 3)")
        prompt.press('6 *')
        prompt.wait_for(r'\*')
        prompt.child.kill(signal.SIGUSR1)
        prompt.wait_for('goodbye')
        self.assertEqual(prompt.wait_for_exit(), ('>>> 6 *', 3))

    def test_exception_of_a_thread_is_shown_without_a_key(self):
        prompt = self.arrive()
        prompt.run('import threading')
        prompt.enter('threading.Timer(0.01, lambda: 1/0).start()')
        prompt.wait_for('ZeroDivisionError')
        prompt.wait_for_prompt()

    def test_asyncio_run_in_between(self):
        prompt = self.arrive_ticking()
        self.assertEqual(prompt.run('asyncio.run(asyncio.sleep(0, 42))'), '42')
        self.assert_ticks(prompt)

    def test_closed_event_loop(self):
        prompt = self.arrive_ticking()
        prompt.run('asyncio.get_event_loop().close()')
        prompt.run('ticks = []')
        prompt.run('task = schedule_coroutine(tick())')
        self.assert_ticks(prompt)

    def test_event_loop_that_is_stopped(self):
        prompt = self.arrive_ticking()
        prompt.run('loop = asyncio.get_event_loop()')
        prompt.run('handle = loop.call_soon(loop.stop)')
        self.assert_ticks(prompt)


@needs_live_prompt
class KeysAtTheLivePrompt(LiveModulePrompt, unittest.TestCase):
    """What is typed arrives, whatever it is and whatever reads it."""

    def test_sixty_lines_are_pasted(self):
        prompt = self.arrive()
        text = ''.join(f'x{number} = {number}\n' for number in range(60))
        prompt.press(START_OF_PASTE, text, END_OF_PASTE)
        prompt.wait_for('59 = 59')
        prompt.run('')
        self.assertEqual(prompt.run(
            'sum(globals()[f"x{n}"] for n in range(60))'), '1770')

    def test_sixty_lines_are_typed_ahead(self):
        prompt = self.arrive()
        prompt.run('numbers = []')
        prompt.press(*(f'numbers.append({number}){ENTER}'
                       for number in range(60)))
        prompt.press("len(numbers), 'there' + 'fore'", ENTER)
        prompt.wait_for(r"\(60, 'therefore'\)")
        prompt.wait_for_prompt()

    def test_keys_that_are_pressed_during_a_wait_arrive(self):
        prompt = self.arrive()
        prompt.run("""
            async def wait(event):
                print('wait' + 'ing')
                await event.wait()
            """)
        prompt.run('event = asyncio.Event()')
        prompt.run('import signal')
        prompt.run('asyncio.get_event_loop().add_signal_handler('
                   'signal.SIGUSR1, event.set)')
        prompt.enter('await wait(event)')
        prompt.wait_for('waiting')
        prompt.press('6 * 7', ENTER)
        prompt.child.kill(signal.SIGUSR1)
        prompt.wait_for('42\r')
        prompt.wait_for_prompt()

    def test_f1_helps(self):
        prompt = self.arrive()
        prompt.press(F1)
        prompt.wait_for('help> ')
        prompt.press('q', ENTER)
        prompt.wait_for_prompt()
        self.assertEqual(prompt.run('6 * 7'), '42')

    def test_f2_shows_the_history(self):
        prompt = self.arrive()
        prompt.run("'for the ' + 'records'")
        prompt.press(F2)
        prompt.wait_for('END')
        prompt.press('q')
        # Python does not show its prompt again before there is a key.
        prompt.wait_for(r'\x1b\[\?2004h')
        self.assertEqual(prompt.run('6 * 7'), '42')

    def test_f3_is_for_pasting(self):
        prompt = self.arrive()
        prompt.press(F3)
        prompt.wait_for(r'\(paste\)')
        prompt.press('6 * 7', ENTER)
        prompt.wait_for(r'\(paste\)')
        prompt.press(F3)
        prompt.wait_for_prompt()
        self.assertEqual(prompt.run(''), '42')

    def test_line_is_wrapped_again_when_the_window_changes(self):
        prompt = self.arrive()
        prompt.press("len('", 'x' * 80, 'Z')
        prompt.wait_for('Z')
        prompt.child.setwinsize(30, 60)
        prompt.wait_for('xxxxZ')
        prompt.press("')", ENTER)
        prompt.wait_for('81\r')
        prompt.wait_for_prompt()

    def test_ctrl_z_and_fg(self):
        with Session(self.arrive().home, '-c', 'import os; os.execlp('
                     '"bash", "bash", "--norc", "-i")') as prompt:
            prompt.press(f'{sys.executable} -m asyncio_fgbg --live', ENTER)
            prompt.wait_for_imports()
            prompt.press(CTRL_Z)
            prompt.wait_for('Stopped')
            prompt.press('fg', ENTER)
            prompt.wait_for('asyncio_fgbg --live')
            prompt.new, prompt.taken = True, '\x1b\\[\\?2004l'
            prompt.press('6 * 7', ENTER)
            prompt.wait_for('42\r')

    def test_input_in_a_statement(self):
        prompt = self.arrive()
        prompt.press('input("name" + "? ")', ENTER)
        prompt.wait_for(r'name\? ')
        self.assertEqual(prompt.run('Guido'), "'Guido'")

    def test_background_goes_on_during_input(self):
        prompt = self.arrive()
        prompt.run('loop = asyncio.get_event_loop()')
        prompt.press("handle = loop.call_later(0.01, print, 'go' + 'ing'); "
                     'input("name" + "? ")', ENTER)
        prompt.wait_for('going')
        prompt.wait_for(r'name\? ')
        self.assertEqual(prompt.run('Guido'), "'Guido'")

    def test_input_in_a_coroutine(self):
        prompt = self.arrive()
        prompt.run('async def ask():\n    return input("name" + "? ")')
        prompt.press('await ask()', ENTER)
        prompt.wait_for(r'name\? ')
        self.assertEqual(prompt.run('Guido'), "'Guido'")
        self.assertNotIn('never awaited', prompt.transcript.getvalue())

    def test_debugger(self):
        prompt = self.arrive()
        # In a statement, and in a coroutine.
        for how, call in ('', 'f(42)'), ('async ', 'await f(42)'):
            prompt.run(how + 'def f(number):\n    breakpoint()\n'
                       '    return number')
            prompt.press(call, ENTER)
            prompt.wait_for(r'\(Pdb\) ')
            prompt.press('p number + 1', ENTER)
            prompt.wait_for('43\r')
            prompt.wait_for(r'\(Pdb\) ')
            prompt.press('c', ENTER)
            prompt.wait_for('42\r')
            prompt.wait_for_prompt()


@needs_live_prompt
class EditingTheLivePrompt(test_prompt_editing.Editing, LiveModulePrompt,
                           unittest.TestCase):
    """Typing at the live prompt is as at Python's."""


@needs_live_prompt
class InterruptingAtTheLivePrompt(test_prompt_editing.Interrupting,
                                  LiveModulePrompt, unittest.TestCase):
    """Ctrl-C at the live prompt stops the wait and nothing else."""


@needs_live_prompt
class AwaitingAtTheLivePrompt(test_prompt_await.Awaiting, LiveModulePrompt,
                              unittest.TestCase):
    """'await' works at the live prompt."""


class NoLivePrompt(ModulePrompt, test_prompt_stdin.WithoutTerminal,
                   unittest.TestCase):
    """Where there is none, --live says so and ends with status 2."""

    args = '--live',
    LINE = '--live needs the new REPL: CPython 3.13+, Unix, tty'

    def assert_says_so(self, prompt):
        shown, status = prompt.wait_for_exit()
        self.assertEqual((shown.splitlines()[-1:], status), ([self.LINE], 2))

    def test_no_terminal(self):
        ended = self.run_python('print("no")', '-m', 'asyncio_fgbg', '--live')
        self.assertEqual(
            (ended.stdout, ended.stderr.decode().splitlines(),
             ended.returncode), (b'', [self.LINE], 2))

    def test_plain_prompt(self):
        self.assert_says_so(self.open())

    def test_dumb_terminal(self):
        self.assert_says_so(self.open(TERM='dumb', PYTHON_BASIC_REPL=None))

    @unittest.skipIf(NEW_PROMPT, 'there is one')
    def test_other_pythons(self):
        self.assert_says_so(self.open(PYTHON_BASIC_REPL=None))


if __name__ == '__main__':
    unittest.main()
