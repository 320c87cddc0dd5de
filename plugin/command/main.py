"""The command ``phaseaware``. Each subcommand is a module, which loads what it needs when it runs."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, distribution
from typing import Any, NoReturn

from phaseaware.engine.audio.names import printable
from phaseaware.engine.errors import ExitStatus, PhaseAwareError
from phaseaware.engine.version import __version__

from . import compare, demo, live, models, native, presets, process
from .arguments import AddCommand
from .ending import ending
from .status import complain, status_of

__all__ = ["main"]

_COMMANDS = (process, compare, demo, models, presets, live, native)
_ENTRY_POINTS = "phaseaware.commands"
"""Entry points of this distribution that add a subcommand each: what is above the command, as the window is."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line that says where help is."""
        self.exit(ExitStatus.USAGE, f"{self.prog}: {printable(message)} (try '{self.prog} --help')\n")

    def _get_values(self, action: argparse.Action, arg_strings: list[str]) -> Any:
        # argparse takes the value away from `--suffix=--`, and makes a list of what is left.
        if action.option_strings and arg_strings == ["--"]:
            raise argparse.ArgumentError(action, "'--' is not a value")
        return super()._get_values(action, arg_strings)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status, see :class:`ExitStatus`. What a user can put right is one line.

    Any other exception is a fault of ours and ends in a traceback.
    """
    _open_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # names that the terminal's encoding lacks must not end a batch
            stream.reconfigure(errors="backslashreplace")
    try:
        arguments = _parser().parse_args(_joined(sys.argv[1:] if argv is None else argv))
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else ExitStatus.DONE
    try:
        with ending():
            return int(arguments.run(arguments))
    except (KeyboardInterrupt, ImportError) as error:
        if isinstance(error, ImportError) and not isinstance(error.__cause__, KeyboardInterrupt):
            raise  # modules in C make the one of the other
        return complain("stopped; no half-written file is left", ExitStatus.INTERRUPTED)
    except BrokenPipeError:  # `phaseaware … | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitStatus.FAILED
    except (PhaseAwareError, OSError) as error:
        return complain(error, status_of(error))


def _open_streams() -> None:
    """Standard streams that the caller has closed (``>&-``) lead nowhere; the next file would take their number."""
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115


def _joined(argv: Sequence[str]) -> list[str]:
    """``--suffix -clean`` as ``--suffix=-clean``: argparse takes what begins with a dash for an option."""
    words = list(argv)
    for i in range(len(words) - 2, -1, -1):
        if words[i] == "--suffix":
            words[i : i + 2] = [f"--suffix={words[i + 1]}"]
    return words


def _parser() -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = _Parser(
        prog="phaseaware",
        description="Take the noise out of speech with a phase-aware mask; compare that with an ordinary real mask.",
        epilog="'phaseaware COMMAND --help' tells more. Exit status: 0 done, 1 a file or device failed, "
        "or sound was left out, 2 cannot be done as asked, 130 interrupted.",
    )
    try:
        installed = distribution("phaseaware")
    except PackageNotFoundError:
        further = []
    else:
        further = [point.load() for point in installed.entry_points.select(group=_ENTRY_POINTS)]
    parser.add_argument("--version", action="version", version=f"phaseaware {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    add: AddCommand
    for add in (*(module.add for module in _COMMANDS), *further):
        add(commands)
    return parser
