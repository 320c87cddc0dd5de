"""``phaseaware presets``: list the presets, or show one."""

from __future__ import annotations

import argparse

from phaseaware.engine.errors import ExitStatus

from .arguments import Commands

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
            print(f"{preset.name:{width}}  {'(yours) ' if preset.is_user else ''}{preset.description}")
        print(f"Your own go to {user_folder()}")
        return ExitStatus.DONE
    load_preset(arguments.preset)  # what could not be used is refused here
    print(find_preset(arguments.preset).read_text(encoding="utf-8"), end="")
    return ExitStatus.DONE
