"""A display for tests of what opens windows"""

import os
import subprocess

from interop.support.places import find_program


class Display:
    """An X server of its own; *name* is for the variable DISPLAY."""

    def __init__(self):
        reader, writer = os.pipe()
        self.process = subprocess.Popen(
            [find_program('Xvfb'), '-displayfd', str(writer),
             '-nolisten', 'tcp', '-screen', '0', '1024x768x24'],
            pass_fds=[writer], stderr=subprocess.DEVNULL)
        os.close(writer)
        with open(reader) as file:
            self.name = f':{int(file.readline())}'

    def take_picture(self, name):
        """Write what is seen to the folder FGBG_PICTURES, if it is set."""
        folder = os.environ.get('FGBG_PICTURES')
        if folder:
            subprocess.run(
                [find_program('import'), '-window', 'root',
                 os.path.join(folder, f'{name}.png')],
                env={**os.environ, 'DISPLAY': self.name}, check=True)

    def close(self):
        self.process.terminate()
        self.process.wait()
