"""Graphs of allowed operators with wild inputs and attributes, by a seeded generator."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from phaseaware.engine.model_check import OPERATORS

from tests.fakes import METADATA

__all__ = ["wild_graph"]

OPSETS = (13, 17, 19, 20, 21, 22, 23)
_NAMES = sorted(OPERATORS)
_EXTREMES = (-(2**63), -(2**31), -9, -8, -3, -2, -1, 0, 1, 2, 3, 4, 7, 8, 513, 4096, 2**20, 2**31 - 1, 2**63 - 1)
_USUAL = (-2, -1, 0, 0, 1, 1, 1, 2, 2, 3)
_REALS = (0.0, 1.0, -1.0, 0.5, 1e-30, 1e30, float("inf"), float("nan"))
_WORDS = (
    "constant", "reflect", "edge", "wrap", "linear", "nearest", "cubic", "asymmetric", "half_pixel", "align_corners",
    "tf_crop_and_resize", "floor", "ceil", "SAME_UPPER", "SAME_LOWER", "VALID", "NOTSET", "forward", "reverse",
    "bidirectional", "add", "mul", "max", "none", "DCR", "CRD", "tanh", "stretch", "not_larger", "x", "",
)  # fmt: skip
_EQUATIONS = (
    "i,i->i",
    "ij,jk->ik",
    "ij->ji",
    "...ij->...ji",
    "ij,ij->",
    "i->",
    "bij,bjk->bik",
    "ii->i",
    "i,j->ij",
    "...->",
    "a",
)
_ACTIVATIONS = ("Tanh", "Sigmoid", "Relu", "Affine", "LeakyRelu", "HardSigmoid", "Softplus", "Elu", "none")
_SHAPES = (
    (), (0,), (1,), (2,), (3,), (4,), (8,), (1, 1), (2, 3), (3, 2), (4, 4), (1, 0), (0, 3), (1, 8, 4), (2, 3, 4),
    (1, 3, 8), (1, 12, 8), (1, 2, 5, 5), (2, 2, 3, 3), (1, 1, 513, 2), (1, 1, 1, 1), (1, 4, 0, 2), (513, 2), (2, 2),
    (1, 2, 3, 2, 2),
)  # fmt: skip
_FLAGS = frozenset(
    [
        "allowzero",
        "antialias",
        "ceil_mode",
        "count_include_pad",
        "detect_negative",
        "detect_positive",
        "exclude_outside",
        "exclusive",
        "fmod",
        "input_forget",
        "inverse",
        "is_causal",
        "keepdims",
        "largest",
        "layout",
        "linear_before_reset",
        "noop_with_empty_axes",
        "onesided",
        "reverse",
        "saturate",
        "select_last_index",
        "sorted",
        "storage_order",
        "transA",
        "transB",
        "upper",
    ]
)
Rng = np.random.Generator


def _pick(rng: Rng, of: Any) -> Any:
    return of[int(rng.integers(len(of)))]


def _whole(rng: Rng) -> int:
    return int(_pick(rng, _EXTREMES if rng.random() < 0.15 else _USUAL))


def _tensor(rng: Rng, name: str) -> onnx.TensorProto:
    """Real numbers, whole numbers as operands are, truths, or narrow ones."""
    kind, shape = rng.random(), _pick(rng, _SHAPES)
    if kind < 0.45:
        values = np.asarray(rng.standard_normal(shape)) if rng.random() < 0.8 else np.full(shape, _pick(rng, _REALS))
        with np.errstate(over="ignore"):
            narrow = values.astype(_pick(rng, (np.float32,) * 6 + (np.float64, np.float16)))
        return numpy_helper.from_array(np.asarray(narrow), name)
    if kind < 0.85:
        count = int(rng.integers(0, 6))
        values = np.array([_whole(rng) for _ in range(count)], np.int64)
        if count == 1 and rng.random() < 0.5:
            values = values.reshape(())
        elif rng.random() < 0.1:
            values = values.reshape(_pick(rng, ((1, count), (count, 1))))
        return numpy_helper.from_array(values if rng.random() < 0.9 else values.astype(np.int32), name)
    if kind < 0.92:
        return numpy_helper.from_array(rng.random(shape) < 0.5, name)
    return numpy_helper.from_array(
        np.asarray(rng.integers(0, 100, shape), _pick(rng, (np.uint8, np.int8, np.uint64))), name
    )


@cache
def _schema(name: str, opset: int) -> Any:
    return onnx.defs.get_schema(name, opset) if onnx.defs.has(name) else None


def _attribute(rng: Rng, name: str, kind: str) -> Any:
    def words() -> str:
        return str(_pick(rng, _EQUATIONS if name == "equation" else _ACTIVATIONS if name == "activations" else _WORDS))

    if name == "to":
        return int(_pick(rng, (1, 1, 6, 7, 7, 9, 10, 11, 2, 3, 8, 16)))
    if name == "perm" and rng.random() < 0.8:
        return [int(i) for i in rng.permutation(int(rng.integers(1, 6)))]
    if name in _FLAGS and rng.random() < 0.97:
        return int(rng.integers(2))
    make: dict[str, Callable[[], Any]] = {
        "INT": lambda: _whole(rng),
        "INTS": lambda: [_whole(rng) for _ in range(int(rng.integers(1, 6)))],
        "FLOAT": lambda: float(_pick(rng, _REALS)),
        "FLOATS": lambda: [float(_pick(rng, _REALS)) for _ in range(int(rng.integers(1, 4)))],
        "STRING": words,
        "STRINGS": lambda: [words() for _ in range(int(rng.integers(1, 4)))],
        "TENSOR": lambda: _tensor(rng, ""),
    }
    return make[kind]() if kind in make else None


class _Names:
    """What is there so far, by rough type."""

    def __init__(self, rng: Rng) -> None:
        self._rng = rng
        self.reals, self.wholes, self.others = ["spectrum"], ["frames", "shape"], ["spectrum"]

    def add(self, name: str, type_: int) -> None:
        {1: self.reals, 6: self.wholes, 7: self.wholes}.get(type_, self.others).append(name)

    def choose(self, types: set[str]) -> str:
        """One that an operand may be, mostly; sometimes none, sometimes any."""
        chance = self._rng.random()
        if chance < 0.005:
            return ""
        if chance < 0.06:
            return str(_pick(self._rng, [*self.reals, *self.wholes, *self.others]))
        if "tensor(float)" in types and (chance < 0.85 or "tensor(int64)" not in types):
            return str(_pick(self._rng, self.reals[-6:] if chance < 0.5 else self.reals))
        if "tensor(int64)" in types:
            return str(_pick(self._rng, self.wholes))
        return str(_pick(self._rng, self.others))


def _node(rng: Rng, opset: int, number: int, names: _Names) -> onnx.NodeProto | None:
    name = str(_pick(rng, _NAMES))
    try:
        schema = _schema(name, opset)
    except Exception:  # not in this opset
        return None
    least, most = schema.min_input, min(schema.max_input, schema.min_input + 4)
    count = int(rng.integers(least, most + 1)) if rng.random() < 0.98 else int(rng.integers(0, 9))
    types = [{*schema.inputs[min(i, len(schema.inputs) - 1)].types} if schema.inputs else set() for i in range(count)]
    inputs = [names.choose(kinds) for kinds in types]
    for i in range(least, count - 1):  # optional ones are left out now and then
        if rng.random() < 0.2:
            inputs[i] = ""
    most = max(schema.min_output, min(schema.max_output, 2 if rng.random() < 0.9 else 4))
    outputs = [f"n{number}_{i}" for i in range(max(1, int(rng.integers(schema.min_output, most + 1))))]
    node = helper.make_node(name, inputs, outputs)
    for key, attribute in schema.attributes.items():
        if attribute.required or rng.random() < 0.25:
            value = _attribute(rng, key, str(attribute.type).rpartition(".")[2])
            if value is not None:
                node.attribute.append(helper.make_attribute(key, value, attr_type=attribute.type))
    real = not schema.outputs or "tensor(float)" in schema.outputs[0].types
    names.add(outputs[0], 1 if real else 7 if "tensor(int64)" in schema.outputs[0].types else 0)
    return node


def wild_graph(rng: Rng) -> bytes:
    """A model that keeps the contract but for what its graph does; ``mask_real`` is made of a node's result."""
    opset = int(_pick(rng, OPSETS))
    names = _Names(rng)
    constants = [_tensor(rng, f"c{i}") for i in range(int(rng.integers(2, 9)))]
    for tensor in constants:
        names.add(tensor.name, tensor.data_type)
    one = numpy_helper.from_array(np.array([1], np.int64), "one")
    two = numpy_helper.from_array(np.array([2], np.int64), "two")
    nodes = [
        helper.make_node("Shape", ["spectrum"], ["shape"]),
        helper.make_node("Slice", ["shape", "one", "two"], ["frames"]),
    ]
    made = [_node(rng, opset, i, names) for i in range(int(rng.integers(1, 9)))]
    nodes += [node for node in made if node is not None]
    last = nodes[-1].output[0]
    nodes += [
        helper.make_node("Cast", [last], ["real"], to=TensorProto.FLOAT),
        helper.make_node("ReduceSum", ["real"], ["total"], keepdims=0),
        helper.make_node("Add", ["spectrum", "total"], ["mask_real"]),
    ]
    frames = [1, "T", 513, 2]
    graph = helper.make_graph(
        nodes, "wild",
        [helper.make_tensor_value_info("spectrum", TensorProto.FLOAT, frames)],
        [helper.make_tensor_value_info("mask_real", TensorProto.FLOAT, frames)],
        [one, two, *constants],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8 if opset < 19 else 10)
    helper.set_model_props(model, METADATA)
    return bytes(model.SerializeToString())
