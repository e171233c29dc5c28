# python -m pip install . gbulb 'PyGObject < 3.51'
"""A GTK window, on the event loop of gbulb"""

import asyncio
import time

import gbulb
import gi
gi.require_version('Gtk', '3.0')
from gi.repository import GLib, Gtk

from asyncio_fgbg import (
    call_in_background, run_in_foreground, schedule_coroutine,
)


def blocking_call():
    time.sleep(2)
    return 42


class Window(Gtk.Window):
    def __init__(self):
        super().__init__(title='GTK')
        self.set_default_size(300, 150)
        self.label = Gtk.Label(label='idle')
        self.button = Gtk.Button(label='Call')
        self.button.connect(
            'clicked', lambda button: schedule_coroutine(self.call()))
        box = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, homogeneous=True)
        box.add(self.label)
        box.add(self.button)
        self.add(box)
        self.closed = asyncio.Event()
        self.connect('destroy', lambda window: self.closed.set())
        self.last = time.perf_counter()
        self.gaps = []
        GLib.timeout_add(10, self.tick)

    def tick(self):
        """Note how long the window did nothing: a timer of the GUI."""
        now = time.perf_counter()
        self.gaps.append(now - self.last)
        self.last = now
        return GLib.SOURCE_CONTINUE

    async def call(self):
        """What the button does, in the background."""
        self.button.set_sensitive(False)
        self.label.set_text('calling')
        print('calling', flush=True)
        self.gaps.clear()
        result = await call_in_background(blocking_call)
        text = (f'result {result}, {len(self.gaps)} ticks, '
                f'longest gap {max(self.gaps) * 1000:.0f} ms')
        self.label.set_text(text)
        print(text, flush=True)
        self.button.set_sensitive(True)


gbulb.install(gtk=True)
with asyncio.Runner():      # its loop is gbulb's, and it closes that
    window = Window()
    window.show_all()
    run_in_foreground(window.closed.wait())
    print('closed')
