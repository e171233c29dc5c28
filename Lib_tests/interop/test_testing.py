"""Tests that use the functions, with what runs coroutines there"""

import re
import unittest

from interop.support.places import Place, example
from interop.support.programs import Program
from support.prompt_home import Home

# In a synchronous fixture, the default event loop runs for a moment only.
SYNCHRONOUS_FIXTURE = """\
import asyncio
import pytest
from asyncio_fgbg import run_in_foreground

@pytest.fixture
def server():
    server = run_in_foreground(asyncio.start_server(print, '127.0.0.1', 0))
    yield server
    server.close()

@pytest.mark.asyncio
async def test_server_does_not_run(server):
    assert server.is_serving() and not server.get_loop().is_running()
"""
# What is scheduled outlives asynchronous tests.
SYNCHRONOUS_TESTS = """\
import asyncio
import pytest
from asyncio_fgbg import run_in_foreground, schedule_coroutine

tasks = []

def test_schedules():
    tasks.append(schedule_coroutine(asyncio.sleep(0, 42)))

@pytest.mark.asyncio
async def test_is_between():
    await asyncio.sleep(0)

def test_waits():
    assert run_in_foreground(tasks[0]) == 42
"""
# And setUp() has the event loop of the test.
SETUP = """\
import asyncio
import unittest
from asyncio_fgbg import run_in_foreground

class Test(unittest.IsolatedAsyncioTestCase):
    def setUp(self):
        self.server = run_in_foreground(
            asyncio.start_server(print, '127.0.0.1', 0))

    async def test_server_runs(self):
        assert self.server.get_loop().is_running()
        self.server.close()

unittest.main()
"""
WAIT = """\
import unittest
from asyncio_fgbg import run_in_foreground
from interop.support.work import wait

class Test(unittest.TestCase):
    def test_wait(self):
        run_in_foreground(wait())

if __name__ == '__main__':
    unittest.main()
"""


class Framework(Place):
    """The example of the how-to page, run at a terminal."""

    group = 'framework'
    config = ''

    def start(self, text):
        """Run the tests in *text*."""
        home = Home()
        self.addCleanup(home.__exit__)
        options = [option.format(config=home.write('pytest.ini', self.config),
                                 name=home.write('tests_example.py', text))
                   for option in self.options]
        program = Program(*options)
        self.addCleanup(program.__exit__)
        return program

    def run_tests(self, text):
        """Return the names of the tests in *text* that pass."""
        shown, status = self.start(text).wait_for_exit()
        self.assertEqual(status, 0, shown)
        return re.findall(self.passed, shown)

    def read_example(self):
        with open(example(self.example), encoding='utf-8') as file:
            return file.read()

    def test_example(self):
        passed = self.run_tests(self.read_example())
        for column in 'call_in_background', 'await':
            self.saw(column, 'test_blocking_client' in passed)
        # The event loop runs while the test waits.
        for column in 'schedule_coroutine', 'progress':
            self.saw(column, 'test_background' in passed)
        self.saw('run_in_foreground', 'test_foreground_is_refused' in passed
                 and 'RuntimeError', 'RuntimeError')
        self.saw('without await', 'test_without_await' in passed)

    def test_ctrl_c(self):
        tests = self.start(WAIT)
        tests.wait_for('waiting\r\n')
        tests.interrupt()
        tests.wait_for('cleaned up')
        shown, status = tests.wait_for_exit()
        self.assertIn('KeyboardInterrupt', shown)
        self.saw('ctrl_c', status == self.interrupted, shown=shown)


class PytestAsyncio(Framework, unittest.TestCase):
    """Tests that pytest-asyncio runs."""

    place = 'pytest-asyncio'
    distributions = 'pytest-asyncio',
    example = 'tests_pytest_asyncio.py'
    options = ('-m', 'pytest', '-vs', '-p', 'no:cacheprovider', '-W', 'error',
               '-c', '{config}', '{name}')
    config = '[pytest]\nasyncio_default_fixture_loop_scope = function'
    passed = r'::(\w+)(?:\[asyncio\])? PASSED'
    interrupted = 2

    def test_server_of_a_synchronous_fixture_does_not_run(self):
        self.assertEqual(self.run_tests(SYNCHRONOUS_FIXTURE),
                         ['test_server_does_not_run'])

    def test_default_event_loop_outlives_asynchronous_tests(self):
        self.assertEqual(self.run_tests(SYNCHRONOUS_TESTS),
                         ['test_schedules', 'test_is_between', 'test_waits'])


class Anyio(PytestAsyncio):
    """Tests that the plugin of anyio runs."""

    place = "anyio's plugin"
    distributions = 'anyio',
    options = (*PytestAsyncio.options[:2], '-p', 'no:asyncio',
               *PytestAsyncio.options[2:])
    config = '[pytest]'

    def start(self, text):
        # As the page says.
        return super().start(text.replace('mark.asyncio', 'mark.anyio')
                             .replace('pytest_asyncio.fixture',
                                      'pytest.fixture')
                             .replace('import pytest_asyncio\n', ''))


class Unittest(Framework, unittest.TestCase):
    """Tests that unittest runs."""

    place = 'IsolatedAsyncioTestCase'
    example = 'tests_unittest.py'
    options = '{name}', '-v'
    passed = r'(\w+) \(.*\) \.\.\. ok'
    interrupted = -2

    def test_server_of_setup_runs(self):
        self.assertEqual(self.run_tests(SETUP), ['test_server_runs'])


if __name__ == '__main__':
    unittest.main()
