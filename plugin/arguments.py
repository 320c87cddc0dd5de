"""Types of command-line arguments; light to import."""

from __future__ import annotations

import argparse
from collections.abc import Callable

__all__ = ["number_between"]


def number_between(low: float, high: float, unit: str = "") -> Callable[[str], float]:
    """An argparse type: a number from ``low`` to ``high``; the refusal names the range."""

    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number from {low:g} to {high:g}{unit}")
        return value

    return parse
