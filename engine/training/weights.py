"""Weights out of an exported ONNX file, so that a training can go on from a model whose checkpoint is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor

from .config import Network, load_config
from .network import MaskNet

__all__ = ["weights_of"]


def weights_of(path: str | Path, network: MaskNet) -> dict[str, Tensor]:
    """Weights of a file made by :mod:`export`, by the names of ``network``'s parameters.

    Constants keep their names where nothing was done to them. Else the node tells: it is named after its module
    (``/network/blocks.0/projection/MatMul``); matrices of products are transposed, the gates of a GRU in another order.
    Of a network with more look-ahead, the taps that ``network`` has not are dropped; taps that only ``network`` has
    begin at nought. Where it has more blocks, the new ones lie before the last and add nothing to what passes through:
    a larger network goes on where the smaller one was. What does not fit a shape then is left out.
    """
    graph = onnx.load(str(path)).graph
    values = {i.name: torch.tensor(numpy_helper.to_array(i)) for i in graph.initializer}
    found = {name.removeprefix("network."): value for name, value in values.items() if name.startswith("network.")}
    for node in graph.node:
        module = ".".join(node.name.strip("/").split("/")[1:-1])
        constants = [values[name] for name in node.input if name in values]
        for name, value in _of_node(node.op_type, constants):
            found.setdefault(f"{module}.{name}", value)
    _insert_blocks(found, network)
    wanted = network.state_dict()
    for name, axis in _TAPPED.items():
        if name in found and name in wanted:
            found[name] = _with_taps(found[name], wanted[name].shape[axis], network, axis=axis)
    return {name: value for name, value in found.items() if name in wanted and value.shape == wanted[name].shape}


def _insert_blocks(found: dict[str, Tensor], network: MaskNet) -> None:
    """Number the last block anew if ``network`` has more, and let those before it begin with norms of nought."""
    numbers = {int(name.split(".")[1]) for name in found if name.startswith("blocks.")}
    last, new_last = max(numbers, default=-1), network.config.blocks - 1
    if not 0 <= last < new_last:
        return
    for name in [name for name in found if name.startswith(f"blocks.{last}.")]:
        found[name.replace(str(last), str(new_last), 1)] = found.pop(name)
    for name, value in network.state_dict().items():
        if any(name.startswith(f"blocks.{i}.norm_") for i in range(last, new_last)):
            found[name] = torch.zeros_like(value)


_STUDIO = Path(__file__).with_name("configs") / "studio.toml"
_TAPPED = {"fine0.weight": 1, "low_heads.phase-aware.weight": 0, "low_heads.phase-aware.bias": 0}
"""Weights whose last columns, or rows, belong to the real parts of all taps and then to the imaginary ones."""


def _with_taps(values: Tensor, width: int, network: MaskNet, *, axis: int) -> Tensor:
    """With the taps of ``network``, those that ``values`` lack at nought; as they are if not known of which taps.

    The number tells: files are of the usual taps or of `studio`'s, as far as the look-ahead goes.
    """
    known = {
        len(taps): taps
        for usual in (load_config(_STUDIO).network.taps, Network().taps)
        for ahead in range(max(usual) + 1)
        if (taps := [tap for tap in usual if tap <= ahead])
    }
    others = width - 2 * len(network.taps)
    given, odd = divmod(values.shape[axis] - others, 2)
    if odd or given == len(network.taps) or given not in known:
        return values
    parts = values.split([others, given, given], axis)
    zero = torch.zeros_like(values.narrow(axis, 0, 1))
    made = [parts[0]]
    for part in parts[1:]:
        of_tap = dict(zip(known[given], part.split(1, axis), strict=True))
        made += [of_tap.get(tap, zero) for tap in network.taps]
    return torch.cat(made, axis)


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
