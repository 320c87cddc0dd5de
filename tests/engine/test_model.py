"""The model contract: what is refused, and that the message says why."""

import pickle

import numpy as np
import onnx
import pytest
from phaseaware.engine import MaskModel, ModelError
from phaseaware.engine.model import default_model, shipped_models
from phaseaware.engine.stft import stft

from tests import fakes


def test_information(history_model):
    info = history_model.info
    assert info.masks == ("phase-aware", "real")
    assert info.state_shapes == {"state_previous": (1, 1, 513, 2)}
    assert (info.lookahead_frames, info.latency_samples, info.seam_hz) == (1, 1536, 6000.0)
    assert info.size_bytes == history_model.path.stat().st_size


def test_state_makes_frame_by_frame_equal_all_at_once(rng, history_model):
    X = stft(rng.standard_normal(20_000).astype(np.float32))
    whole, _ = history_model.run(X, history_model.initial_state(), ("phase-aware", "real"))
    state, parts = history_model.initial_state(), []
    for frame in X:
        masks, state = history_model.run(frame[None], state, ("phase-aware", "real"))
        parts.append(masks)
    for name in whole:
        np.testing.assert_array_equal(np.concatenate([p[name] for p in parts]), whole[name])


def test_run_does_not_change_the_state_it_was_given(rng, history_model):
    X = stft(rng.standard_normal(3000).astype(np.float32))
    state = history_model.initial_state()
    history_model.run(X, state, ("real",))
    assert not any(value.any() for value in state.values())


def test_pickles_by_path(history_model):
    assert pickle.loads(pickle.dumps(history_model)).path == history_model.path


def broken(name, change):
    return pytest.param(change, id=name)


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"sample_rate": "16000"}, r"sample_rate=16000 is not 48000"),
        ({"frame_length": "512"}, r"frame_length=512"),
        ({"hop": "256"}, r"hop=256"),
        ({"phaseaware_contract": None}, r"phaseaware_contract=None"),
        ({"phaseaware_contract": "2"}, r"phaseaware_contract='2'"),
        ({"licence": None}, r"'licence' is missing"),
        ({"lookahead_frames": "-1"}, r"lookahead_frames=-1"),
        ({"lookahead_frames": "soon"}, r"soon"),
        ({"seam_hz": "low"}, r"low"),
    ],
)
def test_metadata_refused(tmp_path, metadata, message):
    path = fakes.constant_model(tmp_path / "m.onnx", metadata=metadata)
    with pytest.raises(ModelError, match=rf"m\.onnx: .*{message}"):
        MaskModel(path)


def test_not_onnx(tmp_path):
    path = tmp_path / "m.onnx"
    for content in (b"", b"RIFF....WAVE", bytes(range(256)) * 100):
        path.write_bytes(content)
        with pytest.raises(ModelError, match="not an ONNX model"):
            MaskModel(path)


def test_truncated(tmp_path, history_model):
    whole = history_model.path.read_bytes()
    path = tmp_path / "half.onnx"
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelError):
        MaskModel(path)


def test_missing_file_names_the_shipped_models(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such model file"):
        MaskModel(tmp_path / "nowhere.onnx")


def test_wrong_shapes_refused(tmp_path):
    path = fakes.constant_model(tmp_path / "m.onnx", bins=257)
    with pytest.raises(ModelError, match=r"spectrum: shape .*257.* is not \[1, T, 513, 2\]"):
        MaskModel(path)
    path = fakes.constant_model(tmp_path / "n.onnx", masks={"gain": 1})
    with pytest.raises(ModelError, match="none of the outputs mask_phase_aware, mask_real"):
        MaskModel(path)


def test_state_without_output_refused(tmp_path):
    path = fakes.history_model(tmp_path / "m.onnx", keep_state_output=False)
    with pytest.raises(ModelError, match="'state_previous' has no output 'next_state_previous'"):
        MaskModel(path)


def edited(path, tmp_path, edit):
    model = onnx.load(path)
    edit(model.graph)
    out = tmp_path / "edited.onnx"
    out.write_bytes(model.SerializeToString())
    return out


def fix_frames(graph):
    graph.input[0].type.tensor_type.shape.dim[1].dim_value = 4


def free_state(graph):
    graph.input[1].type.tensor_type.shape.dim[1].dim_param = "anything"


def rename_state(graph):
    for node in graph.node:
        node.input[:] = ["memory" if i == "state_previous" else i for i in node.input]
    graph.input[1].name = "memory"


def grow_state(graph):
    """Declared as one frame, made of all frames heard."""
    node = next(node for node in graph.node if node.output[0] == "next_state_previous")
    node.CopyFrom(onnx.helper.make_node("Identity", ["all"], ["next_state_previous"]))


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (fix_frames, "T is fixed at 4"),
        (free_state, "states are float32 of fixed shape"),
        (rename_state, "'memory' is neither"),
        (grow_state, r"next_state_previous: shape \(1, 257, 513, 2\) is not"),
    ],
)
def test_edited_graphs_refused(tmp_path, history_model, edit, message):
    with pytest.raises(ModelError, match=message):
        MaskModel(edited(history_model.path, tmp_path, edit))


def test_nan_masks_refused(tmp_path):
    path = fakes.constant_model(tmp_path / "m.onnx", masks={"mask_real": float("nan")})
    with pytest.raises(ModelError, match="mask_real: not finite"):
        MaskModel(path)


def test_shipped_models_keep_the_contract():
    assert shipped_models(), "no model is shipped"
    for name, path in shipped_models().items():
        info = MaskModel(name).info
        assert info.path == path
        assert set(info.masks) == {"phase-aware", "real"}
        assert info.lookahead_frames <= 8
        assert info.training_data
        assert info.licence
    assert {default_model(), default_model("stream")} <= set(shipped_models().values())
    assert MaskModel(default_model("stream")).info.latency_samples < MaskModel().info.latency_samples
