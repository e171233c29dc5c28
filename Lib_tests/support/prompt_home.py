"""A home of its own for an interpreter that tests start"""

import importlib.util
import os
import platform
import shutil
import tempfile

PYPY = platform.python_implementation() == 'PyPy'
NEW_PROMPT = importlib.util.find_spec('_pyrepl') is not None

# On a busy machine, asyncio's debug mode would remark on slow callbacks.
STARTUP = """\
import logging
logging.getLogger('asyncio').setLevel(logging.ERROR)
del logging
"""


class Home:
    """A directory of its own, and the environment of who lives there.

    *startup* is what the startup file does.  *environ* is set on top of the
    environment of the tests, None unsets.
    """

    def __init__(self, *, new=False, startup='', **environ):
        self.path = tempfile.mkdtemp()
        settings = dict.fromkeys(['COLUMNS', 'LINES', 'PYTHON_HISTORY',
                                  'PYTHONINSPECT'])
        settings.update(
            HOME=self.path, TERM='xterm', INPUTRC=os.devnull,
            PYTHON_BASIC_REPL=(
                '1' if (NEW_PROMPT or PYPY) and not new else None),
            PYTHONSTARTUP=self.write('startup.py', STARTUP + startup))
        settings.update(environ)
        self.environ = {name: value
                        for name, value in {**os.environ, **settings}.items()
                        if value is not None}

    def write(self, name, text):
        path = os.path.join(self.path, name)
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text)
        return path

    def read(self, name):
        with open(os.path.join(self.path, name), encoding='utf-8') as file:
            return file.read()

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        shutil.rmtree(self.path)
