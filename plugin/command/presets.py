"""``phaseaware presets``: list the presets, or show one."""

from __future__ import annotations

import argparse

from phaseaware.engine.audio.names import printable
from phaseaware.engine.errors import ExitStatus

from .arguments import Commands
from .status import say

__all__ = ["add"]


def add(commands: Commands[argparse.ArgumentParser]) -> None:
    """``presets``."""
    text = "list the presets, or show one"
    parser = commands.add_parser("presets", help=text, description=text.capitalize() + ".")
    parser.add_argument("preset", nargs="?", metavar="NAME", help="a preset's name or file")
    parser.set_defaults(run=_presets)


def _presets(arguments: argparse.Namespace) -> ExitStatus:
    from ..presets import find_preset, list_presets, load_preset, user_folder

    if arguments.preset is None:
        presets = list_presets()
        width = max((len(preset.name) for preset in presets), default=0)
        for preset in presets:
            say(f"{preset.name:{width}}  {'(yours) ' if preset.is_user else ''}{preset.description}")
        say(f"Your own go to {user_folder()}")
        return ExitStatus.DONE
    load_preset(arguments.preset)  # what could not be used is refused here
    for line in find_preset(arguments.preset).read_text(encoding="utf-8-sig").splitlines():
        print("\t".join(map(printable, line.split("\t"))))
    return ExitStatus.DONE
