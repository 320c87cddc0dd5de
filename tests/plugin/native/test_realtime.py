"""What a host's audio thread may rely on; told by a host that counts (``host.cpp``)."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from phaseaware.engine import MaskModel, Render, separate
from phaseaware.plugin.native import vst3_path

from .conftest import fresh, host, speechlike

CONTROLS = 7  # of the first parameters: all but the read-only one and the link


@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000])
@pytest.mark.parametrize("block", [64, 441, 8192])
def test_nothing_is_allocated_or_locked(block: int, rate: int, counted: Path) -> None:
    answer = host(counted, rate=rate, block=block, automate=CONTROLS, seconds=2)
    assert answer["runs"] > 10
    assert (answer["allocations"], answer["locks"]) == (0, 0)
    assert answer["finite"]


def test_the_counter_counts() -> None:
    """With onnxruntime's own runs counted, there is something to count."""
    answer = host(Path(vst3_path()), seconds=0.2)
    assert answer["allocations"] > 0
    assert answer["locks"] > 0


@pytest.mark.parametrize(("block", "frames"), [(64, 1), (512, 1), (1024, 2), (8192, 16), (16_384, 16)])
def test_large_blocks_are_several_frames_a_run(block: int, frames: int, counted: Path) -> None:
    answer = host(counted, block=block, seconds=4)
    hops = answer["blocks"] * block // 512
    assert answer["runs"] == pytest.approx(hops / frames, abs=2)


def test_ten_seconds_of_automation() -> None:
    answer = host(Path(vst3_path()), block=64, seconds=10, automate=CONTROLS)
    assert answer["finite"]
    assert not answer["complaints"]


def test_eight_instances_in_eight_threads(model: MaskModel, rng: np.random.Generator) -> None:
    sounds = [speechlike(rng, 2, 40_000) for _ in range(8)]
    plugins = [fresh(mask="real" if i % 2 else "phase-aware") for i in range(8)]
    made: list[list[np.ndarray]] = [[] for _ in plugins]

    def play(i: int) -> None:
        for _ in range(2):
            made[i].append(plugins[i](sounds[i], 48_000, buffer_size=64 << i % 4))

    threads = [threading.Thread(target=play, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i, x in enumerate(sounds):
        expected = separate(x, model, Render(mask="real" if i % 2 else "phase-aware"), sample_rate=48_000, warm=False)[
            0
        ]
        for y in made[i]:
            np.testing.assert_allclose(y, expected, atol=2e-5)


def test_instances_come_and_go_while_another_plays(model: MaskModel, rng: np.random.Generator) -> None:
    x = speechlike(rng, 2, 40_000)
    plugin = fresh()
    expected = separate(x, model, Render(), sample_rate=48_000, warm=False)[0]
    made: list[np.ndarray] = []
    thread = threading.Thread(target=lambda: made.extend(plugin(x, 48_000, buffer_size=64) for _ in range(3)))
    thread.start()
    while thread.is_alive():
        fresh()(x[:, :600], 44_100)
    thread.join()
    for y in made:
        np.testing.assert_allclose(y, expected, atol=2e-5)
