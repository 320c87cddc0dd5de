"""``python -m phaseaware.plugin.command``."""

import sys

from ..__main__ import run

sys.exit(run())
