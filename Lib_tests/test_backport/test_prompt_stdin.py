"""python -m asyncio_fgbg without a terminal, and its arguments"""

import os
import subprocess
import sys
import unittest

from support import TIMEOUT
from support.paths import PACKAGE_FOLDER
from support.prompt_home import Home


class WithoutTerminal(unittest.TestCase):

    def run_python(self, source, *args, shell=None, **environ):
        if isinstance(source, str):
            source = source.encode()
        command = [sys.executable, '-X', 'dev', '-W', 'error', *args]
        if shell is not None:
            command = ['/bin/sh', '-c', shell, 'sh', *command]
        with Home(PYTHONIOENCODING='utf-8', **environ) as home:
            return subprocess.run(
                command, input=source, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, env=home.environ,
                cwd=PACKAGE_FOLDER, timeout=TIMEOUT)

    def run_module(self, source, *args, **kwargs):
        return self.run_python(source, *args, '-m', 'asyncio_fgbg', **kwargs)

    def assert_prints(self, text, ended, status=0):
        self.assertEqual(
            (ended.stdout.decode().replace(os.linesep, '\n'),
             ended.stderr.decode(), ended.returncode), (text, '', status))

    def assert_ends_like_python(self, source):
        ours = self.run_module(source)
        python = self.run_python(source, '-')
        self.assertNotEqual(ours.returncode, 0)
        self.assertEqual(
            (ours.stdout, ours.stderr.decode(), ours.returncode),
            (python.stdout, python.stderr.decode(), python.returncode))


class StdinTests(WithoutTerminal):
    """Standard input is run with the three names, as a script is."""

    def test_input_is_run(self):
        self.assert_prints('42\n', self.run_module('print(6 * 7)'))

    def test_values_are_not_shown(self):
        self.assert_prints('', self.run_module('6 * 7'))

    def test_helpers_are_there(self):
        self.assert_prints('42\n', self.run_module("""if True:
            call = call_in_background(lambda: 6)
            task = schedule_coroutine(asyncio.sleep(0, 7))
            print(run_in_foreground(call) * run_in_foreground(task))
            """))

    def test_input_is_the_main_module(self):
        self.assert_prints('True\n', self.run_module(
            'import __main__; print(vars(__main__) is globals())'))

    def test_no_other_names_are_there(self):
        self.assert_prints(
            'asyncio call_in_background run_in_foreground '
            'schedule_coroutine\n',
            self.run_module('print(*[n for n in dir() if n[0] != "_"])'))

    def test_startup_file_is_not_run(self):
        self.assert_prints('', self.run_module(
            'assert "answer" not in dir()', startup='answer = 42'))

    def test_input_is_utf_8(self):
        self.assert_prints('\xe4\n', self.run_module('print("\xe4")'))

    def test_encoding_may_be_declared(self):
        self.assert_prints('\xe4\n', self.run_module(
            '# coding: latin-1\nprint("\xe4")'.encode('latin-1')))

    def test_future_import_holds(self):
        self.assert_prints("{'x': 'no_such_name'}\n", self.run_module(
            'from __future__ import annotations\n'
            'def f(x: no_such_name): pass\n'
            'print(f.__annotations__)'))

    def test_no_future_import_is_there_before(self):
        self.assert_prints("{'x': <class 'int'>}\n", self.run_module(
            'def f(x: int): pass\n'
            'print(f.__annotations__)'))

    def test_background_ends_quietly(self):
        self.assert_prints('cleaned up\n', self.run_module("""if True:
            async def wait():
                try:
                    await asyncio.sleep(3600)
                finally:
                    print('cleaned up')
            task = schedule_coroutine(wait())
            run_in_foreground(asyncio.sleep(0))
            """))

    def test_nothing_to_run(self):
        self.assert_prints('', self.run_module(''))

    @unittest.skipUnless(os.name == 'posix', 'needs /bin/sh')
    def test_closed_stdin(self):
        self.assert_prints('', self.run_module('', shell='exec "$@" <&-'))


class ArgumentsTests(WithoutTerminal):
    """There is a prompt, and no argument but those of Python."""

    def test_help_says_what_it_is(self):
        ended = self.run_python('', '-m', 'asyncio_fgbg', '--help')
        self.assertIn('run_in_foreground()', ended.stdout.decode())

    def test_help_has_status_0(self):
        ended = self.run_python('', '-m', 'asyncio_fgbg', '--help')
        self.assertEqual((ended.stderr, ended.returncode), (b'', 0))

    def test_unknown_argument_is_an_error(self):
        ended = self.run_python('', '-m', 'asyncio_fgbg', 'unknown')
        self.assertIn('python -m asyncio_fgbg: error: '
                      'unrecognized arguments: unknown',
                      ended.stderr.decode())

    def test_unknown_argument_has_status_2(self):
        ended = self.run_python('print("no")', '-m', 'asyncio_fgbg', 'unknown')
        self.assertEqual((ended.stdout, ended.returncode), (b'', 2))

    def test_nothing_is_run_when_it_is_imported(self):
        self.assert_prints('', self.run_python(
            'print("no")', '-c', 'import asyncio_fgbg.__main__'))

    def test_i_prompts(self):
        ended = self.run_module('6 * 7\n1/0\n', '-i', '-q')
        self.assertEqual(
            (ended.stderr + ended.stdout).decode().count('>>> '), 2 + 3 + 1)

    def test_i_goes_on_after_an_exception(self):
        ended = self.run_module('1/0\n6 * 7\n', '-i')
        self.assertIn('42', ended.stdout.decode())


class FailureTests(WithoutTerminal):
    """A script on standard input ends as it ends with python itself."""

    def test_exception_has_status_1(self):
        self.assertEqual(self.run_module('1/0').returncode, 1)

    def test_exception_is_shown_as_python_shows_it(self):
        self.assert_ends_like_python('def f():\n    1/0\n\nf()')

    def test_chained_exception_is_shown_as_python_shows_it(self):
        self.assert_ends_like_python(
            'try:\n    1/0\nexcept Exception:\n    raise KeyError("key")')

    def test_what_is_left_is_finalized_as_python_does_it(self):
        for end in 'import sys; sys.exit(3)', '1/0':
            with self.subTest(end=end):
                self.assert_ends_like_python(f"""if True:
                    class C:
                        def __del__(self):
                            print('finalized')
                    c = C()
                    {end}
                    """)

    def test_nothing_runs_after_an_exception(self):
        self.assertEqual(self.run_module('1/0\nprint("no")').stdout, b'')

    def test_background_ends_after_an_exception(self):
        ended = self.run_module("""if True:
            async def wait():
                try:
                    await asyncio.sleep(3600)
                finally:
                    print('cleaned up')
            task = schedule_coroutine(wait())
            run_in_foreground(asyncio.sleep(0))
            1/0
            """)
        self.assertEqual(ended.stdout.decode().splitlines(), ['cleaned up'])

    def test_syntax_error_has_status_1(self):
        self.assertEqual(self.run_module('x = (').returncode, 1)

    def test_syntax_error_is_shown_as_python_shows_it(self):
        self.assert_ends_like_python('print("no")\n1 +* 1\n')

    def test_sys_exit_has_its_status(self):
        self.assert_prints('', self.run_module('import sys; sys.exit(5)'), 5)

    def test_sys_exit_has_its_message(self):
        self.assert_ends_like_python('import sys; sys.exit("that is all")')

    def test_keyboard_interrupt_ends_as_it_ends_python(self):
        self.assert_ends_like_python('raise KeyboardInterrupt')

    def test_excepthook_is_called(self):
        ended = self.run_module(
            'import sys\n'
            'def hook(type, value, traceback):\n'
            '    print(type.__name__, traceback.tb_frame.f_code.co_filename)\n'
            'sys.excepthook = hook\n'
            '1/0')
        self.assert_prints('ZeroDivisionError <stdin>\n', ended, 1)


if __name__ == '__main__':
    unittest.main()
