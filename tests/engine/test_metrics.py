"""Metrics: their definitions' invariants."""

import numpy as np
import pytest
from phaseaware.engine.metrics import (
    band_pass,
    dnsmos,
    estoi,
    frame_powers,
    log_spectral_distance,
    pesq_wb,
    si_sdr,
    spectral_distance,
)  # fmt: skip

from tests.signals import voice_like


@pytest.fixture
def speech(rng):
    return voice_like(rng, 96_000)


@pytest.mark.parametrize("snr", [-5, 0, 20])
def test_si_sdr_of_orthogonal_noise_is_the_snr(rng, speech, snr):
    s = speech - speech.mean()
    v = rng.standard_normal(len(s))
    v -= v.mean()
    v -= (v @ s) / (s @ s) * s
    v *= np.linalg.norm(s) / np.linalg.norm(v) * 10 ** (-snr / 20)
    for gain in (0.1, 1, -3):
        assert si_sdr(gain * (s + v), s) == pytest.approx(snr, abs=1e-3)


def test_si_sdr_limits(speech):
    assert si_sdr(speech, speech) == np.inf or si_sdr(speech, speech) > 200
    assert np.isnan(si_sdr(np.zeros_like(speech), speech))
    assert si_sdr(speech.astype(float) + 0.3, speech) > 100  # an offset is no distortion
    with pytest.raises(ValueError, match="equal length"):
        si_sdr(speech, speech[1:])


def test_band_si_sdr_hears_its_band_only(rng, speech):
    hiss = band_pass(rng.standard_normal(len(speech)), 8000, 20_000).astype(np.float32) * 0.1
    assert si_sdr(speech + hiss, speech, band=(0, 6000)) > 100
    assert si_sdr(speech + hiss, speech, band=(6000, 24_000)) < 10


def test_bands_add_up(rng):
    x = rng.standard_normal(9600)  # 5000 Hz is the middle of a bin, which belongs to one band only
    np.testing.assert_allclose(band_pass(x, 0, 5000) + band_pass(x, 5000, 24_001), x, atol=1e-9)


def test_log_spectral_distance_of_a_gain_is_its_decibels(rng):
    x = rng.standard_normal(48_000)  # white: hardly a bin falls below the floor
    assert log_spectral_distance(x, x) == 0
    assert log_spectral_distance(0.5 * x, x) == pytest.approx(20 * np.log10(2), abs=1e-2)
    with pytest.raises(ValueError, match="fewer than one frame"):
        log_spectral_distance(x[:100], x[:100])


def test_log_spectral_distance_ends_80_db_down():
    click = np.zeros(2048)
    click[1024] = 1
    assert log_spectral_distance(np.zeros(2048), click) == pytest.approx(80)


def test_log_spectral_distance_keeps_a_tone_in_its_band(rng):
    hiss = 0.01 * rng.standard_normal(48_000)
    tone = np.sin(2 * np.pi * 10_500.7 / 48_000 * np.arange(48_000))
    assert log_spectral_distance(hiss + 2 * tone, hiss + tone) < 0.05


def test_perceptual_metrics_fall_with_noise(rng, speech):
    pytest.importorskip("pesq")
    pytest.importorskip("pystoi")
    noisier = speech + 0.1 * rng.standard_normal(len(speech))
    slightly = speech + 0.003 * rng.standard_normal(len(speech))
    for metric in (pesq_wb, estoi):
        assert metric(noisier, speech) < metric(slightly, speech) <= metric(speech, speech) + 1e-9


def test_perceptual_metrics_take_the_estimate_first(rng, speech):
    """As the packages themselves judge, which take the reference first; at 16 kHz nothing is converted."""
    pesq, pystoi = pytest.importorskip("pesq"), pytest.importorskip("pystoi")
    s = speech[::3].astype(np.float64)
    y = s + 0.02 * rng.standard_normal(len(s))
    assert pesq_wb(y, s, 16_000) == pytest.approx(pesq.pesq(16_000, s, y, "wb"), abs=1e-3)
    assert estoi(y, s, 16_000) == pytest.approx(pystoi.stoi(s, y, 16_000, extended=True))


def test_dnsmos_falls_with_noise_and_hears_a_repeated_sound_as_itself(rng, speech):
    pytest.importorskip("speechmos")
    noise = rng.standard_normal(len(speech))
    much, little = (dnsmos((speech + gain * noise).astype(np.float32)) for gain in (0.1, 0.001))
    assert much.bak < little.bak
    assert much.ovrl < little.ovrl
    assert all(1 <= score <= 5 for score in (*much, *little))
    assert dnsmos(np.tile(speech, 2)) == pytest.approx(dnsmos(speech), abs=0.05)
    with pytest.raises(ValueError, match="not one dimension"):
        dnsmos(speech[:0])


def test_the_frames_of_a_sound_serve_for_every_band(rng, speech):
    noisy = speech + 0.01 * rng.standard_normal(len(speech))
    known = frame_powers(noisy), frame_powers(speech)
    frames = range(0, len(speech) - 2047, 512)
    assert known[0].shape == (len(frames), 1025)
    w = np.hanning(2049)[:-1]
    whole = np.abs(np.fft.rfft(np.stack([speech[i : i + 2048] for i in frames]) * w)) ** 2
    np.testing.assert_allclose(known[1], whole, rtol=1e-9, atol=1e-12)
    for band in ((0, 6000), (6000, 24_000)):
        assert spectral_distance(*known, band=band) == log_spectral_distance(noisy, speech, band=band)
