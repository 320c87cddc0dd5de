"""Command-line arguments that several subcommands have; light to import."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from phaseaware.engine.limits import LINKS

__all__ = [
    "AddCommand",
    "Commands",
    "add_controls",
    "add_force",
    "add_model",
    "add_reduction",
    "number_between",
    "whole_number",
]

# argparse has no public name for what `add_subparsers` returns.
Commands = argparse._SubParsersAction
AddCommand = Callable[["Commands[argparse.ArgumentParser]"], None]
"""Adds a subcommand, whose ``run`` takes the parsed arguments and returns an exit status."""


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


def whole_number(least: int) -> Callable[[str], int]:
    """An argparse type: a whole number, ``least`` or more."""

    def parse(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number >= {least}")
        return int(text)

    return parse


def add_controls(parser: argparse.ArgumentParser, title: str = "controls") -> None:
    """What is made of a mask; None where it is not given."""
    group = parser.add_argument_group(title)
    add_reduction(group)
    for band, where in (("low", "below"), ("high", "above")):
        group.add_argument(
            f"--strength-{band}", type=number_between(0, 2), metavar="X",
            help=f"factor of the reduction in dB {where} 6 kHz, 0 to 2 (default: 1)",
        )  # fmt: skip
    group.add_argument(
        "--mix", type=number_between(0, 1), metavar="X", help="share of processed sound, 0 to 1 (default: 1)"
    )
    group.add_argument(
        "--link", choices=LINKS, help="a mask for each channel (default), or one for all, which keeps the stereo image"
    )
    add_model(group)


def add_reduction(parser: argparse._ActionsContainer) -> None:
    """``--reduction-db``."""
    parser.add_argument(
        "--reduction-db", type=number_between(0, 100, " dB"), metavar="DB",
        help="take away at most so many dB (default: no limit but the model's)",
    )  # fmt: skip


def add_model(parser: argparse._ActionsContainer) -> None:
    """``--model``."""
    parser.add_argument("--model", help="an ONNX file, or the name of a shipped model (default: phaseaware)")


def add_force(parser: argparse.ArgumentParser) -> None:
    """``--force``."""
    parser.add_argument("--force", action="store_true", help="overwrite what is there")
