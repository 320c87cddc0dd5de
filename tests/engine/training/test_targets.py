"""Targets without noise in their pauses."""

import numpy as np
import pytest
from phaseaware.engine.metrics import si_sdr
from phaseaware.engine.training.targets import cleaned, floor_db, without_floor

from tests import fakes
from tests.signals import voice_like


@pytest.fixture
def voice(rng):
    x = voice_like(rng, 96_000)
    x[40_000:60_000] = 0
    return x


@pytest.fixture
def hiss(voice, rng):
    """The voice with noise 34 dB below it."""
    return voice + 0.02 * voice.std() * rng.standard_normal(len(voice)).astype(np.float32)


def test_floor_is_the_noise_in_the_pauses(voice, hiss):
    assert floor_db(voice, 48_000) < -45
    assert -40 < floor_db(hiss, 48_000) < -25
    assert floor_db(np.zeros(48_000, np.float32), 48_000) == -np.inf


def test_only_noisy_speech_is_cleaned(voice, hiss, tmp_path):
    path = tmp_path / "half.onnx"
    fakes.constant_model(path, masks={"mask_phase_aware": 0.5})
    clips = [("speech", "ann", 48_000, voice), ("speech", "ann", 48_000, hiss), ("noise", "fan", 48_000, hiss)]
    made = list(cleaned(clips, path))
    assert made[0][3] is voice
    np.testing.assert_allclose(made[1][3], 0.5 * hiss, atol=1e-4)
    assert made[2][3] is hiss


@pytest.mark.parametrize("level", [1e-3, 1.0])
def test_steady_noise_is_taken_from_the_pauses_and_the_speech_stays(voice, hiss, level):
    y = without_floor(level * hiss) / level
    pause = slice(42_000, 58_000)
    assert np.std(y[pause]) < 0.1 * np.std(hiss[pause])
    assert si_sdr(y, voice) > si_sdr(hiss, voice)
    assert si_sdr(without_floor(level * voice), voice) > 40


def test_without_a_pause_nothing_is_taken_away(rng):
    steady = rng.standard_normal(48_000).astype(np.float32)
    for x in (steady, np.zeros(48_000, np.float32)):
        assert without_floor(x) is x
