"""``python -m phaseaware.plugin``: the command ``phaseaware``."""

import sys

from .command.__main__ import run

if __name__ == "__main__":
    sys.exit(run())
