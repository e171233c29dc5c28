"""What the command lines of scripts have in common"""

import argparse


class Parser(argparse.ArgumentParser):
    """A parser whose --help begins with a docstring, as it is.

    Errors are one line, and the exit status is 2.
    """

    def __init__(self, docstring, **kwargs):
        super().__init__(
            description=docstring, **kwargs,
            formatter_class=argparse.RawDescriptionHelpFormatter)

    def error(self, message):
        self.exit(2, f'{self.prog}: {message}\n')
