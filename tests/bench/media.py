"""Memory over hours of video: ``python -m tests.bench.media [MINUTES ...]``.

MP4 files with pictures and AAC, made here and cleaned by ``phaseaware process`` with and without ``--lufs``, whole
processes. The pictures are small: they are copied packet by packet, whatever their size.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from phaseaware.engine.stft import SAMPLE_RATE

from tests.signals import voice_like

from . import measure

MINUTES = (1, 10, 60, 180)
PICTURES_PER_SECOND = 25


def write_video(path: Path, minutes: int) -> None:
    """An MP4 file of moving pictures and speech-like sound in noise, minute by minute."""
    rng = np.random.default_rng(1)
    minute = voice_like(rng, 60 * SAMPLE_RATE) + 0.05 * rng.standard_normal(60 * SAMPLE_RATE)
    with av.open(str(path), "w", format="mp4") as out:
        video, sound = out.add_stream("mpeg4", rate=PICTURES_PER_SECOND), out.add_stream("aac", rate=SAMPLE_RATE)
        video.width = video.height = 64
        video.pix_fmt = "yuv420p"
        sound.layout = "mono"
        pictures = [np.full((64, 64, 3), 5 * number % 256, np.uint8) for number in range(50)]
        position, step = 0, SAMPLE_RATE // PICTURES_PER_SECOND
        for number in range(60 * minutes * PICTURES_PER_SECOND):
            picture = av.VideoFrame.from_ndarray(pictures[number % 50], format="rgb24")
            picture.pts, picture.time_base = number, Fraction(1, PICTURES_PER_SECOND)
            out.mux(video.encode(picture))
            start = position % len(minute)
            block = np.ascontiguousarray(minute[None, start : start + step], np.float32)
            frame = av.AudioFrame.from_ndarray(block, format="fltp", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, position, Fraction(1, SAMPLE_RATE)
            out.mux(sound.encode(frame))
            position += step
        out.mux(video.encode(None))
        out.mux(sound.encode(None))


def main(argv: list[str] | None = None) -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("minutes", nargs="*", type=int, default=MINUTES)
    print("| MP4, mono, 48 kHz | options | CPU, s | × real time by the clock | peak memory, MB |")
    print("|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        source, target = Path(name, "in.mp4"), Path(name, "out.mp4")
        for minutes in parser.parse_args(argv).minutes:
            write_video(source, minutes)
            for options in ([], ["--lufs", "-16"]):
                command = [*measure.PHASEAWARE, "process", str(source), "-o", str(target), "--force", *options]
                run = measure.run(command)
                speed = 60 * minutes / run.seconds
                told = " ".join(options) or "–"
                print(f"| {minutes} min | {told} | {run.cpu:.0f} | {speed:.0f} | {run.peak_mb:.0f} |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
