"""Mixtures: made anew, the same for the same seed, with the ratios asked for."""

import numpy as np
import pytest
from phaseaware.engine.training.augment import active_rms, rms
from phaseaware.engine.training.config import Data
from phaseaware.engine.training.corpus import Corpus
from phaseaware.engine.training.mixing import Mixtures

from tests.signals import voice_like


def test_examples_depend_on_seed_and_index_only(corpus):
    a, b = Mixtures(corpus, Data(), 1), Mixtures(corpus, Data(), 1)
    for i in (3, 0, 3):
        np.testing.assert_array_equal(a(i), b(i))
    assert not np.array_equal(a(0), a(1))
    assert not np.array_equal(a(0), Mixtures(corpus, Data(), 2)(0))


def test_examples_are_sound(corpus):
    mixtures = Mixtures(corpus, Data(seconds=1.0, segments=1, clean_only=0.2, noise_only=0.2), 1)
    examples = [mixtures(i) for i in range(60)]
    assert all(np.isfinite(noisy).all() and np.isfinite(target).all() for noisy, target in examples)
    assert any(rms(noisy - target) < 1e-4 * rms(target) for noisy, target in examples if target.any())
    assert any(not target.any() and noisy.any() for noisy, target in examples)
    levels = [20 * np.log10(np.sqrt(np.mean(noisy**2))) for noisy, _ in examples if noisy.any()]
    assert min(levels) < -40
    assert max(levels) > -20


@pytest.mark.parametrize(("nearly_clean", "lowest", "highest"), [(0.0, -5, 20), (1.0, 20, 50)])
def test_mixtures_have_the_ratios_asked_for(corpus, nearly_clean, lowest, highest):
    data = Data(seconds=1.0, segments=1, clean_only=0.0, noise_only=0.0, nearly_clean=nearly_clean)
    mixtures = Mixtures(corpus, data, 1)
    ratios = []
    for i in range(12):
        noisy, target = mixtures(i)
        ratios.append(20 * np.log10(active_rms(target) / rms(noisy - target)))
    assert lowest - 0.1 < min(ratios) < max(ratios) < highest + 0.1
    assert max(ratios) - min(ratios) > 10


def test_the_noise_of_a_recording_is_noise(corpus, monkeypatch, rng):
    """A voice with hiss in its pauses: none is in the target, and all of it in the mixture."""
    x = (voice_like(rng, 96_000) * (np.arange(96_000) % 24_000 < 18_000)).astype(np.float32)
    hiss = 0.01 * x.std() * rng.standard_normal(96_000).astype(np.float32)
    monkeypatch.setattr(Corpus, "read", lambda *_: x + hiss)
    data = Data(seconds=2.0, segments=1, clean_only=1.0, noise_only=0.0, narrow_band_speech=0.0, speech_speed=0.0,
                low_pass=0.0, speech_room=0.0, speech_eq=0.0)  # fmt: skip
    noisy, target = Mixtures(corpus, data, 1)(0)
    level = active_rms(target) / rms(noisy - target)
    assert 30 < 20 * np.log10(level) < 50
