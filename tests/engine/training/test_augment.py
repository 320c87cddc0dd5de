"""Changes of speech and noise, by their measured effect."""

import numpy as np
from phaseaware.engine.training.augment import roll_off
from scipy import signal


def test_roll_off_falls_by_its_slope(rng):
    x = rng.standard_normal(96_000).astype(np.float32)
    frequencies, before = signal.welch(x, 48_000, nperseg=2048)
    _, after = signal.welch(roll_off(x, 500.0, 12.0, 48_000), 48_000, nperseg=2048)
    gain = 10 * np.log10(after / before)
    np.testing.assert_allclose(gain[(frequencies > 50) & (frequencies < 450)], 0, atol=0.1)
    for octaves in (1, 2, 4):
        np.testing.assert_allclose(gain[np.searchsorted(frequencies, 500 * 2**octaves)], -12 * octaves, atol=1)
