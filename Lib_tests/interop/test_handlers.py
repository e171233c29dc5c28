"""Ctrl-C beside servers and debuggers, which keep handlers of SIGINT"""

import re
import sys
import unittest

from interop.support.places import Place, answer
from interop.support.screen import CTRL_C, ENTER, Screen


class Session(Place):
    """A session at a prompt that a test types."""

    def start(self, *args, prompt='>>> '):
        screen = Screen(*args, prompt=prompt)
        self.addCleanup(screen.__exit__)
        screen.wait_for_prompt()
        return screen

    def interrupt(self, screen, statement):
        """Run a statement that waits, press Ctrl-C, return what is shown."""
        screen.enter(statement)
        screen.wait_for('^waiting')
        screen.press(CTRL_C)
        return screen.wait_for_prompt()

    def assert_interrupted(self, shown):
        self.assertRegex(shown, r'(?s)cleaned up\n.*\nKeyboardInterrupt$')


class Server(Session):
    """A server in the background of the package's own prompt"""

    group = 'server'
    imports = 'from interop.support.work import *; import '

    def start(self):
        screen = super().start('-q', '-m', 'asyncio_fgbg')
        screen.run(self.imports)
        return screen

    def see_answers(self, screen):
        self.saw('schedule_coroutine', answer(
            screen.run('print(run_in_foreground(get(port)))'), '42'))
        self.saw('await', answer(screen.run('print(await get(port))'), '42'))


class Uvicorn(Server, unittest.TestCase):

    place = 'uvicorn in the background'
    distributions = 'uvicorn',
    imports = Server.imports + 'uvicorn'

    def serve(self):
        screen = self.start()
        screen.run("config = uvicorn.Config(app, port=0, lifespan='off', "
                   "log_level='error')")
        screen.run('server = uvicorn.Server(config)')
        screen.run('serving = schedule_coroutine(server.serve())')
        # It keeps the handler of this call.
        screen.run('await until(lambda: server.started)')
        return screen

    def test_it_answers_while_something_is_in_the_foreground(self):
        screen = self.serve()
        screen.run('port = server.servers[0].sockets[0].getsockname()[1]')
        self.see_answers(screen)

    def test_ctrl_c_ends_the_wait_and_the_server(self):
        screen = self.serve()
        self.assert_interrupted(
            self.interrupt(screen, 'run_in_foreground(wait())'))
        self.saw('Ctrl-C while it serves: it ends',
                 answer(screen.run('print(serving.done())'), 'True'))

    def test_ctrl_c_after_it_was_stopped(self):
        screen = self.serve()
        screen.run('server.should_exit = True')
        screen.run('await serving')
        shown = self.interrupt(screen, 'run_in_foreground(wait())')
        self.saw('ctrl_c', 'KeyboardInterrupt' in shown)
        self.assert_interrupted(shown)

    def test_it_is_stopped_at_exit(self):
        screen = self.serve()
        screen.enter('exit()')
        self.saw('exit', screen.wait_for_exit() == ('', 0))


class Hypercorn(Server, unittest.TestCase):

    place = 'hypercorn in the background'
    distributions = 'hypercorn',
    imports = Server.imports + 'socket, hypercorn.asyncio, hypercorn.config'

    def serve(self, arguments=''):
        screen = self.start()
        screen.run('config = hypercorn.config.Config()')
        screen.run('config.errorlog = None')
        screen.run("sock = socket.create_server(('127.0.0.1', 0))")
        screen.run("config.bind = [f'fd://{sock.fileno()}']")
        screen.run('stop = asyncio.Event()')
        screen.run('serving = schedule_coroutine(hypercorn.asyncio.serve('
                   f'app, config{arguments}))')
        screen.run('port = sock.getsockname()[1]')
        return screen

    def test_it_answers_while_something_is_in_the_foreground(self):
        self.see_answers(self.serve())

    def test_ctrl_c_after_it_was_stopped(self):
        screen = self.serve(', shutdown_trigger=stop.wait')
        screen.run('await get(port)')
        screen.run('stop.set()')
        screen.run('await serving')
        shown = self.interrupt(screen, 'run_in_foreground(wait())')
        self.saw('ctrl_c', 'KeyboardInterrupt' in shown)
        self.assert_interrupted(shown)

    def test_its_own_handler_stays_without_shutdown_trigger(self):
        screen = self.serve()
        screen.run('await get(port)')
        screen.run('serving.cancel()')
        shown = self.interrupt(
            screen, 'run_in_foreground(asyncio.wait_for(wait(), 1))')
        self.saw('Ctrl-C after it without shutdown_trigger=',
                 'KeyboardInterrupt' in shown, 'no')
        screen.run('import signal; loop = asyncio.get_event_loop()')
        screen.run('loop.remove_signal_handler(signal.SIGINT)')
        self.assert_interrupted(
            self.interrupt(screen, 'run_in_foreground(wait())'))

    def test_it_is_stopped_at_exit(self):
        screen = self.serve()
        screen.run('await get(port)')
        screen.enter('exit()')
        self.saw('exit', screen.wait_for_exit() == ('', 0))


IMPORTS = """\
import asyncio, os
from asyncio_fgbg import *
from interop.support.work import *

async def wait_for_file(path):
    print('waiting')
    await until(lambda: os.path.exists(path))
    print('waited')
"""


class Pdb(Session, unittest.TestCase):

    group = 'debugger'
    place = "pdb that was left with 'c'"

    def debug(self, source):
        return self.start('-c', IMPORTS + source, prompt=r'\(Pdb\) ')

    def test_ctrl_c_stops_in_the_debugger(self):
        screen = self.debug('breakpoint(); run_in_foreground(wait())')
        shown = self.interrupt(screen, 'continue')
        self.saw('ctrl_c', *re.findall('Program interrupted', shown),
                 expected='Program interrupted')

    def stop_in_the_event_loop(self):
        screen = self.debug('breakpoint(); run_in_foreground(wait())')
        self.interrupt(screen, 'continue')
        return screen

    def test_no_wait_can_begin_where_ctrl_c_stops(self):
        screen = self.stop_in_the_event_loop()
        screen.run('import asyncio, asyncio_fgbg')
        screen.run('coro = asyncio.sleep(0)')
        self.assertIn("use 'await'",
                      screen.run('asyncio_fgbg.run_in_foreground(coro)'))

    def test_the_wait_goes_on_after_it(self):
        screen = self.debug(
            "breakpoint(); run_in_foreground(wait_for_file('go'))")
        self.interrupt(screen, 'continue')
        screen.run("!open('go', 'x').close()")
        screen.enter('continue')
        shown, status = screen.wait_for_exit()
        self.assertEqual((shown.split('\n')[-1], status), ('waited', 0))

    def test_quit_lets_the_wait_clean_up(self):
        screen = self.stop_in_the_event_loop()
        screen.enter('quit')
        if sys.version_info >= (3, 14):
            screen.wait_for('y/n')
            screen.press('y' + ENTER)
        shown, status = screen.wait_for_exit()
        self.assertIn('cleaned up', shown)
        self.assertEqual(status, 1)

    def test_ctrl_c_after_python_s_own_handler_was_put_back(self):
        screen = self.debug(
            'import signal; breakpoint()\n'
            'signal.signal(signal.SIGINT, signal.default_int_handler)\n'
            'run_in_foreground(wait())\n')
        screen.enter('continue')
        screen.wait_for('^waiting')
        screen.press(CTRL_C)
        shown, _ = screen.wait_for_exit()
        self.assert_interrupted(shown)

    def test_handler_of_a_call_that_is_over_is_put_back(self):
        screen = self.debug('async def stop(): breakpoint()\n'
                            'run_in_foreground(stop())\n'
                            'run_in_foreground(wait())\n')
        self.interrupt(screen, 'continue')
        screen.run('import signal')
        self.assertIn('_Wait', screen.run('p signal.getsignal(2)'))
        screen.typed = 'p signal.getsignal(2)'
        screen.press(CTRL_C)
        screen.wait_for('--KeyboardInterrupt--')

    def test_ctrl_c_with_nosigint(self):
        screen = self.debug('import pdb\n'
                            'pdb.Pdb(nosigint=True).set_trace()\n'
                            'run_in_foreground(wait())\n')
        screen.enter('continue')
        screen.wait_for('^waiting')
        screen.press(CTRL_C)
        shown, _ = screen.wait_for_exit()
        self.saw('Ctrl-C with nosigint=True', 'KeyboardInterrupt' in shown)
        self.assert_interrupted(shown)


if __name__ == '__main__':
    unittest.main()
