"""Connections that live over several calls, to real servers"""

import os
import signal
import subprocess
import sys
import unittest

from support.paths import PYTHONPATH
from support.prompt_session import ENTER

from interop.support import databases, session
from interop.support.places import example, find_version
from interop.support.programs import Program, run_example
from interop.support.screen import Screen

PATH = os.pathsep.join([os.path.dirname(example('')), PYTHONPATH])
ITEMS, PRESSES = 1000, 10


def setUpModule():
    for name in 'aiosqlite', 'asyncpg', 'redis', 'anyio':
        find_version(name)
    global postgresql, redis
    postgresql = databases.PostgreSQL()
    redis = databases.Redis()


def tearDownModule():
    redis.close()
    postgresql.close()


def ask(sql):
    """Return what PostgreSQL answers to somebody else."""
    return subprocess.run(['psql', postgresql.url, '-Atc', sql], check=True,
                          stdout=subprocess.PIPE, text=True).stdout.strip()


def wait_until(sql, answer):
    while ask(sql) != answer:
        pass


def ask_redis(*command):
    return subprocess.run(['redis-cli', '-p', str(redis.port), *command],
                          check=True, stdout=subprocess.PIPE).stdout


ACTIVE = ("select count(*) from pg_stat_activity "
          "where state = 'active' and query like 'select pg_sleep%'")
# Rows can be read then, not inserted.
LOCK = 'begin; lock table fgbg_example in exclusive mode;'
IDLE = "select count(*) from pg_stat_activity where application_name = 'idle'"


class ConnectionTestCase(unittest.TestCase):

    def start(self, *args):
        program = Program('-m', 'interop.support.connections_session', *args,
                          PYTHONPATH=PATH)
        self.addCleanup(program.__exit__)
        return program

    def read(self, program, what):
        program.wait_for(what + ' ')
        return program.wait_for('\r\n')

    def assertLeaves(self, program, *lines):
        """Assert that the last lines are these, and nothing is wrong."""
        shown, status = program.wait_for_exit()
        self.assertEqual((shown.replace('^C', '').split('\n')[-len(lines):],
                          status), (list(lines), 0))


class SQLiteTests(ConnectionTestCase):
    """A connection of aiosqlite is held by a task, which closes it at exit."""

    def test_example(self):
        with run_example('connections_sqlite.py') as program:
            program.wait_for('row 19')
            self.assertLeaves(program, 'squares: 20', 'rows: [(20,)]',
                              'closed')

    def test_example_with_ctrl_c_in_the_middle_of_the_query(self):
        with run_example('connections_sqlite.py') as program:
            program.wait_for('row 3')
            program.interrupt()
            self.assertLeaves(program, 'ended: interrupted', 'rows: [(20,)]',
                              'closed')

    def test_exit_closes_what_a_task_holds(self):
        program = self.start('leave', 'held')
        self.assertEqual(self.read(program, 'answer:'), '[(42,)]')
        self.assertLeaves(program, 'waits for 0')

    def test_exit_waits_for_what_was_left_open(self):
        program = self.start('leave', 'open')
        self.assertEqual(self.read(program, 'answer:'), '[(42,)]')
        self.assertEqual(self.read(program, 'waits for'), '1')

    def test_interrupted_statement_goes_on(self):
        program = self.start('interrupt', 'goes on')
        program.wait_for('row 3')
        program.interrupt()
        program.wait_for('row 9')
        self.assertEqual(self.read(program, 'rows:'), '[(20,)]')

    def test_interrupt_ends_it_and_undoes_the_transaction(self):
        program = self.start('interrupt', 'ends')
        program.wait_for('row 3')
        program.interrupt()
        self.assertEqual(self.read(program, 'rows:'), '[(0,)]')


class HoldTests(ConnectionTestCase):
    """A context manager is entered and left in one task, in several calls."""

    def test_group_of_anyio_ends_when_told(self):
        program = self.start('group', 'told')
        self.assertLeaves(program, 'begins', 'ends', 'leaving')

    def test_group_of_anyio_ends_at_exit(self):
        program = self.start('group', 'at exit')
        self.assertLeaves(program, 'begins', 'leaving', 'ends')

    @unittest.skipIf(sys.version_info < (3, 11),
                     'asyncio.TaskGroup came with Python 3.11')
    def test_group_of_asyncio_ends_at_exit(self):
        program = self.start('group', 'TaskGroup')
        self.assertLeaves(program, 'begins', 'leaving', 'ends')

    def test_ctrl_c_while_it_is_being_opened(self):
        program = self.start('opening', 'waits')
        program.wait_for('opening')
        program.interrupt()
        self.assertLeaves(program, 'closed', 'KeyboardInterrupt', 'leaving')

    def test_failure_is_raised(self):
        program = self.start('opening', 'fails')
        self.assertLeaves(program, 'closed', 'OSError', 'leaving')

    def test_two_tasks_cannot_enter_and_leave_it(self):
        program = self.start('group', 'by hand')
        self.assertIn('cancel scope in a different task',
                      self.read(program, 'RuntimeError:'))

    @unittest.skipIf(sys.version_info < (3, 13),
                     'the new prompt came with Python 3.13')
    def test_example(self):
        statements = session.read('connections_group.txt')
        with Screen('-q', '-m', 'asyncio_fgbg', PYTHONPATH=PATH) as screen:
            screen.wait_for_prompt()
            session.play(self, screen, statements)


class QueryTests(ConnectionTestCase):
    """After Ctrl-C in a query, the same connection answers the next one."""

    def ask_and_be_interrupted(self, what):
        program = self.start('query', what, postgresql.url)
        wait_until(ACTIVE, '1')
        program.interrupt()
        program.wait_for('interrupted')
        program.wait_for('stopped')
        return program

    def go_on(self, program):
        program.press(ENTER)
        self.assertEqual(self.read(program, 'answer:'), '42')
        program.wait_for('stopped')
        self.assertEqual(ask(ACTIVE), '0')
        program.press(ENTER)
        self.assertLeaves(program, '')

    def test_connection_tells_the_server_when_the_loop_runs(self):
        program = self.ask_and_be_interrupted('connection')
        self.assertEqual(ask(ACTIVE), '1')
        self.go_on(program)

    def test_pool_has_told_the_server(self):
        program = self.ask_and_be_interrupted('pool')
        self.assertEqual(ask(ACTIVE), '0')
        self.go_on(program)

    def test_transaction_has_told_the_server(self):
        program = self.ask_and_be_interrupted('transaction')
        self.assertEqual(ask(ACTIVE), '0')
        self.go_on(program)

    def test_redis_opens_another_connection(self):
        program = self.start('redis_client', redis.url)
        before = self.read(program, 'before:')
        while b'cmd=blpop' not in ask_redis('client', 'list'):
            pass
        program.interrupt()
        self.assertNotEqual(self.read(program, 'after:'), before)
        self.assertLeaves(program, '')

    def test_second_query_is_refused_meanwhile(self):
        program = self.start('two_queries', postgresql.url)
        self.assertIn('another operation is in progress',
                      self.read(program, 'second:'))
        self.assertEqual(self.read(program, 'first:'), '1')

    def test_connection_belongs_to_its_event_loop(self):
        program = self.start('other_loop', postgresql.url)
        self.assertIn('attached to a different loop',
                      self.read(program, 'RuntimeError:'))
        self.assertIn('InterfaceError', self.read(program, 'then:'))

    def test_pool_is_made_where_an_event_loop_runs(self):
        program = self.start('first', 'held', postgresql.url)
        self.assertLeaves(program, 'a pool')

    @unittest.skipIf(sys.version_info < (3, 14),
                     'before 3.14, asyncio made an event loop')
    def test_pool_that_is_the_first_thing(self):
        program = self.start('first', 'here', postgresql.url)
        self.assertIn('no current event loop',
                      self.read(program, 'RuntimeError:'))


class IdleTests(ConnectionTestCase):
    """What the server has closed meanwhile is noticed by the next call."""

    closed = 'ConnectionDoesNotExistError IdleSessionTimeoutError'

    def start_and_wait(self, what):
        program = self.start('idle', what, postgresql.url)
        self.assertEqual(self.read(program, 'before:'), '1')
        self.wait(program)
        return program

    def wait(self, program):
        program.wait_for('stopped')
        wait_until(IDLE, '0')
        program.press(ENTER)

    def test_connection_is_closed_for_good(self):
        program = self.start_and_wait('connection')
        self.assertEqual(self.read(program, 'first:'), self.closed)
        self.assertEqual(self.read(program, 'again:'),
                         'InterfaceError NoneType')

    def test_pool_connects_again(self):
        program = self.start_and_wait('pool')
        self.assertEqual(self.read(program, 'first:'), self.closed)
        self.assertEqual(self.read(program, 'again:'), '3')
        self.wait(program)
        # After sleep(0), it has noticed.
        self.assertEqual(self.read(program, 'second:'), '2')
        self.assertEqual(self.read(program, 'again:'), '3')

    def start_and_kill(self, what):
        program = self.start('idle_redis', what, redis.url)
        self.assertEqual(self.read(program, 'before:'), 'True')
        program.wait_for('stopped')
        ask_redis('client', 'kill', 'type', 'normal')
        program.press(ENTER)
        return program

    def test_redis_connects_again(self):
        program = self.start_and_kill('plain')
        self.assertEqual(self.read(program, 'first:'),
                         'ConnectionError NoneType')
        self.assertEqual(self.read(program, 'again:'), 'True')

    def test_redis_asks_again(self):
        program = self.start_and_kill('retries')
        self.assertEqual(self.read(program, 'first:'), 'True')


class TakeTests(ConnectionTestCase):
    """What is scheduled first and then waited for loses nothing to Ctrl-C."""

    def take(self, how):
        """Return how many items are taken, of those that are put in."""
        program = self.start('take', how, redis.url)
        for _ in range(PRESSES):
            program.wait_for('press Ctrl-C')
            ask_redis('rpush', 'items', *map(str, range(ITEMS // PRESSES)))
            os.kill(program.child.pid, signal.SIGINT)
            program.wait_for('interrupted')
            while ask_redis('llen', 'items') != b'0\n':
                pass
        ask_redis('rpush', 'items', 'end')
        return int(self.read(program, 'taken:'))

    def test_scheduled_task(self):
        self.assertEqual(self.take('scheduled'), ITEMS)

    def test_coroutine(self):
        self.assertLess(self.take('coroutine'), ITEMS)


class OrderTests(ConnectionTestCase):
    """Results come when they are there, and Ctrl-C loses none of them."""

    def test_ctrl_c_between_two_results(self):
        program = self.start('order')
        self.assertEqual(self.read(program, 'got'), "1 'first'")
        program.wait_for('press Ctrl-C')
        program.interrupt()
        program.wait_for('interrupted')
        program.press('second', ENTER)
        self.assertEqual(self.read(program, 'got'), r"1 'second\n'")


class ServersTests(ConnectionTestCase):
    """The example with PostgreSQL and Redis does its work under Ctrl-C."""

    def setUp(self):
        self.psql = subprocess.Popen(
            ['psql', postgresql.url, '-qAt'], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.psql.communicate)

    def tell(self, command):
        """Return when psql has done it."""
        self.psql.stdin.write(f'{command}\n\\echo done\n')
        self.psql.stdin.flush()
        self.assertEqual(self.psql.stdout.readline(), 'done\n')

    def test_example(self):
        with run_example('connections_servers.py', postgresql.url,
                         redis.url) as program:
            for seconds in 0.1, 0.5, 0.9:
                program.wait_for(f'slept {seconds}\r\n')
            wait_until(ACTIVE, '1')
            self.tell(LOCK)
            program.interrupt()
            program.wait_for('interrupted, with 0 rows')
            for _ in range(3):
                # A row waits, so the program waits for it.
                wait_until('select count(*) from pg_locks where not granted',
                           '1')
                program.interrupt()
                program.wait_for('so far ')
                # The row is inserted, and the next one must wait.
                self.tell('commit;')
                self.tell(LOCK)
            self.tell('commit;')
            self.assertLeaves(program, 'in all 1000', 'closed')
        self.assertEqual(ask_redis('exists', 'fgbg_example'), b'0\n')
        self.assertEqual(ask("select to_regclass('fgbg_example')"), '')


if __name__ == '__main__':
    unittest.main()
