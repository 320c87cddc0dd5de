"""Frames: exact inverse, streaming, agreement with scipy, phase convention."""

from itertools import pairwise

import numpy as np
import pytest
import scipy.signal
from hypothesis import given
from hypothesis import strategies as st
from phaseaware.engine.stft import (
    BINS,
    FRAME_LENGTH,
    HOP,
    SAMPLE_RATE,
    Analysis,
    Synthesis,
    bin_frequencies,
    convert_phase,
    frame_count,
    istft,
    stft,
    window,
)  # fmt: skip


def decibel(x, reference):
    return 20 * np.log10(np.linalg.norm(x) / np.linalg.norm(reference) + 1e-30)


@pytest.mark.parametrize("samples", [1, 2, 511, 512, 513, 1023, 1024, 1025, 48_000])
def test_inverse_is_exact(rng, samples):
    x = rng.standard_normal((2, samples)).astype(np.float32)
    y = istft(stft(x), samples)
    assert y.shape == x.shape
    assert decibel(y - x, x) < -120


def test_window_satisfies_overlap_add():
    w = window().astype(float)
    np.testing.assert_allclose(w[:HOP] ** 2 + w[HOP:] ** 2, 1, atol=1e-6)


def test_equals_scipy(rng):
    x = rng.standard_normal(20_000).astype(np.float32)
    oracle = scipy.signal.ShortTimeFFT(window().astype(float), HOP, SAMPLE_RATE, phase_shift=None)
    frames = frame_count(len(x))
    # scipy centres slice p on sample p·H and, with phase_shift=None, refers its phase to the first sample of the slice.
    expected = oracle.stft(x, p0=0, p1=frames).T
    np.testing.assert_allclose(stft(x), expected, atol=2e-5)
    np.testing.assert_allclose(bin_frequencies(), oracle.f)


@given(st.lists(st.integers(0, 2000), max_size=12), st.integers(1, 3))
def test_streaming_equals_whole(sizes, channels):
    x = np.random.default_rng(1).standard_normal((channels, sum(sizes))).astype(np.float32)
    analysis, synthesis = Analysis(channels), Synthesis(channels)
    edges = np.cumsum([0, *sizes])
    spectra = [analysis.process(x[:, a:b]) for a, b in pairwise(edges)]
    whole = stft(x)
    streamed = np.concatenate([np.empty((channels, 0, BINS), np.complex64), *spectra], axis=1)
    np.testing.assert_array_equal(streamed, whole[:, : streamed.shape[1]])
    assert streamed.shape[1] == x.shape[1] // HOP
    out = [synthesis.process(s) for s in spectra]
    y = np.concatenate([np.empty((channels, 0), np.float32), *out], axis=1)[:, HOP:]
    np.testing.assert_allclose(y, x[:, : y.shape[1]], atol=1e-5)


def test_conversion_is_its_own_inverse_and_continues_across_blocks(rng):
    X = stft(rng.standard_normal(10_000).astype(np.float32))
    np.testing.assert_array_equal(convert_phase(convert_phase(X)), X)
    for cut in (1, 2, 7):
        parts = [convert_phase(X[:cut]), convert_phase(X[cut:], first_frame=cut)]
        np.testing.assert_array_equal(np.concatenate(parts), convert_phase(X))


def test_conversion_equals_its_formula(rng):
    X = stft(rng.standard_normal(6000).astype(np.float32))
    n, k = np.arange(len(X))[:, None], np.arange(BINS)
    factor = np.exp(-2j * np.pi * k * n * HOP / FRAME_LENGTH) * np.exp(1j * np.pi * k)
    np.testing.assert_allclose(convert_phase(X), X * factor, atol=1e-3)


@pytest.mark.parametrize("offset", [0.0, 0.25, 0.5])
def test_tone_turns_slowly_after_conversion(offset):
    """A steady tone drifts by at most πH/N = π/2 per frame, not at all at a bin centre.

    Neighbouring bins drift at rates that differ by 2πH/N = π, so they agree in even frames and oppose in odd ones.
    """
    k = 50
    t = np.arange(40 * HOP)
    x = np.cos(2 * np.pi * (k + offset) * t / FRAME_LENGTH + 0.3).astype(np.float32)
    X = convert_phase(stft(x))[3:30]
    per_frame = np.angle(X[1:, k] * X[:-1, k].conj())
    np.testing.assert_allclose(per_frame, 2 * np.pi * offset * HOP / FRAME_LENGTH, atol=1e-3)
    assert np.abs(per_frame).max() <= np.pi / 2 + 1e-3
    agreement = (X[:, k] * X[:, k + 1].conj()) * (-1.0) ** np.arange(3, 30)
    np.testing.assert_allclose(np.angle(agreement), 0, atol=2e-2)


def test_masks_do_not_see_the_conversion(rng):
    S, X = (stft(rng.standard_normal(5000).astype(np.float32)) for _ in range(2))
    np.testing.assert_allclose(convert_phase(S) / convert_phase(X), S / X, rtol=1e-4)


def test_inverse_refuses_more_than_the_frames_hold():
    X = stft(np.zeros(1000, np.float32))
    assert istft(X, 1024).shape == (1024,)
    with pytest.raises(ValueError, match="samples=1025 is more than 1024, as far as 3 frames reach"):
        istft(X, 1025)
