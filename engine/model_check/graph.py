"""What a model file may hold, checked before onnxruntime gets it, without running anything.

A model may come from anyone, and onnxruntime does what a graph says: it opens the files that external data names, runs
a loop as often as it likes, allocates what a shape asks for. So nothing reaches it but what :func:`checked_graph` has
written anew from what it has understood:

- The file is at most 128 MB, its fields are counted before it is parsed (:mod:`wire`). What the parser does not
  describe is dropped, and so are the shapes that a file claims for its intermediate results.
- Tensors lie in the file, are dense numbers, and have as many as their shape says; constant shapes ask for no more
  than :data:`MOST_ELEMENTS` numbers altogether.
- Operators, inputs and attributes are those of :mod:`operators`.
- Shapes depend on the number of frames only, never on what is heard: operands such as the target of a Reshape or the
  count of a Range come from constants and Shape, not from the spectrum or a state. A frame therefore always costs the
  same, and a trial run shows how much (:mod:`trial`).
- No Mod of doubles that are heard: it takes 70 times as long for a large quotient as for a small one.
- Whole numbers that come from the sound divide nothing (:data:`operators.UNHEARD`): what ends the process could wait
  for its word.
- Texts have no control characters: they are shown in terminals and windows.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from .operators import OPSETS, SHAPING, SIZES, UNHEARD, check_attributes, check_ends
from .wire import LONGEST_TEXT, RefusedError, parsed

__all__ = ["checked_graph"]

MOST_NODES, MOST_AXES, LARGEST_AXIS = 10_000, 8, 1 << 24
MOST_ELEMENTS = 1 << 25
"""Numbers that constant shapes may ask for altogether: 128 MB of float32, twice that once they are packed anew."""
_LONGEST_SHAPE = 64

_DOUBLE = 11
_REAL_TYPES = {1, 10, _DOUBLE}
_MAKES_WHOLE = frozenset(
    [
        "ArgMax",
        "ArgMin",
        "CastLike",
        "ConvInteger",
        "DynamicQuantizeLinear",
        "Equal",
        "Greater",
        "GreaterOrEqual",
        "IsInf",
        "IsNaN",
        "Less",
        "LessOrEqual",
        "MatMulInteger",
        "OneHot",
        "QLinearConv",
        "QLinearMatMul",
        "QuantizeLinear",
    ]
)
"""Operators that make numbers of another type from real ones; comparisons too, as Where makes any of them."""
_INDICES = {"MaxPool", "TopK"}
"""Operators whose second output is of whole numbers."""


def checked_graph(content: bytes) -> bytes:
    """Check the content of a model file.

    Returns
    -------
    The same model, written anew: what onnxruntime may load.

    Raises
    ------
    RefusedError : it is not an ONNX model, or holds what a model must not hold.
    """
    model = parsed(content)
    if not model.HasField("graph") or not model.opset_import:
        raise RefusedError("not an ONNX model: it holds no graph")
    for opset in model.opset_import:
        if opset.domain in ("", "ai.onnx") and opset.version not in OPSETS:
            raise RefusedError(
                f"opset {opset.version} is not from {OPSETS[0]} to {OPSETS[-1]}; export it with one of them"
            )
    if model.functions:
        raise RefusedError("defines functions of its own; export it with standard operators only")
    _check_texts("metadata", (text for entry in model.metadata_props for text in (entry.key, entry.value)))
    _Graph(model.graph).check()
    return model.SerializeToString(deterministic=True)


def _check_texts(what: str, texts: Iterable[str | bytes]) -> None:
    for text in texts:
        if isinstance(text, bytes):  # what protobuf gives for a string that is not UTF-8
            raise RefusedError(f"{what}: {text[:40]!r} is not a text")
        if len(text) > LONGEST_TEXT:
            raise RefusedError(f"{what}: a text of {len(text)} characters is longer than {LONGEST_TEXT}")
        if not text.replace("\n", "").replace("\t", "").isprintable():
            raise RefusedError(f"{what}: {text[:40]!r} holds control characters")


class _Graph:
    """One pass over the nodes in their order, with what is known of each name."""

    def __init__(self, graph: Any) -> None:
        self._graph = graph
        self._heard = {value.name for value in graph.input}
        self._whole: set[str] = set()  # of those heard: perhaps no real numbers
        self._wide: set[str] = set()  # perhaps doubles
        self._constants: dict[str, list[int]] = {}
        self._known = self._heard | {tensor.name for tensor in graph.initializer} | {""}
        self._elements = 0

    def check(self) -> None:
        graph = self._graph
        if len(graph.node) > MOST_NODES:
            raise RefusedError(f"{len(graph.node)} operators are more than {MOST_NODES}")
        if graph.sparse_initializer:
            raise RefusedError("holds sparse tensors; export it with dense ones")
        for value in (*graph.input, *graph.output):
            _check_texts("graph", (value.name, *(dim.dim_param for dim in value.type.tensor_type.shape.dim)))
            if any(dim.dim_value > LARGEST_AXIS for dim in value.type.tensor_type.shape.dim):
                raise RefusedError(f"{value.name[:40]!r} has an axis longer than {LARGEST_AXIS}")
            if value.type.tensor_type.elem_type not in SIZES:
                raise RefusedError(f"{value.name[:40]!r} is no tensor of numbers")
        for tensor in graph.initializer:
            _check_texts("tensor", (tensor.name,))
            _check_tensor(tensor)
            self._note_constant(tensor.name, tensor)
            if tensor.data_type == _DOUBLE:
                self._wide.add(tensor.name)
        if wrong := self._heard.intersection(tensor.name for tensor in graph.initializer):
            raise RefusedError(
                f"input {sorted(wrong)[0][:40]!r} is a constant as well; export it with constants inside"
            )
        for node in graph.node:
            self._check_node(node)

    def _check_node(self, node: Any) -> None:
        kind = node.op_type
        _check_texts("operator", (kind, node.name, node.domain, *node.output))
        check_ends(node)
        check_attributes(node)
        for attribute in node.attribute:
            if attribute.HasField("t"):
                _check_tensor(attribute.t)
        for number, name in enumerate(node.input):
            if name not in self._known:
                raise RefusedError(f"operator {kind}: its input {name[:40]!r} is not there, or made only after it")
            if name in self._heard and number in SHAPING.get(kind, ()):
                raise RefusedError(
                    f"operator {kind}: the shape of its output depends on the sound heard, through {name[:40]!r}; "
                    "it may depend on the number of frames only"
                )
            if name in self._whole and kind in UNHEARD:
                raise RefusedError(
                    f"operator {kind}: divides whole numbers that depend on the sound heard, through {name[:40]!r}; "
                    "cast them to float first"
                )
            if name in self._heard and kind == "Mod" and self._wide.intersection(node.input):
                raise RefusedError(
                    f"operator Mod: of doubles it takes the longer the larger {name[:40]!r} is, which depends on the "
                    "sound heard; cast them to float first"
                )
        self._check_size(node)
        for name in node.output:
            if name and name in self._known:
                raise RefusedError(f"operator {kind}: its output {name[:40]!r} is there already")
            self._known.add(name)
        self._note_outputs(node)

    def _note_outputs(self, node: Any) -> None:
        kind = node.op_type
        outputs = [name for name in node.output if name]
        made = [attribute.i if kind == "Cast" else attribute.t.data_type for attribute in node.attribute]
        if _DOUBLE in made or (kind != "Cast" and self._wide.intersection(node.input)):
            self._wide.update(outputs)
        if kind == "Constant":
            for attribute in node.attribute:
                if attribute.HasField("t"):
                    self._note_constant(outputs[0], attribute.t)
                elif attribute.HasField("i") or attribute.ints:
                    self._constants[outputs[0]] = [*attribute.ints, attribute.i][:_LONGEST_SHAPE]
        if kind in ("Shape", "Size") or not self._heard.intersection(node.input):
            return
        self._heard.update(outputs)
        if kind == "DequantizeLinear" or (kind == "Cast" and _casts_to_real(node)):
            return
        by_exponent = kind == "Pow" and node.input[0] not in self._heard  # has the type of its base
        if kind in _MAKES_WHOLE or kind == "Cast" or by_exponent or self._whole.intersection(node.input):
            self._whole.update(outputs)
        elif kind in _INDICES:
            self._whole.update(outputs[1:])

    def _note_constant(self, name: str, tensor: Any) -> None:
        if tensor.data_type in (6, 7) and math.prod(tensor.dims) <= _LONGEST_SHAPE:
            kept = tensor.int64_data or tensor.int32_data
            raw = np.frombuffer(tensor.raw_data, "<i8" if tensor.data_type == 7 else "<i4")
            self._constants[name] = [*map(int, kept), *map(int, raw)]

    def _check_size(self, node: Any) -> None:
        """Add up what constant operands ask for; what is computed shows in the trial."""
        kind = node.op_type
        axis_given = any(attribute.name == "axis" for attribute in node.attribute)
        if kind == "DFT" and not axis_given and len(self._constants.get((*node.input, "", "")[2], ())) != 1:
            raise RefusedError("operator DFT: its axis is not one constant number")
        for number in SHAPING.get(kind, ()):
            values = self._constants.get(node.input[number]) if number < len(node.input) else None
            if values is None:
                continue
            if kind in ("ConstantOfShape", "Expand", "OneHot", "Range", "Resize", "Tile"):
                self._elements += math.prod(max(1, abs(value)) for value in values)
            elif kind == "Pad" and number == 1:
                self._elements += sum(map(abs, values))
        if self._elements > MOST_ELEMENTS:
            raise RefusedError(f"operator {kind}: constant shapes ask for more than {MOST_ELEMENTS} numbers altogether")


def _casts_to_real(node: Any) -> bool:
    return any(attribute.name == "to" and attribute.i in _REAL_TYPES for attribute in node.attribute)


def _check_tensor(tensor: Any) -> None:
    name = f"tensor {tensor.name[:40]!r}"
    if tensor.data_location or tensor.external_data:
        raise RefusedError(f"{name} lies in another file; export the model with its tensors inside")
    if tensor.data_type not in SIZES:
        raise RefusedError(f"{name}: elements of ONNX's type {tensor.data_type} are not supported")
    count = 1
    for size in tensor.dims[: MOST_AXES + 1]:
        count *= max(size, 0)
    typed = (tensor.float_data, tensor.int32_data, tensor.int64_data, tensor.double_data, tensor.uint64_data)
    there = len(tensor.raw_data) / SIZES[tensor.data_type] + sum(map(len, typed))
    if len(tensor.dims) > MOST_AXES or min(tensor.dims, default=0) < 0 or there != count:
        raise RefusedError(f"{name}: {there:g} numbers do not make up the shape {list(tensor.dims)[:MOST_AXES]}")
