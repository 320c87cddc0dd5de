"""All WAV files of a folder, in as many processes as there are cores. A board is sent to each process once.

python batch_folder.py recordings cleaned
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import soundfile
from pedalboard import HighpassFilter
from phaseaware.plugin import Pedalboard, PhaseAware

_board: Pedalboard


def _receive(board: Pedalboard) -> None:
    global _board
    _board = board


def _clean(source: Path, target: Path) -> Path:
    noisy, rate = soundfile.read(source, dtype="float32")
    soundfile.write(target, _board(noisy, rate), rate)
    return target


def main(folder: str, out: str, model: str | None = None) -> None:
    """Clean a folder into another."""
    board = Pedalboard([HighpassFilter(80), PhaseAware(model=model)])
    sources = sorted(Path(folder).glob("*.wav"))
    Path(out).mkdir(parents=True, exist_ok=True)
    workers = min(os.cpu_count() or 1, len(sources)) or 1
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, spawn, initializer=_receive, initargs=(board,)) as pool:
        for done in pool.map(_clean, sources, [Path(out) / source.name for source in sources]):
            print(done)


if __name__ == "__main__":
    main(*sys.argv[1:])
