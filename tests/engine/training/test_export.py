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
