"""The intelligibility term against ESTOI."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the [train] extra")

from phaseaware.engine.metrics import estoi  # noqa: E402
from phaseaware.engine.training.intelligibility import intelligibility  # noqa: E402

from tests.signals import voice_like  # noqa: E402


@pytest.mark.parametrize("pause", [0.0, 1.0])
@pytest.mark.parametrize("noise", [0.1, 0.5, 2.0])
def test_intelligibility_is_estoi(noise, pause):
    """Within 0.03 of the score of pystoi, pauses or not; the level does not matter."""
    pytest.importorskip("pystoi", reason="needs the [eval] extra")
    rng = np.random.default_rng(5)
    speech = np.concatenate(
        [voice_like(rng, 96_000), np.zeros(int(pause * 48_000), np.float32), voice_like(rng, 96_000)]
    )
    estimate = speech + np.float32(noise * speech.std()) * rng.standard_normal(len(speech)).astype(np.float32)
    found = intelligibility(0.3 * torch.from_numpy(estimate)[None], torch.from_numpy(speech)[None])
    assert float(found) == pytest.approx(estoi(estimate, speech, 48_000), abs=0.03)


def test_intelligibility_of_itself_is_one():
    speech = torch.from_numpy(voice_like(np.random.default_rng(5), 48_000)[None])
    assert float(intelligibility(speech, speech)) == pytest.approx(1, abs=1e-3)


def test_intelligibility_of_too_little_sound_is_nought():
    speech = torch.from_numpy(voice_like(np.random.default_rng(5), 15_000)[None])
    assert float(intelligibility(speech, speech)) == 0
