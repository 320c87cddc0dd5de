"""Ideal masks, seam, shaping."""

import numpy as np
import pytest
import scipy.signal
from hypothesis import given
from hypothesis import strategies as st
from phaseaware.engine.masks import (
    SEAM_BIN,
    SEAM_HZ,
    SEAM_WIDTH,
    IdealMask,
    Render,
    auditory_bands,
    ideal_mask,
    seam_weights,
    shape_mask,
)  # fmt: skip
from phaseaware.engine.metrics import si_sdr
from phaseaware.engine.stft import BINS, bin_frequencies, istft, stft

from tests.signals import voice_like

REAL_IN_01 = [IdealMask.IRM, IdealMask.WIENER, IdealMask.PSM, IdealMask.IAM_CLIPPED]


@pytest.fixture(scope="module")
def stems():
    rng = np.random.default_rng(3)
    speech = voice_like(rng, 96_000)
    noise = scipy.signal.lfilter([1], [1, -0.97], rng.standard_normal(96_000)).astype(np.float32)  # dull, like traffic
    noise *= np.linalg.norm(speech) / np.linalg.norm(noise)
    return speech, noise


@pytest.fixture(scope="module")
def result(stems):
    """SI-SDR in dB of every ideal mask's output."""
    speech, noise = stems
    S, V = stft(speech), stft(noise)

    def score(kind, **options):
        return si_sdr(istft(ideal_mask(kind, S, V, **options) * (S + V), len(speech)), speech)

    return score


def test_seam_is_bin_128():
    assert SEAM_BIN == 128
    assert bin_frequencies()[SEAM_BIN] == SEAM_HZ
    w = seam_weights()
    assert (w[: SEAM_BIN - SEAM_WIDTH] == 1).all()
    assert (w[SEAM_BIN:] == 0).all()
    assert (np.diff(w[SEAM_BIN - SEAM_WIDTH - 1 : SEAM_BIN + 1]) < 0).all()


@pytest.mark.parametrize("kind", REAL_IN_01)
def test_real_masks_are_real_and_between_0_and_1(stems, kind):
    M = ideal_mask(kind, *map(stft, stems))
    assert (M.imag == 0).all()
    assert M.real.min() >= 0
    assert M.real.max() <= 1


def test_complex_mask_gives_back_the_speech(stems, result):
    assert result(IdealMask.COMPLEX) > 60


def test_order_of_the_ceilings(result):
    """The article's claim for ideal masks: ratio mask < best real mask < hybrid; a bound of one costs."""
    irm, psm, hybrid = (result(kind) for kind in (IdealMask.IRM, IdealMask.PSM, IdealMask.HYBRID))
    bounded, nearly = result(IdealMask.HYBRID, max_magnitude=1.0), result(IdealMask.HYBRID, max_magnitude=5.0)
    assert irm < psm < bounded < nearly <= hybrid
    assert hybrid > psm + 8


def test_phase_sensitive_mask_is_the_best_real_mask(stems):
    """Moving any bin's gain within [0, 1] away from it cannot come closer to the speech."""
    S, V = map(stft, stems)
    M = ideal_mask(IdealMask.PSM, S, V)
    best = np.abs(M * (S + V) - S)
    for other in (np.clip(M.real + 0.05, 0, 1), np.clip(M.real - 0.05, 0, 1), 0.5):
        assert (np.abs(other * (S + V) - S) >= best - 1e-4).all()


@pytest.mark.parametrize("kind", IdealMask)
def test_silence_gives_no_nan(kind):
    zero = np.zeros((3, BINS), np.complex64)
    assert (ideal_mask(kind, zero, zero) == 0).all()
    one = np.ones((3, BINS), np.complex64)
    assert np.isfinite(ideal_mask(kind, one, -one)).all()  # total cancellation: nothing can be undone


def test_ratio_masks_by_their_formulas():
    S, V = np.full((1, BINS), 3j, np.complex64), np.full((1, BINS), 4, np.complex64)
    np.testing.assert_allclose(ideal_mask(IdealMask.IRM, S, V), 3 / 7, rtol=1e-6)
    np.testing.assert_allclose(ideal_mask(IdealMask.WIENER, S, V), 3 / 5, rtol=1e-6)


def test_hybrid_is_complex_below_and_real_above_the_seam(stems):
    S, V = map(stft, stems)
    hybrid = ideal_mask(IdealMask.HYBRID, S, V)
    low, high = slice(0, SEAM_BIN - SEAM_WIDTH), slice(SEAM_BIN, None)
    np.testing.assert_array_equal(hybrid[:, low], ideal_mask(IdealMask.COMPLEX, S, V)[:, low])
    np.testing.assert_array_equal(hybrid[:, high], ideal_mask(IdealMask.PSM, S, V)[:, high])


def test_max_magnitude_keeps_the_angle(stems):
    S, V = map(stft, stems)
    free, bounded = ideal_mask("complex", S, V), ideal_mask("complex", S, V, max_magnitude=0.7)
    assert np.abs(bounded).max() <= 0.7001
    inside = np.abs(free) > 1e-3
    assert np.abs(np.angle(bounded[inside] * free[inside].conj())).max() < 1e-3


def test_bad_requests_are_named(stems):
    S, V = map(stft, stems)
    with pytest.raises(ValueError, match="'best'"):
        ideal_mask("best", S, V)
    with pytest.raises(ValueError, match=r"speech\.shape"):
        ideal_mask("irm", S, V[1:])


def test_bands_interpolate():
    bands = auditory_bands(120, 32)
    assert bands.shape == (BINS - 120, 32)
    np.testing.assert_allclose(bands.sum(axis=1), 1, atol=1e-6)
    assert bands[0, 0] == 1
    assert bands[-1, -1] == 1


def test_bands_are_equally_spaced_by_ear():
    """ERB-numbers of 984.4 Hz and 24 kHz: 15.5 and 43.3 (Glasberg and Moore's table: 15.6 at 1 kHz)."""
    place = auditory_bands(0, 101)[21] @ np.arange(101)
    assert place == pytest.approx(100 * 15.50 / 43.33, abs=0.05)


M_VALUES = st.complex_numbers(max_magnitude=20, allow_nan=False, allow_infinity=False)


def mask_of(value):
    return np.full((1, BINS), value, np.complex64)


@given(M_VALUES)
def test_neutral_render_changes_nothing(value):
    M = mask_of(value)
    assert shape_mask(M, Render()) is M


@given(M_VALUES, st.floats(0, 2), st.floats(0, 2), st.floats(0, 100), st.floats(0, 1))
def test_shaping_leaves_a_mask_of_one_alone_and_removed_is_the_rest(value, low, high, limit, mix):
    render = Render(strength_low=low, strength_high=high, reduction_db=limit, mix=mix)
    np.testing.assert_allclose(shape_mask(mask_of(1), render), 1, atol=1e-5)
    kept = shape_mask(mask_of(value), render)
    rest = shape_mask(mask_of(value), Render(**{**vars(render), "output": "removed"}))
    np.testing.assert_allclose(kept + rest, 1, atol=2e-5 * max(1, abs(value)))


@pytest.mark.parametrize("render", [Render(strength_low=0, strength_high=0), Render(mix=0), Render(reduction_db=0)])
def test_three_ways_to_dry(render):
    np.testing.assert_allclose(shape_mask(mask_of(0.1 - 0.3j), render), 1, atol=1e-6)
    np.testing.assert_allclose(shape_mask(mask_of(0), render), 1, atol=1e-6)


def test_reduction_limit_is_reached_where_the_mask_is_nought():
    M = shape_mask(mask_of(0), Render(reduction_db=12))
    np.testing.assert_allclose(20 * np.log10(np.abs(M)), -12, atol=1e-4)


def test_mix_is_a_share():
    np.testing.assert_allclose(shape_mask(mask_of(-1), Render(mix=0.25)), 0.5, atol=1e-6)


def test_strength_scales_decibels_and_rotation():
    M = mask_of(0.1 * np.exp(1j))
    half = shape_mask(M, Render(strength_low=0.5, strength_high=0.5))
    np.testing.assert_allclose(np.abs(half), 0.1**0.5, rtol=1e-5)
    np.testing.assert_allclose(np.angle(half), 0.5, atol=1e-5)
    double = shape_mask(M, Render(strength_low=2, strength_high=2))
    np.testing.assert_allclose(double, 0.01 * np.exp(1j), rtol=1e-4)
    np.testing.assert_allclose(np.abs(shape_mask(mask_of(3j), Render(strength_low=2, strength_high=2))), 3, rtol=1e-5)


def test_strength_acts_on_its_own_side_of_the_seam():
    M = shape_mask(mask_of(0.5), Render(strength_low=0))
    np.testing.assert_allclose(M[0, : SEAM_BIN - SEAM_WIDTH], 1, atol=1e-6)
    np.testing.assert_allclose(M[0, SEAM_BIN:], 0.5, atol=1e-6)


@pytest.mark.parametrize(
    "wrong", [{"mask": "magic"}, {"output": "both"}, {"mix": 1.5}, {"strength_low": -1}, {"strength_high": True},
              {"reduction_db": float("nan")}, {"reduction_db": -3}, {"mix": "1"}],
)  # fmt: skip
def test_render_refuses_by_name(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Render(**wrong)
