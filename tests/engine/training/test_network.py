"""What the network must keep: causality, streaming, levels, the kinds of its masks."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the [train] extra")

from phaseaware.engine.stft import convert_phase  # noqa: E402
from phaseaware.engine.training.network import MaskNet  # noqa: E402

from tests.engine.training.helpers import LOOKAHEADS, SMALL, small_network  # noqa: E402


@pytest.mark.parametrize("converts", [True, False])
@pytest.mark.parametrize("first", [1, 2, 7])
def test_the_network_hears_the_phases_that_the_engine_converts(first, converts):
    """In a stream too: its features of the latest frame point where `stft.convert_phase` turns that frame."""
    rng = np.random.default_rng(8)
    X = (rng.standard_normal((10, 513)) + 1j * rng.standard_normal((10, 513))).astype(np.complex64)
    network = small_network(phase_conversion=converts)
    state = network.zero_state()
    with torch.no_grad():
        for part in (X[:first], X[first : first + 2], X[first + 2 :]):
            _, state = network(torch.view_as_real(torch.tensor(part))[:, None], state)
    re, im = state["features"][-1, 0, :2].numpy()
    expected = (convert_phase(X) if converts else X)[-1, : len(re)]
    heard = re + 1j * im
    np.testing.assert_allclose(heard / np.abs(heard), expected / np.abs(expected), atol=1e-5)


@pytest.fixture(scope="module")
def network():
    return small_network()


@pytest.mark.parametrize("lookahead", LOOKAHEADS)
def test_network_is_causal(lookahead):
    """Frames after the one a mask belongs to, and its look-ahead, do not touch it; those before, and the last, do."""
    network = small_network(lookahead=lookahead)
    torch.manual_seed(1)
    X = torch.randn(30, 1, 513, 2)
    changed = X.clone()
    changed[12:] += 1
    with torch.no_grad():
        a, b = (network(x, network.zero_state())[0] for x in (X, changed))
    for head in a:
        torch.testing.assert_close(a[head][:12], b[head][:12])
        assert not torch.allclose(a[head][12], b[head][12])


@pytest.mark.parametrize("lookahead", LOOKAHEADS)
def test_masks_meet_the_frame_that_they_belong_to(lookahead):
    """A frame is seen by the decoder's skip connections and the taps when its own mask is made, not before or after."""
    network = small_network(lookahead=lookahead, taps=())
    with torch.no_grad():  # without the trunk
        for name, p in network.named_parameters():
            if name.startswith("blocks"):
                p.zero_()
        X = torch.zeros(30, 1, 513, 2)
        before, _ = network(X, network.zero_state())
        X[5] = torch.randn(1, 513, 2)
        after, _ = network(X, network.zero_state())
    moved = (after["real"] - before["real"]).abs()[:, 0, : network.low_bins, 0].amax(1)
    touched = [int(t) for t in torch.nonzero(moved > 1e-4)]
    late = max(0, lookahead - 1)  # the trunk's own frame of look-ahead is among those of the first convolution
    assert touched[0] == 5 + late
    assert 5 + lookahead in touched


@pytest.mark.parametrize("lookahead", LOOKAHEADS)
def test_stream_in_pieces_is_the_stream(lookahead):
    network = small_network(lookahead=lookahead)
    torch.manual_seed(9)
    X = torch.randn(40, 2, 513, 2)
    with torch.no_grad():
        whole, last = network(X, network.zero_state(2))
        state, parts = network.zero_state(2), []
        for piece in X.split([1, 2, 17, 20]):
            masks, state = network(piece, state)
            parts.append(masks)
    for head, expected in whole.items():
        torch.testing.assert_close(torch.cat([p[head] for p in parts]), expected, atol=1e-5, rtol=1e-4)
    for name, expected in last.items():
        torch.testing.assert_close(state[name], expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("gain_db", [-40, -20, 20])
def test_level_does_not_matter(network, gain_db):
    """Quiet and loud recordings get the same masks, to what silence is told from."""
    torch.manual_seed(11)
    X = 0.3 * torch.randn(60, 1, 513, 2)
    with torch.no_grad():
        a, _ = network(X, network.zero_state())
        b, _ = network(X * 10 ** (gain_db / 20), network.zero_state())
    torch.testing.assert_close(a["real"], b["real"], atol=0.02, rtol=0)


def test_examples_of_a_batch_do_not_mix(network):
    torch.manual_seed(2)
    X = torch.randn(10, 3, 513, 2)
    with torch.no_grad():
        together, _ = network(X, network.zero_state(3))
        alone, _ = network(X[:, 1:2], network.zero_state())
    for head in together:
        torch.testing.assert_close(together[head][:, 1:2], alone[head], atol=1e-5, rtol=1e-4)


def test_masks_keep_their_kind(network):
    """Phase-aware: complex below the seam; real: in [0, 1] everywhere; above the seam both are the same gain."""
    torch.manual_seed(4)
    with torch.no_grad():
        masks, _ = network(torch.randn(50, 1, 513, 2) * 10, network.zero_state())
    assert masks["phase-aware"][:, :, : network.low_bins, 1].abs().max() > 1e-3
    assert not masks["phase-aware"][:, :, network.low_bins :, 1].any()
    real = masks["real"]
    torch.testing.assert_close(masks["phase-aware"][:, :, network.low_bins :], real[:, :, network.low_bins :])
    assert not real[..., 1].any()
    assert real[..., 0].min() >= 0
    assert real[..., 0].max() <= 1


def test_clamp_bounds_the_magnitude():
    highest = {}
    for clamp in (1.0, None):
        torch.manual_seed(5)
        network = MaskNet(replace(SMALL, clamp=clamp)).eval()
        with torch.no_grad():
            network.low_heads["phase-aware"].weight.mul_(50)
            masks, _ = network(torch.randn(30, 1, 513, 2) * 10, network.zero_state())
        highest[clamp] = float(masks["phase-aware"].norm(dim=-1).max())
    assert highest[1.0] <= 1 + 1e-5
    assert highest[None] > 2
