"""Somebody who uses the mouse on a display of tests"""

import os
import select
import subprocess
import time

from interop.support.display import Display
from interop.support.places import missing
from support import TIMEOUT

try:
    import Xlib.display
    from Xlib import X
    from Xlib.error import XError
    from Xlib.ext import xtest
    from Xlib.protocol.event import ClientMessage
except ImportError as exc:
    missing(f'python-xlib is not installed: {exc}')


class Desktop(Display):
    """A display without a window manager: windows are in its corner."""

    def __init__(self):
        super().__init__()
        self.connection = Xlib.display.Display(self.name)
        self.root = self.connection.screen().root
        self.root.change_attributes(event_mask=X.SubstructureNotifyMask)

    def close(self):
        self.connection.close()
        super().close()

    def wait_for_window(self, title):
        """Return the window that has *title*, when it is shown."""
        deadline = time.monotonic() + TIMEOUT
        while time.monotonic() < deadline:
            for window in self.find_windows(self.root):
                try:
                    if (window.get_wm_name() == title
                        and window.get_attributes().map_state == X.IsViewable
                    ):
                        return window
                except XError:
                    pass        # it is gone
            select.select([self.connection.fileno()], [], [], 0.1)
            while self.connection.pending_events():
                self.connection.next_event()
        raise AssertionError(f'no window {title!r}')

    def find_windows(self, parent):
        for window in parent.query_tree().children:
            yield window
            # tkinter puts a window around its own.
            yield from window.query_tree().children

    def click(self, window, x, y):
        """Click in *window*, at fractions of its width and height."""
        geometry = window.get_geometry()
        corner = self.root.translate_coords(window, 0, 0)
        xtest.fake_input(self.connection, X.MotionNotify,
                         x=int(geometry.width * x) + corner.x,
                         y=int(geometry.height * y) + corner.y)
        for kind in X.ButtonPress, X.ButtonRelease:
            xtest.fake_input(self.connection, kind, 1)
        self.connection.sync()

    def close_window(self, window):
        """Ask for the end of *window*, as window managers do."""
        delete = self.connection.intern_atom('WM_DELETE_WINDOW')
        window.send_event(ClientMessage(
            window=window, data=(32, [delete, X.CurrentTime, 0, 0, 0]),
            client_type=self.connection.intern_atom('WM_PROTOCOLS')))
        self.connection.sync()

    def take_picture(self, window, name):
        """Write what *window* shows to the folder FGBG_PICTURES, if set."""
        folder = os.environ.get('FGBG_PICTURES')
        if folder:
            subprocess.run(
                ['import', '-display', self.name, '-window', str(window.id),
                 os.path.join(folder, f'{name}.png')], check=True)
