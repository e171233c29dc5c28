"""IDLE, writing what its shell shows to standard output

Each line is a JSON string of all the text.  The prompt, which IDLE shows in a
column of its own, is added while it waits.
"""

import json

from idlelib import pyshell


class Shell(pyshell.PyShell):

    written = None

    def begin(self):
        began = super().begin()
        self.write_text()
        return began

    def write_text(self):
        # Up to Python 3.9, the prompt is in the text.
        text = self.text.get('1.0', 'end-1c').removesuffix('>>> ')
        # IDLE handles events while it writes, when what is typed is lost.
        if (not self.executing and self.text.mark_gravity('iomark') == 'left'
            and self.text.compare('iomark', '==', 'end-1c')
        ):
            text = text.rstrip('\n') + '\n>>> '
        if text != self.written:
            self.written = text
            print(json.dumps(text), flush=True)
        self.text.after(10, self.write_text)


pyshell.PyShell = Shell
pyshell.main()
