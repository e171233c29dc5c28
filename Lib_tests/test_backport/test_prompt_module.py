"""Arriving at the prompt of python -m asyncio_fgbg, using it, and leaving"""

import sys
import unittest

from support.prompt_home import NEW_PROMPT, PYPY
from support.prompt_session import (
    CTRL_D, ModulePrompt, NewModulePrompt, Session, needs_new_prompt,
)

IMPORTS = '>>> import asyncio\n>>> from asyncio_fgbg import *'


class Arriving:
    """The three names are there at a prompt that is else like any."""

    def test_banner_says_what_to_use(self):
        shown = self.share().shown
        for name in ('run_in_foreground()', 'schedule_coroutine()',
                     'call_in_background()', 'help'):
            self.assertIn(name, shown)

    def test_imports_are_shown_after_the_banner(self):
        self.assertTrue(self.share().shown.endswith('\n' + IMPORTS))

    def test_q_leaves_out_the_banner(self):
        self.assertEqual(self.arrive('-q').shown, IMPORTS)

    def test_names_are_those_of_the_imports(self):
        self.assertEqual(
            self.arrive().run('*[n for n in dir() if n[0] != "_"],'),
            "('asyncio', 'call_in_background', 'run_in_foreground', "
            "'schedule_coroutine')")

    def test_other_names_are_those_of_any_prompt(self):
        self.assertEqual(
            self.share().run(
                '__name__, __doc__, __package__, __spec__, __loader__, '
                "type(__builtins__), '__file__' in globals()"),
            "('__main__', None, None, None, "
            "<class '_frozen_importlib.BuiltinImporter'>, "
            "<class 'module'>, False)")

    def test_prompt_is_in_the_main_module(self):
        prompt = self.share()
        prompt.run('import __main__')
        self.assertEqual(prompt.run('vars(__main__) is globals()'), 'True')

    def test_no_event_loop_is_running(self):
        self.assertEqual(
            self.share().run('asyncio._get_running_loop() is None'), 'True')

    def test_startup_file_is_run(self):
        prompt = self.arrive(startup="answer = len('four')")
        self.assertEqual(prompt.run('answer'), '4')

    def test_startup_file_sees_the_imports(self):
        prompt = self.arrive(
            startup='answer = run_in_foreground(asyncio.sleep(0, 5))')
        self.assertEqual(prompt.run('answer'), '5')

    def test_startup_file_has_a_file_name(self):
        prompt = self.arrive(startup='import os; file = __file__')
        self.assertEqual(
            prompt.run('file == os.environ["PYTHONSTARTUP"]'), 'True')
        self.assertIn('NameError', prompt.run('__file__'))

    def test_error_in_the_startup_file_is_shown(self):
        prompt = self.arrive(startup='def f(): 1/0\nf()')
        self.assertIn('ZeroDivisionError', prompt.shown)
        self.assertNotIn('__main__.py', prompt.shown)

    def test_prompt_goes_on_after_an_error_in_the_startup_file(self):
        prompt = self.arrive(startup='answer = 6; 1/0')
        self.assertEqual(prompt.run('answer'), '6')

    def test_startup_file_that_is_missing_is_shown(self):
        self.assertIn('FileNotFoundError',
                      self.arrive(PYTHONSTARTUP='missing.py').shown)

    def test_startup_file_need_not_be(self):
        self.assertEqual(self.arrive('-q', PYTHONSTARTUP=None).shown, IMPORTS)

    def test_startup_file_may_exit(self):
        prompt = self.open('-q', startup='raise SystemExit(7)')
        self.assertEqual(prompt.wait_for_exit(), ('', 7))

    def test_startup_file_may_set_the_prompt(self):
        shown = self.arrive('-q', startup="""if True:
            import sys
            sys.ps1 = 'now>>> '
            """).shown
        self.assertTrue(shown.startswith(
            'now>>> import asyncio\nnow>>> from asyncio_fgbg import *'))

    def test_second_prompt_is_that_of_any_prompt(self):
        self.assertEqual(self.share().run('__import__("sys").ps2'),
                         "'... '")

    def test_startup_file_may_set_the_second_prompt(self):
        prompt = self.arrive(startup="import sys; sys.ps2 = 'and... '")
        self.assertEqual(prompt.run('sys.ps2'), "'and... '")

    def test_startup_file_may_replace_the_interactive_hook(self):
        prompt = self.arrive('-q', startup="""if True:
            import sys
            sys.__interactivehook__ = lambda: print('hooked')
            """)
        self.assertEqual(prompt.shown, 'hooked\n' + IMPORTS)

    def test_error_in_the_interactive_hook_is_shown(self):
        shown = self.arrive(startup="""if True:
            import sys
            sys.__interactivehook__ = lambda: 1/0
            """).shown
        self.assertIn('ZeroDivisionError', shown)

    def test_startup_file_may_delete_the_interactive_hook(self):
        prompt = self.arrive(startup='import sys; del sys.__interactivehook__')
        prompt.taken = '\n'     # by the terminal, with no line editor
        self.assertEqual(prompt.run('6 * 7').split('\n')[-1], '42')

    def test_E_ignores_the_startup_file(self):
        prompt = self.arrive('-E', startup='answer = 9')
        self.assertIn('NameError', prompt.run('answer'))

    def test_i_opens_the_prompt_of_python_afterwards(self):
        prompt = self.arrive('-i')
        prompt.press(CTRL_D)
        prompt.wait_for(prompt.taken)
        prompt.wait_for_prompt()
        self.assertEqual(prompt.run('6 * 7'), '42')
        self.assertEqual(prompt.leave(), ('', 0))

    @unittest.skipIf(PYPY, "after exit() at PyPy's own prompt, its -i fails")
    def test_i_shows_no_more_frames_of_exit_than_the_code_module(self):
        with Session(self.arrive().home, '-i', '-m', 'code') as prompt:
            prompt.wait_for_prompt()
            prompt.enter('exit()')
            expected = prompt.wait_for_prompt().count('  File ')
        prompt = self.arrive('-i')
        prompt.enter('exit()')
        shown = prompt.wait_for('SystemExit')
        self.assertLessEqual(shown.count('  File '), expected)
        prompt.wait_for_prompt()


class Statements:
    """Statements at the prompt do what they do at any."""

    def test_underscore_is_the_last_value(self):
        prompt = self.share()
        prompt.run('6 * 7')
        self.assertEqual(prompt.run('_ + 1'), '43')

    def test_future_import_holds_for_later_statements(self):
        prompt = self.arrive()
        prompt.run('from __future__ import annotations')
        prompt.run('def f(x: no_such_name):\n    pass')
        self.assertEqual(prompt.run('f.__annotations__'),
                         "{'x': 'no_such_name'}")

    def test_no_future_import_is_there_before(self):
        prompt = self.share()
        prompt.run('def f(x: int):\n    pass')
        self.assertEqual(prompt.run('f.__annotations__'),
                         "{'x': <class 'int'>}")

    def test_traceback_has_only_what_was_typed(self):
        shown = self.share().run('1/0').split('\n')
        self.assertEqual(shown[0], 'Traceback (most recent call last):')
        self.assertEqual(len([line for line in shown if "File" in line]), 1)
        self.assertEqual(shown[-1], 'ZeroDivisionError: division by zero')

    def test_syntax_error_is_shown(self):
        self.assertEqual(self.share().run('1 +* 1').split('\n')[-1],
                         'SyntaxError: invalid syntax')

    def test_function_can_be_pickled(self):
        prompt = self.share()
        prompt.run('def f():\n    pass')
        prompt.run('import pickle')
        self.assertEqual(prompt.run('pickle.loads(pickle.dumps(f)) is f'),
                         'True')

    @unittest.skipIf(sys.version_info[:2] == (3, 8),
                     'a forked child of Python 3.8 crashes with -X dev')
    def test_function_can_be_called_in_a_forked_process(self):
        prompt = self.arrive()
        prompt.run('import concurrent.futures, multiprocessing, os')
        prompt.run('context = multiprocessing.get_context("fork")')
        prompt.run('pool = concurrent.futures.ProcessPoolExecutor(1, context)')
        prompt.run('def f():\n    return os.getppid()')
        prompt.run('call = call_in_background(f, executor=pool)')
        self.assertEqual(
            prompt.run('run_in_foreground(call) == os.getpid()'), 'True')
        prompt.run('pool.shutdown()')
        self.assertEqual(prompt.leave(), ('', 0))


class Leaving:
    """The prompt is left with its status, and after cleanup."""

    def assert_leaves(self, statement, status):
        prompt = self.arrive()
        prompt.run('task = schedule_coroutine(asyncio.sleep(3600))')
        prompt.enter(statement)
        self.assertEqual(prompt.wait_for_exit(), ('', status))

    def test_exit(self):
        self.assert_leaves('exit()', 0)

    def test_exit_with_a_status(self):
        self.assert_leaves('exit(3)', 3)

    def test_quit_with_a_status(self):
        self.assert_leaves('quit(4)', 4)

    def test_sys_exit_with_a_status(self):
        self.assert_leaves('import sys; sys.exit(5)', 5)

    def test_ctrl_d(self):
        self.assertEqual(self.arrive().leave(), ('', 0))

    def test_cleanup_in_the_background_is_seen(self):
        prompt = self.arrive()
        prompt.run("""
            async def wait():
                try:
                    await asyncio.sleep(3600)
                finally:
                    await asyncio.sleep(0.01)
                    print('cleaned up')
            """)
        prompt.run('task = schedule_coroutine(wait())')
        prompt.run('run_in_foreground(asyncio.sleep(0))')
        self.assertEqual(prompt.leave(), ('cleaned up', 0))


class ArrivingAtThePlainPrompt(Arriving, ModulePrompt, unittest.TestCase):
    """The three names are there at the plain prompt."""


@needs_new_prompt
class ArrivingAtTheNewPrompt(Arriving, NewModulePrompt, unittest.TestCase):
    """The three names are there at the new prompt."""

    FILENAME = '(lambda: 0).__code__.co_filename[:6]'

    def test_it_is_the_new_prompt(self):
        self.assertEqual(self.share().run(self.FILENAME), "'<pytho'")

    def test_prompt_has_its_colour(self):
        prompt = self.share()
        self.assertIn('\x1b[1;35m>>> ', prompt.transcript.getvalue())

    def test_PYTHON_BASIC_REPL_gives_the_plain_prompt(self):
        prompt = self.arrive(PYTHON_BASIC_REPL='1')
        prompt.taken = '\n'
        self.assertEqual(prompt.run(self.FILENAME), "'<stdin'")

    def test_E_ignores_PYTHON_BASIC_REPL(self):
        prompt = self.arrive('-E', PYTHON_BASIC_REPL='1')
        self.assertEqual(prompt.run(self.FILENAME), "'<pytho'")

    def test_dumb_terminal_gets_the_plain_prompt(self):
        prompt = self.arrive(TERM='dumb')
        prompt.taken = '\n'
        self.assertEqual(prompt.run(self.FILENAME), "'<stdin'")

    @unittest.skipUnless(NEW_PROMPT, "PyPy's own shows a traceback, too")
    def test_dumb_terminal_is_warned_of_as_by_python(self):
        prompt = self.arrive('-q', TERM='dumb')
        with Session(prompt.home, '-q') as python:
            expected = python.wait_for_prompt()
        self.assertIn('warning', expected)
        self.assertEqual(prompt.shown, f'{expected}\n{IMPORTS}')


class StatementsAtThePlainPrompt(Statements, ModulePrompt, unittest.TestCase):
    """Statements at the plain prompt do what they do at Python's."""


@needs_new_prompt
class StatementsAtTheNewPrompt(Statements, NewModulePrompt,
                               unittest.TestCase):
    """Statements at the new prompt do what they do at Python's."""


class LeavingThePlainPrompt(Leaving, ModulePrompt, unittest.TestCase):
    """The plain prompt is left with its status, and after cleanup."""


@needs_new_prompt
class LeavingTheNewPrompt(Leaving, NewModulePrompt, unittest.TestCase):
    """The new prompt is left with its status, and after cleanup."""

    def test_exit_as_a_word(self):
        self.assert_leaves('exit', 0)


if __name__ == '__main__':
    unittest.main()
