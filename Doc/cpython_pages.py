"""Let the patch's pages be built as CPython builds them, without the network.

references.txt lists what they refer to in Python's documentation; a version
that is "next" is filled in, as CPython's release manager does.  What is not
in the patch: a note says where the functions come from here, the link to the
source finds it, and the examples call the functions without "asyncio.", so
that they can be copied.
"""

import pathlib
import re
import zlib

import asyncio_fgbg
from sphinx.domains import changeset

HERE = pathlib.Path(__file__).resolve().parent
VERSION = '3.16 (proposed)'
NOTE = """\
.. important::

   The patch adds this page to Python's documentation, where the functions are
   :mod:`asyncio`'s.  Here you import them from this package:

   >>> import asyncio
   >>> from asyncio_fgbg import (
   ...     run_in_foreground, schedule_coroutine, call_in_background)

**Source code:** :download:`fgbg.py <../../asyncio_fgbg/fgbg.py>`
"""


class VersionChange(changeset.VersionChange):
    def run(self):
        if self.arguments[0] == 'next':
            self.arguments[0] = VERSION
        return super().run()


def write_inventory(app, config):
    """Write references.txt as the inventory that intersphinx reads."""
    lines = [f'{name} {role} 1 {uri} -\n' for role, uri, name in (
        line.split(maxsplit=2)
        for line in (HERE / 'references.txt').read_text().splitlines()
        if not line.startswith('#'))]
    head = ('# Sphinx inventory version 2\n# Project: Python\n# Version: \n'
            '# The remainder of this file is compressed using zlib.\n')
    target = pathlib.Path(app.doctreedir, 'python.inv')
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(head.encode() + zlib.compress(''.join(lines).encode()))
    config.intersphinx_mapping['python'] = ('https://docs.python.org/3',
                                            str(target))


def adapt(app, docname, source):
    """Let a page of the patch say what is so for the package."""
    if docname.startswith('library/'):
        text = re.sub(f'asyncio\\.({"|".join(asyncio_fgbg.__all__)})\\(',
                      r'\1(', source[0])
        source[0] = text.replace(
            '**Source code:** :source:`Lib/asyncio/fgbg.py`', NOTE)


def setup(app):
    app.add_directive('versionadded', VersionChange, override=True)
    app.connect('source-read', adapt)
    # Before intersphinx looks at the mapping.
    app.connect('config-inited', write_inventory, priority=400)
    return {'parallel_read_safe': True, 'parallel_write_safe': True}
