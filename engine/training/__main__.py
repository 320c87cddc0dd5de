"""``python -m phaseaware.engine.training``: from recordings to a model."""

from __future__ import annotations

import argparse
import csv
import logging
from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .config import load_config
from .corpus import Corpus, folder_clips, join, prepare, shard_clips


def _prepare(a: argparse.Namespace) -> None:
    excluded = set(a.exclude)
    for table in a.exclude_from:
        with open(table, newline="", encoding="utf-8") as f:
            excluded |= {value for row in csv.DictReader(f) for value in (row["speaker"], row["noise"])}
    sources = [shard_clips(folder, excluded) for folder in a.shards]
    for kind in ("speech", "noise", "rir"):
        sources += [folder_clips(kind, folder, excluded) for folder in getattr(a, kind)]
    clips: Iterable[tuple[str, str, int, NDArray[np.float32]]] = chain.from_iterable(sources)
    if a.clean_with:
        from .targets import cleaned

        clips = cleaned(clips, a.clean_with)
    if a.new_voices:
        from .voices import with_new_voices

        clips = with_new_voices(clips, seconds=a.new_voices)
    print(f"{prepare(clips, a.out)} clips in {a.out}")


def _join(a: argparse.Namespace) -> None:
    print(f"{join(a.parts, a.out)} clips in {a.out}")


def _rooms(a: argparse.Namespace) -> None:
    from .rooms import write_rooms

    write_rooms(a.out, count=a.count, seed=a.seed)


def _pairs(a: argparse.Namespace) -> None:
    from .pairs import write_pairs

    print(f"{len(write_pairs(Corpus(a.corpus), a.out, count=a.count, seed=a.seed))} pairs in {a.out}")


def _train(a: argparse.Namespace) -> None:
    from .loop import run  # torch takes seconds to import: --help should not wait for it
    from .processes import together

    settings = {"device": a.device, "workers": a.workers, "start": a.start, "anneal": a.anneal}
    together(run, a.processes, load_config(a.config), Corpus(a.corpus), a.folder, settings)


def _export(a: argparse.Namespace) -> None:
    from .export import export

    about = {"version": a.version, "training_data": a.training_data, "licence": a.licence}
    info = export(a.checkpoint, load_config(a.config), a.out, **about).info
    print(f"{a.out}: {', '.join(info.masks)}; {info.size_bytes / 1e6:.2f} MB")


def _ablate(a: argparse.Namespace) -> None:
    from .ablate import VARIANTS, ablate

    if unknown := sorted(set(a.only) - set(VARIANTS)):
        raise SystemExit(f"unknown variant {unknown[0]!r}; known: {', '.join(VARIANTS)}")
    config, corpus = load_config(a.config), Corpus(a.corpus)
    for line in ablate(config, corpus, a.folder, a.pairs, hours=a.hours, anneal_hours=a.anneal_hours,
                       variants=a.only or tuple(VARIANTS), device=a.device, workers=a.workers):  # fmt: skip
        print(line, flush=True)


def _filterbank(a: argparse.Namespace) -> None:
    from .filterbank import contrast

    for line in contrast(load_config(a.config), Corpus(a.corpus), a.folder, a.pairs, hours=a.hours):
        print(line, flush=True)


def _curve(a: argparse.Namespace) -> None:
    from .ablate import curve

    for line in curve(load_config(a.config), a.checkpoints, a.pairs):
        print(line, flush=True)


def _data_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    p = commands.add_parser("prepare", help="decode recordings into memory maps")
    p.add_argument("--shards", type=Path, action="append", default=[], help="folder with index.csv and its shards")
    p.add_argument("--speech", type=Path, action="append", default=[], help="folder of clean speech")
    p.add_argument("--noise", type=Path, action="append", default=[], help="folder of noises")
    p.add_argument("--rir", type=Path, action="append", default=[], help="folder of room impulse responses")
    p.add_argument("--exclude-from", type=Path, action="append", default=[], metavar="CSV",
                   help="table of an evaluation set whose speakers and noises must not enter")  # fmt: skip
    p.add_argument("--exclude", nargs="+", default=[], metavar="NAME", help="voices and noises that must not enter")
    p.add_argument("--clean-with", type=Path, metavar="MODEL",
                   help="model that speech with an audible floor goes through")  # fmt: skip
    p.add_argument("--new-voices", type=float, default=0.0, metavar="SECONDS",
                   help="so much of each voice once more with pitch and formants moved apart")  # fmt: skip
    p.add_argument("--out", type=Path, required=True, help="corpus folder to write")
    p.set_defaults(run=_prepare)

    p = commands.add_parser("join", help="make one corpus of parts that were prepared side by side")
    p.add_argument("parts", nargs="+", type=Path, metavar="PART", help="corpus folder")
    p.add_argument("--out", type=Path, required=True, help="corpus folder to write")
    p.set_defaults(run=_join)

    p = commands.add_parser("rooms", help="simulate room impulse responses, for --rir of prepare")
    p.add_argument("--out", type=Path, required=True)
    p.add_argument("--count", type=int, default=300)
    p.add_argument("--seed", type=int, default=1)
    p.set_defaults(run=_rooms)

    p = commands.add_parser("pairs", help="make noisy/clean pairs of a corpus that no training has")
    p.add_argument("--corpus", type=Path, required=True, help="prepared from voices and noises that are held out")
    p.add_argument("--out", type=Path, required=True)
    p.add_argument("--count", type=int, default=60)
    p.add_argument("--seed", type=int, default=1)
    p.set_defaults(run=_pairs)


def _run_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    p = commands.add_parser("train", help="train, or continue; --anneal: finish from the latest checkpoint")
    p.add_argument("config", type=Path)
    p.add_argument("--corpus", type=Path, required=True)
    p.add_argument("--folder", type=Path, required=True, help="checkpoints and logs of this run")
    p.add_argument("--device", default="cpu")
    p.add_argument("--workers", type=int, default=1)
    p.add_argument("--processes", type=int, default=1, help="processes that train together, one core each")
    p.add_argument("--start", type=Path, help="exported ONNX file whose weights a new run begins with")
    p.add_argument("--anneal", action="store_true")
    p.set_defaults(run=_train)

    p = commands.add_parser("export", help="write a checkpoint as an ONNX file that keeps the model contract")
    p.add_argument("config", type=Path)
    p.add_argument("checkpoint", type=Path)
    p.add_argument("out", type=Path)
    p.add_argument("--version", required=True, help="version of the weights, kept in the file")
    p.add_argument("--training-data", required=True, help="one line: what the model was trained on")
    p.add_argument("--licence", required=True, help="licence of the weights")
    p.set_defaults(run=_export)

    p = commands.add_parser("ablate", help="train variants of the network at an equal budget and print their figures")
    p.add_argument("config", type=Path)
    p.add_argument("pairs", type=Path, help="folder with index.csv, NAME.clean.flac, NAME.noise.flac")
    p.add_argument("--corpus", type=Path, required=True)
    p.add_argument("--folder", type=Path, required=True, help="one run a variant is kept in it")
    p.add_argument("--hours", type=float, default=4.0, help="hours of audio at a constant learning rate")
    p.add_argument("--anneal-hours", type=float, default=1.0)
    p.add_argument("--only", nargs="+", default=[], metavar="VARIANT", help="some of the variants; default: all")
    p.add_argument("--device", default="cpu")
    p.add_argument("--workers", type=int, default=1)
    p.set_defaults(run=_ablate)

    p = commands.add_parser("filterbank", help="train a contrast on a learned filterbank and print its figures")
    p.add_argument("config", type=Path)
    p.add_argument("pairs", type=Path, help="folder as for the evaluation")
    p.add_argument("--corpus", type=Path, required=True)
    p.add_argument("--folder", type=Path, required=True)
    p.add_argument("--hours", type=float, default=5.0, help="hours of audio")
    p.set_defaults(run=_filterbank)

    p = commands.add_parser("curve", help="print the figures of several checkpoints of one run, by hours seen")
    p.add_argument("config", type=Path)
    p.add_argument("pairs", type=Path, help="folder with index.csv, NAME.clean.flac, NAME.noise.flac")
    p.add_argument("checkpoints", type=Path, nargs="+")
    p.set_defaults(run=_curve)


def main(argv: Sequence[str] | None = None) -> None:
    """Run one subcommand."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    parser = argparse.ArgumentParser(prog="python -m phaseaware.engine.training", description="Train the two masks.")
    commands = parser.add_subparsers(required=True)
    _data_commands(commands)
    _run_commands(commands)
    a = parser.parse_args(argv)
    a.run(a)


if __name__ == "__main__":
    main()
