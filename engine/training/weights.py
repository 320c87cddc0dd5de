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
    What does not fit the network's shape is left out.
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
    return {name: value for name, value in found.items() if name in wanted and value.shape == wanted[name].shape}


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
