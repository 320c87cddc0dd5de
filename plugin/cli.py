"""The command ``phaseaware``: its arguments. What they do is in other modules, loaded when it runs."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NoReturn

from . import compare, live_command  # their arguments; these modules import nothing heavy
from .arguments import MASKS, OUTPUTS, add_controls, add_force, add_model, whole_number

__all__ = ["main"]

USAGE, FAILED, INTERRUPTED = 2, 1, 130


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line that says where help is."""
        self.exit(USAGE, f"{self.prog}: {message} (try '{self.prog} --help')\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status.

    0: done. 1: a file or a device failed; what else was asked for is done. 2: cannot be done as asked, and nothing has
    been: an unknown option, an input that is not there, a preset or model that is refused. 130: Ctrl-C.
    """
    try:
        arguments = _parser().parse_args(argv)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 0
    try:
        run: Callable[[argparse.Namespace], int] | str = arguments.run
        if callable(run):
            return run(arguments)
        from . import commands

        return commands.run(run, arguments)
    except KeyboardInterrupt:
        print("phaseaware: stopped; no half-written file is left", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # `phaseaware … | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="phaseaware",
        description="Take the noise out of speech with a phase-aware mask; compare that with an ordinary real mask.",
        epilog="'phaseaware COMMAND --help' tells more. Exit status: 0 done, 1 a file or device failed, "
        "2 cannot be done as asked, 130 interrupted.",
    )
    parser.add_argument("--version", action="version", version=f"phaseaware {_version()}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for add in (_add_process, _add_compare, _add_demo, _add_models, _add_presets, _add_live, _add_gui):
        add(commands)
    return parser


def _version() -> str:
    try:
        return version("phaseaware")
    except PackageNotFoundError:
        return "(not installed)"


_Commands = argparse._SubParsersAction  # argparse has no public name for it


def _add_process(commands: _Commands[_Parser]) -> None:
    parser = commands.add_parser(
        "process",
        help="clean files or folders",
        description="Clean sound files. Rate, channels, length and sample format stay as they are. "
        "An output with another suffix than its input becomes a file of that format.",
    )
    parser.add_argument("inputs", nargs="+", type=Path, metavar="IN", help="sound files, or folders of sound files")
    parser.add_argument(
        "-o", "--out", required=True, help="a file, or a folder (made if need be; ends with / if its name has a dot)"
    )
    parser.add_argument("--preset", metavar="NAME", help="a preset's name or file; options beside it replace its own")
    parser.add_argument(
        "--jobs", type=whole_number(1), metavar="N", help="files at a time (default: one for each processor)"
    )
    add_force(parser)
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on after an interruption: keep the outputs that are whole (no older than their inputs, as long, "
        "readable), make the others. Use the same settings: those of the kept outputs are not known",
    )
    parser.add_argument("--mask", choices=MASKS, help="which mask (default: phase-aware)")
    parser.add_argument("--output", choices=OUTPUTS, help="the speech (default), or what was removed")
    add_controls(parser)
    parser.set_defaults(run="process")


def _add_compare(commands: _Commands[_Parser]) -> None:
    parser = commands.add_parser(
        "compare",
        help="the two masks side by side: sounds, pictures, figures",
        description="Both masks on one file: noisy, phase-aware (A), real mask (B), delta A − B and removed "
        "(noisy − A) as float WAV, sample-aligned; spectrograms and masks as pictures. "
        "With stems also the ideal masks, and figures.",
    )
    compare.add_compare_arguments(parser)
    parser.set_defaults(run=compare.run_compare)


def _add_demo(commands: _Commands[_Parser]) -> None:
    text = "compare on the bundled clip, whose stems are known"
    parser = commands.add_parser("demo", help=text, description=text.capitalize() + ".")
    compare.add_demo_arguments(parser)
    parser.set_defaults(run=compare.run_demo)


def _add_models(commands: _Commands[_Parser]) -> None:
    text = "list the shipped models, or inspect one: what it is, or why it is refused"
    parser = commands.add_parser("models", help=text, description=text.capitalize() + ".")
    parser.add_argument("models", nargs="*", metavar="MODEL", help="an ONNX file, or the name of a shipped model")
    parser.set_defaults(run="models")


def _add_presets(commands: _Commands[_Parser]) -> None:
    text = "list the presets, or show one"
    parser = commands.add_parser("presets", help=text, description=text.capitalize() + ".")
    parser.add_argument("preset", nargs="?", metavar="NAME", help="a preset's name or file")
    parser.set_defaults(run="presets")


def _add_live(commands: _Commands[_Parser]) -> None:
    parser = commands.add_parser("live", help="microphone in, cleaned sound out")
    live_command.add_live_arguments(parser)
    parser.set_defaults(run=live_command.run_live)


def _add_gui(commands: _Commands[_Parser]) -> None:
    parser = commands.add_parser(
        "gui", help="the window", description="Open the window: hear and see what both masks do to a recording."
    )
    parser.add_argument("files", nargs="*", metavar="FILE", help="a recording; without one the demo clip is offered")
    add_model(parser)
    parser.set_defaults(run="gui")


if __name__ == "__main__":
    sys.exit(main())
