"""One line on where A - B lies: below the seam or above it."""

from __future__ import annotations

import math

from phaseaware.engine.versions import Version
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QLabel

from .theme import COLOURS

__all__ = ["ShareLine", "shares_text"]


def shares_text(low_db: float, high_db: float) -> str:
    """Levels of A - B below and above the seam in dB, and the share below, in words.

    Examples
    --------
    >>> shares_text(-40.0, -50.0)
    'In view, A − B: −40.0 dB below 6 kHz, −50.0 dB above: 90.9 % of its power lies below'
    >>> shares_text(-math.inf, -math.inf)
    ''
    """
    if low_db == -math.inf and high_db == -math.inf:
        return ""
    low, high = 10 ** (low_db / 10), 10 ** (high_db / 10)
    share = 100 * low / (low + high)
    return (
        f"In view, A − B: {low_db:.1f} dB below 6 kHz, {high_db:.1f} dB above: {share:.1f} % of its power lies below"
    ).replace("-", "−")


class ShareLine(QLabel):
    """The line; empty where nothing is known."""

    def __init__(self) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setStyleSheet(f"color: {COLOURS[Version.DELTA]}")
        self.setMinimumWidth(100)
        self.setToolTip(
            "Power of the signal A − B in the stretch shown; 0 dB: a full-scale sine. Below 6 kHz A may turn phases"
        )

    def show_levels(self, low_db: float, high_db: float) -> None:
        """Levels of A - B below and above the seam, in dB."""
        text = shares_text(low_db, high_db)
        if text != self.text():
            self.setText(text)
