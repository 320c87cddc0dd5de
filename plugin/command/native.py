"""``phaseaware plugin``: the native plugin, for hosts. What is heavy is loaded when it runs."""

from __future__ import annotations

import argparse

from phaseaware.engine.errors import ExitStatus

from .arguments import Commands, add_model, named_path
from .status import say

__all__ = ["add"]


def add(commands: Commands[argparse.ArgumentParser]) -> None:
    """``plugin install``."""
    text = "put the native plugin (VST3, LV2) where DAWs look"
    actions = commands.add_parser("plugin", help=text, description=text.capitalize() + ".").add_subparsers(
        metavar="ACTION", required=True
    )
    text = "copy it, with the model and onnxruntime inside; an earlier one is replaced"
    parser = actions.add_parser("install", help=text, description=text.capitalize() + ".")
    parser.add_argument("--to", type=named_path, metavar="FOLDER", help="made if need be (default: ~/.vst3 or ~/.lv2)")
    parser.add_argument("--format", choices=("vst3", "lv2"), default="vst3", help="default: %(default)s")
    add_model(parser)
    parser.set_defaults(run=_install)


def _install(arguments: argparse.Namespace) -> ExitStatus:
    from ..native import install

    for path in install(arguments.to, plugin_format=arguments.format, model=arguments.model):
        say(path)
    print("Let your host scan its plugins again.")
    return ExitStatus.DONE
