"""Weights out of an exported ONNX file, so that a training can go on from a model whose checkpoint is lost."""

from __future__ import annotations

import logging
from pathlib import Path

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor

from .network import MaskNet

__all__ = ["weights_of"]

log = logging.getLogger(__name__)


def weights_of(path: str | Path, network: MaskNet) -> dict[str, Tensor]:
    """Weights of a file made by :mod:`export`, by the names of ``network``'s parameters.

    The exporter names a node after the module that it is of (``/network/blocks.0/projection/MatMul``), transposes the
    matrices of products, and reorders the gates of a GRU; what does not fit the network's shape is left out.
    """
    graph = onnx.load(str(path)).graph
    values = {i.name: torch.tensor(numpy_helper.to_array(i)) for i in graph.initializer}
    found = {name.removeprefix("network."): value for name, value in values.items() if name.startswith("network.")}
    for node in graph.node:
        module = ".".join(node.name.strip("/").split("/")[1:-1])
        constants = [values[name] for name in node.input if name in values]
        if node.op_type == "MatMul" and len(constants) == 1:
            found.setdefault(f"{module}.weight", constants[0].T.contiguous())
        elif node.op_type == "GRU":
            for part, name in zip(constants, ("weight_ih_l0", "weight_hh_l0", "bias"), strict=False):
                z, r, h = part[0].reshape(2 if name == "bias" else 1, 3, -1, *part.shape[2:]).unbind(1)
                ordered = torch.cat([r, z, h], 1)
                if name == "bias":
                    found[f"{module}.bias_ih_l0"], found[f"{module}.bias_hh_l0"] = ordered.unbind(0)
                else:
                    found[f"{module}.{name}"] = ordered[0]
    wanted = network.state_dict()
    return {name: value for name, value in found.items() if name in wanted and value.shape == wanted[name].shape}
