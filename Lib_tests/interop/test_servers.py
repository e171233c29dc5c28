"""The main process of a server, with a console for its operator"""

import operator
import os
import signal
import socket
import unittest

from support import TIMEOUT
from support.prompt_session import CTRL_D, ENTER

from interop.support.places import Place
from interop.support.programs import run_example

REQUESTS = 50


class ServerMainProcess(Place, unittest.TestCase):
    """A server runs in the foreground and answers what it was asked."""

    group = 'server'
    place = 'echo server with a console'

    def start(self):
        server = run_example('server_console.py')
        self.addCleanup(server.__exit__)
        server.wait_for('port ')
        server.port = int(server.wait_for('\n'))
        return server

    def command(self, server, text):
        server.press(text, ENTER)
        server.wait_for(text + '\r\n')

    def ask(self, server, text):
        client = socket.create_connection(('127.0.0.1', server.port), TIMEOUT)
        self.addCleanup(client.close)
        client.sendall(text + b'\n')
        return client

    def ask_many(self, server):
        """Return clients, when all of them are waiting for an answer."""
        self.command(server, 'pause')
        server.wait_for('paused')
        clients = [self.ask(server, b'request %d' % number)
                   for number in range(REQUESTS)]
        waiting = None
        while waiting != REQUESTS:
            self.command(server, 'status')
            waiting = int(server.wait_for(' requests'))
        return clients

    def count_answers(self, server, clients):
        """Return how many are answered until the server leaves."""
        answers = []
        for client in clients:
            with client.makefile('rb') as stream:
                answers.append(stream.read())
        expected = [b'REQUEST %d\n' % number for number in range(REQUESTS)]
        shown, status = server.wait_for_exit()
        self.assertEqual(shown.split('\n')[-1], 'answered')
        self.assertEqual(status, 0)
        return sum(map(operator.eq, answers, expected))

    def test_console_and_server_share_the_event_loop(self):
        server = self.start()
        self.saw('run_in_foreground', server.port > 0)
        with self.ask(server, b'hello').makefile('rb') as stream:
            answer = stream.readline()
        for column in ('schedule_coroutine', 'call_in_background', 'await',
                       'progress'):
            self.saw(column, answer == b'HELLO\n')
        self.command(server, 'stop')
        self.saw('exit', server.wait_for_exit() == ('answered', 0))

    def test_server_goes_on_when_the_console_ends(self):
        server = self.start()
        server.press(CTRL_D)
        with self.ask(server, b'hello').makefile('rb') as stream:
            self.assertEqual(stream.readline(), b'HELLO\n')
        os.kill(server.child.pid, signal.SIGTERM)
        shown, status = server.wait_for_exit()
        self.assertEqual((shown.lstrip('^D\b'), status), ('answered', 0))

    def test_requests_in_flight_are_answered_after_sigterm(self):
        counts = []
        for _ in range(5):
            server = self.start()
            clients = self.ask_many(server)
            os.kill(server.child.pid, signal.SIGTERM)
            counts.append(self.count_answers(server, clients))
        self.saw(f'answers of {REQUESTS} after SIGTERM, five runs',
                 ' '.join(map(str, counts)), ' '.join([str(REQUESTS)] * 5))

    def test_requests_in_flight_are_answered_after_ctrl_c(self):
        server = self.start()
        clients = self.ask_many(server)
        server.interrupt()
        server.wait_for('interrupted')
        self.saw('ctrl_c', self.count_answers(server, clients) == REQUESTS)


if __name__ == '__main__':
    unittest.main()
