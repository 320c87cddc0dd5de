"""The perceptual term against PESQ."""

import numpy as np
import pytest
from scipy import signal

torch = pytest.importorskip("torch", reason="needs the [train] extra")

from phaseaware.engine.metrics import pesq_wb  # noqa: E402
from phaseaware.engine.training.perceptual import disturbance  # noqa: E402

from tests.signals import voice_like  # noqa: E402


@pytest.mark.parametrize("noise", [0.02, 0.1, 0.5])
@pytest.mark.parametrize("kind", ["white", "dull", "lost"])
def test_disturbance_is_pesqs(noise, kind):
    """Within 0.15 of the score of the pesq package, for added noise and for lost bands; the level does not matter."""
    pytest.importorskip("pesq", reason="needs the [eval] extra")
    rng = np.random.default_rng(8)
    speech = voice_like(rng, 4 * 48_000)
    white = np.float32(noise * speech.std()) * rng.standard_normal(len(speech)).astype(np.float32)
    dull = signal.lfilter([0.05], [1, -0.95], white).astype(np.float32) * 3
    faded = signal.lfilter(*signal.butter(2, 4000 * (1 - noise), fs=48_000), speech).astype(np.float32)
    estimate = {"white": speech + white, "dull": speech + dull, "lost": faded}[kind]
    raw = 4.5 - float(disturbance(0.1 * torch.from_numpy(estimate)[None], torch.from_numpy(speech)[None]))
    mapped = 0.999 + 4 / (1 + np.exp(3.8224 - 1.3669 * raw))  # P.862.2
    assert mapped == pytest.approx(pesq_wb(estimate, speech, 48_000), abs=0.15)
