"""Noises made by formulas."""

import numpy as np
import pytest
from phaseaware.engine.training import noises


@pytest.mark.parametrize("generator", noises.GENERATORS, ids=lambda g: g.__name__)
def test_generated_noises(rng, generator):
    for samples in (48_000, 100_001):
        x = generator(rng, samples)
        assert x.shape == (samples,)
        assert np.isfinite(x).all()
        assert x.std() > 0


@pytest.mark.parametrize("seed", range(5))
def test_rumble_is_low(seed):
    x = noises.rumble(np.random.default_rng(seed), 96_000)
    power = np.abs(np.fft.rfft(x)) ** 2
    low = np.fft.rfftfreq(len(x), 1 / 48_000) < 160
    assert power[low].sum() > 0.9 * power.sum()
