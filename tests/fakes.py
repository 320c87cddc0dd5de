"""Tiny ONNX models that keep the contract (or break one part of it), so that tests need no trained weights."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

FLOAT = TensorProto.FLOAT
METADATA = {
    "phaseaware_contract": "1",
    "sample_rate": "48000",
    "frame_length": "1024",
    "hop": "512",
    "seam_hz": "6000",
    "lookahead_frames": "1",
    "name": "fake",
    "version": "0",
    "training_data": "none",
    "licence": "CC0-1.0",
}


def constant_model(
    path: Path,
    *,
    masks: Mapping[str, complex] | None = None,
    lookahead: int = 1,
    metadata: Mapping[str, str | None] | None = None,
    bins: int = 513,
) -> Path:
    """Masks that are the same number everywhere; ``metadata`` entries replace the right ones, None removes one.

    ``masks``: output name to value; default: phase-aware 0.5 + 0.25j, real 0.5.
    """
    masks = {"mask_phase_aware": 0.5 + 0.25j, "mask_real": 0.5} if masks is None else masks
    nodes, constants = [helper.make_node("Mul", ["spectrum", "nought"], ["zeros"])], [_constant("nought", 0.0)]
    for name, value in masks.items():
        constants.append(_constant(f"{name}_value", [complex(value).real, complex(value).imag]))
        nodes.append(helper.make_node("Add", ["zeros", f"{name}_value"], [name]))
    frames = [1, "T", bins, 2]
    graph = helper.make_graph(
        nodes,
        "constant",
        [helper.make_tensor_value_info("spectrum", FLOAT, frames)],
        [helper.make_tensor_value_info(name, FLOAT, frames) for name in masks],
        constants,
    )
    return _save(graph, path, lookahead, metadata or {})


def history_model(
    path: Path, *, lookahead: int = 1, keep_state_output: bool = True, metadata: Mapping[str, str | None] | None = None
) -> Path:
    """Masks that depend on the current frame and, through a state, on the one before.

    phase-aware: ``1 / (1 + |X[n-1]|²)`` in both parts; real: ``1 / (1 + |X[n-1]|² + |X[n]|²)`` and no imaginary part.
    A stream that loses or mixes up its state gives other samples.
    """
    frames, one = [1, "T", 513, 2], [1, 1, 513, 2]
    constants = [
        _constant("one", 1.0),
        _constant("real_part", [1.0, 0.0]),
        helper.make_tensor("axis", TensorProto.INT64, [1], [1]),
        helper.make_tensor("last_axis", TensorProto.INT64, [1], [3]),
        helper.make_tensor("first", TensorProto.INT64, [1], [0]),
        helper.make_tensor("minus_one", TensorProto.INT64, [1], [-1]),
        helper.make_tensor("end", TensorProto.INT64, [1], [2**31 - 1]),
    ]
    nodes = [
        helper.make_node("Concat", ["state_previous", "spectrum"], ["all"], axis=1),
        helper.make_node("Slice", ["all", "first", "minus_one", "axis"], ["before"]),
        helper.make_node("Slice", ["all", "minus_one", "end", "axis"], ["next_state_previous"]),
        *_power("before", "past"),
        *_power("spectrum", "now"),
        helper.make_node("Add", ["past", "one"], ["past1"]),
        helper.make_node("Add", ["past1", "now"], ["both1"]),
        helper.make_node("Reciprocal", ["past1"], ["gain_a"]),
        helper.make_node("Reciprocal", ["both1"], ["gain_b"]),
        helper.make_node("Concat", ["gain_a", "gain_a"], ["mask_phase_aware"], axis=3),
        helper.make_node("Mul", ["gain_b", "real_part"], ["mask_real"]),
    ]
    outputs = [helper.make_tensor_value_info(name, FLOAT, frames) for name in ("mask_phase_aware", "mask_real")]
    if keep_state_output:
        outputs.append(helper.make_tensor_value_info("next_state_previous", FLOAT, one))
    inputs = [
        helper.make_tensor_value_info("spectrum", FLOAT, frames),
        helper.make_tensor_value_info("state_previous", FLOAT, one),
    ]
    return _save(helper.make_graph(nodes, "history", inputs, outputs, constants), path, lookahead, metadata or {})


def _power(source: str, name: str) -> list[onnx.NodeProto]:
    return [
        helper.make_node("Mul", [source, source], [f"{name}_squares"]),
        helper.make_node("ReduceSum", [f"{name}_squares", "last_axis"], [name], keepdims=1),
    ]


def _constant(name: str, value: float | list[float]) -> TensorProto:
    array = np.asarray(value, np.float32)
    return helper.make_tensor(name, FLOAT, array.shape, array.ravel())


def _save(graph: onnx.GraphProto, path: Path, lookahead: int, metadata: Mapping[str, str | None]) -> Path:
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    properties = METADATA | {"lookahead_frames": str(lookahead)} | metadata
    helper.set_model_props(model, {key: value for key, value in properties.items() if value is not None})
    path.write_bytes(model.SerializeToString())
    return path
