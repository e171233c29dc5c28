"""Web applications, task queues and commands of other frameworks"""

import os
import subprocess
import sys
import unittest
import urllib.error
import urllib.request

from interop.support.places import Place, example
from interop.support.programs import Program, needs_runner
from support import TIMEOUT
from support.paths import PYTHONPATH


class InThreads(Place):
    """Something that a framework calls in one of its threads."""

    group = 'framework'
    main_thread = False     # whether that is the main one

    def check(self, run, runner, default):
        for column in 'await', 'schedule_coroutine', 'call_in_background':
            self.saw(column, run == 'called, fetched', shown=run)
        self.saw('Runner and loop=', runner == 'rendered, called, fetched',
                 shown=runner)
        seen, expected = default == 'called', 'yes'
        if not self.main_thread:
            expected = 'RuntimeError'
            seen = 'no event loop in thread' in default and expected
        self.saw('run_in_foreground', seen, expected, shown=default)


class WebServer(InThreads):
    """An application under a server, at a terminal."""

    app = 'flask_app:app'   # the example, or interop.support.django_app:app

    def start(self):
        return Program('-m', *self.args, self.app, PYTHONPATH=os.pathsep.join(
            [os.path.dirname(example('flask_app.py')), PYTHONPATH]))

    def test_views(self):
        with self.start() as server:
            server.wait_for('http://127.0.0.1:')
            port = int(server.wait_for(r'\s'))
            self.check(*[self.get(port, name)
                         for name in ('run', 'runner', 'default')])
            server.interrupt()
            shown, status = server.wait_for_exit()
        # gunicorn may leave in the middle of what it does.
        self.assertNotIn('asyncio', shown)
        self.saw('ctrl_c', status == 0, shown=shown)

    def get(self, port, name):
        url = f'http://127.0.0.1:{port}/{name}'
        try:
            with urllib.request.urlopen(url, timeout=TIMEOUT) as response:
                return response.read().decode()
        except urllib.error.HTTPError as exc:
            with exc:
                return exc.read().decode()


class Gunicorn(WebServer):
    args = 'gunicorn', '-b', '127.0.0.1:0'
    main_thread = True


class GunicornThreads(WebServer):
    args = *Gunicorn.args, '-k', 'gthread', '--threads', '4'


class Waitress(WebServer):
    args = 'waitress', '--listen', '127.0.0.1:0'


@needs_runner
class FlaskGunicorn(Gunicorn, unittest.TestCase):
    """Views of Flask in the main thread of a process of gunicorn."""

    place = 'Flask, gunicorn sync'
    distributions = 'flask', 'gunicorn'


@needs_runner
class FlaskGunicornThreads(GunicornThreads, unittest.TestCase):
    """Views of Flask in threads of gunicorn."""

    place = 'Flask, gunicorn gthread'
    distributions = 'flask', 'gunicorn'


@needs_runner
class FlaskWaitress(Waitress, unittest.TestCase):
    """Views of Flask in threads of waitress."""

    place = 'Flask, waitress'
    distributions = 'flask', 'waitress'


@needs_runner
class DjangoGunicorn(Gunicorn, unittest.TestCase):
    """Views of Django in the main thread of a process of gunicorn."""

    place = 'Django, gunicorn sync'
    distributions = 'Django', 'gunicorn'
    app = 'interop.support.django_app:app'


@needs_runner
class DjangoGunicornThreads(GunicornThreads, unittest.TestCase):
    """Views of Django in threads of gunicorn."""

    place = 'Django, gunicorn gthread'
    distributions = 'Django', 'gunicorn'
    app = 'interop.support.django_app:app'


@needs_runner
class DjangoWaitress(Waitress, unittest.TestCase):
    """Views of Django in threads of waitress."""

    place = 'Django, waitress'
    distributions = 'Django', 'waitress'
    app = 'interop.support.django_app:app'


@needs_runner
class Celery(InThreads, unittest.TestCase):
    """Tasks of Celery in a pool of threads."""

    place = 'Celery, threads'
    distributions = 'celery',

    def test_tasks(self):
        with Program('-m', 'celery', '-A', 'interop.support.celery_app',
                     'worker', '-P', 'threads', '-c', '2', '-l', 'INFO',
                     '--without-mingle') as worker:
            worker.wait_for('ready')
            results = subprocess.run(
                [sys.executable, '-c',
                 'from interop.support.celery_app import *\n'
                 'for result in [run.delay(), runner.delay(), '
                 'default.delay()]:\n'
                 f'    print(result.get(timeout={TIMEOUT}, interval=0.05))'],
                env=worker.home.environ, check=True, timeout=3 * TIMEOUT,
                stdout=subprocess.PIPE, universal_newlines=True).stdout
            self.check(*results.splitlines())
            worker.interrupt()
            shown, _ = worker.wait_for_exit()
        self.assertNotIn('Traceback', shown)
        self.saw('ctrl_c', 'Warm shutdown' in shown, shown=shown)


class Click(Place, unittest.TestCase):
    """A command that waits until Ctrl-C is pressed."""

    group = 'framework'
    place = 'click'
    distributions = 'click',

    def test_command(self):
        with Program('-m', 'interop.support.click_app') as command:
            shown = command.wait_for('waiting\r\n')
            command.interrupt()
            farewell, status = command.wait_for_exit()
        for column in 'run_in_foreground', 'call_in_background':
            self.saw(column, 'call: 42\n' in shown)
        self.saw('schedule_coroutine', shown.endswith('task: 43'))
        self.saw('ctrl_c', farewell.startswith('^Ccleaned up\n\nAborted!\n'),
                 shown=farewell)
        # That of click, after Ctrl-C.
        self.saw('exit', status == 1 and farewell.endswith(
            '\ncleaned up at exit'), shown=farewell)


if __name__ == '__main__':
    unittest.main()
