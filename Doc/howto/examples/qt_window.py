# python -m pip install . PySide6
# python -m pip install . PySide6 qasync
"""A Qt window, on the event loop of PySide6.QtAsyncio or of qasync"""

import asyncio
import sys
import time

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import (
    QApplication, QLabel, QPushButton, QVBoxLayout, QWidget,
)
if 'qasync' in sys.argv:
    from qasync import QEventLoop
else:
    from PySide6.QtAsyncio import QAsyncioEventLoop as QEventLoop

from asyncio_fgbg import (
    call_in_background, run_in_foreground, schedule_coroutine,
)


def blocking_call():
    time.sleep(2)
    return 42


class Window(QWidget):
    def __init__(self):
        super().__init__()
        self.setWindowTitle('Qt')
        self.setFixedSize(300, 150)
        self.label = QLabel('idle')
        self.button = QPushButton('Call')
        self.button.clicked.connect(lambda: schedule_coroutine(self.call()))
        layout = QVBoxLayout(self)
        layout.addWidget(self.label)
        layout.addWidget(self.button)
        self.closed = asyncio.Event()
        self.last = time.perf_counter()
        self.gaps = []
        # Python sees Ctrl-C when it runs, and this makes it run.
        self.timer = QTimer(self, interval=10)
        self.timer.timeout.connect(self.tick)
        self.timer.start()

    def tick(self):
        """Note how long the window did nothing."""
        now = time.perf_counter()
        self.gaps.append(now - self.last)
        self.last = now

    def closeEvent(self, event):
        self.closed.set()

    async def call(self):
        """What the button does, in the background."""
        self.button.setEnabled(False)
        self.label.setText('calling')
        print('calling', flush=True)
        self.gaps.clear()
        result = await call_in_background(blocking_call)
        text = (f'result {result}, {len(self.gaps)} ticks, '
                f'longest gap {max(self.gaps) * 1000:.0f} ms')
        self.label.setText(text)
        print(text, flush=True)
        self.button.setEnabled(True)


application = QApplication()
application.setQuitOnLastWindowClosed(False)    # the end is ours
with asyncio.Runner(loop_factory=lambda: QEventLoop(application)) as runner:
    asyncio.set_event_loop(runner.get_loop())
    window = Window()
    window.show()
    run_in_foreground(window.closed.wait())
    print('closed')
