"""Let the patch's pages be built as CPython builds them, without the network.

references.txt lists what they refer to in Python's documentation; a version
that is "next" is filled in, as CPython's release manager does.
"""

import pathlib
import zlib

from sphinx.domains import changeset

HERE = pathlib.Path(__file__).resolve().parent
VERSION = '3.16 (proposed)'


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


def setup(app):
    app.add_directive('versionadded', VersionChange, override=True)
    # Before intersphinx looks at the mapping.
    app.connect('config-inited', write_inventory, priority=400)
    return {'parallel_read_safe': True, 'parallel_write_safe': True}
