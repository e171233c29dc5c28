"""A command-line tool at a terminal: Ctrl-C, and whether to go on"""

import ast
import asyncio
import os
import re
import signal
import sqlite3
import tempfile
import time
import unittest

from interop.support.databases import PostgreSQL
from interop.support.places import Place, example
from interop.support.programs import Program, needs_runner
from support.prompt_session import ENTER

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'support')
PAGE = example(os.path.join('..', 'tool.rst'))
PRIMES = [number for number in range(2, 3100)
          if all(number % divisor for divisor in range(2, number))]
ROWS = [(number, sum(prime < number for prime in PRIMES))
        for number in range(3000, 3100)]


def read(path):
    with open(path, encoding='utf-8') as file:
        return file.read()


def count_lines(path):
    """Return how many lines of code there are, and how many are imports."""
    docstring, *nodes = ast.parse(read(path)).body
    lines = read(path).splitlines()[docstring.end_lineno:]
    return (sum(not re.match(r'\s*(#|$)', line) for line in lines),
            sum(node.end_lineno - node.lineno + 1 for node in nodes
                if isinstance(node, (ast.Import, ast.ImportFrom))))


def find_group(leader):
    for pid in map(int, filter(str.isdigit, os.listdir('/proc'))):
        try:
            if os.getpgid(pid) == leader:
                yield pid
        except ProcessLookupError:
            pass


def ignores_ctrl_c(pid):
    ignored = re.search('^SigIgn:\t(.*)', read(f'/proc/{pid}/status'), re.M)
    return bool(int(ignored[1], 16) >> signal.SIGINT - 1 & 1)


def are_deaf(pid):
    """Say whether *pid* has two children or more that all ignore Ctrl-C."""
    children = set(find_group(pid)) - {pid}
    return len(children) > 1 and all(map(ignores_ctrl_c, children))


class Tool(Place):
    """A program that somebody interrupts while it loads 100 rows."""

    distributions = 'aiosqlite', 'tqdm'
    path = None             # of the program

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.database = os.path.join(folder.name, 'primes.sqlite')

    def start(self):
        program = Program(self.path, self.database)
        self.addCleanup(program.__exit__)
        return program

    def read_rows(self):
        # It was closed: nothing of a transaction is left.
        self.assertEqual(os.listdir(self.folder), ['primes.sqlite'])
        database = sqlite3.connect(self.database)
        self.addCleanup(database.close)
        return database.execute('SELECT * FROM primes ORDER BY 1').fetchall()

    def interrupt(self, program, rows, answer):
        """Press Ctrl-C when *rows* are loaded, and answer the question."""
        started = time.monotonic()
        shown = 0
        while (shown < rows or time.monotonic() - started < 0.1
               or not are_deaf(program.child.pid)):
            shown = self.wait_for_bar(program)
        program.interrupt()
        program.wait_for(r'\^C\r\nGo on\? \[Y/n\] ')
        program.press(answer, ENTER)

    def wait_for_bar(self, program):
        """Return the number of rows that the progress bar shows next."""
        program.wait_for(r'(\d+)/100 ')
        return int(program.child.match[1])

    def test_four_times_ctrl_c_and_on(self):
        program = self.start()
        for rows in 10, 20, 30, 40:
            self.interrupt(program, rows, '')
        shown, status = program.wait_for_exit()
        self.assertEqual(status, 0, shown)
        self.assertEqual(self.read_rows(), ROWS)

    def test_lines(self):
        lines, imports = count_lines(self.path)
        self.assertRegex(read(PAGE), rf'``{os.path.basename(self.path)}``\n'
                         rf' *- {lines}\n *- {lines - imports}\n')


class Functions(Tool, unittest.TestCase):
    """The example of the page"""

    path = example('tool.py')

    def test_left_at_ctrl_c_and_started_again(self):
        program = self.start()
        self.interrupt(program, 10, 'n')
        shown, status = program.wait_for_exit()
        self.assertEqual((shown.split('\n')[-1], status), ('stopped', 1))
        self.assertNotIn('Traceback', shown)
        loaded = self.read_rows()
        self.assertTrue(10 <= len(loaded) < 100, len(loaded))
        self.assertLessEqual(set(loaded), set(ROWS))
        program = self.start()
        self.assertEqual(self.wait_for_bar(program), 0)
        self.assertGreaterEqual(self.wait_for_bar(program), len(loaded))
        shown, status = program.wait_for_exit()
        self.assertEqual(status, 0, shown)
        self.assertEqual(self.read_rows(), ROWS)


class OnPostgreSQL(Functions):
    """The example of the page, with another database"""

    distributions = 'asyncpg', 'tqdm'
    path = os.path.join(HERE, 'tool_postgresql.py')

    def setUp(self):
        server = PostgreSQL()
        self.addCleanup(server.close)
        self.database = server.url

    def read_rows(self):
        import asyncpg

        async def fetch():
            connection = await asyncpg.connect(self.database)
            try:
                return await connection.fetch('SELECT * FROM primes '
                                              'ORDER BY 1')
            finally:
                await connection.close()

        return list(map(tuple, asyncio.run(fetch())))


@needs_runner
class WithRunner(Tool, unittest.TestCase):
    """The same with asyncio.Runner"""

    path = os.path.join(HERE, 'tool_runner.py')


class WithPortal(Tool, unittest.TestCase):
    """The same with the portal of anyio"""

    distributions = 'anyio', 'aiosqlite', 'tqdm'
    path = os.path.join(HERE, 'tool_portal.py')


LEAVE = """\
import asyncio, functools, os, sys
from asyncio_fgbg import *
from interop.support import calls

def call(target, *args):
    return call_in_background(functools.partial(target, *args), executor=pool)

async def load():
    try:
        await asyncio.gather(call(calls.wait_for_file, 'go', 'started'), *[
            call(calls.make_file, str(number)) for number in range(10)])
    finally:
        calls.make_file('go')

def leave():
    task = schedule_coroutine(load())
    run_in_foreground(asyncio.sleep(0))
    calls.wait_for_file('started')
    if 'at exit' not in sys.argv:
        calls.make_file('go')
    sys.exit()

os.chdir(os.environ['HOME'])
if 'late' in sys.argv:
    run_in_foreground(asyncio.sleep(0))
import concurrent.futures
pool = concurrent.futures.ProcessPoolExecutor(1)
if 'with' in sys.argv:
    with pool:
        leave()
leave()
"""


class Leaving(unittest.TestCase):
    """What a process pool still does when its program is left"""

    def count_calls(self, *how):
        with Program('-c', LEAVE, *how) as program:
            self.assertEqual(program.wait_for_exit(), ('', 0))
            return len([name for name in os.listdir(program.home.path)
                        if name.isdigit()])

    def test_calls_that_have_not_been_started_are_cancelled(self):
        self.assertLess(self.count_calls('at exit'), 10)

    def test_pool_that_was_made_after_the_event_loop_does_all_calls(self):
        self.assertEqual(self.count_calls('late'), 10)

    def test_with_block_does_all_calls(self):
        self.assertEqual(self.count_calls('with'), 10)


if __name__ == '__main__':
    unittest.main()
