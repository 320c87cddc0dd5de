"""Loudness against pyloudnorm and the signals of EBU Tech 3341; the limiter keeps what it promises."""

from __future__ import annotations

import numpy as np
import pyloudnorm
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from phaseaware.engine.limiter import PeakLimiter
from phaseaware.engine.loudness import Loudness, LoudnessMeter

Samples = NDArray[np.float32]
RATES = (8_000, 16_000, 44_100, 48_000, 96_000)


def bursts(rate: int, channels: int, seconds: float, seed: int) -> Samples:
    """Noise whose level jumps each half second, over some 60 dB."""
    rng = np.random.default_rng(seed)
    samples = round(rate * seconds)
    level = 10 ** rng.uniform(-3.2, -0.3, 2 * round(seconds) + 2)
    envelope = np.repeat(level, rate // 2)[:samples]
    return (envelope * rng.standard_normal((channels, samples)) / 3).astype(np.float32)


def measured(x: Samples, rate: int, cuts: list[int], mask: int | None = None) -> Loudness:
    """Of a signal cut into blocks, again and again of these lengths."""
    meter, start, turn = LoudnessMeter(rate, channels=len(x), channel_mask=mask), 0, 0
    while start < x.shape[1]:
        size = cuts[turn % len(cuts)]
        meter.add(x[:, start : start + size])
        start, turn = start + size, turn + 1
    return meter.finish()


@settings(max_examples=25)
@given(
    rate=st.sampled_from(RATES), channels=st.integers(1, 3), tenths=st.integers(1, 80), seed=st.integers(0, 99),
    cuts=st.lists(st.integers(1000, 100_000), min_size=1, max_size=4),
)  # fmt: skip
def test_is_that_of_pyloudnorm_however_the_signal_is_cut(
    rate: int, channels: int, tenths: int, seed: int, cuts: list[int]
) -> None:
    # pyloudnorm takes a last block that is not whole for one, against the standard.
    x = bursts(rate, channels, tenths / 10, seed)
    found = measured(x, rate, cuts).integrated
    if x.shape[1] < 0.4 * rate:
        assert found == float("-inf")
    else:
        reference = pyloudnorm.Meter(rate)
        expected = reference.integrated_loudness(x.T.astype(np.float64))
        blocks = np.array(reference.blockwise_loudness)
        gate = 10 * np.log10(np.mean(10 ** (blocks[blocks > -70] / 10))) - 10
        assume(np.abs(blocks - gate).min() > 0.01)  # its blocks begin a sample early now and then
        assert found == expected or abs(found - expected) < 0.02


def sine(level: float, seconds: float, channels: int = 2, rate: int = 48_000, hz: float = 1000) -> Samples:
    x = 10 ** (level / 20) * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)
    return np.tile(x, (channels, 1)).astype(np.float32)


@pytest.mark.parametrize(
    ("parts", "lufs"),
    [
        ([(-23, 20)], -23), ([(-33, 20)], -33), ([(-36, 10), (-23, 60), (-36, 10)], -23),
        ([(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)], -23), ([(-26, 20), (-20, 20.1), (-26, 20)], -23),
    ],
)  # fmt: skip
def test_signals_of_the_ebu(parts: list[tuple[float, float]], lufs: float) -> None:
    """EBU Tech 3341, table 1, cases 1 to 5: within 0.1 LU."""
    x = np.concatenate([sine(*part) for part in parts], axis=1)
    assert abs(measured(x, 48_000, [65_536]).integrated - lufs) < 0.1


def test_surround_counts_more_and_low_frequency_effects_not_at_all() -> None:
    """EBU Tech 3341, case 6: -28, -28, -24 and -30, -30 dBFS in L, R, C and Ls, Rs are -23 LUFS."""
    levels = {"FL": -28, "FR": -28, "FC": -24, "LFE": 0, "BL": -30, "BR": -30}
    x = np.concatenate([sine(level, 20, 1) for level in levels.values()])
    assert abs(measured(x, 48_000, [65_536]).integrated + 23) < 0.1
    assert abs(measured(x, 48_000, [65_536], mask=0x60F).integrated + 23) < 0.1


def test_true_peak_lies_between_the_samples() -> None:
    """A sine of a quarter of the rate, at 45 degrees: its samples are 3 dB below its peak (EBU Tech 3341, case 16)."""
    t = np.arange(48_000)
    x = (0.5 * np.sin(np.pi / 2 * t + np.pi / 4) * np.hanning(48_000))[None].astype(np.float32)
    found = measured(x, 48_000, [999]).true_peak
    assert abs(found + 6.02) < 0.2
    assert measured(np.zeros((1, 5000), np.float32), 48_000, [999]) == Loudness(float("-inf"), float("-inf"))


@settings(max_examples=25)
@given(
    rate=st.sampled_from((*RATES, 192_000)), channels=st.integers(1, 2), samples=st.integers(1, 30_000),
    ceiling=st.floats(-20, 0), seed=st.integers(0, 99), cuts=st.lists(st.integers(1, 9000), min_size=1, max_size=4),
)  # fmt: skip
def test_the_limiter_keeps_its_ceiling_the_length_and_what_is_below(
    rate: int, channels: int, samples: int, ceiling: float, seed: int, cuts: list[int]
) -> None:
    x = bursts(rate, channels, samples / rate, seed)[:, :samples] * 3
    limiter, out, start, turn = PeakLimiter(rate, channels=channels, ceiling=ceiling), [], 0, 0
    while start < x.shape[1]:
        size = cuts[turn % len(cuts)]
        out.append(limiter.process(x[:, start : start + size]))
        start, turn = start + size, turn + 1
    y = np.concatenate([*out, limiter.flush()], axis=1)
    assert y.shape == x.shape
    highest = 10 ** (ceiling / 20)
    assert np.abs(y).max() <= highest * 1.0001
    assert measured(y, rate, [9999]).true_peak <= ceiling + 0.05
    assert (np.abs(y) <= np.abs(x) * 1.0001).all()
    assert (x * y >= 0).all()
    if np.abs(x).max() < 0.3 * highest:
        np.testing.assert_array_equal(x, y)
        assert limiter.most == 0
