"""Weights out of an exported ONNX file, so that a training can go on from a model whose checkpoint is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor

from .network import MaskNet

__all__ = ["weights_of"]


def weights_of(path: str | Path, network: MaskNet) -> dict[str, Tensor]:
    """Weights of a file made by :mod:`export`, by the names of ``network``'s parameters.

    Constants keep their names where nothing was done to them. Else the node tells: it is named after its module
    (``/network/blocks.0/projection/MatMul``); matrices of products are transposed, the gates of a GRU in another order.
    Of a network with more look-ahead, the taps that ``network`` has not are dropped; what does not fit its shape then
    is left out.
    """
    graph = onnx.load(str(path)).graph
    values = {i.name: torch.tensor(numpy_helper.to_array(i)) for i in graph.initializer}
    found = {name.removeprefix("network."): value for name, value in values.items() if name.startswith("network.")}
    for node in graph.node:
        module = ".".join(node.name.strip("/").split("/")[1:-1])
        constants = [values[name] for name in node.input if name in values]
        for name, value in _of_node(node.op_type, constants):
            found.setdefault(f"{module}.{name}", value)
    wanted = network.state_dict()
    for name, width in _TAPPED.items():
        if name in found and name in wanted:
            found[name] = _with_taps(found[name], wanted[name].shape[width], network, axis=width)
    return {name: value for name, value in found.items() if name in wanted and value.shape == wanted[name].shape}


_TAPPED = {"fine0.weight": 1, "low_heads.phase-aware.weight": 0, "low_heads.phase-aware.bias": 0}
"""Weights whose last columns, or rows, belong to the real parts of all taps and then to the imaginary ones."""


def _with_taps(values: Tensor, width: int, network: MaskNet, *, axis: int) -> Tensor:
    """Without the taps of a network with more look-ahead, if ``values`` are of such a one."""
    for most in sorted({tap for tap in network.config.taps if tap > network.config.lookahead}):
        taps = [tap for tap in network.config.taps if tap <= most]
        first = values.shape[axis] - 2 * len(taps)
        if first == width - 2 * len(network.taps):
            kept = [first + part + i for part in (0, len(taps)) for i, tap in enumerate(taps) if tap in network.taps]
            return values.index_select(axis, torch.tensor([*range(first), *kept]))
    return values


def _of_node(kind: str, constants: list[Tensor]) -> Iterator[tuple[str, Tensor]]:
    if kind == "Add" and len(constants) == 1:
        yield "bias", constants[0]
    elif kind == "MatMul" and len(constants) == 1:
        yield "weight", constants[0].T.contiguous()
    elif kind in ("Conv", "ConvTranspose", "Gemm", "LayerNormalization"):
        yield from zip(("weight", "bias"), constants, strict=False)
    elif kind == "RNN":
        yield from zip(("weight_ih_l0", "weight_hh_l0"), (w[0] for w in constants), strict=True)
    elif kind == "GRU":
        W, R, biases = (_reordered(c[0]) for c in (constants[0], constants[1], constants[2].reshape(1, 2, -1).mT))
        yield from zip(("weight_ih_l0", "weight_hh_l0"), (W, R), strict=True)
        yield from zip(("bias_ih_l0", "bias_hh_l0"), biases.T.contiguous(), strict=True)


def _reordered(gates: Tensor) -> Tensor:
    """[3·units, …] from the file's order (z, r, n) to PyTorch's (r, z, n)."""
    z, r, n = gates.chunk(3)
    return torch.cat([r, z, n])
