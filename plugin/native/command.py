"""``phaseaware plugin``: the native plugin, for hosts."""

from __future__ import annotations

import argparse
from pathlib import Path

__all__ = ["add", "add_arguments", "run"]


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """``plugin``."""
    text = "put the native plugin (VST3) where DAWs look"
    parser = commands.add_parser("plugin", help=text, description=text.capitalize() + ".")
    add_arguments(parser)
    parser.set_defaults(run=run)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``plugin install``."""
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    text = "copy it, with the model and onnxruntime inside; replaces an earlier one"
    install = actions.add_parser("install", help=text, description=text.capitalize() + ".")
    install.add_argument("--to", type=Path, metavar="FOLDER", help="made if need be (default: ~/.vst3)")
    install.add_argument("--model", metavar="MODEL", help="an ONNX file, or the name of a shipped model")


def run(arguments: argparse.Namespace) -> int:
    """Install; returns the exit status."""
    from .bundles import install

    for path in install(arguments.to, model=arguments.model):
        print(path)
    print("Have your host scan its plugins again.")
    return 0
