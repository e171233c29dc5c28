# python -m pip install .
"""A child process that does not get the terminal's Ctrl-C"""

import asyncio
import sys

from asyncio_fgbg import run_in_foreground

PROGRAM = 'print("working", flush=True); import time; time.sleep(2); exit(3)'

child = run_in_foreground(asyncio.create_subprocess_exec(
    sys.executable, '-c', PROGRAM,
    # A process group of its own; before Python 3.11: start_new_session=True.
    process_group=0))
try:
    run_in_foreground(child.wait())
except KeyboardInterrupt:
    print('interrupted, once more')
print('exit status', run_in_foreground(child.wait()))
