"""``phaseaware gui``: what the command finds by its entry point. Qt is loaded when it runs."""

from __future__ import annotations

import argparse

from phaseaware.engine.errors import ExitStatus
from phaseaware.plugin.command.arguments import Commands, add_model
from phaseaware.plugin.command.status import complain

__all__ = ["add"]


def add(commands: Commands[argparse.ArgumentParser]) -> None:
    """``gui``."""
    parser = commands.add_parser(
        "gui", help="the window", description="Open the window: hear and see what both masks do to a recording."
    )
    parser.add_argument("files", nargs="*", metavar="FILE", help="a recording; without one the demo clip is offered")
    add_model(parser)
    parser.set_defaults(run=_gui)


def _gui(arguments: argparse.Namespace) -> int:
    if len(arguments.files) > 1:
        return complain(
            f"the window opens one file, not {len(arguments.files)}; stems are opened in the window, with Ctrl+Shift+O",
            ExitStatus.USAGE,
        )
    try:
        from .app import show
    except ImportError as error:
        if (error.name or "").startswith("phaseaware."):
            raise
        return complain(f"the window needs {error.name}: pip install 'phaseaware[gui]' ({error})", ExitStatus.FAILED)
    return show(*arguments.files, model=arguments.model)
