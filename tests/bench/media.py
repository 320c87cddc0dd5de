"""Memory over hours of video: ``python -m tests.bench.media [MINUTES ...]``.

MP4 files with pictures and AAC, made here and cleaned by ``phaseaware process`` with and without ``--lufs``, whole
processes; beside them FFmpeg's own program, where it is installed, does the same without cleaning. The pictures are
small: they are copied packet by packet, whatever their size.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from phaseaware.engine.stft import SAMPLE_RATE

from tests.signals import voice_like

from . import measure

MINUTES = (1, 10, 60, 180)
PICTURES_PER_SECOND = 25
PACKET = 1024
SECONDS = 64  # a whole number of packets


def write_video(path: Path, minutes: int) -> None:
    """An MP4 file of moving pictures and speech-like sound in noise: about a minute, coded once, again and again."""
    once = path.with_name("minute.mp4")
    _write_minute(once)
    with av.open(str(path), "w", format="mp4") as out:
        streams: dict[int, Any] = {}
        for number in range(minutes):
            with av.open(str(once)) as container:
                if not streams:
                    streams = {stream.index: out.add_stream_from_template(stream) for stream in container.streams}
                for packet in container.demux():
                    if packet.dts is None or (number and packet.pts < 0):  # the end; what the coder puts before
                        continue
                    shift = round(number * SECONDS / packet.time_base)
                    packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                    packet.stream = streams[packet.stream.index]
                    out.mux(packet)


def _write_minute(path: Path) -> None:
    rng = np.random.default_rng(1)
    samples = SECONDS * SAMPLE_RATE
    x = (voice_like(rng, samples) + 0.05 * rng.standard_normal(samples)).astype(np.float32)
    with av.open(str(path), "w", format="mp4") as out:
        video, sound = out.add_stream("mpeg4", rate=PICTURES_PER_SECOND), out.add_stream("aac", rate=SAMPLE_RATE)
        video.width = video.height = 64
        video.pix_fmt = "yuv420p"
        sound.layout = "mono"
        for number in range(SECONDS * PICTURES_PER_SECOND):
            picture = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 5 * number % 256, np.uint8), format="rgb24")
            picture.pts, picture.time_base = number, Fraction(1, PICTURES_PER_SECOND)
            out.mux(video.encode(picture))
        out.mux(video.encode(None))
        for start in range(0, samples, PACKET):
            frame = av.AudioFrame.from_ndarray(x[None, start : start + PACKET], format="fltp", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, start, Fraction(1, SAMPLE_RATE)
            out.mux(sound.encode(frame))
        out.mux(sound.encode(None))


def main(argv: list[str] | None = None) -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("minutes", nargs="*", type=int, default=MINUTES)
    print("| MP4, mono, 48 kHz | by | CPU, s | × real time by the clock | peak memory, MB |")
    print("|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        source, target = str(Path(name, "in.mp4")), str(Path(name, "out.mp4"))
        process = [*measure.PHASEAWARE, "process", source, "-o", target, "--force"]
        commands = {"process": process, "process --lufs -16": [*process, "--lufs", "-16"]}
        if shutil.which("ffmpeg"):
            sound = ["-c:v", "copy", "-c:a", "aac"]
            commands[f"ffmpeg {' '.join(sound)}"] = ["ffmpeg", "-v", "error", "-y", "-i", source, *sound, target]
        for minutes in parser.parse_args(argv).minutes:
            write_video(Path(source), minutes)
            for by, command in commands.items():
                run = measure.run(command)
                speed = SECONDS * minutes / run.seconds
                print(f"| {minutes} min | {by} | {run.cpu:.0f} | {speed:.0f} | {run.peak_mb:.0f} |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
