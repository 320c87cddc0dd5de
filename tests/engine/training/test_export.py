"""The exported file: the same masks, the same weights."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the [train] extra")

from phaseaware.engine import MaskModel, stft  # noqa: E402
from phaseaware.engine.training.export import export_network  # noqa: E402
from phaseaware.engine.training.weights import weights_of  # noqa: E402

from tests.engine.training.helpers import LOOKAHEADS, METADATA, small_network  # noqa: E402


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"phase_conversion": False},
        {"relative_phase": False},
        {"taps": ()},
        {"bin_units": 0},
        {"lookahead": 0},
        {"lookahead": 4},
        {"lookahead": 8},
        {"seam_hz": 4000.0},
        {"heads": ("real",)},
    ],
)
def test_export_equals_torch_per_frame(tmp_path, rng, change):
    torch.manual_seed(6)
    network = small_network(**change)
    export_network(network, tmp_path / "m.onnx", METADATA)
    model = MaskModel(tmp_path / "m.onnx")
    X = stft(0.1 * rng.standard_normal(30_000).astype(np.float32))
    with torch.no_grad():
        expected, _ = network(torch.view_as_real(torch.from_numpy(X))[:, None], network.zero_state())
    state, parts = model.initial_state(), []
    for cut in np.split(X, [1, 2, 5, 30]):
        masks, state = model.run(cut, state, network.config.heads)
        parts.append(masks)
    for head, mask in expected.items():
        streamed = np.concatenate([p[head] for p in parts])
        np.testing.assert_allclose(streamed, torch.view_as_complex(mask)[:, 0].numpy(), atol=1e-4)


@pytest.mark.parametrize("lookahead", LOOKAHEADS)
def test_weights_come_back_out_of_the_exported_file(tmp_path, lookahead):
    network = small_network(lookahead=lookahead)
    export_network(network, tmp_path / "m.onnx", METADATA)
    found = weights_of(tmp_path / "m.onnx", network)
    for name, expected in network.state_dict().items():
        torch.testing.assert_close(found[name], expected, atol=0, rtol=0, msg=name)


def test_a_network_with_less_look_ahead_takes_over_all_but_what_looks_further(tmp_path):
    torch.manual_seed(8)
    far, near = small_network(lookahead=8), small_network(lookahead=1)
    export_network(far, tmp_path / "m.onnx", METADATA)
    assert not near.load_state_dict(weights_of(tmp_path / "m.onnx", near), strict=False).missing_keys
    one, other = far.state_dict(), near.state_dict()
    for name in other.keys() - {"fine0.weight", "low_heads.phase-aware.weight", "low_heads.phase-aware.bias"}:
        torch.testing.assert_close(other[name], one[name], atol=0, rtol=0, msg=name)
    taps, common = len(far.taps), [far.taps.index(tap) for tap in near.taps]
    assert len(common) < taps
    for name, axis, first in (("fine0", 1, far.fine0.in_channels - 2 * taps), ("low_heads.phase-aware", 0, 3)):
        for part in range(2):
            theirs = one[f"{name}.weight"].narrow(axis, first + part * taps, taps)
            mine = other[f"{name}.weight"].narrow(axis, first + part * len(common), len(common))
            torch.testing.assert_close(mine, theirs.index_select(axis, torch.tensor(common)), atol=0, rtol=0)
        torch.testing.assert_close(
            other[f"{name}.weight"].narrow(axis, 0, first), one[f"{name}.weight"].narrow(axis, 0, first), atol=0, rtol=0
        )


MORE_BLOCKS = {"blocks": 4, "ahead": (3, 0, 0, 4)}
MORE_TAPS = {"taps": (-6, -5, -4, -3, -2, -1, 1, 2, 3, 4)}


# The ratios to the neighbours are bounded by the mean power of all of these.
@pytest.mark.parametrize(("more", "new", "near"), [(MORE_BLOCKS, {"1", "2"}, 1e-5), (MORE_TAPS, set(), 0.1)])
def test_a_larger_network_goes_on_where_the_smaller_one_was(tmp_path, more, new, near):
    small = small_network(lookahead=8, blocks=2)
    export_network(small, tmp_path / "m.onnx", METADATA)
    large = small_network(lookahead=8, **{"blocks": 2} | more)
    missing = large.load_state_dict(weights_of(tmp_path / "m.onnx", large), strict=False).missing_keys
    assert {name.split(".")[1] for name in missing} == new
    X = torch.randn(40, 1, 513, 2)
    with torch.no_grad():
        expected, _ = small(X, small.zero_state())
    masks, _ = large(X, large.zero_state())
    for head, mask in expected.items():
        torch.testing.assert_close(masks[head], mask, atol=near, rtol=0)
    masks["phase-aware"].square().sum().backward()
    for name, weights in large.named_parameters():
        if any(name.startswith(f"blocks.{i}.norm_") for i in new) or name in ("fine0.weight", "fine1.weight"):
            assert weights.grad.any(), f"{name} stays as it is"


def test_a_stream_goes_on_from_recordings_with_the_taps_that_it_has(tmp_path):
    large = small_network(lookahead=8, **MORE_TAPS)
    export_network(large, tmp_path / "m.onnx", METADATA)
    small = small_network(lookahead=1)
    found = weights_of(tmp_path / "m.onnx", small)
    kept = [large.taps.index(tap) for tap in small.taps]
    given = large.state_dict()["low_heads.phase-aware.bias"][-2 * len(large.taps) :]
    torch.testing.assert_close(found["low_heads.phase-aware.bias"][-2 * len(kept) :][: len(kept)], given[kept])
    assert found["fine0.weight"].shape == small.state_dict()["fine0.weight"].shape


def test_what_does_not_fit_a_shape_is_left_out(tmp_path):
    export_network(small_network(lookahead=8), tmp_path / "m.onnx", METADATA)
    for more in (1, 2, 3):
        wider = small_network(lookahead=8, fine_channels=small_network().config.fine_channels + more)
        found = weights_of(tmp_path / "m.onnx", wider)
        assert "fine0.weight" not in found
        assert "encode0.weight" in found


def test_look_ahead_of_the_blocks_must_add_up():
    with pytest.raises(ValueError, match=r"is not 2 numbers whose sum is 7, self\.lookahead=8 less one"):
        small_network(lookahead=8, blocks=2, ahead=(3, 3))
