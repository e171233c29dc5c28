"""Real servers of databases, for as long as a test needs them

Each is on a free port of loopback and keeps its files in a temporary folder.
"""

import glob
import os
import shutil
import signal
import socket
import subprocess
import tempfile

from interop.support.places import missing
from support import TIMEOUT

# Debian keeps the server's programs of PostgreSQL outside of PATH.
PATH = os.pathsep.join([os.environ['PATH'],
                        *glob.glob('/usr/lib/postgresql/*/bin')])


def find_program(name):
    return shutil.which(name, path=PATH) or missing(f'there is no {name}')


class Server:
    """A server that is ready when this object has been made.

    close() ends it, and so does "with".  It is killed when the thread that
    has started it is.
    """

    process = None
    privileges = ()         # arguments of setpriv

    def __init__(self):
        # Not in TMPDIR, which may be in a folder that only root can enter.
        self.folder = tempfile.TemporaryDirectory(dir='/tmp')
        with socket.socket() as free:
            free.bind(('127.0.0.1', 0))
            self.port = free.getsockname()[1]
        try:
            self.prepare()
            self.start()
        except BaseException:
            self.close()
            raise

    def prepare(self):
        pass

    def command(self, program, *args):
        return [find_program('setpriv'), '--pdeathsig', 'KILL',
                *self.privileges, find_program(program), *args]

    def start(self):
        """Return when the server says that it is ready."""
        self.process = subprocess.Popen(
            self.command(*self.arguments()), cwd=self.folder.name,
            start_new_session=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        log = []
        for line in self.process.stdout:
            log.append(line)
            if 'ready to accept connections' in line.lower():
                return
        raise AssertionError(''.join(log))

    def stop(self):
        """End the server; start() starts it again."""
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            self.process.communicate(timeout=TIMEOUT)
            self.process = None

    def close(self):
        self.stop()
        self.folder.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.close()


class PostgreSQL(Server):
    """A PostgreSQL server with the user and the database "postgres"."""

    def prepare(self):
        self.url = f'postgresql://postgres@127.0.0.1:{self.port}/postgres'
        find_program('initdb')      # its package makes the user below
        if os.geteuid() == 0:       # which initdb refuses
            shutil.chown(self.folder.name, 'postgres', 'postgres')
            self.privileges = ('--reuid', 'postgres', '--regid', 'postgres',
                               '--clear-groups')
        subprocess.run(
            self.command('initdb', '--pgdata', self.folder.name, '--username',
                         'postgres', '--auth', 'trust', '--no-sync'),
            cwd=self.folder.name, check=True, stdout=subprocess.DEVNULL)

    def arguments(self):
        # Nobody reads the log: no line for each error of a statement.
        return ['postgres', '-D', self.folder.name, '-k', self.folder.name,
                '-h', '127.0.0.1', '-p', str(self.port), '-F',
                '-c', 'log_min_messages=log']


class Redis(Server):
    """A Redis server that saves nothing."""

    def prepare(self):
        self.url = f'redis://127.0.0.1:{self.port}'

    def arguments(self):
        return ['redis-server', '--bind', '127.0.0.1', '--port',
                str(self.port), '--save', '', '--dir', self.folder.name]
