# python -m pip install .
"""On Windows: a child process that does not get the console's Ctrl-C"""

import asyncio
import subprocess
import sys

from asyncio_fgbg import run_in_foreground

PROGRAM = 'print("working", flush=True); import time; time.sleep(2); exit(3)'

# The default event loop there, Proactor, is the one that has subprocesses.
child = run_in_foreground(asyncio.create_subprocess_exec(
    sys.executable, '-c', PROGRAM,
    creationflags=subprocess.CREATE_NEW_PROCESS_GROUP))
try:
    run_in_foreground(child.wait())
except KeyboardInterrupt:
    print('interrupted, once more')
print('exit status', run_in_foreground(child.wait()))
