"""The native plugin beside the processor: ``python -m tests.bench.native``, after ``make native``.

Both in streams of blocks, as live sound comes, and in large ones, as a host renders; in turns, on one core.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pedalboard
from numpy.typing import NDArray
from phaseaware.engine.stft import SAMPLE_RATE
from phaseaware.plugin import PhaseAware, vst3_path

from tests.signals import voice_like

from . import measure

SECONDS, ROUNDS = 10, 5
BLOCKS = (64, 512, 8192)
Play = Callable[[NDArray[np.float32]], object]
BESIDE = {"zam-plugins' limiter": Path("/usr/lib/vst3/ZaMaximX2.vst3")}
"""Debian has no noise reducer as VST3; a plugin that also looks ahead tells what the host itself costs."""


def players(channels: int) -> dict[str, Play]:
    """What takes a block."""
    made: dict[str, Play] = {}
    for link, name in (("channels", ", a mask each"), ("stereo", ", one mask"))[:channels]:
        name = name if channels > 1 else ""
        processor, plugin = PhaseAware(link=link, model="live"), pedalboard.load_plugin(vst3_path(channels))
        if channels > 1:
            plugin.link = link
        for title, part in ((f"`PhaseAware`{name}", processor), (f"native plugin{name}", plugin)):
            made[title] = lambda block, part=part: part.process(block, SAMPLE_RATE, reset=False)
    for title, path in BESIDE.items():
        if channels > 1 and path.exists():
            other = pedalboard.load_plugin(str(path))
            made[title] = lambda block, other=other: other.process(block, SAMPLE_RATE, reset=False)
    return made


def times(play: Play, x: NDArray[np.float32], size: int) -> NDArray[np.float64]:
    """Milliseconds of CPU time for each block."""
    found = []
    for start in range(0, x.shape[1] - size + 1, size):
        block = np.ascontiguousarray(x[:, start : start + size])
        begun = time.thread_time()
        play(block)
        found.append(1e3 * (time.thread_time() - begun))
    return np.array(found)


def main() -> None:
    """Measure and print the table."""
    print("| CPU time, block by block | channels | block | × real time | hop p50, ms | hop p99, ms |")
    print("|---|---|---|---|---|---|")
    rng = np.random.default_rng(1)
    with measure.one_core():
        for channels in (1, 2):
            x = np.stack([voice_like(rng, SECONDS * SAMPLE_RATE) for _ in range(channels)]).astype(np.float32)
            x += 0.05 * rng.standard_normal(x.shape).astype(np.float32)
            for size in BLOCKS:
                found: dict[str, list[NDArray[np.float64]]] = {}
                for _ in range(ROUNDS):
                    for name, play in players(channels).items():
                        found.setdefault(name, []).append(times(play, x, size))
                for name, rounds in found.items():
                    middle = sorted(rounds, key=np.sum)[ROUNDS // 2]
                    # A hop's work falls into the block that completes it.
                    hops = middle[(1 + np.arange(len(middle))) * size % 512 < size] if size < 512 else middle
                    p50, p99 = np.percentile(hops * min(1, 512 / size), (50, 99))
                    speed = 1e3 * len(middle) * size / SAMPLE_RATE / middle.sum()
                    print(f"| {name} | {channels} | {size} | {speed:.1f} | {p50:.3f} | {p99:.3f} |", flush=True)
    print(f"\nThe core adds {measure.core_speed():.0f} million numbers a second of its time in a plain loop.")


if __name__ == "__main__":
    main()
