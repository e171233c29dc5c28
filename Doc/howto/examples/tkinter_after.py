# python -m pip install .
"""A tkinter window: tkinter is in charge and steps the event loop"""

import asyncio
import time
import tkinter

from asyncio_fgbg import (
    call_in_background, run_in_foreground, schedule_coroutine,
)


def blocking_call():
    time.sleep(2)
    return 42


class Window(tkinter.Tk):
    def __init__(self):
        super().__init__()
        self.title('tkinter')
        self.geometry('300x150')
        self.label = tkinter.Label(self, text='idle')
        self.label.pack(fill='both', expand=True)
        self.button = tkinter.Button(
            self, text='Call', command=lambda: schedule_coroutine(self.call()))
        self.button.pack(fill='both', expand=True)
        self.last = time.perf_counter()
        self.gaps = []
        self.tick()
        self.step()

    def tick(self):
        """Note how long the window did nothing: a timer of the GUI."""
        now = time.perf_counter()
        self.gaps.append(now - self.last)
        self.last = now
        self.after(10, self.tick)

    def step(self):
        """Let what is in the background make a step."""
        try:
            run_in_foreground(asyncio.sleep(0))
        finally:
            self.after(10, self.step)

    def report_callback_exception(self, exc_type, exc, traceback):
        """Leave at Ctrl-C, which tkinter would only show."""
        if issubclass(exc_type, KeyboardInterrupt):
            self.destroy()
        else:
            super().report_callback_exception(exc_type, exc, traceback)

    async def call(self):
        """What the button does, in the background."""
        self.button.config(state='disabled')
        self.label.config(text='calling')
        print('calling', flush=True)
        self.gaps.clear()
        result = await call_in_background(blocking_call)
        text = (f'result {result}, {len(self.gaps)} ticks, '
                f'longest gap {max(self.gaps) * 1000:.0f} ms')
        self.label.config(text=text)
        print(text, flush=True)
        self.button.config(state='normal')


try:
    Window().mainloop()
except KeyboardInterrupt:
    pass        # Ctrl-C between two steps
print('closed')
