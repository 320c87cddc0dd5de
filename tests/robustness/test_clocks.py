"""Sound devices whose clocks differ: the queue between them neither grows nor runs dry, and the sound stays whole."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phaseaware.plugin import clocks
from phaseaware.plugin.clocks import ClockFollower

from .clocks import RATE, Card, run_live


@pytest.mark.parametrize(("input_ppm", "output_ppm"), [(1500, 0), (-1500, 0)])
def test_the_queue_stays(input_ppm: float, output_ppm: float, monkeypatch: pytest.MonkeyPatch) -> None:
    card = Card(input_ppm, output_ppm, seconds=25, keep=True)
    run_live(card)
    assert (card.overflows, card.underflows) == (0, 0)
    assert card.lowest > 512
    assert card.highest < card.capacity + 512
    # A tone of frequency w obeys y[n+1] + y[n-1] = 2 cos(w) y[n]: a splice or a gap would break it.
    y = np.concatenate(card.heard)[2 * card.capacity :]
    broken = y[2:] + y[:-2] - 2 * np.cos(2 * np.pi * 997 / RATE) * y[1:-1]
    assert np.abs(broken).max() < 1e-3
    # The same devices without: the buffers do run over or dry, so that the above is worth something.
    monkeypatch.setattr(clocks, "_UNNOTICED", np.inf)
    alone = Card(input_ppm, output_ppm, seconds=50)
    run_live(alone)
    assert alone.overflows + alone.underflows > 0


def test_equal_clocks_leave_the_sound_bit_for_bit() -> None:
    card = Card(0, 0, seconds=10, keep=True)
    run_live(card)
    y = np.concatenate(card.heard)[card.capacity :]
    n = np.arange(512, 512 + len(y) - 16)  # the first block that is read only starts the devices
    np.testing.assert_array_equal(y[16:], (0.5 * np.sin(2 * np.pi * 997 / RATE * n)).astype(np.float32))
    assert (card.overflows, card.underflows) == (0, 0)


@settings(deadline=None, max_examples=30)
@given(
    cuts=st.lists(st.integers(0, 4000), max_size=8), ppm=st.sampled_from([0, 100, -1700]), channels=st.integers(1, 3)
)
def test_blocks_do_not_change_the_sound(cuts: list[int], ppm: float, channels: int) -> None:
    x = np.random.default_rng(0).standard_normal((channels, 4000)).astype(np.float32)
    whole, cut = (ClockFollower(channels=channels, sample_rate=RATE) for _ in range(2))
    whole.stretch = cut.stretch = ppm * 1e-6  # in the first half second nothing else is chosen
    y = whole.process(x, 0)
    parts = [cut.process(x[:, a:b], 0) for a, b in pairwise([0, *sorted(cuts), 4000])]
    assert abs(y.shape[1] - (4000 - 16) / (1 + ppm * 1e-6)) < 18
    np.testing.assert_allclose(np.concatenate(parts, axis=1), y, atol=1e-5)


@pytest.mark.parametrize("frequency", [50, 997, 12_000, 19_000])
def test_what_is_read_between_samples_is_the_tone(frequency: float) -> None:
    """70 dB below the tone is what the window's transition leaves at 19 kHz."""
    follower = ClockFollower(channels=1, sample_rate=RATE)
    follower.stretch = 1e-3
    n = np.arange(RATE // 4)
    y = follower.process(np.sin(2 * np.pi * frequency / RATE * n).astype(np.float32)[None], 0)[0]
    places = np.arange(len(y)) * (1 + 1e-3) - 16
    error = (y - np.sin(2 * np.pi * frequency / RATE * places))[64:]
    assert np.abs(error).max() < 10 ** (-70 / 20)
