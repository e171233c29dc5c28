"""What the tests saw in each place, for the documentation's table"""

import importlib.metadata
import json
import os
import platform
import re
import shutil
import unittest

from support.paths import LIB_TESTS

try:
    import fcntl
except ImportError:         # on Windows, one run writes at a time
    fcntl = None

# The columns of the table; what else a test saw is a figure.
COLUMNS = ('run_in_foreground', 'schedule_coroutine', 'call_in_background',
           'await', 'progress', 'ctrl_c', 'exit')
PYTHON = '.'.join(platform.python_version_tuple()[:2])


class Place:
    """A mix-in for the TestCase of one place.

    *place* is what the table calls it, *group* is the kind of place, *python*
    is the Python that runs there.  *distributions* are the names of what must
    be installed; the version of the first is the place's, or else it is
    Python's.  *programs* are those that the operating system must have.  Where
    one is missing, tests fail in CI and are skipped elsewhere.
    """

    place = group = None
    python = PYTHON
    distributions = programs = ()

    @classmethod
    def setUpClass(cls):
        cls.seen = {}
        cls.version = platform.python_version()
        for name in reversed(cls.distributions):
            cls.version = find_version(name)
        for name in cls.programs:
            find_program(name)
        super().setUpClass()

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        if cls.seen and os.environ.get('FGBG_PLACES'):
            write(os.environ['FGBG_PLACES'], {
                'group': cls.group, 'place': cls.place, 'python': cls.python,
                'version': cls.version, 'seen': cls.seen})

    def saw(self, column, seen, expected='yes', shown=None):
        """Note what was *seen*, then assert that it was *expected*.

        *column* is one of COLUMNS, or the name of a figure.  *seen* comes
        from what happened: True is noted as 'yes' and False as 'no'.  *shown*
        is what to show if the assertion fails.
        """
        seen = {True: 'yes', False: 'no'}.get(seen, str(seen))
        type(self).seen[column] = seen
        self.assertEqual(seen, expected, shown)

    def measured(self, name, value, limit=None):
        """Note the figure *value*, and assert that it is below *limit*."""
        type(self).seen[name] = str(value)
        if limit is not None:
            self.assertLess(value, limit)


def find_version(distribution):
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        missing(f'{distribution} is not installed')


def find_program(name):
    return shutil.which(name) or missing(f'there is no {name}')


def missing(reason):
    if os.environ.get('CI'):
        raise AssertionError(f'in CI every place is tested: {reason}')
    raise unittest.SkipTest(reason)


def answer(shown, value):
    """Return 'yes' if *value* was shown, or else the exception's name."""
    if value in shown.split('\n'):
        return 'yes'
    # pdb puts three stars before it.
    names = re.findall(r'^(?:\*\*\* )?([A-Za-z_.]*(?:Error|Interrupt|Exit))\b',
                       shown, re.MULTILINE)
    return names[-1] if names else f'no: {shown}'


def write(path, record):
    """Put *record* in place of that of the same place and Python.

    Each has a line of its own, so that a diff shows what has changed.
    """
    with open(path, 'a+', encoding='utf-8') as file:
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_EX)    # others run at the same time
        file.seek(0)
        records = json.loads(file.read() or '[]')
        records = [other for other in records if any(
            other[key] != record[key] for key in ('group', 'place', 'python'))]
        records.append(record)
        records.sort(key=lambda record: (
            record['group'], record['place'],
            [int(part) for part in record['python'].split('.')]))
        file.truncate(0)
        lines = (json.dumps(record, sort_keys=True) for record in records)
        file.write('[\n' + ',\n'.join(lines) + '\n]\n')


def example(name):
    """Return the path of the example of a how-to page."""
    return os.path.join(os.path.dirname(LIB_TESTS), 'Doc', 'howto', 'examples',
                        name)
