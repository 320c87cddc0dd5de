"""Memory over hours of MP4: ``python -m tests.bench.media [MINUTES ...]``.

Files with pictures and AAC, and the sound of them alone, made here and cleaned by ``phaseaware process`` with and
without ``--lufs``, whole processes; beside them FFmpeg's own program, where it is installed, does the same without
cleaning. The pictures are small: they are copied packet by packet, whatever their size.
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


def write_sound(path: Path, video: Path) -> None:
    """The sound of a video alone, as it is."""
    with av.open(str(video)) as container, av.open(str(path), "w", format="ipod") as out:
        sound = container.streams.audio[0]
        copy = out.add_stream_from_template(sound)
        for packet in container.demux(sound):
            if packet.dts is not None:
                packet.stream = copy
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
    print("| mono, 48 kHz | by | CPU, s | × real time by the clock | peak memory, MB |")
    print("|---|---|---|---|---|")
    minutes = parser.parse_args(argv).minutes
    with tempfile.TemporaryDirectory() as name:
        for many in minutes:
            video, sound = Path(name, "in.mp4"), Path(name, "in.m4a")
            write_video(video, many)
            write_sound(sound, video)
            for source in (video, sound):
                for by, command in _commands(source, source.with_stem("out")).items():
                    run = measure.run(command)
                    speed = SECONDS * many / run.seconds
                    row = f"{many} min of {source.suffix[1:].upper()} | {by} | {run.cpu:.0f}"
                    print(f"| {row} | {speed:.0f} | {run.peak_mb:.0f} |", flush=True)


def _commands(source: Path, target: Path) -> dict[str, list[str]]:
    process = [*measure.PHASEAWARE, "process", str(source), "-o", str(target), "--force"]
    commands = {"process": process}
    if source.suffix == ".mp4":
        commands["process --lufs -16"] = [*process, "--lufs", "-16"]
    if shutil.which("ffmpeg"):
        sound = ["-c:v", "copy", "-c:a", "aac"] if source.suffix == ".mp4" else ["-c:a", "aac"]
        ffmpeg = ["ffmpeg", "-v", "error", "-y", "-i", str(source), *sound, str(target)]
        commands[f"ffmpeg {' '.join(sound)}"] = ffmpeg
    return commands


if __name__ == "__main__":
    main(sys.argv[1:])
