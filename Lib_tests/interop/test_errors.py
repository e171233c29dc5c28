"""The page about messages: its lines make them, or print the answer"""

import http.server
import re
import subprocess
import sys
import threading
import unittest

from interop.support import places
from interop.support.programs import Program
from support import TIMEOUT
from support.paths import PYTHONPATH
from support.prompt_home import Home

PAGE = places.example('../errors.rst')
BLOCK = re.compile(r'\.\. code-block:: (\w+)\n((?:\n|   .*\n)+)')
EXAMPLE = re.compile(
    r'(?s)(.*)# (This|Each of these):\n(.*)# Instead:\n(.*)')


def read_page():
    """Return what examples begin with, and the examples of each title."""
    with open(PAGE, encoding='utf-8') as file:
        top, *sections = re.split(r'\n(.+)\n-+\n', file.read())
    (beginning, _), = read_blocks(top)
    return beginning, {
        title: [Example(beginning, *block) for block in read_blocks(text)]
        for title, text in zip(sections[::2], sections[1::2])}


def read_blocks(text):
    """Yield the code of each block, and whether it is typed at a prompt."""
    for language, block in BLOCK.findall(text):
        yield (re.sub('^   (>>> |[.]{3} ?)?', '', block, flags=re.MULTILINE),
               language == 'pycon')


def is_for_this_python(line):
    found = re.search(r'from Python 3\.(\d+) on', line)
    return not found or sys.version_info >= (3, int(found[1]))


class Example:
    """What makes messages in this Python, and what works instead."""

    def __init__(self, beginning, block, is_typed):
        setup, how, lines, instead = EXAMPLE.match(block).groups()
        self.setup = beginning + setup
        self.makers = [self.setup + lines] if how == 'This' else [
            self.setup + line for line in lines.strip().split('\n')
            if is_for_this_python(line)]
        self.instead = self.setup + instead
        self.is_typed = is_typed


class Answer(http.server.BaseHTTPRequestHandler):
    """Answers 42."""

    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'42')

    def log_message(self, *args):
        pass


def start_server(test):
    """Start what the page looks for at localhost:8000; return its address."""
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Answer)
    threading.Thread(target=server.serve_forever).start()
    test.addCleanup(server.server_close)
    test.addCleanup(server.shutdown)
    return '{}:{}'.format(*server.server_address)


def run(code, is_typed=False):
    """Return what is shown, and the exit status."""
    args = ['-m', 'asyncio_fgbg'] if is_typed else ['-c', code]
    with Home(PYTHONPATH=PYTHONPATH) as home:
        done = subprocess.run(
            [sys.executable, *args], input=code, env=home.environ,
            cwd=home.path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=TIMEOUT, encoding='utf-8')
    return done.stdout, done.returncode


class Errors(places.Place, unittest.TestCase):
    """Each example of the page, as it stands."""

    distributions = ('aiohttp', 'anyio', 'apscheduler', 'asyncpg', 'eventlet',
                     'gevent', 'playwright', 'twisted', 'uvicorn')

    def setUp(self):
        self.beginning, self.page = read_page()

    def check(self, title):
        """Make the messages, and see that what comes instead works."""
        address = start_server(self)
        first, *others = title.split(', ')
        for example in self.page[title]:
            for maker in example.makers:
                # If it is not the first one, a comment has its beginning.
                message, = [other for other in others
                            if other[:14] in maker] or [first]
                with self.subTest(maker):
                    shown, _ = run(maker, example.is_typed)
                    self.assertIn(message, shown)
            with self.subTest(example.instead):
                shown, status = run(
                    example.instead.replace('localhost:8000', address),
                    example.is_typed)
                self.assertIn(shown, ['42\n', '[42, 42]\n'])
                self.assertEqual(status, 0)

    def test_page(self):
        # Each title has a test below.
        self.assertEqual(len(self.page), 13)
        self.assertTrue(all(self.page.values()), self.page)

    def test_no_event_loop(self):
        self.check('no running event loop, There is no current event loop')

    def test_different_event_loop(self):
        self.check('attached to a different loop, '
                   'is bound to a different event loop')

    def test_closed_event_loop(self):
        self.check('Event loop is closed')

    def test_running_event_loop(self):
        self.check('run_in_foreground() cannot be called where a loop is '
                   'running')

    def test_thread(self):
        self.check('no event loop in thread')

    def test_cancel_scope(self):
        self.check('Attempted to exit cancel scope in a different task')

    def test_never_awaited(self):
        self.check("coroutine 'work' was never awaited")

    def test_destroyed_task(self):
        self.check('Task was destroyed but it is pending!')

    def test_process_pool(self):
        self.check('BrokenProcessPool')

    def test_executor(self):
        self.check('concurrent.futures.Future is expected')

    def test_never_retrieved(self):
        self.check('Future exception was never retrieved, '
                   'Task exception was never retrieved')

    def test_cleanup_at_exit(self):
        example, = self.page['No cleanup at exit, and no message']
        self.assertEqual(run(example.instead), ('cleaned up\n', 0))
        maker, = example.makers
        self.assertEqual(run(maker, is_typed=True), ('cleaned up\n', 0))
        gather = 'asyncio.gather(work(), work())'
        self.assertIn(gather, maker)
        for call, last in ((gather, 13), ('asyncpg.create_pool()', 13),
                           ('asyncio.Queue()', 9)):
            with self.subTest(call):
                shown, _ = run('import asyncpg\n'
                               + maker.replace(gather, call))
                self.assertEqual('cleaned up' in shown or 'Error' in shown,
                                 sys.version_info >= (3, last + 1), shown)
        if sys.version_info >= (3, 12):
            self.assertIn('There is no current event loop', run(maker)[0])

    def test_green_threads(self):
        for module, setup, wait, name in (
                ('gevent', 'import gevent.monkey; gevent.monkey.patch_all()',
                 'get', 'Dummy'),
                ('eventlet', 'import eventlet.tpool; eventlet.monkey_patch()',
                 'wait', 'GreenThread')):
            setup += '\n' + self.beginning
            with self.subTest(module):
                shown, _ = run(f'{setup}{module}.spawn('
                               f'lambda: run_in_foreground(work())).{wait}()')
                self.assertIn(f"no event loop in thread '{name}-", shown)
                shown, _ = run(f'{setup}'
                               f'{module}.spawn(asyncio.run, work())\n'
                               f'{module}.spawn(asyncio.run, work()).{wait}()')
                self.assertIn('asyncio.run() cannot be called', shown)
        # The page has gevent's in an example.
        line = 'eventlet.tpool.execute(asyncio.run, work())'
        with open(PAGE, encoding='utf-8') as file:
            self.assertIn(f'``{line}``', file.read())
        shown, _ = run(f'{setup}spawned = [eventlet.spawn(lambda: {line}) '
                       'for _ in range(2)]\n'
                       'print([view.wait() for view in spawned])')
        # Under what it says of itself.
        self.assertEqual(shown.split('\n')[-2:], ['[42, 42]', ''])

    def interrupt(self, code):
        """Press Ctrl-C; return what is shown then, and the exit status."""
        with Program('-c', code) as program:
            program.wait_for('press Ctrl-C\r\n')
            program.interrupt()
            return program.wait_for_exit()

    def test_ctrl_c(self):
        for example in self.page['Ctrl-C does nothing']:
            with self.subTest(example.setup):
                maker, = example.makers
                shown, status = self.interrupt(maker)
                self.assertNotIn('KeyboardInterrupt', shown)
                self.assertEqual(status, 0)
                shown, _ = self.interrupt(example.instead)
                self.assertRegex(shown, r'\nKeyboardInterrupt$')


if __name__ == '__main__':
    unittest.main()
