"""Put the checkout's Lib_tests on sys.path, for the scripts in this folder"""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / 'Lib_tests'))
