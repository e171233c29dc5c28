"""Send SIGINTs at random moments to session.py and count what it says"""

import collections
import json
import os
import random
import re
import select
import signal
import subprocess
import sys
import tempfile
import time

from support import PATIENCE
from support.paths import PYTHONPATH

from .session import ENTER, PROMPT, SETTLE, WAIT

ROUNDS = 50         # from one settling of accounts to the next
LATE = 3            # seconds; no signal takes as long as that to be noticed

# What may be lost, and in how many words it is told.
LOSSES = {
    'killed': 'tasks killed',
    'callbacks': 'callbacks lost',
    'zombies': 'zombie tasks',
    'results': 'results lost',
    'handlers': 'handlers left behind',
    'endings': 'wrong endings of waits',
    'ctrl_c': 'Ctrl-C lost',
    'logged': 'errors logged',
    'hangs': 'hangs',
    'crashes': 'crashes',
}
IGNORED = re.compile(r'^Exception ignored .*\n(?:Traceback .*\n)?'
                     r'(?:(?: .*)?\n)*KeyboardInterrupt:? ?\n', re.MULTILINE)


class Gone(Exception):
    pass


class Sender:
    """Starts a session, and another one should it hang or crash.

    It sends one signal in each wait, or up to *burst* of them.  What happened
    is in the counters *events* and *losses*, with some words on each loss in
    *notes*.
    """

    def __init__(self, *, seed, loop='asyncio', burst=1, quiet=False):
        self.random = random.Random(seed)
        self.options = {'loop': loop, 'signals': burst, 'quiet': quiet}
        self.burst = burst
        self.longest = 0.001 if quiet else 0.004    # seconds before a signal
        self.events = collections.Counter()
        self.losses = collections.Counter()
        self.notes = []

    def send(self, signals):
        """Send *signals*, perhaps a few more in the last burst.

        Return what happened, what was lost, and some words on each loss.
        """
        rounds = 0
        while self.events['signals'] < signals:
            self.start()
            try:
                while self.events['signals'] < signals:
                    self.play()
                    rounds += 1
                    if rounds % ROUNDS == 0:
                        self.command(SETTLE)
                self.command(SETTLE)
            except Gone:
                pass
            finally:
                self.end()
        return self.events, self.losses, self.notes

    def start(self):
        self.errors = tempfile.TemporaryFile('w+')
        options = {'seed': self.random.getrandbits(32), **self.options}
        self.session = subprocess.Popen(
            [sys.executable, '-X', 'faulthandler', '-c',
             f'from storm.session import main; main(**{options})'],
            # Ctrl-C in coverage.py's own code would leave its lock taken.
            env=dict(os.environ, PYTHONPATH=PYTHONPATH,
                     COVERAGE_PROCESS_START=''),
            bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self.errors)
        self.report = {'losses': {}, 'notes': []}
        try:
            self.command(SETTLE)        # when it is ready
        except Gone:
            self.end()
            raise AssertionError(self.notes[-1].splitlines()[-1]) from None

    def end(self):
        self.session.stdin.close()
        self.session.stdout.close()
        try:
            status = self.session.wait(4 * PATIENCE)
        except subprocess.TimeoutExpired:
            self.losses['hangs'] += 1
            os.kill(self.session.pid, signal.SIGABRT)
            status = self.session.wait()
        self.losses.update(self.report['losses'])
        self.notes += self.report['notes']
        self.errors.seek(0)
        errors = self.errors.read()
        self.errors.close()
        # Python ignores what is raised by what a finalizer or the callback of
        # a weak reference runs, KeyboardInterrupt at the prompt too: these
        # were counted as lost.
        ignored = len(IGNORED.findall(errors))
        self.events['ignored by Python'] += ignored
        self.losses['ctrl_c'] -= min(ignored, self.losses['ctrl_c'])
        errors = IGNORED.sub('', errors).strip()
        if errors:
            self.notes.append(errors)
        if status not in (0, -signal.SIGABRT):
            self.losses['crashes'] += 1

    def play(self):
        """Let the session wait and strike; or strike at its prompt."""
        if self.random.randrange(20):
            self.write(WAIT)
            self.shoot()
            self.nudge()
            interrupted = self.read()
            if interrupted == 'helper':
                self.events['interrupted'] += 1
            elif interrupted == '':
                self.events['ended'] += 1
            if self.burst > 1 or interrupted == '':
                # For those that came too late.
                interrupted = self.command(PROMPT, ENTER) or interrupted
        else:
            self.write(PROMPT)
            self.shoot()
            interrupted = self.command(ENTER)
        if interrupted == 'prompt':
            self.events['at the prompt'] += 1
        elif interrupted == '':
            self.losses['ctrl_c'] += 1

    def shoot(self):
        number = 1 if self.burst == 1 else self.random.randint(2, self.burst)
        for _ in range(number):
            moment = time.perf_counter() + self.longest * self.random.random()
            while time.perf_counter() < moment:
                pass
            os.kill(self.session.pid, signal.SIGINT)
            self.events['signals'] += 1

    def command(self, *commands):
        for command in commands:
            self.write(command)
        return self.read()

    def write(self, command):
        try:
            self.session.stdin.write(command)
        except BrokenPipeError:
            raise Gone from None

    def read(self):
        """Return what was interrupted: 'helper', 'prompt' or nothing."""
        if not self.wait(4 * PATIENCE):     # it waits for this and that, too
            self.losses['hangs'] += 1
            os.kill(self.session.pid, signal.SIGABRT)
            raise Gone
        line = self.session.stdout.readline()
        if not line:
            raise Gone
        self.report = json.loads(line.decode())
        return self.report['interrupted']

    def nudge(self):
        """Wait for a report as long as a signal may take to be noticed."""
        if self.wait(LATE):
            return
        # Python may not look for signals before the event loop wakes up; it
        # does for any other one.
        os.kill(self.session.pid, signal.SIGUSR1)
        if self.wait(LATE):
            self.events['noticed late'] += 1
        else:
            os.kill(self.session.pid, signal.SIGINT)
            self.losses['ctrl_c'] += 1

    def wait(self, seconds):
        ready, _, _ = select.select([self.session.stdout], [], [], seconds)
        return ready
