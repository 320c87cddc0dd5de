"""``phaseaware models``: list the shipped models, or inspect one."""

from __future__ import annotations

import argparse

from phaseaware.engine.errors import ExitStatus

from .arguments import Commands
from .status import complain, say, status_of

__all__ = ["add"]


def add(commands: Commands[argparse.ArgumentParser]) -> None:
    """``models``."""
    text = "list the shipped models, or inspect one: what it is, or why it is refused"
    parser = commands.add_parser("models", help=text, description=text.capitalize() + ".")
    parser.add_argument("models", nargs="*", metavar="MODEL", help="an ONNX file, or the name of a shipped model")
    parser.set_defaults(run=_models)


def _models(arguments: argparse.Namespace) -> ExitStatus:
    from phaseaware.engine.model import MaskModel, ModelError

    from .model_text import describe, list_shipped

    if not arguments.models:
        print(list_shipped())
        return ExitStatus.DONE
    status = ExitStatus.DONE
    for number, name in enumerate(arguments.models):
        try:
            text = describe(MaskModel(name).info)
        except (ModelError, OSError) as error:
            status = complain(f"refused: {error}" if isinstance(error, ModelError) else error, status_of(error))
        else:
            print(end="\n" * bool(number))
            for line in text:
                say(line)
    return status
