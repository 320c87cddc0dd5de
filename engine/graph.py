"""What a model file may hold, checked before onnxruntime gets it.

A model may come from anyone, and onnxruntime does what a graph says: it opens the files that external data names, runs
a loop as often as it likes, allocates what a shape asks for. So nothing reaches it but what :func:`checked_graph` has
written anew from what it has understood:

- The file is at most 128 MB and parsed by protobuf. What :data:`_FIELDS` does not describe is dropped, and so are the
  shapes that a file claims for its intermediate results; what onnxruntime loads is never the file itself.
- Tensors lie in the file, are dense numbers, and have as many as their shape says.
- Operators are those of :data:`OPERATORS`: standard ones without subgraphs (no loop can be endless), without chance (a
  stream must equal one shot), and whose output's shape follows from their inputs' shapes.
- Shapes depend on the number of frames only, never on what is heard: operands such as the target of a Reshape or the
  count of a Range come from constants and Shape, not from the spectrum or a state. A frame therefore always costs the
  same, and a trial run when the model is loaded shows how much (see :mod:`model`, which bounds its time and memory).
- Texts have no control characters: they are shown in terminals and windows.

The parser: onnxruntime needs protobuf anyway, and importing it takes 20 ms; importing onnx takes 0.2 s, and it adds
31 MB to an installation. Field numbers and types are those of onnx.proto (ONNX 1.19, IR version 12).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message, message_factory

__all__ = ["LARGEST_FILE", "OPERATORS", "GraphError", "checked_graph"]

LARGEST_FILE = 128 << 20
MOST_NODES, MOST_AXES, LARGEST_AXIS, LONGEST_TEXT = 20_000, 8, 1 << 24, 1 << 16

_OPERATORS = """
    Abs Acos Acosh Add And Asin Asinh Atan Atanh Ceil Clip Cos Cosh Div Equal Erf Exp Floor Greater GreaterOrEqual IsInf
    IsNaN Less LessOrEqual Log Max Mean Min Mod Mul Neg Not Or Pow Reciprocal Round Sign Sin Sinh Sqrt Sub Sum Tan Tanh
    Where Xor
    Celu Elu Gelu HardSigmoid HardSwish LeakyRelu LogSoftmax Mish PRelu Relu Selu Shrink Sigmoid Softmax Softplus
    Softsign ThresholdedRelu
    Attention AveragePool BatchNormalization Conv ConvTranspose Dropout Einsum GRU Gemm GlobalAveragePool GlobalMaxPool
    GroupNormalization InstanceNormalization LRN LSTM LayerNormalization LpNormalization LpPool MatMul MaxPool
    MeanVarianceNormalization RMSNormalization RNN
    ConvInteger DequantizeLinear DynamicQuantizeLinear MatMulInteger QLinearConv QLinearMatMul QuantizeLinear
    ArgMax ArgMin Cast CastLike Concat Constant ConstantOfShape CumSum DFT DepthToSpace Expand Flatten Gather
    GatherElements GatherND Identity OneHot Pad Range Reshape Resize ScatterElements ScatterND Shape Size Slice
    SpaceToDepth Split Squeeze Tile TopK Transpose Trilu Unsqueeze
    ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare
"""
OPERATORS = frozenset(_OPERATORS.split())
"""Operators of the ONNX standard that a model may use."""

_SHAPING = {
    "ConstantOfShape": (0,), "DFT": (1, 2), "Expand": (1,), "OneHot": (1,), "Pad": (1, 3), "Range": (0, 1, 2),
    "Reshape": (1,), "Resize": (1, 2, 3), "Slice": (1, 2, 3, 4), "Split": (1,), "Squeeze": (1,), "Tile": (1,),
    "TopK": (1,), "Unsqueeze": (1,),
}  # fmt: skip
"""Inputs whose values decide the shape of the output. Those of Reduce… are added in :func:`_check_nodes`."""

# ONNX's numbers of element types: bytes of one element.
_SIZES = {1: 4, 2: 1, 3: 1, 4: 2, 5: 2, 6: 4, 7: 8, 9: 1, 10: 2, 11: 8, 12: 4, 13: 8}

_FIELDS: dict[str, str] = {
    "Model": "ir_version=1:int64 producer_name=2:string producer_version=3:string domain=4:string "
    "model_version=5:int64 graph=7:Graph opset_import=8:*Opset metadata_props=14:*Entry functions=25:*bytes",
    "Opset": "domain=1:string version=2:int64",
    "Entry": "key=1:string value=2:string",
    "Graph": "node=1:*Node name=2:string initializer=5:*Tensor input=11:*Value output=12:*Value "
    "sparse_initializer=15:*bytes",
    "Node": "input=1:*string output=2:*string name=3:string op_type=4:string attribute=5:*Attribute domain=7:string",
    "Attribute": "name=1:string f=2:float i=3:int64 s=4:bytes t=5:Tensor g=6:Graph floats=7:*float ints=8:*int64 "
    "strings=9:*bytes tensors=10:*Tensor graphs=11:*Graph type=20:int32 ref_attr_name=21:string "
    "sparse_tensor=22:bytes sparse_tensors=23:*bytes",
    "Tensor": "dims=1:*int64 data_type=2:int32 float_data=4:#float int32_data=5:#int32 int64_data=7:#int64 "
    "name=8:string raw_data=9:bytes double_data=10:#double uint64_data=11:#uint64 external_data=13:*Entry "
    "data_location=14:int32",
    "Value": "name=1:string type=2:Type",
    "Type": "tensor_type=1:TensorType",
    "TensorType": "elem_type=1:int32 shape=2:Shape",
    "Shape": "dim=1:*Dimension",
    "Dimension": "dim_value=1:int64 dim_param=2:string",
}
"""Messages as ``name=number:type``; ``*`` marks a list, ``#`` a packed one; what is refused unread is ``bytes``."""


class GraphError(ValueError):
    """A file holds what a model must not hold; the message says what."""


@cache
def _model_class() -> type[Any]:
    field_types = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="phaseaware/model.proto", package="phaseaware", syntax="proto2")
    for name, fields in _FIELDS.items():
        kind = file.message_type.add(name=name)
        for field in fields.split():
            key, _, rest = field.partition("=")
            number, _, type_name = rest.partition(":")
            bare = type_name.lstrip("*#")
            added = kind.field.add(name=key, number=int(number))
            added.label = field_types.LABEL_OPTIONAL if bare == type_name else field_types.LABEL_REPEATED
            if bare in _FIELDS:
                added.type, added.type_name = field_types.TYPE_MESSAGE, f".phaseaware.{bare}"
            else:
                added.type = field_types.Type.Value(f"TYPE_{bare.upper()}")
            added.options.packed = type_name.startswith("#")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("phaseaware.Model"))


def checked_graph(content: bytes) -> bytes:
    """Check the content of a model file.

    Returns
    -------
    The same model, written anew: what onnxruntime may load.

    Raises
    ------
    GraphError : it is not an ONNX model, or holds what a model must not hold.
    """
    if len(content) > LARGEST_FILE:
        raise GraphError(f"larger than {LARGEST_FILE >> 20} MB, the most that is read")
    model = _model_class()()
    try:
        model.ParseFromString(content)
        model.DiscardUnknownFields()
        if not model.HasField("graph") or not model.opset_import:
            raise GraphError("not an ONNX model: it holds no graph")
        if model.functions:
            raise GraphError("defines functions of its own; export it with standard operators only")
        _check_texts("metadata", (text for entry in model.metadata_props for text in (entry.key, entry.value)))
        _check_graph(model.graph)
    except (message.DecodeError, UnicodeDecodeError) as error:
        raise GraphError(f"not an ONNX model, or damaged ({error})") from None
    return model.SerializeToString(deterministic=True)


def _check_texts(what: str, texts: Iterable[str | bytes]) -> None:
    for text in texts:
        if isinstance(text, bytes):  # what protobuf gives for a string that is not UTF-8
            raise GraphError(f"{what}: {text[:40]!r} is not a text")
        if len(text) > LONGEST_TEXT:
            raise GraphError(f"{what}: a text of {len(text)} characters is longer than {LONGEST_TEXT}")
        if not text.replace("\n", "").replace("\t", "").isprintable():
            raise GraphError(f"{what}: {text[:40]!r} holds control characters")


def _check_graph(graph: Any) -> None:
    if len(graph.node) > MOST_NODES:
        raise GraphError(f"{len(graph.node)} operators are more than {MOST_NODES}")
    if graph.sparse_initializer:
        raise GraphError("holds sparse tensors; export it with dense ones")
    for value in (*graph.input, *graph.output):
        _check_texts("graph", (value.name, *(dim.dim_param for dim in value.type.tensor_type.shape.dim)))
        if any(dim.dim_value > LARGEST_AXIS for dim in value.type.tensor_type.shape.dim):
            raise GraphError(f"{value.name[:40]!r} has an axis longer than {LARGEST_AXIS}")  # 2^31: 2 GB when optimised
    for tensor in graph.initializer:
        _check_texts("tensor", (tensor.name,))
        _check_tensor(tensor)
    _check_nodes(graph)


def _check_tensor(tensor: Any) -> None:
    name = f"tensor {tensor.name[:40]!r}"
    if tensor.data_location or tensor.external_data:
        raise GraphError(f"{name} lies in another file; export the model with its tensors inside")
    if tensor.data_type not in _SIZES:
        raise GraphError(f"{name}: elements of ONNX's type {tensor.data_type} are not supported")
    count = 1
    for size in tensor.dims:
        count *= max(size, 0)
    typed = (tensor.float_data, tensor.int32_data, tensor.int64_data, tensor.double_data, tensor.uint64_data)
    there = len(tensor.raw_data) / _SIZES[tensor.data_type] + sum(map(len, typed))
    if len(tensor.dims) > MOST_AXES or min(tensor.dims, default=0) < 0 or there != count:
        raise GraphError(f"{name}: {there:g} numbers do not make up the shape {list(tensor.dims)[:MOST_AXES]}")


def _check_nodes(graph: Any) -> None:
    heard = {value.name for value in graph.input}
    known = heard | {tensor.name for tensor in graph.initializer} | {""}
    for node in graph.node:
        kind = node.op_type
        _check_texts("operator", (kind, node.name, node.domain, *node.output))
        if kind not in OPERATORS or node.domain not in ("", "ai.onnx"):
            raise GraphError(f"operator {node.domain}{'.' * bool(node.domain)}{kind} is not one a model may use")
        for attribute in node.attribute:
            _check_attribute(kind, attribute)
        for number, name in enumerate(node.input):
            if name not in known:
                raise GraphError(f"operator {kind}: its input {name[:40]!r} is not there, or made only after it")
            if name in heard and (number in _SHAPING.get(kind, ()) or (kind.startswith("Reduce") and number)):
                raise GraphError(
                    f"operator {kind}: the shape of its output depends on the sound heard, through {name[:40]!r}; "
                    "it may depend on the number of frames only"
                )
        for name in node.output:
            if name and name in known:
                raise GraphError(f"operator {kind}: its output {name[:40]!r} is there already")
            known.add(name)
        if kind not in ("Shape", "Size") and heard.intersection(node.input):
            heard.update(name for name in node.output if name)


def _check_attribute(kind: str, attribute: Any) -> None:
    name = attribute.name
    if attribute.HasField("g") or attribute.graphs or attribute.ref_attr_name:
        raise GraphError(f"operator {kind}: {name[:40]!r} is a graph of its own; export it without loops and branches")
    if attribute.HasField("sparse_tensor") or attribute.sparse_tensors or name == "sparse_value":
        raise GraphError("holds sparse tensors; export it with dense ones")
    for tensor in (*attribute.tensors, *([attribute.t] if attribute.HasField("t") else [])):
        _check_tensor(tensor)
