"""Build the documentation, in the manner of docs.python.org"""

import pathlib
import sys
import zlib

import sphinx.domains.changeset

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path.insert(0, str(ROOT))       # for the doctests

project = 'asyncio_fgbg'
copyright = '2026, the asyncio_fgbg maintainers'
author = 'the asyncio_fgbg maintainers'
version = release = '3.16'          # the Python that would have it

extensions = [
    'sphinx.ext.doctest',
    'sphinx.ext.extlinks',
    'sphinx.ext.intersphinx',
]
needs_sphinx = '8.1'
nitpicky = True
root_doc = 'index'
exclude_patterns = ['_build', 'whatsnew/fgbg.rst']
highlight_language = 'python3'
html_theme = 'python_docs_theme'
html_show_sourcelink = False
html_theme_options = {
    'collapsiblesidebar': True,
    'issues_url': '',
    'license_url': '',
    'root_include_title': False,
    'root_name': 'asyncio_fgbg',
    'root_url': '',
}

# As in CPython's own configuration.
extlinks = {
    'gh': ('https://github.com/python/cpython/issues/%s', 'gh-%s'),
    'source': ('https://github.com/python/cpython/tree/main/%s', '%s'),
}
extlinks_detect_hardcoded_links = False

# The page is written for a Python with the patch: this one is to look so.
doctest_global_setup = """
import asyncio
import asyncio_fgbg
for _name in asyncio_fgbg.__all__:
    setattr(asyncio, _name, getattr(asyncio_fgbg, _name))
"""
trim_doctest_flags = True


def write_inventory(source, target):
    """Write what intersphinx reads, without asking the network for it."""
    lines = [f'{name} {role} 1 {uri} -' for role, uri, name in (
        line.split(maxsplit=2) for line in source.read_text().splitlines()
        if line and not line.startswith('#'))]
    head = ('# Sphinx inventory version 2\n# Project: Python\n# Version: \n'
            '# The remainder of this file is compressed using zlib.\n')
    target.parent.mkdir(exist_ok=True)
    target.write_bytes(
        head.encode() + zlib.compress('\n'.join(lines + ['']).encode()))


INVENTORY = HERE / '_build' / 'python.inv'
write_inventory(HERE / 'references.txt', INVENTORY)
intersphinx_mapping = {'python': ('https://docs.python.org/3',
                                  str(INVENTORY))}


class VersionChange(sphinx.domains.changeset.VersionChange):
    # CPython's release manager fills in what "next" is.
    def run(self):
        if self.arguments[0] == 'next':
            self.arguments[0] = f'{version} (proposed)'
        return super().run()


def setup(app):
    app.add_directive('versionadded', VersionChange, override=True)
    return {'parallel_read_safe': True, 'parallel_write_safe': True}
