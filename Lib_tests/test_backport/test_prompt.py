"""The proposal's worked sessions, typed at every prompt on a terminal

Each class types one session at one prompt; its tests look at what was shown.
"""

import ast
import unittest

from support.prompt_home import Home
from support.prompt_session import Session, needs_new_prompt


class PlainPrompt:
    """python -q, as it was before 3.13"""

    args = ()
    new = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with cls.open() as home, cls.start(home) as prompt:
            cls.play(prompt)
            cls.farewell, cls.status = prompt.leave()

    @classmethod
    def open(cls):
        return Home(new=cls.new)

    @classmethod
    def start(cls, home):
        prompt = Session(home, '-q', *cls.args, new=cls.new)
        prompt.wait_for_prompt()
        prompt.run('import asyncio')
        prompt.run('from asyncio_fgbg import *')
        return prompt

    def expected_status(self):
        # After a Ctrl-C, no matter where, CPython 3.14's plain prompt leaves
        # as if it had ended the interpreter.  That is not ours to mend.
        with self.open() as home, self.start(home) as prompt:
            prompt.run('raise KeyboardInterrupt')
            prompt.run('None')
            _, status = prompt.leave()
        return status


class NewPrompt(PlainPrompt):
    """python -q from 3.13 on, and PyPy's own"""

    new = True

    def expected_status(self):
        return 0


class PlainModulePrompt(NewPrompt):
    """python -m asyncio_fgbg, with PYTHON_BASIC_REPL from 3.13 on"""

    args = '-m', 'asyncio_fgbg'
    new = False

    @classmethod
    def start(cls, home):
        prompt = Session(home, '-q', *cls.args, new=cls.new)
        prompt.wait_for_imports()
        return prompt


class NewModulePrompt(PlainModulePrompt):
    """python -m asyncio_fgbg from 3.13 on"""

    new = True


def value(prompt, expression):
    shown = prompt.run(expression)
    try:
        return ast.literal_eval(shown)
    except SyntaxError:
        raise AssertionError(f'no value: {shown!r}') from None


class Leaving:
    """A prompt is left in silence, and with status 0."""

    def test_ctrl_c_raises_keyboard_interrupt(self):
        self.assertTrue(self.interrupted.endswith('\nKeyboardInterrupt'))

    def test_exit_shows_nothing(self):
        self.assertEqual(self.farewell, '')

    def test_exit_status(self):
        self.assertEqual(self.status, self.expected_status())


class Timers(Leaving):
    """Timers go on in the background of a prompt, as with '&' and 'fg'."""

    @classmethod
    def play(cls, prompt):
        prompt.run('import itertools, functools, threading, time')
        prompt.run('ticks, started, stop = [], threading.Event(), '
                   'threading.Event()')
        prompt.run("""
            async def ticker(name, interval=0):
                for count in itertools.count():
                    ticks.append((name, count))
                    await asyncio.sleep(interval)
            """)
        prompt.run("""
            async def until(count):
                print('waiting')
                while len(ticks) < count:
                    await asyncio.sleep(0)
            """)

        prompt.run("first = schedule_coroutine(ticker('first'))")
        cls.when_scheduled = value(prompt, 'ticks')
        prompt.run('run_in_foreground(until(3))')
        cls.at_the_prompt = value(prompt, 'ticks')
        cls.still_at_the_prompt = value(prompt, 'ticks')
        prompt.run('run_in_foreground(until(len(ticks) + 3))')
        cls.picked_up = value(prompt, 'ticks')

        prompt.run('del ticks[:]')
        prompt.run('run_in_foreground(asyncio.sleep(0))')
        cls.one_step = value(prompt, 'len(ticks)')
        prompt.run('run_in_foreground(asyncio.sleep(0))')
        cls.two_steps = value(prompt, 'len(ticks)')

        prompt.run('del ticks[:]')
        prompt.run("second = schedule_coroutine(ticker('second', 0.001))")
        prompt.run("""
            while ('second', 2) not in ticks:
                run_in_foreground(asyncio.sleep(0.001))
            """)
        cls.joined = value(prompt, 'sorted({name for name, _ in ticks})')

        prompt.enter('run_in_foreground(until(10**9))')
        prompt.wait_for('waiting')
        cls.interrupted = prompt.interrupt()
        prompt.run('del ticks[:]')
        prompt.run('run_in_foreground(until(3))')
        cls.after_ctrl_c = value(prompt, 'ticks')

        prompt.run('first.cancel(), second.cancel()')
        prompt.run('run_in_foreground(asyncio.wait([first, second]))')
        cls.cancelled = value(prompt, '[first.cancelled(), '
                                      'second.cancelled()]')
        prompt.run('del ticks[:]')
        prompt.run('run_in_foreground(asyncio.sleep(0.01))')
        cls.after_cancelling = value(prompt, 'ticks')

        prompt.run("""
            def blocking_ticker():
                for count in itertools.count():
                    ticks.append(('blocking', count))
                    started.set()
                    if stop.wait(0.001):
                        return count
            """)
        prompt.run('call = call_in_background(blocking_ticker)')
        cls.called = value(prompt, 'started.wait(60)')
        cls.call_done = value(prompt, 'call.done()')
        prompt.run('stop.set()')
        cls.call_result = value(prompt, 'run_in_foreground(call)')
        cls.last_tick = value(prompt, 'ticks[-1]')

        prompt.run("left = schedule_coroutine(ticker('left', 0.001))")
        prompt.run('run_in_foreground(until(len(ticks) + 3))')
        prompt.run("unstarted = schedule_coroutine(ticker('unstarted'))")
        prompt.run('sleep = functools.partial(time.sleep, 0.1)')
        prompt.run('sleeping = call_in_background(sleep)')

    def test_scheduled_ticker_waits_for_the_loop(self):
        self.assertEqual(self.when_scheduled, [])

    def test_ticker_runs_while_something_is_in_the_foreground(self):
        self.assertEqual(self.at_the_prompt[:3],
                         [('first', 0), ('first', 1), ('first', 2)])

    def test_ticker_stands_still_at_the_prompt(self):
        self.assertEqual(self.still_at_the_prompt, self.at_the_prompt)

    def test_ticker_is_picked_up_where_it_left_off(self):
        self.assertGreater(len(self.picked_up), len(self.at_the_prompt))
        self.assertEqual(
            self.picked_up,
            [('first', count) for count in range(len(self.picked_up))])

    def test_sleep_0_takes_a_single_step(self):
        # The loop goes round two or three times for one sleep(0).
        self.assertIn(self.one_step, range(1, 5))

    def test_sleep_0_takes_the_same_step_again(self):
        self.assertEqual(self.two_steps, 2 * self.one_step)

    def test_second_ticker_joins_the_first(self):
        self.assertEqual(self.joined, ['first', 'second'])

    def test_tickers_go_on_after_ctrl_c(self):
        self.assertIn('first', {name for name, _ in self.after_ctrl_c})

    def test_both_tickers_are_cancelled(self):
        self.assertEqual(self.cancelled, [True, True])

    def test_cancelled_tickers_stop(self):
        self.assertEqual(self.after_cancelling, [])

    def test_blocking_ticker_starts_at_once(self):
        self.assertIs(self.called, True)

    def test_blocking_ticker_runs_on_at_the_prompt(self):
        self.assertIs(self.call_done, False)

    def test_result_of_the_blocking_ticker_is_in_the_foreground(self):
        self.assertEqual(self.last_tick, ('blocking', self.call_result))


class Echo(Leaving):
    """A server and its clients share the background of a prompt."""

    @classmethod
    def play(cls, prompt):
        prompt.run('import functools, socket')
        prompt.run('log, listeners = [], []')
        prompt.run("""
            async def serve(reader, writer):
                async for line in reader:
                    log.append('echo ' + line.decode().strip())
                    writer.write(line)
                    await writer.drain()
                writer.close()
            """)
        prompt.run("""
            async def talk(port, *messages):
                reader, writer = await asyncio.open_connection(HOST, port)
                replies = []
                for message in messages:
                    log.append('send ' + message)
                    writer.write(message.encode() + b'\\n')
                    replies.append((await reader.readline()).decode().strip())
                    log.append('receive ' + replies[-1])
                writer.close()
                return replies
            """)
        prompt.run("""
            def talk_blocking(port, *messages):
                replies = []
                with socket.create_connection((HOST, port)) as connection:
                    with connection.makefile('rw') as stream:
                        for message in messages:
                            print(message, file=stream, flush=True)
                            replies.append(stream.readline().strip())
                return replies
            """)
        prompt.run("""
            async def listen(port):
                reader, writer = await asyncio.open_connection(HOST, port)
                print('listening')
                listeners.append(port)
                try:
                    await reader.readline()
                finally:
                    listeners.remove(port)
                    writer.close()
            """)

        prompt.run("HOST = '127.0.0.1'")
        prompt.run('start = functools.partial(asyncio.start_server, serve, '
                   'HOST, 0)')
        prompt.run('servers = [run_in_foreground(start()) for _ in "ab"]')
        prompt.run('ports = [server.sockets[0].getsockname()[1] '
                   'for server in servers]')
        cls.ports = value(prompt, 'ports')
        cls.replies = value(prompt, 'run_in_foreground('
                                    "talk(ports[0], 'one', 'two'))")
        cls.log = value(prompt, 'log')

        prompt.run('first, second = [schedule_coroutine('
                   "talk(port, 'to', str(port))) for port in ports]")
        prompt.run('done, pending = run_in_foreground('
                   'asyncio.wait([first, second]))')
        cls.clients_pending = value(prompt, 'len(pending)')
        cls.client_replies = value(prompt,
                                   '[first.result(), second.result()]')

        # An event loop that wakes up now and then notices every Ctrl-C; one
        # that comes just before a system call does not end it.
        prompt.run("""
            async def wake_up():
                while True:
                    await asyncio.sleep(0.1)
            """)
        prompt.run('waking = schedule_coroutine(wake_up())')
        prompt.enter('run_in_foreground(listen(ports[0]))')
        prompt.wait_for('listening')
        cls.interrupted = prompt.interrupt()
        cls.replies_after_ctrl_c = value(
            prompt, "[run_in_foreground(talk(port, 'again')) "
                    'for port in ports]')

        prompt.run("talks = [functools.partial(talk_blocking, port, 'from', "
                   "'a', 'thread') for port in ports]")
        prompt.run('calls = [call_in_background(talk) for talk in talks]')
        prompt.run('done, pending = run_in_foreground(asyncio.wait(calls))')
        cls.calls_pending = value(prompt, 'len(pending)')
        cls.call_replies = value(prompt, '[call.result() for call in calls]')

        prompt.run('left = schedule_coroutine(listen(ports[1]))')
        # Until it is connected, and what it shows is no longer on its way.
        prompt.enter("""
            while not listeners:
                run_in_foreground(asyncio.sleep(0.001))
            """)
        prompt.wait_for('listening')
        prompt.wait_for_prompt()

    def test_ports_are_there_at_once(self):
        self.assertEqual([port > 0 for port in self.ports], [True, True])

    def test_servers_have_ports_of_their_own(self):
        self.assertNotEqual(*self.ports)

    def test_client_gets_its_replies(self):
        self.assertEqual(self.replies, ['one', 'two'])

    def test_messages_go_back_and_forth_in_order(self):
        self.assertEqual(self.log, ['send one', 'echo one', 'receive one',
                                    'send two', 'echo two', 'receive two'])

    def test_both_scheduled_clients_are_waited_for(self):
        self.assertEqual(self.clients_pending, 0)

    def test_scheduled_clients_get_their_replies(self):
        self.assertEqual(self.client_replies,
                         [['to', str(port)] for port in self.ports])

    def test_servers_go_on_after_ctrl_c(self):
        self.assertEqual(self.replies_after_ctrl_c, [['again'], ['again']])

    def test_both_blocking_clients_are_waited_for(self):
        self.assertEqual(self.calls_pending, 0)

    def test_blocking_clients_get_their_replies(self):
        self.assertEqual(self.call_replies, [['from', 'a', 'thread']] * 2)


class TimersAtThePlainPrompt(Timers, PlainPrompt, unittest.TestCase):
    """Timers go on in the background of Python's plain prompt."""


@needs_new_prompt
class TimersAtTheNewPrompt(Timers, NewPrompt, unittest.TestCase):
    """Timers go on in the background of Python's new prompt."""


class TimersAtThePlainModulePrompt(Timers, PlainModulePrompt,
                                   unittest.TestCase):
    """Timers go on behind a plain python -m asyncio_fgbg."""


@needs_new_prompt
class TimersAtTheNewModulePrompt(Timers, NewModulePrompt, unittest.TestCase):
    """Timers go on behind a new python -m asyncio_fgbg."""


class EchoAtThePlainPrompt(Echo, PlainPrompt, unittest.TestCase):
    """A server goes on in the background of Python's plain prompt."""


@needs_new_prompt
class EchoAtTheNewPrompt(Echo, NewPrompt, unittest.TestCase):
    """A server goes on in the background of Python's new prompt."""


class EchoAtThePlainModulePrompt(Echo, PlainModulePrompt, unittest.TestCase):
    """A server goes on behind a plain python -m asyncio_fgbg."""


@needs_new_prompt
class EchoAtTheNewModulePrompt(Echo, NewModulePrompt, unittest.TestCase):
    """A server goes on behind a new python -m asyncio_fgbg."""


if __name__ == '__main__':
    unittest.main()
