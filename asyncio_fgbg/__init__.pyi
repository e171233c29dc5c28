from .fgbg import *

__all__ = ("run_in_foreground", "schedule_coroutine", "call_in_background")
