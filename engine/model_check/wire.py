"""The format of an ONNX file: its fields, a walk that counts them before anything is built of them, and the parser.

A protobuf of 100 MB can hold 50 million messages of two bytes, which take gigabytes and minutes to build and to check.
:func:`bound_fields` steps over the file's bytes first, keeps nothing, and ends at the first bound.

The parser: onnxruntime needs protobuf anyway, and importing it takes 20 ms; importing onnx takes 0.2 s, and it adds
31 MB to an installation. Field numbers and types are those of onnx.proto (ONNX 1.19, IR version 12).
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

__all__ = ["LARGEST_FILE", "LONGEST_TEXT", "RefusedError", "bound_fields", "parsed"]

LARGEST_FILE = 128 << 20
MOST_FIELDS = 150_000
"""Of one file, enough for 10,000 operators; stepping over so many takes about 0.15 s."""
MOST_PACKED = 8 << 20
"""Bytes of packed whole numbers: each byte may become a number of eight. Weights are raw bytes or packed floats."""
LONGEST_TEXT = 1 << 16

_FIELDS: dict[str, str] = {
    "Model": "ir_version=1:int64 producer_name=2:string producer_version=3:string domain=4:string "
    "model_version=5:int64 graph=7:Graph opset_import=8:*Opset metadata_props=14:*Entry functions=25:*bytes",
    "Opset": "domain=1:string version=2:int64",
    "Entry": "key=1:string value=2:string",
    "Graph": "node=1:*Node name=2:string initializer=5:*Tensor input=11:*Value output=12:*Value "
    "sparse_initializer=15:*bytes",
    "Node": "input=1:*string output=2:*string name=3:string op_type=4:string attribute=5:*Attribute domain=7:string",
    "Attribute": "name=1:string f=2:float i=3:int64 s=4:bytes t=5:Tensor g=6:bytes floats=7:*float ints=8:*int64 "
    "strings=9:*bytes tensors=10:*Tensor graphs=11:*bytes type=20:int32 ref_attr_name=21:string "
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


class RefusedError(ValueError):
    """A model file is refused; the message says why, in one sentence, without the file's name."""


class _Field(NamedTuple):
    name: str
    number: int
    type: str
    """With its mark."""

    @property
    def bare(self) -> str:
        return self.type.lstrip("*#")


@cache
def _messages() -> dict[str, list[_Field]]:
    found: dict[str, list[_Field]] = {}
    for message, text in _FIELDS.items():
        entries = (entry.replace("=", ":").split(":") for entry in text.split())
        found[message] = [_Field(name, int(number), type_) for name, number, type_ in entries]
    return found


def bound_fields(content: bytes) -> None:
    """Count fields and sizes of an ONNX file by its bytes, without building anything.

    Raises
    ------
    RefusedError : it is no protobuf, or has more fields, longer texts or more packed numbers than a model may have.
    """
    if len(content) > LARGEST_FILE:
        raise RefusedError(f"larger than {LARGEST_FILE >> 20} MB, the most that is read")
    inner = {m: {f.number: f.bare for f in fields if f.bare in _FIELDS} for m, fields in _messages().items()}
    texts = {m: {f.number for f in fields if f.bare == "string"} for m, fields in _messages().items()}
    whole = {
        m: {f.number for f in fields if f.bare in ("int64", "int32", "uint64")} for m, fields in _messages().items()
    }
    fields = packed = 0
    waiting = [("Model", 0, len(content))]
    while waiting:
        message, at, end = waiting.pop()
        while at < end:
            fields += 1
            if fields > MOST_FIELDS:
                raise RefusedError(
                    f"made of more than {MOST_FIELDS} fields; it may be no model, or one made to do harm"
                )
            key = content[at]
            if key < 128:
                at += 1
            else:
                key, at = _varint(content, at, end)
            number, kind = key >> 3, key & 7
            if kind == 2:
                if at < end and content[at] < 128:
                    size = content[at]
                    at += 1
                else:
                    size, at = _varint(content, at, end)
                if size > end - at:
                    raise RefusedError("not an ONNX model, or damaged: it ends within a field")
                if number in inner[message]:
                    waiting.append((inner[message][number], at, at + size))
                elif number in texts[message] and size > LONGEST_TEXT:
                    raise RefusedError(f"holds a text of {size} bytes, longer than {LONGEST_TEXT}")
                elif number in whole[message]:
                    packed += size
                at += size
            elif kind == 0:
                _, at = _varint(content, at, end)
            elif kind in (1, 5):
                at += 8 if kind == 1 else 4
            else:
                raise RefusedError("not an ONNX model, or damaged: a field has a type that ONNX does not use")
        if at > end:
            raise RefusedError("not an ONNX model, or damaged: it ends within a field")
    if packed > MOST_PACKED:
        raise RefusedError(f"more than {MOST_PACKED >> 20} MB of packed whole numbers; store them as raw data")


def _varint(content: bytes, at: int, end: int) -> tuple[int, int]:
    """A number of up to ten bytes with seven bits each, and where it ends."""
    value = shift = 0
    while at < end and shift < 70:
        byte = content[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
    raise RefusedError("not an ONNX model, or damaged: it ends within a field")


@cache
def _model_class() -> type[Any]:
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    field_types = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="phaseaware/model.proto", package="phaseaware", syntax="proto2")
    for message, fields in _messages().items():
        kind = file.message_type.add(name=message)
        for field in fields:
            added = kind.field.add(name=field.name, number=field.number)
            listed = field.type != field.bare
            added.label = field_types.LABEL_REPEATED if listed else field_types.LABEL_OPTIONAL
            if field.bare in _FIELDS:
                added.type, added.type_name = field_types.TYPE_MESSAGE, f".phaseaware.{field.bare}"
            else:
                added.type = field_types.Type.Value(f"TYPE_{field.bare.upper()}")
            added.options.packed = field.type.startswith("#")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("phaseaware.Model"))


def parsed(content: bytes) -> Any:
    """The model's message, without what :data:`_FIELDS` does not describe.

    Raises
    ------
    RefusedError : see :func:`bound_fields`; or it is damaged otherwise.
    """
    from google.protobuf.message import DecodeError

    bound_fields(content)
    model = _model_class()()
    try:
        model.ParseFromString(content)
    except (DecodeError, UnicodeDecodeError) as error:
        raise RefusedError(f"not an ONNX model, or damaged ({error})") from None
    model.DiscardUnknownFields()
    return model
