"""Damage by a seeded generator: bytes, texts, and the graphs of models."""

from __future__ import annotations

import re
from contextlib import suppress

import numpy as np
import onnx
from onnx import TensorProto, helper

__all__ = ["damaged_bytes", "damaged_model", "damaged_text"]

_MAGIC = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_NUMBERS = (
    "0", "-1", "1e308", "-1e308", "1e-320", "nan", "inf", "-inf", "9223372036854775807", "1" * 400, "0.5", "true",
    '"x"', "[]", "{}", "[[1]]", "1979-05-27", "1e9", "1000000000", '"../../etc/passwd"', '"/etc/passwd"', '"\\u0000"',
    "''",
)  # fmt: skip
_PLUGINS = ("Convolution", "Delay", "Mix", "VST3Plugin", "os.system", "Resample", "PitchShift")
_EXTREMES = (-(2**63), -(2**31), -1, 0, 1, 2, 3, 7, 1000, 2**20, 2**31 - 1, 2**31, 2**40, 2**63 - 1)


def damaged_bytes(rng: np.random.Generator, content: bytes, header: int = 128) -> tuple[str, bytes]:
    """One kind of damage: its name, and the content after it. ``header``: bytes where numbers are likely to be."""
    kind = str(rng.choice(["truncated", "flipped bits", "header numbers", "removed", "repeated", "zeroed", "noise"]))
    data, size = bytearray(content), len(content)
    start = int(rng.integers(size))
    stop = min(size, start + int(2 ** rng.uniform(0, 12)))
    if kind == "truncated":
        return kind, content[:start]
    if kind == "flipped bits":
        for _ in range(int(2 ** rng.uniform(0, 6))):
            data[int(rng.integers(size))] ^= 1 << int(rng.integers(8))
    elif kind == "header numbers":
        for _ in range(int(rng.integers(1, 4))):
            width = int(rng.choice([1, 2, 4]))
            number = int(rng.choice(_MAGIC)) & (256**width - 1)
            at = int(rng.integers(min(header, size - width)))
            data[at : at + width] = number.to_bytes(width, str(rng.choice(["little", "big"])))  # type: ignore[arg-type]
    elif kind == "removed":
        del data[start:stop]
    elif kind == "repeated":
        data[start:start] = data[start:stop] * int(rng.integers(1, 4))
    elif kind == "zeroed":
        data[start:stop] = bytes(stop - start)
    else:
        data[start:stop] = rng.bytes(stop - start)
    return kind, bytes(data)


def damaged_text(rng: np.random.Generator, text: str) -> tuple[str, bytes]:
    """Damage to a preset."""
    kind = str(rng.choice(["bytes", "values", "lines", "plugins", "nesting", "keys"]))
    if kind == "bytes":
        return kind, damaged_bytes(rng, text.encode())[1]
    lines = text.splitlines()
    if kind == "keys":
        parts = rng.choice(["a", "board", "'x y'", '"\\u00e9"', "plugins"], int(2 ** rng.uniform(0, 15)))
        key = ".".join(parts)
        shape = str(rng.choice(["{} = 1", "[{}]", "[[{}]]", "x = {{ {} = 2 }}", "{}", "x = [{}]"]))
        lines.insert(int(rng.integers(len(lines) + 1)), shape.format(key))
    elif kind == "values":
        for _ in range(int(rng.integers(1, 4))):
            i = int(rng.integers(len(lines)))
            key, equals, _ = lines[i].partition("=")
            if equals:
                lines[i] = f"{key}= {rng.choice(_NUMBERS)}"
    elif kind == "lines":
        i, j = (int(n) for n in rng.integers(len(lines), size=2))
        lines[i : i + 1] = rng.choice(np.array([[], [lines[j]], [lines[i]] * 2], object))
    elif kind == "plugins":
        plugins = [*re.findall(r'plugin = ".*"', text), *(f'plugin = "{name}"' for name in _PLUGINS)]
        at = [i for i, line in enumerate(lines) if line.startswith("plugin")]
        lines[int(rng.choice(at))] = str(rng.choice(plugins))
    else:
        depth = int(2 ** rng.uniform(0, 12))
        kind_of_box = rng.choice(["Chain", "Mix", "Pedalboard"])
        nested = f"[{{plugin = '{kind_of_box}', plugins = " * depth + "[{plugin = 'Gain'}]" + "}]" * depth
        lines = ["schema = 1", "name = 'Deep'", "[[board]]", f"plugin = '{kind_of_box}'", f"plugins = {nested}"]
    return kind, "\n".join(lines).encode()


def damaged_model(rng: np.random.Generator, content: bytes) -> tuple[str, bytes]:
    """Damage to an ONNX file that leaves it an ONNX file, mostly."""
    kind = str(rng.choice(["bytes", "attributes", "operators", "wires", "tensors", "shapes", "metadata", "nodes"]))
    if kind == "bytes":
        return kind, damaged_bytes(rng, content, header=4096)[1]
    model = onnx.load_from_string(content)
    for _ in range(int(rng.integers(1, 4))):
        with suppress(ValueError, IndexError):  # onnx's helpers stumble over what the change before has left
            _CHANGES[kind](rng, model.graph)
    if kind == "metadata":
        entry = model.metadata_props[int(rng.integers(len(model.metadata_props)))]
        entry.value = str(rng.choice(["", "-1", "1e400", "nan", "\x1b[2J", "9" * 5000, "x" * 100_000, "48000", "8"]))
    return kind, model.SerializeToString()


def _one(rng: np.random.Generator, items: object) -> object:
    return items[int(rng.integers(len(items)))] if len(items) else None  # type: ignore[arg-type, index]


def _extreme(rng: np.random.Generator) -> int:
    return _EXTREMES[int(rng.integers(len(_EXTREMES)))]


def _attributes(rng: np.random.Generator, graph: onnx.GraphProto) -> None:
    node = _one(rng, [node for node in graph.node if node.attribute and node.op_type != "Constant"] or graph.node)
    if not node.attribute or rng.random() < 0.2:
        names = ["axis", "axes", "hidden_size", "pads", "strides", "dilations", "group", "kernel_shape", "to", "perm"]
        value = _extreme(rng) if rng.random() < 0.5 else [_extreme(rng) for _ in range(int(rng.integers(1, 5)))]
        node.attribute.append(helper.make_attribute(str(rng.choice(names)), value))
        return
    attribute = _one(rng, node.attribute)
    if attribute.ints:
        attribute.ints[int(rng.integers(len(attribute.ints)))] = _extreme(rng)
        if rng.random() < 0.2:
            attribute.ints.extend([_extreme(rng)] * int(rng.integers(1, 10)))
    elif rng.random() < 0.2:
        attribute.type = int(rng.integers(15))
    else:
        attribute.i = _extreme(rng)


def _operators(rng: np.random.Generator, graph: onnx.GraphProto) -> None:
    from phaseaware.engine.model_check import OPERATORS

    _one(rng, graph.node).op_type = str(rng.choice(sorted(OPERATORS)))


def _wires(rng: np.random.Generator, graph: onnx.GraphProto) -> None:
    names = [name for node in graph.node for name in (*node.input, *node.output)]
    node = _one(rng, graph.node)
    ends = node.input if rng.random() < 0.8 and node.input else node.output
    action = rng.random()
    if action < 0.6:
        ends[int(rng.integers(len(ends)))] = _one(rng, names)
    elif action < 0.8:
        ends.extend([_one(rng, names)])
    else:
        del ends[int(rng.integers(len(ends)))]


def _tensors(rng: np.random.Generator, graph: onnx.GraphProto) -> None:
    inner = [a.t for node in graph.node for a in node.attribute if a.HasField("t")]
    tensor = _one(rng, [*graph.initializer, *inner])
    action = rng.random()
    if action < 0.3 and tensor.data_type == TensorProto.INT64 and (tensor.raw_data or tensor.int64_data):
        values = onnx.numpy_helper.to_array(tensor).copy()
        values.flat[int(rng.integers(values.size))] = _extreme(rng)
        tensor.CopyFrom(onnx.numpy_helper.from_array(values, tensor.name))
    elif action < 0.5 and tensor.dims:
        tensor.dims[int(rng.integers(len(tensor.dims)))] = _extreme(rng)
    elif action < 0.6:
        tensor.dims.append(_extreme(rng))
    elif action < 0.8:
        tensor.data_type = int(rng.integers(24))
    else:
        values = onnx.numpy_helper.to_array(tensor)
        new = values.reshape(-1)[: int(rng.integers(values.size + 1))]
        tensor.CopyFrom(onnx.numpy_helper.from_array(new, tensor.name))


def _shapes(rng: np.random.Generator, graph: onnx.GraphProto) -> None:
    kind = _one(rng, [*graph.input, *graph.output]).type.tensor_type
    if rng.random() < 0.2:
        kind.elem_type = int(rng.integers(24))
    elif kind.shape.dim:
        dim = _one(rng, kind.shape.dim)
        if rng.random() < 0.3:
            dim.dim_param = str(rng.choice(["T", "N", ""]))
        else:
            dim.dim_value = _extreme(rng)


def _nodes(rng: np.random.Generator, graph: onnx.GraphProto) -> None:
    i = int(rng.integers(len(graph.node)))
    if rng.random() < 0.5:
        del graph.node[i]
    else:
        graph.node.insert(int(rng.integers(len(graph.node) + 1)), graph.node[i])


_CHANGES = {
    "attributes": _attributes, "operators": _operators, "wires": _wires, "tensors": _tensors, "shapes": _shapes,
    "nodes": _nodes, "metadata": lambda rng, graph: None,
}  # fmt: skip
