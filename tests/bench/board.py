"""A board against its parts run one by one, on 3 minutes of stereo: ``python -m tests.bench.board``.

Whole processes on a machine with nothing else to do, less the time that starting and reading the file take.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from . import measure

MINUTES = 3
TIMES = 3

PARTS = "HighpassFilter(80), PhaseAware(), Compressor(), Limiter()"
HEAD = f"""
import sys, soundfile
from pedalboard import Compressor, HighpassFilter, Limiter
from phaseaware.plugin import Pedalboard, PhaseAware
parts = [{PARTS}]
"""
WHOLE = HEAD + "x, rate = soundfile.read(sys.argv[1], dtype='float32')\n"
SCRIPTS = {
    "nothing": WHOLE,
    "parts, one by one": WHOLE + "for part in parts: x = part(x, rate)\n",
    "board": WHOLE + "Pedalboard(parts)(x, rate)\n",
    "board, streaming": HEAD
    + """
board = Pedalboard(parts)
with soundfile.SoundFile(sys.argv[1]) as f:
    for block in f.blocks(f.samplerate, dtype="float32"):
        board.process(block, f.samplerate, reset=False)
board.flush()
""",
}


def main() -> None:
    """Measure and print the table."""
    with tempfile.TemporaryDirectory() as folder:
        files = {minutes: Path(folder) / f"{minutes}.wav" for minutes in (1, MINUTES)}
        for minutes, file in files.items():
            measure.write_noisy_speech(file, 60 * minutes, channels=2)
        runs = {
            name: measure.median_run([sys.executable, "-c", script, str(files[MINUTES])], TIMES)
            for name, script in SCRIPTS.items()
        }
        short = measure.run([sys.executable, "-c", SCRIPTS["board, streaming"], str(files[1])])
    idle = runs.pop("nothing").seconds
    parts = runs["parts, one by one"].seconds - idle
    print(f"| {MINUTES} min, stereo | seconds | against the parts | peak memory, MB |\n|---|---|---|---|")
    for name, r in runs.items():
        print(f"| {name} | {r.seconds - idle:.2f} | {(r.seconds - idle) / parts:.3f} | {r.peak_mb:.0f} |")
    print(f"\nPeak memory of streaming: {short.peak_mb:.0f} MB for 1 minute.")


if __name__ == "__main__":
    main()
