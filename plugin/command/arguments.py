"""Command-line arguments that several subcommands have; light to import."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from phaseaware.engine.controls import CONTROLS, Choice, Number

__all__ = [
    "AddCommand",
    "Commands",
    "add_controls",
    "add_force",
    "add_model",
    "add_preset_or_model",
    "given_controls",
    "local_path",
    "named",
    "named_path",
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
            value = float(text.replace("\N{MINUS SIGN}", "-"))
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


def named(text: str) -> str:
    """An argparse type: a name. An empty one, as of a shell's variable that is not set, would mean this folder."""
    if not text:
        raise argparse.ArgumentTypeError("the name is empty; for this folder write .")
    return text


def named_path(text: str) -> Path:
    """As :func:`named`."""
    return Path(named(text))


def local_path(text: str) -> str:
    """The path that a ``file://`` URL names; whatever else stays as it is.

    Examples
    --------
    >>> local_path("file:///talks/50%25.wav"), local_path("file://localhost/a.wav"), local_path("s3://talks/50%25.wav")
    ('/talks/50%.wav', '/a.wav', 's3://talks/50%25.wav')
    """
    if not text.startswith("file://"):
        return text
    from urllib.request import url2pathname

    path = text.removeprefix("file://")
    return url2pathname(path.removeprefix("localhost") if path.startswith("localhost/") else path)


def add_controls(parser: argparse._ActionsContainer, names: Iterable[str]) -> None:
    """An option for each control named, as :data:`engine.controls.CONTROLS` declares it; None where it is not given."""
    for name in names:
        control = CONTROLS[name]
        options: dict[str, Any] = {"help": control.about.replace("%", "%%")}
        if isinstance(control, Number):
            unit = control.unit and " " + control.unit
            options |= {"type": number_between(control.low, control.high, unit), "metavar": control.unit.upper() or "X"}
        elif isinstance(control, Choice):
            options |= {"choices": control.choices}
        parser.add_argument("--" + name.replace("_", "-"), **options)


def given_controls(arguments: argparse.Namespace, names: Iterable[str]) -> dict[str, Any]:
    """Those of the controls named that were given."""
    given = {name: getattr(arguments, name) for name in names}
    return {name: value for name, value in given.items() if value is not None}


def add_preset_or_model(parser: argparse.ArgumentParser, about_preset: str) -> None:
    """``--preset`` and ``--model``, which exclude each other: a preset says which model it uses."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--preset", metavar="NAME", help=about_preset)
    add_model(group)


def add_model(parser: argparse._ActionsContainer) -> None:
    """``--model``."""
    parser.add_argument(
        "--model",
        help="an ONNX file, or the name of a shipped model (default: studio; of live sound: live)",
    )


def add_force(parser: argparse._ActionsContainer) -> None:
    """``--force``."""
    parser.add_argument("--force", action="store_true", help="overwrite what is there")
