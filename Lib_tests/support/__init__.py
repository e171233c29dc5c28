"""What several folders of tests and scripts share"""

import os
import signal

TIMEOUT = 60        # seconds; reached only by what is broken
# How long what never returns is waited for, in seconds: what is known to be
# broken need not be waited for as long.
PATIENCE = float(os.environ.get('FGBG_PATIENCE', TIMEOUT))

# In the background of a shell, a process is told to ignore SIGINT, and so are
# those that it starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
