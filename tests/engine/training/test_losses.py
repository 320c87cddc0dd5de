"""What the loss prefers."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the [train] extra")

from phaseaware.engine.training.config import Loss  # noqa: E402
from phaseaware.engine.training.intelligibility import intelligibility  # noqa: E402
from phaseaware.engine.training.losses import enhancement_loss  # noqa: E402

from tests.signals import voice_like  # noqa: E402


@pytest.mark.parametrize("step", range(4))
def test_loss_orders_estimates(step):
    """Perfect < slightly noisy < noisy, and less than the speech costs as more than it does."""
    rng = np.random.default_rng(7)
    s = torch.from_numpy(voice_like(rng, 24_000)[None])
    v = 0.05 * torch.randn(1, 24_000, generator=torch.Generator().manual_seed(1))
    loss = [float(enhancement_loss(s + g * v, s, s + v, Loss(), step=step)) for g in (0.0, 0.1, 1.0)]
    assert loss == sorted(loss)
    quiet, loud, right = (float(enhancement_loss(g * s, s, s + v, Loss(), step=step)) for g in (0.7, 1.4, 1.0))
    assert right < min(quiet, loud)
    scaled = float(enhancement_loss(0.01 * (s + 0.1 * v), 0.01 * s, 0.01 * (s + v), Loss(), step=step))
    assert scaled == pytest.approx(loss[1], rel=1e-2)


def test_loss_counts_intelligibility_in_every_second_step():
    rng = np.random.default_rng(7)
    s = torch.from_numpy(voice_like(rng, 48_000)[None])
    noisy = s + 0.1 * torch.randn(1, 48_000, generator=torch.Generator().manual_seed(1))
    without, with_it = (
        [float(enhancement_loss(noisy, s, noisy, Loss(intelligibility=w), step=step)) for step in range(4)]
        for w in (0.0, 1.0)
    )
    found = float(intelligibility(noisy, s))
    assert np.subtract(without, with_it) == pytest.approx([2 * found, 0, 2 * found, 0], abs=1e-3)


def test_loss_counts_lost_speech_more_than_noise_left():
    """Of two errors with the same compressed distance."""
    rng = np.random.default_rng(4)
    s = torch.from_numpy(voice_like(rng, 24_000))[None]
    less, more = ((1 + d) ** (1 / 0.3) * s for d in (-0.1, 0.1))
    only = {"complex": 0.0, "sdr": 0.0, "perceptual": 0.0}
    evenly, weighed = (
        [float(enhancement_loss(y, s, s, Loss(undershoot=u, **only))) for y in (less, more)] for u in (0.0, 2.0)
    )
    assert evenly[0] == pytest.approx(evenly[1], rel=1e-3)
    assert weighed == pytest.approx([3 * evenly[0], evenly[1]], rel=1e-3)


def test_where_the_phase_stays_noisy_it_costs_nothing():
    """So that the best magnitude there is the speech's, and not what is left of it by a wrong phase."""
    n = torch.arange(24_000) / 48_000
    only = {"sdr": 0.0, "perceptual": 0.0, "phase_to_hz": 6_000.0}
    for hertz, counts in ((1_000, True), (12_000, False)):
        right, turned = (0.1 * torch.sin(2 * np.pi * hertz * n + phase)[None] for phase in (0.0, 1.5))
        errors = [float(enhancement_loss(g * turned, right, right, Loss(**only), step=1)) for g in (0.2, 0.5, 1.0)]
        best = float(enhancement_loss(right, right, right, Loss(**only), step=1))
        assert (errors[2] > 10 * best + 0.1) == counts
        assert counts or errors == sorted(errors, reverse=True)


def test_a_wrong_phase_is_not_cheap_where_magnitudes_too_low_are():
    """What leaves less noise between words says nothing of the phase."""
    n = torch.arange(24_000) / 48_000
    right, turned = (torch.sin(2 * np.pi * 1_000 * n + phase)[None] * 0.1 for phase in (0.0, 1.5))

    def cost_of_turning(**weights: float) -> float:
        loss = Loss(sdr=0.0, perceptual=0.0, **weights)
        return float(
            enhancement_loss(0.5 * turned, right, right, loss) - enhancement_loss(0.5 * right, right, right, loss)
        )

    whole = cost_of_turning(undershoot=0.0, undershoot_complex=0.0)
    assert whole > 1
    assert cost_of_turning(undershoot=-0.6, undershoot_complex=0.0) == pytest.approx(whole, rel=0.05)
    assert cost_of_turning(undershoot=-0.6, undershoot_complex=-0.6) < 0.5 * whole


@pytest.mark.parametrize("samples", [12_000, 48_000])
@pytest.mark.parametrize("step", range(4))
def test_loss_has_gradients_for_silence_and_clean(step, samples):
    for target in (torch.zeros(2, samples), torch.rand(2, samples)):
        noisy = torch.rand(2, samples)
        y = (0.5 * noisy).requires_grad_()
        enhancement_loss(y, target, noisy, Loss(intelligibility=1.0), step=step).backward()
        assert torch.isfinite(y.grad).all()
        assert y.grad.abs().sum() > 0
