"""Models made to do harm: each tries one thing that a graph can ask of onnxruntime."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper

from tests.fakes import METADATA

__all__ = ["HARMFUL", "HOSTILE", "TABLES", "failing_late", "graph_model"]

FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64
FRAMES = [1, "T", 513, 2]
Node = onnx.NodeProto


def graph_model(
    nodes: Sequence[Node], constants: Sequence[TensorProto] = (), *, state: Sequence[int] = (), masks: int = 1
) -> onnx.ModelProto:
    """A model of these nodes, which make ``mask_real`` from ``spectrum``; the contract is kept otherwise."""
    inputs = [helper.make_tensor_value_info("spectrum", FLOAT, FRAMES)]
    outputs = [helper.make_tensor_value_info("mask_real", FLOAT, FRAMES)]
    if state:
        inputs.append(helper.make_tensor_value_info("state_x", FLOAT, state))
        outputs.append(helper.make_tensor_value_info("next_state_x", FLOAT, state))
    graph = helper.make_graph(nodes, "hostile", inputs, outputs, constants)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    helper.set_model_props(model, METADATA)
    return model


def _add(name: str) -> list[Node]:
    """A number, summed up from a tensor of any shape, is added to the spectrum."""
    total = helper.make_node("ReduceSum", [name], ["total"], keepdims=0)
    return [total, helper.make_node("Add", ["spectrum", "total"], ["mask_real"])]


def _ints(name: str, *values: int) -> TensorProto:
    return helper.make_tensor(name, INT64, [len(values)], values)


def _external(path: str) -> Callable[[], onnx.ModelProto]:
    def make() -> onnx.ModelProto:
        tensor = TensorProto(name="leak", data_type=FLOAT, dims=[8], data_location=TensorProto.EXTERNAL)
        for key, value in (("location", path), ("offset", "0"), ("length", "32")):
            tensor.external_data.add(key=key, value=value)
        return graph_model(_add("leak"), [tensor])

    return make


def _external_constant() -> onnx.ModelProto:
    model = _external("/etc/passwd")()
    tensor = model.graph.initializer.pop()
    model.graph.node.insert(0, helper.make_node("Constant", [], ["leak"], value=tensor))
    return model


def _declared(*dims: int) -> Callable[[], onnx.ModelProto]:
    return lambda: graph_model(_add("empty"), [TensorProto(name="empty", data_type=FLOAT, dims=dims)])


def _loop() -> onnx.ModelProto:
    body = helper.make_graph(
        [helper.make_node("Identity", ["go"], ["go_on"]), helper.make_node("Identity", ["x"], ["y"])],
        "body",
        [helper.make_tensor_value_info("i", INT64, []), helper.make_tensor_value_info("go", TensorProto.BOOL, []),
         helper.make_tensor_value_info("x", FLOAT, [])],
        [helper.make_tensor_value_info("go_on", TensorProto.BOOL, []), helper.make_tensor_value_info("y", FLOAT, [])],
    )  # fmt: skip
    constants = [helper.make_tensor("yes", TensorProto.BOOL, [], [True]), helper.make_tensor("x0", FLOAT, [], [0.0])]
    return graph_model([helper.make_node("Loop", ["", "yes", "x0"], ["end"], body=body), *_add("end")], constants)


def _if() -> onnx.ModelProto:
    branch = helper.make_graph(
        [helper.make_node("Constant", [], ["c"], value=helper.make_tensor("", FLOAT, [], [1.0]))],
        "branch", [], [helper.make_tensor_value_info("c", FLOAT, [])],
    )  # fmt: skip
    node = helper.make_node("If", ["yes"], ["c0"], then_branch=branch, else_branch=branch)
    return graph_model([node, *_add("c0")], [helper.make_tensor("yes", TensorProto.BOOL, [], [True])])


def _allowed_operator_with_a_graph() -> onnx.ModelProto:
    inner = _if().graph.node[0].attribute[0].g
    return graph_model([helper.make_node("Identity", ["spectrum"], ["s"], body=inner), *_add("s")])


def _custom() -> onnx.ModelProto:
    return graph_model([helper.make_node("Inverse", ["spectrum"], ["s"], domain="com.microsoft"), *_add("s")])


def _function() -> onnx.ModelProto:
    model = graph_model([helper.make_node("Mine", ["spectrum"], ["s"], domain="mine"), *_add("s")])
    body = [helper.make_node("Identity", ["a"], ["b"])]
    model.functions.append(helper.make_function("mine", "Mine", ["a"], ["b"], body, [helper.make_opsetid("", 17)]))
    model.opset_import.append(helper.make_opsetid("mine", 1))
    return model


def _sparse() -> onnx.ModelProto:
    model = graph_model(_add("s"))
    values, indices = helper.make_tensor("s", FLOAT, [1], [1.0]), _ints("i", 0)
    model.graph.sparse_initializer.append(helper.make_sparse_tensor(values, indices, [1 << 40]))
    return model


def _sparse_constant() -> onnx.ModelProto:
    values, indices = helper.make_tensor("", FLOAT, [1], [1.0]), _ints("", 0)
    sparse = helper.make_sparse_tensor(values, indices, [1 << 40])
    return graph_model([helper.make_node("Constant", [], ["s"], sparse_value=sparse), *_add("s")])


def _of_shape(*dims: int) -> Callable[[], onnx.ModelProto]:
    return lambda: graph_model(
        [helper.make_node("ConstantOfShape", ["dims"], ["big"]), *_add("big")], [_ints("dims", *dims)]
    )


def _repeated() -> onnx.ModelProto:
    names = ["spectrum", *(f"x{i}" for i in range(10))]
    nodes = [helper.make_node("Concat", [a] * 64, [b], axis=1) for a, b in itertools.pairwise(names)]
    return graph_model([*nodes, *_add(names[-1])])


def _outer_product() -> onnx.ModelProto:
    ones = np.ones(200_000, np.float32)
    row, column = onnx.numpy_helper.from_array(ones, "row"), onnx.numpy_helper.from_array(ones[:, None], "column")
    return graph_model([helper.make_node("Add", ["row", "column"], ["big"]), *_add("big")], [row, column])


def _per_frame() -> onnx.ModelProto:
    """Little for two frames, without end for many: each frame squares the work."""
    shape = helper.make_node("Shape", ["spectrum"], ["shape"], start=1, end=2)
    power = helper.make_node("Mul", ["shape", "shape"], ["shape2"])
    more = helper.make_node("Mul", ["shape2", "shape2"], ["shape4"])
    big = helper.make_node("ConstantOfShape", ["shape4"], ["big"])
    return graph_model([shape, power, more, big, *_add("big")])


def _by_value() -> onnx.ModelProto:
    """Harmless for silence; the louder the sound, the more memory."""
    nodes = [
        helper.make_node("ReduceMax", ["spectrum"], ["peak"], keepdims=0),
        helper.make_node("Cast", ["peak"], ["count"], to=INT64),
        helper.make_node("Reshape", ["count", "one"], ["dims"]),
        helper.make_node("ConstantOfShape", ["dims"], ["big"]),
        *_add("big"),
    ]
    return graph_model(nodes, [_ints("one", 1)])


def _by_axes() -> onnx.ModelProto:
    """Which axes are summed over comes from the sound, so the shape does too."""
    nodes = [
        helper.make_node("ReduceMax", ["spectrum"], ["peak"], keepdims=0),
        helper.make_node("Cast", ["peak"], ["axis"], to=INT64),
        helper.make_node("ReduceSum", ["spectrum", "axis"], ["s"], keepdims=0),
        *_add("s"),
    ]
    return graph_model(nodes)


def _long_axis() -> onnx.ModelProto:
    model = graph_model([helper.make_node("Identity", ["spectrum"], ["mask_real"])])
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 1 << 31
    return model


def _random() -> onnx.ModelProto:
    return graph_model([helper.make_node("RandomNormal", [], ["r"], shape=[1]), *_add("r")])


def _many_nodes() -> onnx.ModelProto:
    names = ["spectrum", *(f"x{i}" for i in range(30_000))]
    nodes = [helper.make_node("Identity", [a], [b]) for a, b in itertools.pairwise(names)]
    return graph_model([*nodes, *_add(names[-1])])


def _state(*dims: int) -> Callable[[], onnx.ModelProto]:
    nodes = [helper.make_node("Identity", ["state_x"], ["next_state_x"])]
    return lambda: graph_model([*nodes, helper.make_node("Identity", ["spectrum"], ["mask_real"])], state=dims)


def _text(value: str) -> Callable[[], onnx.ModelProto]:
    def make() -> onnx.ModelProto:
        model = graph_model([helper.make_node("Identity", ["spectrum"], ["mask_real"])])
        helper.set_model_props(model, METADATA | {"licence": value})
        return model

    return make


def _strings() -> onnx.ModelProto:
    texts = helper.make_tensor("texts", TensorProto.STRING, [1000], [b"x"] * 1000)
    return graph_model([helper.make_node("Size", ["texts"], ["n"]), *_add("n")], [texts])


def _folded(count: int = 7, size: int = 1 << 22) -> Callable[[], onnx.ModelProto]:
    """Each constant is within the bound of declared shapes; what is folded of them is not."""

    def make() -> onnx.ModelProto:
        nodes, names = [helper.make_node("ConstantOfShape", ["dims"], ["c"])], []
        for i in range(40 * count):
            nodes.append(helper.make_node("Concat", ["c"] * (4 + i % 13), [f"x{i}"], axis=0))
            nodes.append(helper.make_node("ReduceMax", [f"x{i}"], [f"r{i}"], keepdims=0))
            names.append(f"r{i}")
        return graph_model([*nodes, helper.make_node("Sum", names, ["s"]), *_add("s")], [_ints("dims", size)])

    return make


def _divided(heard: bool) -> Callable[[], onnx.ModelProto]:
    """The smallest whole number by -1: SIGFPE; at once, or when the sound says so."""

    def make() -> onnx.ModelProto:
        whole = [helper.make_node("ReduceMin", ["spectrum"], ["least"], keepdims=0),
                 helper.make_node("Cast", ["least"], ["smallest"], to=INT64)]  # fmt: skip
        constants = [_ints("minus", -1)] + [_ints("smallest", -(1 << 63))] * (not heard)
        return graph_model(
            [*(whole if heard else []), helper.make_node("Div", ["smallest", "minus"], ["q"]),
             helper.make_node("Cast", ["q"], ["f"], to=FLOAT), *_add("f")], constants,
        )  # fmt: skip

    return make


def _at_a_length(frames: int) -> Callable[[], onnx.ModelProto]:
    """Harmless but for one number of frames."""

    def make() -> onnx.ModelProto:
        nodes = [
            helper.make_node("Shape", ["spectrum"], ["T"], start=1, end=2),
            helper.make_node("Equal", ["T", "n"], ["now"]),
            helper.make_node("Where", ["now", "huge", "one"], ["dims"]),
            helper.make_node("ConstantOfShape", ["dims"], ["big"]),
            *_add("big"),
        ]
        return graph_model(nodes, [_ints("n", frames), _ints("huge", 1 << 40), _ints("one", 1)])

    return make


def _remainder() -> onnx.ModelProto:
    """Of doubles: quick until the sound is loud."""
    nodes = [
        helper.make_node("Cast", ["spectrum"], ["wide"], to=TensorProto.DOUBLE),
        helper.make_node("Mod", ["wide", "tiny"], ["rest"], fmod=1),
        helper.make_node("Cast", ["rest"], ["mask_real"], to=FLOAT),
    ]
    return graph_model(nodes, [helper.make_tensor("tiny", TensorProto.DOUBLE, [], [3e-308])])


TABLES = ("Gather", "GatherElements", "GatherND", "ScatterElements", "ScatterND")


def failing_late(kind: str) -> onnx.ModelProto:
    """Reads or writes a table at an index that grows with each run, and lies outside in the first behind the trial."""
    inputs = ["table", "index", *(["one"] if kind.startswith("Scatter") else [])]
    nodes = [
        helper.make_node("Add", ["state_x", "one"], ["next_state_x"]),
        helper.make_node("Cast", ["state_x"], ["flat"], to=INT64),
        helper.make_node("Reshape", ["flat", "shape"], ["index"]),
        helper.make_node(kind, inputs, ["cell"]),
        *_add("cell"),
    ]
    constants = [
        helper.make_tensor("table", FLOAT, [8], [0.0] * 8),
        helper.make_tensor("one", FLOAT, [1], [1.0]),
        _ints("shape", *([1, 1] if kind.endswith("ND") else [1])),
    ]
    return graph_model(nodes, constants, state=[1])


def slow_model() -> onnx.ModelProto:
    """Many products of matrices: some hundred milliseconds for each of thousands."""
    names = ["m", *(f"m{i}" for i in range(5000))]
    dims = helper.make_node("ConstantOfShape", ["dims"], ["m"], value=helper.make_tensor("", FLOAT, [1], [1e-3]))
    nodes = [helper.make_node("MatMul", [a, a], [b]) for a, b in itertools.pairwise(names)]
    return graph_model([dims, *nodes, *_add(names[-1])], [_ints("dims", 1500, 1500)])


HOSTILE: dict[str, tuple[Callable[[], onnx.ModelProto], str]] = {
    "external data: absolute path": (_external("/etc/passwd"), "lies in another file"),
    "external data: climbing path": (_external("../../secret"), "lies in another file"),
    "external data: beside the model": (_external("weights.bin"), "lies in another file"),
    "external data in a Constant": (_external_constant, "lies in another file"),
    "tensor declared, not there": (_declared(1 << 20, 1 << 20), "do not make up the shape"),
    "tensor size that overflows": (_declared(1 << 32, 1 << 32), "do not make up the shape"),
    "tensor of negative size": (_declared(-1), "do not make up the shape"),
    "endless loop": (_loop, "Loop is not one"),
    "branches": (_if, "If is not one"),
    "graph within an allowed operator": (_allowed_operator_with_a_graph, "a graph of its own"),
    "operator of another domain": (_custom, r"com\.microsoft\.Inverse is not one"),
    "functions": (_function, "functions of its own"),
    "sparse tensor": (_sparse, "sparse tensors"),
    "sparse constant": (_sparse_constant, "sparse tensors"),
    "constant of 4 TB": (_of_shape(1 << 20, 1 << 20), "constant shapes ask for more"),
    "constant whose size overflows": (_of_shape(1 << 62, 1 << 62), "constant shapes ask for more"),
    "64 times as much, ten times over": (_repeated, "silent frames fails|MB of memory"),
    "outer product of 160 GB": (_outer_product, "silent frames fails|MB of memory"),
    "memory by the fourth power of the frames": (_per_frame, "silent frames fails|MB of memory"),
    "memory by the loudness": (_by_value, "depends on the sound heard"),
    "shape by the loudness": (_by_axes, "depends on the sound heard"),
    "axis of two thousand million": (_long_axis, "an axis longer than"),
    "chance": (_random, "RandomNormal is not one"),
    "30,000 operators": (_many_nodes, "more than"),
    "state of 4 TB": (_state(1 << 20, 1 << 20), "are not 1 to"),
    "state of no size": (_state(0), "are not 1 to|cannot load"),
    "texts as elements": (_strings, "elements of ONNX's type 8"),
    "gigabytes when folded": (_folded(), "MB of memory|takes more than"),  # which comes first, the machine decides
    "smallest number by -1": (_divided(False), r"ends the process that tries it out \(SIGFPE\)"),
    "smallest number by -1, when heard": (_divided(True), "divides whole numbers that depend on the sound"),
    "remainder, slow when loud": (_remainder, "operator Mod: of doubles it takes"),
    "memory at 16 frames": (_at_a_length(16), "a run on 16 noisy frames fails|MB of memory"),
    "escape sequences in a text": (_text("\x1b]0;owned\x07"), "control characters"),
    "text of a megabyte": (_text("x" * (1 << 20)), "longer than"),
}
"""Name: how the model is made, and what its refusal says (a pattern)."""

HARMFUL = {
    "segv_sum": "operator Sum: an input is missing",
    "dft_emptyaxis": "operator DFT: its axis is not one constant",
    "folding": "constant shapes ask for more",
    "prepack2": "constant shapes ask for more",
    "lstm_slow": "constant shapes ask for more",
    "dropout_noise": "operator Dropout: may be in training mode",
}
"""Files in ``harmful/`` that ended, filled or held up a process before models were tried in one of their own."""
