"""Bit rates of coded sound: that at which its sound was coded, not the mean of long pauses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phaseaware.engine.audio import AudioInfo, AudioWriter
from phaseaware.engine.audio.bitrates import PacketSizes

from .helpers import RATE, copy, read

KINDS = {"a.m4a": ("MP4", "AAC"), "a.mka": ("MATROSKA", "AAC"), "a.opus": ("OGG", "OPUS")}


@pytest.mark.parametrize("name", KINDS)
def test_pauses_do_not_make_the_sound_worse(tmp_path: Path, name: str) -> None:
    """Copies of a recording that is silent but for a quarter are as large as it is."""
    if not name.endswith(".opus"):
        pytest.importorskip("av", reason="needs the [media] extra")
    kind, x = KINDS[name], np.zeros((1, 12 * RATE), np.float32)
    x[:, : 3 * RATE] = 0.1 * np.random.default_rng(1).standard_normal(3 * RATE)
    info = AudioInfo(sample_rate=RATE, channels=1, frames=x.shape[1], format=kind[0], subtype=kind[1], bitrate=128_000)
    with AudioWriter(tmp_path / name, info) as writer:
        writer.write(x)
    _, reader = read(tmp_path / name)
    assert reader.info.bitrate == pytest.approx(128_000, rel=0.2)
    copy(tmp_path / name, tmp_path / f"b{name[1:]}")
    sizes = [(tmp_path / f"{letter}{name[1:]}").stat().st_size for letter in "ab"]
    assert sizes[1] == pytest.approx(sizes[0], rel=0.25)


@given(st.lists(st.integers(100, 120), min_size=1), st.integers(0, 9), st.integers(0, 5))
def test_packets_of_silence_count_as_the_others(heard: list[int], silent: int, size: int) -> None:
    sizes = PacketSizes()
    for number, length in enumerate(heard):
        sizes.add(length)
        for _ in range(silent if number % 3 == 0 else 0):
            sizes.add(size)
    count = len(heard) + silent * len(heard[::3])
    assert sizes.total == pytest.approx(count * sum(heard) / len(heard), abs=1)
    assert PacketSizes().total == 0
