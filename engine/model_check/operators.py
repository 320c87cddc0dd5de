"""What a model may ask of onnxruntime: operators, the inputs they need, and the ranges of their attributes.

Every refusal here is of something that has ended the process, taken memory or time without bound, or given other
samples in two runs, or that is next to it and that no exporter writes.
"""

from __future__ import annotations

from typing import Any

from .wire import RefusedError

__all__ = ["OPERATORS", "OPSETS", "SHAPING", "SIZES", "UNHEARD", "check_attributes", "check_ends"]

OPSETS = range(13, 26)
"""Versions of the ONNX standard; before 13, many shapes are attributes, and operators differ."""

SIZES = {1: 4, 2: 1, 3: 1, 4: 2, 5: 2, 6: 4, 7: 8, 9: 1, 10: 2, 11: 8, 12: 4, 13: 8}
"""Bytes of one element, by ONNX's number of its type; no texts, complex numbers or eighths."""

MANY = 2048
_ARITIES: dict[tuple[int, int], str] = {
    (0, 0): "Constant",
    (1, MANY): "Concat Einsum Max Mean Min Sum",
    (1, 1): """
        Abs Acos Acosh ArgMax ArgMin Asin Asinh Atan Atanh AveragePool Cast Ceil Celu ConstantOfShape Cos Cosh
        DepthToSpace DynamicQuantizeLinear Elu Erf Exp Flatten Floor Gelu GlobalAveragePool GlobalMaxPool HardSigmoid
        HardSwish Identity IsInf IsNaN LRN LeakyRelu Log LogSoftmax LpNormalization LpPool MaxPool
        MeanVarianceNormalization Mish Neg Not Reciprocal Relu Round Selu Shape Shrink Sigmoid Sign Sin Sinh Size
        Softmax Softplus Softsign SpaceToDepth Sqrt Tan Tanh ThresholdedRelu Transpose""",
    (1, 2): """
        ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum
        ReduceSumSquare Split Squeeze Trilu""",
    (1, 3): "Clip DFT Dropout",
    (1, 4): "Resize",
    (2, 2): """
        Add And CastLike CumSum Div Equal Expand Gather GatherElements GatherND Greater GreaterOrEqual Less LessOrEqual
        MatMul Mod Mul Or PRelu Pow RMSNormalization Reshape Sub Tile TopK Unsqueeze Xor""",
    (2, 3): "Conv ConvTranspose DequantizeLinear Gemm LayerNormalization QuantizeLinear",
    (2, 4): "ConvInteger MatMulInteger Pad",
    (3, 3): "GroupNormalization InstanceNormalization OneHot Range ScatterElements ScatterND Where",
    (3, 4): "Attention",
    (3, 5): "Slice",
    (3, 6): "GRU RNN",
    (3, 8): "LSTM",
    (5, 5): "BatchNormalization",
    (8, 8): "QLinearMatMul",
    (8, 9): "QLinearConv",
}
"""Operators of the ONNX standard by how many inputs they need, and how many they may have. Not among them: subgraphs
(no loop can be endless), chance, and operators whose output's shape follows from values."""

_INPUTS = {name: arity for arity, names in _ARITIES.items() for name in names.split()}
OPERATORS = frozenset(_INPUTS)
"""Operators that a model may use."""

SHAPING = {
    "ConstantOfShape": (0,), "CumSum": (1,), "DFT": (1, 2), "Expand": (1,), "OneHot": (1,), "Pad": (1, 3),
    "Range": (0, 1, 2), "Reshape": (1,), "Resize": (1, 2, 3), "Slice": (1, 2, 3, 4), "Split": (1,), "Squeeze": (1,),
    "Tile": (1,), "TopK": (1,), "Trilu": (1,), "Unsqueeze": (1,),
    **{name: (1,) for name in OPERATORS if name.startswith("Reduce")},
}  # fmt: skip
"""Inputs whose values decide the output's shape or the kernel's steps: never what is heard."""

UNHEARD = {"Div", "Mod"}
"""Must not divide whole numbers that are heard: the smallest by -1 ends the process (SIGFPE), whenever it comes."""

_RECURRENT = {"GRU", "LSTM", "RNN"}
_LENGTHS = 4  # the input sequence_lens
_AXIS, _SIZE, _FLAG = (-8, 7), (1, 4096), (0, 1)
_WHOLE: dict[str, tuple[int, int]] = {
    **dict.fromkeys(("allowzero", "antialias", "ceil_mode", "count_include_pad", "detect_negative"), _FLAG),
    **dict.fromkeys(("detect_positive", "exclude_outside", "exclusive", "fmod", "input_forget", "inverse"), _FLAG),
    **dict.fromkeys(("is_causal", "keepdims", "largest", "layout", "linear_before_reset"), _FLAG),
    **dict.fromkeys(("noop_with_empty_axes", "onesided", "reverse", "saturate", "select_last_index"), _FLAG),
    **dict.fromkeys(("sorted", "storage_order", "transA", "transB", "upper"), _FLAG),
    **dict.fromkeys(("axes", "axis", "end", "start"), _AXIS),
    **dict.fromkeys(("blocksize", "dilations", "group", "hidden_size", "kernel_shape", "kv_num_heads"), _SIZE),
    **dict.fromkeys(("num_groups", "num_outputs", "output_shape", "q_num_heads", "size", "strides"), _SIZE),
    **dict.fromkeys(("output_padding", "pads"), (0, 4096)),
    **dict.fromkeys(("batch_dims", "perm"), (0, 7)),
    "block_size": (0, 4096), "output_dtype": (0, 13), "p": (1, 2), "precision": (0, 13),
    "qk_matmul_output_mode": (0, 3), "softmax_precision": (0, 13), "stash_type": (1, 1), "to": (1, 13),
    "training_mode": (0, 0), "value_int": (-(2**63), 2**63 - 1), "value_ints": (-(2**63), 2**63 - 1),
}  # fmt: skip
_REAL = frozenset(
    [
        "activation_alpha",
        "activation_beta",
        "alpha",
        "beta",
        "bias",
        "clip",
        "cubic_coeff_a",
        "epsilon",
        "extrapolation_value",
        "gamma",
        "lambd",
        "momentum",
        "scale",
        "softcap",
        "value_float",
        "value_floats",
    ]
)
_TEXTS = frozenset(
    [
        "activations",
        "approximate",
        "auto_pad",
        "coordinate_transformation_mode",
        "direction",
        "equation",
        "keep_aspect_ratio_policy",
        "mode",
        "nearest_mode",
        "reduction",
        "round_mode",
    ]
)
MOST_VALUES, LONGEST_WORD = 1 << 16, 200


def check_ends(node: Any) -> None:
    """Whether a node has the inputs and outputs that its operator needs.

    Raises
    ------
    RefusedError : the operator is unknown, an input or output is missing, or one is there that a model must not use.
    """
    kind, inputs = node.op_type, node.input
    if kind not in OPERATORS or node.domain not in ("", "ai.onnx"):
        raise RefusedError(
            f"operator {node.domain[:40]}{'.' * bool(node.domain)}{kind[:40]} is not one a model may use"
        )
    least, most = _INPUTS[kind]
    if len(inputs) > most:
        raise RefusedError(f"operator {kind}: {len(inputs)} inputs are more than {most}")
    if len(inputs) < least or not all(inputs[: len(inputs) if most == MANY else least]):
        needed = "every one" if most == MANY else f"{least}"
        raise RefusedError(f"operator {kind}: an input is missing; it needs {needed} of them")
    if kind in _RECURRENT and len(inputs) > _LENGTHS and inputs[_LENGTHS]:
        raise RefusedError(f"operator {kind}: sequence_lens is given; export it without, as every frame counts")
    if kind == "Dropout" and len(inputs) > 2 and inputs[2]:
        raise RefusedError("operator Dropout: may be in training mode; export the model for inference")
    if kind in ("LayerNormalization", "BatchNormalization", "Dropout") and len(node.output) > 1:
        raise RefusedError(f"operator {kind}: has outputs for training; export the model for inference")
    if not any(node.output) or (kind not in _RECURRENT and not all(node.output)):
        raise RefusedError(f"operator {kind}: an output has no name")


def check_attributes(node: Any) -> None:
    """Whether a node's attributes are known and within their ranges; tensors are looked at elsewhere.

    Raises
    ------
    RefusedError : the message names the attribute.
    """
    kind = node.op_type
    seen: set[str] = set()
    for attribute in node.attribute:
        name = attribute.name
        if attribute.HasField("g") or attribute.graphs or attribute.ref_attr_name:
            raise RefusedError(
                f"operator {kind}: {name[:40]!r} is a graph of its own; export it without loops and branches"
            )
        if attribute.HasField("sparse_tensor") or attribute.sparse_tensors or name == "sparse_value":
            raise RefusedError("holds sparse tensors; export it with dense ones")
        if name in seen:
            raise RefusedError(f"operator {kind}: attribute {name[:40]!r} is there twice")
        seen.add(name)
        _check_values(kind, attribute)


def _check_values(kind: str, attribute: Any) -> None:
    name = attribute.name
    whole = [*attribute.ints, *([attribute.i] if attribute.HasField("i") else [])]
    words = [*attribute.strings, *([attribute.s] if attribute.HasField("s") else [])]
    reals = len(attribute.floats) + attribute.HasField("f")
    tensors = len(attribute.tensors) + attribute.HasField("t")
    allowed = name in _WHOLE, name in _TEXTS, name in _REAL, name == "value" and kind in ("Constant", "ConstantOfShape")
    if not any(allowed) or any(
        there and not may for there, may in zip((whole, words, reals, tensors), allowed, strict=True)
    ):
        raise RefusedError(f"operator {kind}: attribute {name[:40]!r} is not one a model may use")
    if max(len(whole), len(words), reals) > MOST_VALUES:
        raise RefusedError(f"operator {kind}: attribute {name!r} has more than {MOST_VALUES} values")
    if whole:
        low, high = _WHOLE[name]
        if name in ("start", "end"):  # of Shape, which clips them
            low, high = -(2**31), 2**31
        if wrong := [value for value in whole if not low <= value <= high]:
            raise RefusedError(f"operator {kind}: {name}={wrong[0]} is not from {low} to {high}")
    if name in ("to", "output_dtype") and any(value and value not in SIZES for value in whole):
        raise RefusedError(f"operator {kind}: elements of ONNX's type {whole[0]} are not supported")
    if any(len(word) > LONGEST_WORD or not word.isascii() for word in words):
        raise RefusedError(f"operator {kind}: attribute {name!r} is not a short word")
