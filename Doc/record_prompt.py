#!/usr/bin/env python3
"""Record a session of the real prompt as the picture of the home page.

Type the lines below at "python -m asyncio_fgbg" on a pseudo-terminal, and draw
what it shows as _static/session.svg.  It needs pexpect and the package.
"""

import html
import io
import os
import pathlib
import re
import sys
import time

import pexpect

PICTURE = pathlib.Path(__file__).parent / '_static' / 'session.svg'
COMMAND = '-q -m asyncio_fgbg'
CTRL_C = '\x03'

SESSION = [
    'async def shout(reader, writer):',
    '    line = await reader.readline()',
    '    writer.write(line.upper())',
    '    writer.close()',
    '',
    'server = run_in_foreground(',
    "    asyncio.start_server(shout, '127.0.0.1', 0))",
    'address = server.sockets[0].getsockname()',
    'async def ask(word):',
    '    opening = asyncio.open_connection(*address)',
    '    reader, writer = await opening',
    "    writer.write(word + b'\\n')",
    '    answer = await reader.readline()',
    '    writer.close()',
    '    return answer',
    '',
    "spam = schedule_coroutine(ask(b'spam'))",
    "eggs = schedule_coroutine(ask(b'eggs'))",
    'run_in_foreground(asyncio.sleep(60))',
    CTRL_C,
    'run_in_foreground(spam), run_in_foreground(eggs)',
    'server.is_serving()',
]

# Of a terminal, which is dark on light pages as well.
SVG = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" \
width="{width}" height="{height}">
<title>A session at the prompt of asyncio_fgbg</title>
<style>
  text {{ font: 14px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", \
monospace; white-space: pre; fill: #bcc3d2; }}
  .prompt {{ fill: #6fd3b4; }}
  .typed {{ fill: #ffffff; }}
  .error {{ fill: #ff9d91; }}
</style>
<rect width="100%" height="100%" rx="8" fill="#1d2330"/>
{lines}
</svg>
"""


def record():
    """Return what the terminal showed."""
    shown = io.StringIO()
    prompt = pexpect.spawn(
        sys.executable, COMMAND.split(), encoding='utf-8', timeout=20,
        dimensions=(60, 100), env={**os.environ, 'PYTHON_BASIC_REPL': '1',
                                   'TERM': 'dumb', 'NO_COLOR': '1',
                                   'PYTHONSTARTUP': ''})
    prompt.logfile_read = shown
    prompt.expect_exact('import *\r\n>>> ')
    for line, next_line in zip(SESSION, [*SESSION[1:], '']):
        if line == CTRL_C:
            prompt.sendintr()
        else:
            prompt.sendline(line)
        if next_line == CTRL_C:
            time.sleep(1)       # for the wait to begin
        else:
            prompt.expect('\r\n(>>>|\\.\\.\\.) ')
    text = shown.getvalue().replace('\r', '')
    # The frames of a traceback say where this machine keeps its files.
    text = re.sub(r'(?m)^  File .*\n(    .*\n)*(  File .*\n(    .*\n)*)*',
                  '  ...\n', text)
    return f'$ python {COMMAND}\n{text}'


def draw(text):
    """Return *text* as a picture."""
    lines = text.rstrip('\n> ').splitlines()
    drawn = []
    for number, line in enumerate(lines):
        match = re.match(r'(>>> |\.\.\. |\$ )(.*)', line)
        if match:
            spans = [('prompt', match[1]), ('typed', match[2])]
        else:
            kind = ('error' if line.startswith(('^C', '  ...', 'Keyboard'))
                    else 'shown')
            spans = [(kind, line)]
        drawn.append(f'<text x="16" y="{28 + 20 * number}">' + ''.join(
            f'<tspan class="{kind}">{html.escape(span, quote=False)}</tspan>'
            for kind, span in spans) + '</text>')
    return SVG.format(width=32 + round(8.5 * max(map(len, lines))),
                      height=24 + 20 * len(lines), lines='\n'.join(drawn))


if __name__ == '__main__':
    PICTURE.write_text(draw(record()), encoding='utf-8')
