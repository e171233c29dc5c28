"""'await' at the prompt of python -m asyncio_fgbg, and its event loop"""

import signal
import sys
import unittest

from support.prompt_home import PYPY
from support.prompt_session import (
    CTRL_C, CTRL_D, ENTER, ModulePrompt, NewModulePrompt, needs_new_prompt,
)
from test_backport import test_prompt_stdin

needs_await = unittest.skipIf(
    sys.version_info < (3, 8), "Python 3.7 knows 'await' in coroutines only")

# No Ctrl-C is lost on an event loop that wakes up now and then.
WAIT = """
async def wait():
    print('waiting')
    try:
        while True:
            await asyncio.sleep(0.1)
    finally:
        await asyncio.sleep(0.01)
        print('cleaned up')
"""

CLEAN_UP_SLOWLY = """
async def wait():
    try:
        await asyncio.sleep(3600)
    finally:
        await asyncio.sleep(0.5)
        print('cleaned up')
"""
# What is said after a second is said after a tenth of it.
HASTE = 'import time; sleep = time.sleep; time.sleep = lambda s: sleep(s / 10)'
LINE = (r'waiting for calls in threads: \S*_0'
        r'; Ctrl-C \(or two\) leaves\r\n')


@needs_await
class Awaiting:
    """'await' at the prompt runs a statement as run_in_foreground()."""

    def test_value_is_shown(self):
        self.assertEqual(self.share().run('await asyncio.sleep(0, 42)'), '42')

    def test_underscore_is_the_value(self):
        prompt = self.share()
        prompt.run('await asyncio.sleep(0, 42)')
        self.assertEqual(prompt.run('_ + 1'), '43')

    def test_name_is_assigned(self):
        prompt = self.share()
        prompt.run('answer = 2 * await asyncio.sleep(0, 21)')
        self.assertEqual(prompt.run('answer'), '42')

    def test_none_is_not_shown(self):
        self.assertEqual(self.share().run('await asyncio.sleep(0)'), '')

    def test_await_is_allowed_in_a_block(self):
        shown = self.share().run("""
            for number in range(3):
                print(await asyncio.sleep(0, number))
            """)
        self.assertEqual(shown, '0\n1\n2')

    def test_async_with(self):
        prompt = self.share()
        prompt.run('lock = asyncio.Lock()')
        shown = prompt.run("""
            async with lock:
                print(lock.locked())
            """)
        self.assertEqual(shown, 'True')

    def test_async_for(self):
        prompt = self.share()
        prompt.run("""
            async def count():
                for number in range(3):
                    yield number
            """)
        shown = prompt.run("""
            async for number in count():
                print(number)
            """)
        self.assertEqual(shown, '0\n1\n2')

    def test_asynchronous_comprehension(self):
        prompt = self.share()
        prompt.run("""
            async def count():
                for number in range(3):
                    yield number
            """)
        self.assertEqual(prompt.run('[number async for number in count()]'),
                         '[0, 1, 2]')

    def test_background_goes_on_meanwhile(self):
        prompt = self.share()
        prompt.run('task = schedule_coroutine(asyncio.sleep(0, 42))')
        prompt.run('await asyncio.sleep(0.01)')
        self.assertEqual(prompt.run('task.result()'), '42')

    def test_event_loop_is_that_of_the_functions(self):
        prompt = self.share()
        prompt.run('call = call_in_background(lambda: 42)')
        self.assertEqual(prompt.run('await call'), '42')

    def test_event_loop_is_that_of_the_functions_after_asyncio_run(self):
        prompt = self.arrive()
        prompt.run('task = schedule_coroutine(asyncio.sleep(0, 42))')
        prompt.run('asyncio.run(asyncio.sleep(0))')
        self.assertEqual(prompt.run('await task'), '42')

    def test_statement_without_await_is_no_coroutine(self):
        prompt = self.share()
        self.assertEqual(prompt.run('asyncio._get_running_loop() is None'),
                         'True')

    def test_traceback_has_only_what_was_typed(self):
        prompt = self.share()
        prompt.run('async def fail():\n    1/0')
        shown = prompt.run('await fail()').split('\n')
        self.assertEqual(shown[0], 'Traceback (most recent call last):')
        self.assertEqual(len([line for line in shown if 'File' in line]), 2)
        self.assertEqual(shown[-1], 'ZeroDivisionError: division by zero')

    def test_traceback_of_a_chain_has_only_what_was_typed(self):
        prompt = self.share()
        shown = prompt.run("""
            try:
                await asyncio.sleep(0, 1) / 0
            except ZeroDivisionError:
                raise KeyError('key')
            """).split('\n')
        self.assertEqual(len([line for line in shown if 'File' in line]), 2)
        self.assertEqual(shown[-1], "KeyError: 'key'")

    def test_last_traceback_is_kept(self):
        prompt = self.share()
        prompt.run('await asyncio.sleep(0, 1) / 0')
        prompt.run('import sys')
        self.assertEqual(prompt.run('sys.last_type.__name__'),
                         "'ZeroDivisionError'")

    def test_exit(self):
        prompt = self.arrive()
        prompt.enter('exit(await asyncio.sleep(0, 3))')
        self.assertEqual(prompt.wait_for_exit(), ('', 3))

    def test_ctrl_c_cancels_what_is_awaited(self):
        prompt = self.arrive()
        prompt.run(WAIT)
        prompt.enter('await wait()')
        prompt.wait_for('waiting')
        self.assertRegex(prompt.interrupt(),
                         '(?s)cleaned up\n.*KeyboardInterrupt$')
        self.assertEqual(prompt.run('await asyncio.sleep(0, 42)'), '42')

    def test_ctrl_c_ends_the_statement(self):
        prompt = self.arrive()
        prompt.run(WAIT)
        # With ';' in between, the new prompt of 3.13 goes on after errors.
        prompt.enter("""
            if True:
                await wait()
                exit(5)
            """)
        prompt.wait_for('waiting')
        prompt.interrupt()
        self.assertEqual(prompt.run('6 * 7'), '42')

    def test_ctrl_c_leaves_other_tasks_alone(self):
        prompt = self.arrive()
        prompt.run(WAIT)
        prompt.run('task = schedule_coroutine(asyncio.sleep(3600))')
        prompt.enter('await wait()')
        prompt.wait_for('waiting')
        prompt.interrupt()
        self.assertEqual(prompt.run('task.done()'), 'False')


class EventLoop:
    """The prompt has an event loop from the start, and it ends at exit."""

    def test_gather_can_be_the_first_thing_that_is_typed(self):
        prompt = self.arrive()
        prompt.run('both = asyncio.gather(asyncio.sleep(0, 6), '
                   'asyncio.sleep(0, 7))')
        self.assertEqual(prompt.run('run_in_foreground(both)'), '[6, 7]')

    def test_queue_can_be_the_first_thing_that_is_typed(self):
        prompt = self.arrive()
        prompt.run('queue = asyncio.Queue()')
        prompt.run('get = schedule_coroutine(queue.get())')
        prompt.run('run_in_foreground(queue.put(42))')
        self.assertEqual(prompt.run('run_in_foreground(get)'), '42')

    def test_startup_file_may_take_the_event_loop_away(self):
        prompt = self.arrive(startup='asyncio.run(asyncio.sleep(0))')
        prompt.run('both = asyncio.gather(asyncio.sleep(0, 6), '
                   'asyncio.sleep(0, 7))')
        self.assertEqual(prompt.run('run_in_foreground(both)'), '[6, 7]')

    def test_loop_that_asyncio_found_is_cleaned_up_at_exit(self):
        prompt = self.arrive()
        prompt.run(WAIT)
        prompt.run('task = asyncio.ensure_future(wait())')
        prompt.run('run_in_foreground(asyncio.sleep(0))')
        self.assertEqual(prompt.leave(), ('cleaned up', 0))


class WaitingAtExit:
    """The prompt says what it waits for when it is left, if it is long."""

    def leave_with_call(self, call, *options, startup=HASTE):
        prompt = self.arrive(*options, startup=startup)
        prompt.run('import threading')
        prompt.run(f'call = call_in_background({call})')
        prompt.press(CTRL_D)
        return prompt

    def test_line_says_what_is_waited_for_and_ctrl_c_leaves_then(self):
        prompt = self.leave_with_call('threading.Event().wait')
        prompt.wait_for(LINE)
        prompt.press(CTRL_C)
        self.assertEqual(prompt.wait_for_exit(), ('^C', 130))

    @unittest.skipIf(sys.version_info < (3, 9),
                     'up to Python 3.8, exit functions wait for calls')
    def test_history_is_written_then(self):
        prompt = self.leave_with_call('threading.Event().wait')
        prompt.wait_for(LINE)
        prompt.press(CTRL_C)
        prompt.wait_for_exit()
        self.assertIn('threading.Event', prompt.home.read('.python_history'))

    def test_ctrl_c_before_ends_cleanup(self):
        prompt = self.arrive()
        prompt.run("""
            async def wait():
                try:
                    await asyncio.sleep(3600)
                finally:
                    print('cleaning')
                    while True:
                        await asyncio.sleep(0.1)
            """)
        prompt.run('task = schedule_coroutine(wait())')
        prompt.run('run_in_foreground(asyncio.sleep(0))')
        prompt.press(CTRL_D)
        prompt.wait_for('cleaning')
        prompt.press(CTRL_C)
        _, status = prompt.wait_for_exit()
        self.assertEqual(status, 0)

    def test_handler_of_the_user_is_left_alone(self):
        prompt = self.arrive(startup=HASTE)
        prompt.run('import signal')
        prompt.run('def handle(signum, frame):\n'
                   "    print('hand' + 'led')\n"
                   '    stop.set()')
        prompt.run('import threading; stop = threading.Event()')
        prompt.run('_ = signal.signal(signal.SIGINT, handle)')
        prompt.run('call = call_in_background(stop.wait)')
        prompt.press(CTRL_D)
        # What Ctrl-C does is up to the handler.
        prompt.wait_for(LINE.replace(r'; Ctrl-C \(or two\) leaves', ''))
        prompt.press(CTRL_C)
        self.assertEqual(prompt.wait_for_exit(), ('^Chandled', 0))

    def test_nothing_is_said_when_it_is_short(self):
        prompt = self.leave_with_call('lambda: threading.Event().wait(0.1)',
                                      startup='')
        self.assertEqual(prompt.wait_for_exit(), ('', 0))

    @unittest.skipIf(PYPY, "an idle thread is in PyPy's queue, that is "
                           'Python code: it looks busy')
    def test_nothing_is_said_of_calls_that_have_ended(self):
        prompt = self.arrive(startup=HASTE)
        prompt.run(CLEAN_UP_SLOWLY)
        prompt.run('task = schedule_coroutine(wait())')
        prompt.run('run_in_foreground(call_in_background(print))')
        self.assertEqual(prompt.leave(), ('cleaned up', 0))

    def test_nothing_is_said_at_the_prompt_that_i_opens(self):
        prompt = self.leave_with_call('threading.Event().wait', '-i')
        prompt.wait_for(prompt.taken)
        prompt.wait_for_prompt()
        self.assertEqual(prompt.run('threading.Event().wait(0.5)'), 'False')
        prompt.run('import os')
        prompt.press('os._exit(0)', ENTER)
        prompt.wait_for_exit()

    def test_it_is_as_with_i_when_PYTHONINSPECT_is_set_late(self):
        prompt = self.arrive(startup=HASTE)
        prompt.run('import os; os.environ["PYTHONINSPECT"] = "1"')
        prompt.run('import threading')
        prompt.run('call = call_in_background(threading.Event().wait)')
        prompt.press(CTRL_D)
        prompt.wait_for(prompt.taken)
        prompt.wait_for_prompt()
        self.assertEqual(prompt.run('threading.Event().wait(0.5)'), 'False')
        prompt.press('os._exit(0)', ENTER)
        prompt.wait_for_exit()

    def test_ctrl_c_is_not_promised_on_windows(self):
        prompt = self.arrive(startup=HASTE)
        prompt.run('import os, signal, threading; os.name = "nt"')
        prompt.run('stop = threading.Event()')
        prompt.run('_ = signal.signal(signal.SIGUSR1, lambda *_: stop.set())')
        prompt.run('call = call_in_background(stop.wait)')
        prompt.press(CTRL_D)
        prompt.wait_for(LINE.replace(r'; Ctrl-C \(or two\) leaves', ''))
        prompt.child.kill(signal.SIGUSR1)
        self.assertEqual(prompt.wait_for_exit(), ('', 0))


@needs_await
class AwaitingAtThePlainPrompt(Awaiting, ModulePrompt, unittest.TestCase):
    """'await' works at the plain prompt."""


@needs_await
@needs_new_prompt
class AwaitingAtTheNewPrompt(Awaiting, NewModulePrompt, unittest.TestCase):
    """'await' works at the new prompt."""


class EventLoopOfThePlainPrompt(EventLoop, ModulePrompt, unittest.TestCase):
    """The plain prompt has an event loop from the start."""


@needs_new_prompt
class EventLoopOfTheNewPrompt(EventLoop, NewModulePrompt, unittest.TestCase):
    """The new prompt has an event loop from the start."""


class WaitingAtExitOfThePlainPrompt(WaitingAtExit, ModulePrompt,
                                    unittest.TestCase):
    """The plain prompt says what it waits for when it is left."""


@needs_new_prompt
class WaitingAtExitOfTheNewPrompt(WaitingAtExit, NewModulePrompt,
                                  unittest.TestCase):
    """The new prompt says what it waits for when it is left."""


@unittest.skipIf(sys.version_info >= (3, 8), "has 'await' at the prompt")
class NoAwait(ModulePrompt, unittest.TestCase):
    """'await' is a syntax error at the prompt of Python 3.7."""

    def test_await_is_a_syntax_error(self):
        self.assertIn('SyntaxError: ', self.arrive().run('await wait()'))


@needs_await
class AwaitingInStdin(test_prompt_stdin.WithoutTerminal):
    """'await' works in what is piped in, beside run_in_foreground()."""

    def test_await(self):
        self.assert_prints('42\n', self.run_module(
            'print(await asyncio.sleep(0, 42))'))

    def test_async_with_and_for(self):
        self.assert_prints('0\n1\n', self.run_module("""if True:
            async def count():
                yield 0
                yield 1
            async with asyncio.Lock():
                async for number in count():
                    print(number)
            """))

    def test_run_in_foreground_beside_await(self):
        self.assert_prints('6\n7\n8\n', self.run_module(
            'print(run_in_foreground(asyncio.sleep(0, 6)))\n'
            'print(await asyncio.sleep(0, 7))\n'
            'print(run_in_foreground(asyncio.sleep(0, 8)))'))

    def test_event_loop_is_that_of_the_functions(self):
        self.assert_prints('[6, 7]\n', self.run_module(
            'task = schedule_coroutine(asyncio.sleep(0, 6))\n'
            'call = call_in_background(lambda: 7)\n'
            'print([await task, await call])'))

    def test_future_import_holds(self):
        self.assert_prints("{'x': 'no_such_name'}\n", self.run_module(
            'from __future__ import annotations\n'
            'await asyncio.sleep(0)\n'
            'def f(x: no_such_name): pass\n'
            'print(f.__annotations__)'))

    def test_exception_is_shown_with_what_was_piped_in_only(self):
        ended = self.run_module('async def fail():\n    1/0\n\nawait fail()')
        lines = ended.stderr.decode().split('\n')
        self.assertEqual(
            [line.split(',', 1)[1] for line in lines if 'File' in line],
            [' line 4, in <module>', ' line 2, in fail'])
        self.assertEqual(ended.returncode, 1)

    def test_nothing_runs_after_an_exception(self):
        ended = self.run_module('await asyncio.sleep("x")\nprint("no")')
        self.assertEqual(ended.stdout, b'')

    def test_nothing_runs_before_a_syntax_error(self):
        ended = self.run_module('print("no")\nawait = 5')
        self.assertEqual((ended.stdout, ended.returncode), (b'', 1))

    def test_exit_has_its_status(self):
        self.assert_prints('', self.run_module(
            'import sys\nsys.exit(await asyncio.sleep(0, 5))'), 5)

    def test_cleanup_runs_at_exit(self):
        self.assert_prints('cleaned up\n', self.run_module("""if True:
            async def wait():
                try:
                    await asyncio.sleep(3600)
                finally:
                    print('cleaned up')
            task = schedule_coroutine(wait())
            await asyncio.sleep(0)
            """))


if __name__ == '__main__':
    unittest.main()
