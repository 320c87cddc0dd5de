"""``python -m phaseaware.engine.evaluation``: the figures of a model, and of ideal masks."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from ..model import MaskModel
from .ceilings import ceilings
from .evaluate import evaluate, report
from .exchange import exchange
from .properties import properties


def _evaluate(a: argparse.Namespace) -> None:
    model = MaskModel(a.model)
    print(report(evaluate(model, a.pairs), model, a.pairs.name))


def _ceilings(a: argparse.Namespace) -> None:
    print(ceilings(a.pairs))


def _exchange(a: argparse.Namespace) -> None:
    print(exchange(MaskModel(a.model), a.pairs))


def _properties(a: argparse.Namespace) -> None:
    print(properties(MaskModel(a.model), a.pairs, drift_minutes=a.minutes))


def main(argv: Sequence[str] | None = None) -> None:
    """Run one subcommand."""
    parser = argparse.ArgumentParser(prog="python -m phaseaware.engine.evaluation", description="Measure masks.")
    commands = parser.add_subparsers(required=True)

    p = commands.add_parser("evaluate", help="print the figures of an ONNX model on a folder of stems")
    p.add_argument("model", help="file, or the name of a shipped model")
    p.add_argument("pairs", type=Path, help="folder with index.csv, NAME.clean.flac, NAME.noise.flac")
    p.set_defaults(run=_evaluate)

    p = commands.add_parser("ceilings", help="print how far the ideal masks reach on a folder of stems")
    p.add_argument("pairs", type=Path, help="folder as for evaluate")
    p.set_defaults(run=_ceilings)

    p = commands.add_parser("exchange", help="print what a model's magnitudes reach with another phase")
    p.add_argument("model", help="file, or the name of a shipped model")
    p.add_argument("pairs", type=Path, help="folder as for evaluate")
    p.set_defaults(run=_exchange)

    p = commands.add_parser("properties", help="print what a model does to clean, quiet and narrow-band speech")
    p.add_argument("model", help="file, or the name of a shipped model")
    p.add_argument("pairs", type=Path, help="folder as for evaluate, at 48 kHz")
    p.add_argument("--minutes", type=int, default=30, help="length of the noise that shows drift")
    p.set_defaults(run=_properties)

    a = parser.parse_args(argv)
    a.run(a)


if __name__ == "__main__":
    main()
