"""Stock pedalboard with the native plugin (`make native` builds it): the same masks, in C++.

python native_board.py noisy.wav clean.wav
"""

from __future__ import annotations

import sys
from typing import Any

from pedalboard import Compressor, HighpassFilter, Limiter, Pedalboard, load_plugin  # type: ignore[attr-defined]
from pedalboard.io import AudioFile
from phaseaware.plugin import vst3_path


def main(source: str, target: str) -> None:
    """Clean one file of one or two channels."""
    with AudioFile(source) as f:
        noisy, rate = f.read(f.frames), f.samplerate
    denoise: Any = load_plugin(vst3_path(channels=len(noisy)))  # its controls are found when it is loaded
    denoise.reduction_db = 24
    if "link" in denoise.parameters:  # stereo has it
        denoise.link = "stereo"
    board = Pedalboard(
        [
            HighpassFilter(80),
            denoise,
            Compressor(threshold_db=-20, ratio=2.5, attack_ms=10, release_ms=150),
            Limiter(threshold_db=-1.5),
        ]
    )
    cleaned = board(noisy, rate)
    with AudioFile(target, "w", rate, len(cleaned)) as f:
        f.write(cleaned)


if __name__ == "__main__":
    main(*sys.argv[1:])
