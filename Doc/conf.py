"""Build the documentation: python -m sphinx -b html . DIRECTORY"""

import configparser
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]    # extensions, and the package

setup_cfg = configparser.ConfigParser()
setup_cfg.read(HERE.parent / 'setup.cfg')

project = 'asyncio_fgbg'
release = setup_cfg['metadata']['version']
copyright = '2026, the asyncio_fgbg maintainers'

extensions = [
    'sphinx.ext.doctest',
    'sphinx.ext.extlinks',
    'sphinx.ext.intersphinx',
    'cpython_pages',
    'promises',
    'costs',
    'examples',
    'places',
]
needs_sphinx = '8.1'
nitpicky = True
exclude_patterns = ['_build', 'whatsnew']

# Light and dark, narrow and wide, and nothing from other hosts.
html_theme = 'furo'
html_title = f'{project} {release}'
html_static_path = ['_static']
html_css_files = ['site.css']
html_js_files = [('copy.js', {'defer': ''})]
html_copy_source = False

# As in CPython's own configuration.
extlinks = {
    'gh': ('https://github.com/python/cpython/issues/%s', 'gh-%s'),
    'source': ('https://github.com/python/cpython/tree/main/%s', '%s'),
}
extlinks_detect_hardcoded_links = False

# The proposal is written for a Python with the patch: this one looks so.
doctest_global_setup = """
import asyncio
import asyncio_fgbg
import importlib.util
for _name in asyncio_fgbg.__all__:
    setattr(asyncio, _name, getattr(asyncio_fgbg, _name))

def is_missing(name):
    return importlib.util.find_spec(name) is None
"""
trim_doctest_flags = True
