"""What a model must keep (see :mod:`phaseaware.engine.model`): inputs, outputs and metadata, read from a session."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..limits import MASK_NAMES, MaskName
from ..stft import BINS, FRAME_LENGTH, HOP, SAMPLE_RATE
from .wire import RefusedError

__all__ = ["CONTRACT", "INPUT", "RUN_LENGTHS", "Contract", "output_name", "read_contract"]

CONTRACT = "1"
INPUT = "spectrum"
RUN_LENGTHS = (256, 128, 64, 32, 16, 8, 4, 2, 1)
"""Frames of one run: a model is never run with a number of frames that :mod:`trial` has not tried. The first bounds the
memory of a run however long the signal."""
MAX_LOOKAHEAD = 8
MOST_STATE = 1 << 24
_REQUIRED = {"sample_rate": SAMPLE_RATE, "frame_length": FRAME_LENGTH, "hop": HOP}
_TEXTS = ("name", "version", "training_data", "licence")


@dataclass(frozen=True, kw_only=True)
class Contract:
    """How a session keeps the contract."""

    masks: tuple[MaskName, ...]
    seam_hz: float
    lookahead_frames: int
    state_shapes: Mapping[str, tuple[int, ...]]
    metadata: Mapping[str, str]


def output_name(mask: MaskName) -> str:
    """The graph's name of a mask."""
    return "mask_" + mask.replace("-", "_")


def read_contract(session: Any) -> Contract:
    """What the session of a model offers.

    Raises
    ------
    RefusedError : it breaks the contract; the message names the part.
    """
    meta = session.get_modelmeta().custom_metadata_map
    lookahead, seam_hz = _read_metadata(meta)
    inputs = {i.name: i for i in session.get_inputs()}
    outputs = {o.name: o for o in session.get_outputs()}
    if INPUT not in inputs:
        raise RefusedError(f"input {INPUT!r} is missing (inputs: {', '.join(inputs)})")
    _check_frames(INPUT, inputs[INPUT])
    masks = tuple(mask for mask in MASK_NAMES if output_name(mask) in outputs)
    if not masks:
        raise RefusedError(f"none of the outputs {', '.join(map(output_name, MASK_NAMES))} is there")
    for mask in masks:
        _check_frames(output_name(mask), outputs[output_name(mask)])
    return Contract(
        masks=masks, seam_hz=seam_hz, lookahead_frames=lookahead, metadata=meta,
        state_shapes=_read_states(inputs, outputs),
    )  # fmt: skip


def _read_metadata(meta: Mapping[str, str]) -> tuple[int, float]:
    if meta.get("phaseaware_contract") != CONTRACT:
        raise RefusedError(f"metadata phaseaware_contract={meta.get('phaseaware_contract')!r} is not {CONTRACT!r}")
    if missing := [key for key in (*_REQUIRED, "seam_hz", "lookahead_frames", *_TEXTS) if key not in meta]:
        raise RefusedError(f"metadata {missing[0]!r} is missing")
    for key, value in _REQUIRED.items():
        if meta[key] != str(value):
            raise RefusedError(f"{key}={meta[key][:40]} is not {value}, the only one supported")
    try:
        lookahead, seam_hz = int(meta["lookahead_frames"][:40]), float(meta["seam_hz"][:40])
    except ValueError as error:
        raise RefusedError(f"metadata: {error}") from None
    if not 0 <= lookahead <= MAX_LOOKAHEAD:
        raise RefusedError(f"lookahead_frames={lookahead} is not from 0 to {MAX_LOOKAHEAD}")
    if not 0 <= seam_hz <= SAMPLE_RATE / 2:
        raise RefusedError(f"seam_hz={seam_hz:g} is not from 0 to {SAMPLE_RATE // 2}")
    return lookahead, seam_hz


def _read_states(inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {}
    for name, node in inputs.items():
        if name == INPUT:
            continue
        if not name.startswith("state_"):
            raise RefusedError(f"input {name!r} is neither {INPUT!r} nor a state_…")
        if node.type != "tensor(float)" or not all(isinstance(d, int) for d in node.shape):
            raise RefusedError(f"{name}: states are float32 of fixed shape, not {node.type} {node.shape}")
        if f"next_{name}" not in outputs:
            raise RefusedError(f"state {name!r} has no output 'next_{name}'")
        shapes[name] = tuple(node.shape)
    sizes = [math.prod(shape) for shape in shapes.values()]
    if sum(sizes) > MOST_STATE or min(sizes, default=1) < 1:
        raise RefusedError(f"states of shapes {list(shapes.values())} are not 1 to {MOST_STATE} numbers")
    for name in outputs:
        if name.startswith("next_") and name.removeprefix("next_") not in inputs:
            raise RefusedError(f"output {name!r} has no input {name.removeprefix('next_')!r}")
    return shapes


def _check_frames(name: str, node: Any) -> None:
    shape = node.shape
    if node.type != "tensor(float)" or len(shape) != 4:
        raise RefusedError(f"{name}: {node.type} {shape} is not float32 [1, T, {BINS}, 2]")
    fixed = [(0, 1), (2, BINS), (3, 2)]
    if any(isinstance(shape[axis], int) and shape[axis] != size for axis, size in fixed):
        raise RefusedError(f"{name}: shape {shape} is not [1, T, {BINS}, 2]")
    if name == INPUT and isinstance(shape[1], int):
        raise RefusedError(f"{name}: T is fixed at {shape[1]}; it must be dynamic")
