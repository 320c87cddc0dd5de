"""A file of any length in constant memory: block after block, then what the board still holds.

python stream_file.py long.wav clean.wav
"""

from __future__ import annotations

import sys

import soundfile
from pedalboard import HighpassFilter
from phaseaware.plugin import Pedalboard, PhaseAware

BLOCK_SECONDS = 5


def main(source: str, target: str, model: str | None = None) -> None:
    """Clean one file; the output is as long as the input and aligned with it."""
    board = Pedalboard([HighpassFilter(80), PhaseAware(model=model)])
    with (
        soundfile.SoundFile(source) as noisy,
        soundfile.SoundFile(target, "w", noisy.samplerate, noisy.channels, noisy.subtype) as clean,
    ):
        for block in noisy.blocks(BLOCK_SECONDS * noisy.samplerate, dtype="float32"):
            clean.write(board.process(block, noisy.samplerate, reset=False))
        clean.write(board.flush())


if __name__ == "__main__":
    main(*sys.argv[1:])
