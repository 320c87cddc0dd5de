"""A voice from desk to feed: high-pass, noise reduction, compressor, limiter.

python chain.py noisy.wav clean.wav
"""

from __future__ import annotations

import sys

import soundfile
from pedalboard import Compressor, HighpassFilter, Limiter
from phaseaware.plugin import Pedalboard, PhaseAware


def main(source: str, target: str, model: str | None = None) -> None:
    """Clean one file."""
    noisy, rate = soundfile.read(source, dtype="float32")
    board = Pedalboard(
        [
            HighpassFilter(80),
            PhaseAware(reduction_db=24, link="stereo", model=model),
            Compressor(threshold_db=-20, ratio=2.5, attack_ms=10, release_ms=150),
            Limiter(threshold_db=-1.5),
        ]
    )
    soundfile.write(target, board(noisy, rate), rate)


if __name__ == "__main__":
    main(*sys.argv[1:])
