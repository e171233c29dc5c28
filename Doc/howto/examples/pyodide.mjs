// npm install pyodide
// python -m pip install --target site .
import { loadPyodide } from 'pyodide';

const pyodide = await loadPyodide();
pyodide.mountNodeFS('/site', 'site');
await pyodide.runPythonAsync(`
import sys
sys.path.append('/site')

import asyncio
from asyncio_fgbg import (
    call_in_background, run_in_foreground, schedule_coroutine,
)

coro = asyncio.sleep(0, 'slept')
try:
    run_in_foreground(coro)
except RuntimeError as exc:
    print('refused:', exc)
print('await:', await coro)            # as good as new

task = schedule_coroutine(asyncio.sleep(0.1, 'in the background'))
print('task:', await task)

call = call_in_background(lambda: 'called at once')
print('call:', call.done(), await call)

ticks = []

async def tick():
    while len(ticks) < 3:
        ticks.append('tick')
        await asyncio.sleep(0.01)
    print('progress:', *ticks)

ticking = schedule_coroutine(tick())
`);
// JavaScript's event loop is Python's, too: it goes on.
