"""Sessions in the documentation: what is typed, and what is shown then

A line '...' stands for any number of lines.  Where a statement says so in a
comment, Ctrl-C is pressed when the next line has been shown.
"""

import re

from interop.support.places import example
from interop.support.screen import CTRL_C

PROMPT = re.compile(r'(?:>>> |\(Pdb\) |In \[\d+\]: )(.*)')
MORE = re.compile(r' *\.\.\.:? ?(.*)')


def read(name):
    """Return the statements of a session, each with the lines after it."""
    statements = []
    with open(example(name), encoding='utf-8') as file:
        for line in file.read().split('\n'):
            if PROMPT.match(line):
                statements.append((PROMPT.match(line)[1], []))
            elif not statements or not line or line.startswith('$'):
                pass
            elif (MORE.match(line) and not statements[-1][1]
                  and statements[-1][0].split('\n')[0].endswith(':')):
                text, lines = statements.pop()
                more = MORE.match(line)[1]
                statements.append((f'{text}\n{more}'.rstrip('\n'), lines))
            else:
                statements[-1][1].append(line)
    return statements


def play(test, screen, statements, leaves=True):
    """Type a session; see that what is shown is what the session has.

    *leaves* says that the last statement ends the program.
    """
    for text, lines in statements:
        screen.enter(text)
        if text.endswith('# press Ctrl-C'):
            screen.wait_for('^' + re.escape(lines[0]))
            screen.press(CTRL_C)
        if leaves and (text, lines) == statements[-1]:
            shown, _ = screen.wait_for_exit()
        else:
            shown = screen.wait_for_prompt()
        pattern = ''.join('(?:.*\n)*' if line == '...'
                          else re.escape(line) + '\n' for line in lines)
        shown = ''.join(line.strip() + '\n'
                        for line in shown.replace('^C', '').split('\n')
                        if line.strip() and not MORE.fullmatch(line))
        test.assertRegex(shown, rf'\A{pattern}\Z', text)
