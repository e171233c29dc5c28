"""Three thin shims: test_thin.py shows what they lose"""

from .fgbg import *
