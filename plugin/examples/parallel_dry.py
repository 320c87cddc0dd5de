"""A dry path beside the clean one, in step with it: some of the room stays, and the voice is compressed alone.

python parallel_dry.py noisy.wav mixed.wav
"""

from __future__ import annotations

import sys

import soundfile
from pedalboard import Compressor, Gain
from phaseaware.plugin import Chain, Mix, Pedalboard, PhaseAware


def main(source: str, target: str, model: str | None = None) -> None:
    """Clean one file, and leave the original 20 dB below."""
    noisy, rate = soundfile.read(source, dtype="float32")
    clean = Chain([PhaseAware(model=model), Compressor(threshold_db=-24, ratio=3)])
    board = Pedalboard([Mix([clean, Gain(-20)]), Gain(-1)])  # None instead of a Gain: dry at full level
    soundfile.write(target, board(noisy, rate), rate)


if __name__ == "__main__":
    main(*sys.argv[1:])
