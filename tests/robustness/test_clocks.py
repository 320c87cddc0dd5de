"""Devices whose clocks differ: what waits between them stays bounded, and drop-outs are few, faded and counted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from phaseaware.plugin.live import LiveError
from phaseaware.plugin.live.clocks import ClockDifference

from .clocks import RATE, TONE_HZ, Cards, run_live


@settings(max_examples=8)
@given(
    input_ppm=st.integers(-1500, 1500), output_ppm=st.integers(-1500, 1500), block=st.sampled_from([64, 480, 512, 1000])
)
@example(input_ppm=1500, output_ppm=0, block=512)
@example(input_ppm=-1500, output_ppm=0, block=512)
def test_what_waits_is_bounded_and_drop_outs_are_few(input_ppm: int, output_ppm: int, block: int) -> None:
    cards = Cards(input_ppm, output_ppm, seconds=3000 * block / RATE, capacity=4 * block, keep=True)
    meters = run_live(cards, block)
    apart = (input_ppm - output_ppm) * 1e-6 * RATE * cards.seconds  # samples that are too many or too few in all
    assert cards.overflows == 0
    assert meters.drop_outs <= 1 + abs(apart) / block
    assert meters.drop_outs >= abs(apart) / block - 5  # the buffers, and what is not yet noticed
    # No more than the output's buffer, a block being read, one too many, and what comes until that is noticed.
    assert cards.most < 7 * block
    # A tone of frequency w obeys y[n+1] + y[n-1] = 2 cos(w) y[n]: a jump would break it, a fade hardly.
    y = np.concatenate(cards.heard)[cards.capacity :]
    broken = y[2:] + y[:-2] - 2 * np.cos(2 * np.pi * TONE_HZ / RATE) * y[1:-1]
    assert np.abs(broken).max() < 2.5 / block


def test_equal_clocks_leave_the_sound_bit_for_bit() -> None:
    cards = Cards(seconds=10, keep=True)
    assert run_live(cards).drop_outs == 0
    y = np.concatenate(cards.heard)[cards.capacity :]
    n = np.arange(512, 512 + len(y))  # the first block that is read only starts the devices
    np.testing.assert_array_equal(y, (0.5 * np.sin(2 * np.pi * TONE_HZ / RATE * n)).astype(np.float32))


def test_after_an_interruption_no_more_waits_than_before() -> None:
    cards = Cards(seconds=20, stall=(3, 0.1))
    meters = run_live(cards)
    assert (cards.overflows, cards.underflows) == (1, 1)
    assert meters.drop_outs <= 3
    assert cards.most <= cards.capacity + 512


def test_a_processor_that_is_too_slow_is_no_difference_of_clocks() -> None:
    clocks, block = ClockDifference(0.01), np.ones((1, 480), np.float32)
    for _ in range(1000):  # neither waits; and now and then the output runs dry
        assert clocks.correct(block, 0.0).shape[1] == 480
        clocks.written(0.0, late=False)
    for _ in range(1000):
        assert clocks.correct(block, 0.0).shape[1] == 480
        clocks.written(0.01, late=True)


def test_devices_without_a_common_rate_are_refused() -> None:
    with pytest.raises(LiveError, match="no sample rate in common"):
        run_live(Cards(rates=((44_100,), (RATE,))))
