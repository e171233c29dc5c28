"""Executors of all kinds, with somebody who presses Ctrl-C at the terminal"""

import os
import platform
import re
import signal
import subprocess
import sys
import tempfile
import unittest

from interop.support.places import Place, example, find_version
from interop.support.programs import Program, run_example
from support.paths import PYTHONPATH
from support.prompt_home import Home
from support.prompt_session import Session

SQUARES = 'sum of squares: 328350', 0       # of two examples


class Executor(Place):
    """Calls in what has a submit() method."""

    group = 'executor'
    calls = 10_000
    steps = 'play', 'kill'
    killed = None           # what a call raises that ends its worker

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with cls.start() as program:
            cls.interfere(program)
            program.wait_for('press Ctrl-C\r\n')
            program.interrupt()
            cls.farewell, cls.status = program.wait_for_exit()
            cls.said = dict(re.findall(r'^(?:\^C)?([a-z ]+): (.*?)\r*$',
                                       program.transcript.getvalue(),
                                       re.MULTILINE))

    @classmethod
    def start(cls):
        return Program('-m', 'interop.support.executor_session',
                       cls.name, str(cls.calls), *cls.steps)

    @classmethod
    def interfere(cls, program):
        """Do something to the calls that are made."""

    def test_result(self):
        self.saw('run_in_foreground', self.said['result'] == '42')
        self.saw('call_in_background', self.said['result'] == '42')

    def test_calls_go_on_while_no_event_loop_runs(self):
        self.saw('progress', self.said['progress'] == 'True')

    def test_remote_exception(self):
        self.saw('exception', self.said['exception'], 'LookupError')

    def test_cancelled_before_the_start(self):
        self.saw('cancelled', self.said['cancelled'], 'CancelledError')
        self.assertEqual(self.said['ran anyway'], 'False')

    def test_each_call_is_answered(self):
        count = self.said['answers']
        self.saw('schedule_coroutine', count == str(self.calls))
        self.saw('await', count == str(self.calls))
        self.saw(f'answers of {self.calls}', count, str(self.calls))

    def test_ctrl_c_ends_the_wait_and_nothing_else(self):
        self.assertEqual(self.said['interrupted'], 'KeyboardInterrupt')
        self.assertEqual(self.said['afterwards'], '44')
        self.saw('ctrl_c', self.said['went on'] == 'waited')

    def test_killed_worker_is_an_answer(self):
        if self.killed is not None:
            self.saw('killed worker', self.said['killed'], self.killed)

    def test_exit(self):
        self.assertEqual(self.farewell.split('\n')[-1], 'left')
        self.saw('exit', self.status == 0)


class Threads(Executor, unittest.TestCase):
    """Calls in a pool of threads."""

    place = name = 'thread'
    steps = 'play',


@unittest.skipIf(sys.version_info < (3, 14),
                 'pools of interpreters came with Python 3.14')
class Interpreters(Executor, unittest.TestCase):
    """Calls in a pool of interpreters."""

    place = name = 'interpreter'
    steps = 'play',


class Fork(Executor, unittest.TestCase):
    """Calls in a pool of forked processes."""

    name = 'fork'
    place = 'process, fork'
    killed = 'BrokenProcessPool'


class Forkserver(Executor, unittest.TestCase):
    """Calls in a pool of processes that a server forks."""

    name = 'forkserver'
    place = 'process, forkserver'
    killed = 'BrokenProcessPool'


class Spawn(Executor, unittest.TestCase):
    """Calls in a pool of processes that are started anew."""

    name = 'spawn'
    place = 'process, spawn'
    killed = 'BrokenProcessPool'


class Processes(Executor, unittest.TestCase):
    """Calls in a pool of processes that Ctrl-C reaches, too."""

    name = 'process'
    place = 'process, no initializer'
    steps = 'play',

    def test_ctrl_c_ends_the_wait_and_nothing_else(self):
        # The worker that waits for a call dies; whichever is noticed first.
        self.assertIn(self.said['went on'],
                      ['KeyboardInterrupt', 'BrokenProcessPool'])
        self.saw('ctrl_c', self.said['went on'] == 'waited', 'no')


class Loky(Executor, unittest.TestCase):
    """Calls in loky's pool of processes."""

    place = name = 'loky'
    distributions = 'loky',
    killed = 'TerminatedWorkerError'


class Mpi(Executor, unittest.TestCase):
    """Calls in the processes of an MPI job."""

    place = name = 'mpi4py'
    distributions = 'mpi4py', 'mpich'
    steps = 'play',

    @classmethod
    def start(cls):
        return cls.start_job('-m', 'interop.support.executor_session',
                             cls.name, str(cls.calls), *cls.steps)

    @staticmethod
    def start_job(*args):
        mpiexec = os.path.join(os.path.dirname(sys.executable), 'mpiexec')
        return Program('-c', 'import os, sys; os.execv(*eval(sys.argv[1]))',
                       repr((mpiexec, [mpiexec, '-n', '3', sys.executable,
                                       '-m', 'mpi4py.futures', *args])))

    def test_killed_worker_ends_the_job(self):
        with self.start_job('-m', 'interop.support.executor_session',
                            self.name, '0', 'kill') as program:
            shown, status = program.wait_for_exit()
        self.assertIn('BAD TERMINATION', shown)
        self.saw('killed worker', status != 0 and 'the job ends',
                 'the job ends')

    def test_example(self):
        with self.start_job(example('mpi_pool.py')) as program:
            self.assertEqual(program.wait_for_exit(), SQUARES)


class Dask(Executor, unittest.TestCase):
    """Calls in a cluster of processes, one of which is killed meanwhile."""

    name = 'dask'
    calls = 2000        # ten thousand would take minutes
    workers = 2
    killed_meanwhile = 0
    place = 'Dask'
    distributions = 'distributed',
    killed = 'KilledWorker'

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.file = os.path.join(cls.folder.name, 'scheduler.json')
        find_version('distributed')
        cls.start_in_background('scheduler', '--host', '127.0.0.1', '--port',
                                '0', '--no-show', '--no-dashboard')
        cls.start_in_background('worker', '--nworkers', str(cls.workers),
                                '--nthreads', '1', '--no-dashboard')
        super().setUpClass()

    @classmethod
    def start_in_background(cls, what, *args):
        process = subprocess.Popen(
            [sys.executable, '-m', f'distributed.cli.dask_{what}',
             '--scheduler-file', cls.file, *args],
            # A call may take two workers with it.
            env={**os.environ, 'PYTHONPATH': PYTHONPATH,
                 'DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES': '1',
                 'DASK_DISTRIBUTED__ADMIN__EVENT_LOOP': 'uvloop'},
            cwd=cls.folder.name, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        cls.addClassCleanup(process.wait)
        cls.addClassCleanup(os.killpg, process.pid, signal.SIGKILL)

    @classmethod
    def start(cls):
        return Program('-m', 'interop.support.executor_session',
                       cls.name, str(cls.calls), *cls.steps,
                       SCHEDULER_FILE=cls.file)

    @classmethod
    def interfere(cls, program):
        program.wait_for('worker: ')
        worker = program.wait_for('\n')
        for number in range(0, cls.calls, 1000):
            program.wait_for(f'at {number}\r\n')
            if number == cls.calls // 2:
                os.kill(int(worker), signal.SIGKILL)
                cls.killed_meanwhile += 1

    def test_each_call_is_answered(self):
        super().test_each_call_is_answered()
        self.measured('workers', self.workers)
        self.measured('killed meanwhile', self.killed_meanwhile)

    def test_example(self):
        with run_example('dask_cluster.py', self.file) as program:
            self.assertEqual(program.wait_for_exit(), SQUARES)


class ProcessesOfATerminal(unittest.TestCase):
    """Examples in which Ctrl-C leaves other processes alone."""

    def test_pool(self):
        with run_example('process_pool.py') as program:
            for _ in range(2):
                program.wait_for('working')
            program.wait_for('\r\n')
            program.interrupt()
            self.assertEqual(program.wait_for_exit(),
                             ('^Cinterrupted, once more\n[0, 1]', 0))

    @unittest.skipIf(sys.version_info < (3, 11),
                     'process_group came with Python 3.11')
    def test_child_process(self):
        with run_example('child_process.py') as program:
            program.wait_for('working\r\n')
            program.interrupt()
            self.assertEqual(program.wait_for_exit(),
                             ('^Cinterrupted, once more\nexit status 3', 0))


# Without what the example does: the worker says who it is.
LEFT = """\
import concurrent.futures, os, time
from asyncio_fgbg import *

def work():
    print(os.getpid(), flush=True)
    time.sleep(1)
    print('worked', flush=True)

if __name__ == '__main__':
    with concurrent.futures.ProcessPoolExecutor(1) as pool:
        run_in_foreground(call_in_background(work, executor=pool))
"""


class Sigterm(unittest.TestCase):
    """SIGTERM is for one process only."""

    def start(self, *args):
        home = Home(PYTHONPATH=PYTHONPATH)
        self.addCleanup(home.__exit__)
        return subprocess.Popen(
            [sys.executable, *args], env=home.environ, cwd=home.path,
            stdout=subprocess.PIPE, universal_newlines=True)

    def test_workers_are_left_behind(self):
        with Home() as home, self.start(home.write('left.py', LEFT)) as main:
            worker = int(main.stdout.readline())
            self.addCleanup(os.kill, worker, signal.SIGKILL)
            main.terminate()
            self.assertEqual(main.wait(), -signal.SIGTERM)
            # The call goes on, and the worker waits for the next.
            self.assertEqual(main.stdout.readline(), 'worked\n')

    def test_example(self):
        with self.start(example('process_pool_sigterm.py')) as main:
            self.assertEqual(main.stdout.readline(), 'working\n')
            main.terminate()
            # No worker is left that might write.
            self.assertEqual({*main.stdout.read().split('\n')},
                             {'waiting for the workers', 'worked', ''})
        self.assertEqual(main.returncode, 128 + signal.SIGTERM)


class PoolAtThePrompt(Place, unittest.TestCase):
    """A call of what was typed, in another process."""

    group = 'executor'
    place = 'process pool, at the prompt'
    distributions = 'loky',

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.version = platform.python_version()
        with Home(PYTHONPATH=PYTHONPATH) as home, \
                Session(home, '-q', '-m', 'asyncio_fgbg') as prompt:
            prompt.wait_for_imports()
            prompt.run('import concurrent.futures, loky, math')
            prompt.run('import multiprocessing as mp')
            prompt.run('def typed():\n    return 42')
            cls.typed = cls.call(prompt, 'typed', 'ProcessPoolExecutor()')
            cls.imported = cls.call(prompt, 'math.gcd',
                                    'ProcessPoolExecutor()')
            cls.forked = cls.call(
                prompt, 'typed',
                "ProcessPoolExecutor(mp_context=mp.get_context('fork'))")
            prompt.run('pool = loky.get_reusable_executor()')
            cls.pickled = cls.await_call(prompt, 'typed')

    @classmethod
    def call(cls, prompt, target, pool):
        prompt.run(f'pool = concurrent.futures.{pool}')
        return cls.await_call(prompt, target)

    @staticmethod
    def await_call(prompt, target):
        return prompt.run(
            f'await call_in_background({target}, executor=pool)')

    def test_typed_function(self):
        expected = 'yes'
        if sys.version_info >= (3, 14):
            # The server that forks them has not seen what was typed.
            expected = 'BrokenProcessPool'
        seen = self.typed == '42' or re.findall(r'\w+(?=: A)', self.typed)[-1]
        self.saw('call_in_background', seen, expected, shown=self.typed)

    def test_imported_function(self):
        self.saw('imported function', self.imported, '0')

    def test_forked_process_knows_what_was_typed(self):
        self.saw("get_context('fork')", self.forked, '42')

    def test_loky_pickles_what_was_typed(self):
        self.saw('loky', self.pickled, '42')


if __name__ == '__main__':
    unittest.main()
