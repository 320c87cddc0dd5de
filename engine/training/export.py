"""From a checkpoint to one ONNX file that keeps the contract of :mod:`phaseaware.engine.model`."""

from __future__ import annotations

import contextlib
import io
import warnings
from pathlib import Path

import onnx
import onnxslim
import torch
from torch import Tensor, nn

from ..model import CONTRACT, MaskModel
from ..stft import BINS, FRAME_LENGTH, HOP, SAMPLE_RATE
from .config import TrainingConfig
from .loop import load_network
from .network import MaskNet

__all__ = ["export", "export_network"]

_OPSET = 17


class _Streaming(nn.Module):
    """The network with the contract's signature: examples and time exchanged, states as separate tensors."""

    def __init__(self, network: MaskNet) -> None:
        super().__init__()
        self.network = network
        self.states = tuple(network.zero_state())

    def forward(self, spectrum: Tensor, *state: Tensor) -> tuple[Tensor, ...]:
        T = spectrum.shape[1]
        masks, after = self.network(spectrum.reshape(T, 1, BINS, 2), dict(zip(self.states, state, strict=True)))
        return (*(mask.reshape(1, T, BINS, 2) for mask in masks.values()), *(after[name] for name in self.states))


def export_network(network: MaskNet, out: str | Path, metadata: dict[str, str]) -> None:
    """Write a network and its metadata (``name``, ``version``, ``training_data``, ``licence``) as ONNX."""
    zero = network.zero_state()
    states = [f"state_{name}" for name in zero]
    masks = ["mask_" + head.replace("-", "_") for head in network.config.heads]
    buffer = io.BytesIO()
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")  # the tracer's remarks on its own deprecations
        torch.onnx.export(
            _Streaming(network.eval()),
            (torch.randn(1, 5, BINS, 2), *zero.values()),
            buffer,
            input_names=["spectrum", *states],
            output_names=[*masks, *(f"next_{name}" for name in states)],
            dynamic_axes={name: {1: "T"} for name in ["spectrum", *masks]},
            opset_version=_OPSET,
            dynamo=False,
        )
    model = onnx.load_from_string(buffer.getvalue())
    for output in model.graph.output:  # the tracer leaves these open; the contract fixes them
        shape = output.type.tensor_type.shape.dim
        for name, value in zip(states, zero.values(), strict=True):
            if output.name == f"next_{name}":
                for axis, size in enumerate(value.shape):
                    shape[axis].dim_value = size
        if output.name in masks:
            for axis, size in ((0, 1), (2, BINS), (3, 2)):
                shape[axis].dim_value = size
    onnx.helper.set_model_props(
        model,
        {
            "phaseaware_contract": CONTRACT, "sample_rate": str(SAMPLE_RATE), "frame_length": str(FRAME_LENGTH),
            "hop": str(HOP), "seam_hz": f"{network.low_bins * SAMPLE_RATE / FRAME_LENGTH:g}",
            "lookahead_frames": str(network.config.lookahead), **metadata,
        },
    )  # fmt: skip
    # Fold what is constant and merge what is said twice: less to do for every frame, the same samples.
    model = onnxslim.slim(model)
    onnx.checker.check_model(model)
    onnx.save(model, str(out))


def export(
    checkpoint: str | Path, config: TrainingConfig, out: str | Path, *, version: str, training_data: str, licence: str
) -> MaskModel:
    """Export a checkpoint's averaged weights; returns the model as loaded, so that a broken file is noticed here."""
    network, hours = load_network(checkpoint, config)
    metadata = {
        "name": config.name, "version": version, "training_data": training_data, "licence": licence,
        "hours_seen": f"{hours:.1f}", "parameters": str(sum(p.numel() for p in network.parameters())),
    }  # fmt: skip
    export_network(network, out, metadata)
    return MaskModel(out)
