"""Where child processes find this package and asyncio_fgbg"""

import os

import asyncio_fgbg

LIB_TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# Of the package that this process has: the checkout, or site-packages.
PACKAGE_FOLDER = os.path.dirname(os.path.abspath(*asyncio_fgbg.__path__))
PYTHONPATH = os.pathsep.join([LIB_TESTS, PACKAGE_FOLDER])
