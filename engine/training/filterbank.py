"""A contrast: masks on a learned filterbank instead of the STFT, after Conv-TasNet.

Encoder and decoder are convolutions whose weights are learnt (Y. Luo and N. Mesgarani, "Conv-TasNet: Surpassing ideal
time-frequency magnitude masking for speech separation", IEEE/ACM TASLP 27(8), 2019). Nothing makes the one undo the
other: a mask of ones need not give the signal back, as it does through the engine's frames.
"""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from ..evaluation.evaluate import METRICS, scores
from ..evaluation.pairs import pairs
from .config import TrainingConfig
from .corpus import FULL_BAND, Corpus
from .losses import enhancement_loss
from .mixing import Mixtures

__all__ = ["FilterbankNet", "contrast"]

_FILTER, _STRIDE = 96, 48  # samples: 2 ms, half overlapping
_CHANNELS, _NARROW, _WIDE, _REPEATS, _DILATIONS = 256, 64, 128, 2, 7
_SHOWN = ("PESQ-WB", "ESTOI", "SI-SDR", "SI-SDR <6k", "LSD <6k", "LSD 6-20k", "OVRL")


class _Layer(nn.Module):
    """A residual block that sees ``dilation`` and twice ``dilation`` frames back."""

    def __init__(self, dilation: int) -> None:
        super().__init__()
        self.dilation = dilation
        self.widen = nn.Conv1d(_NARROW, _WIDE, 1)
        self.norm = nn.GroupNorm(1, _WIDE)
        self.past = nn.Conv1d(_WIDE, _WIDE, 3, dilation=dilation, groups=_WIDE)
        self.narrow = nn.Conv1d(_WIDE, _NARROW, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = functional.leaky_relu(self.widen(x), 0.1)
        y = functional.leaky_relu(self.past(functional.pad(self.norm(y), (2 * self.dilation, 0))), 0.1)
        return x + self.narrow(y)


class FilterbankNet(nn.Module):
    """Samples [N, L] to samples: learned encoder, mask in [0, 1], learned decoder."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Conv1d(1, _CHANNELS, _FILTER, _STRIDE, bias=False)
        self.decoder = nn.ConvTranspose1d(_CHANNELS, 1, _FILTER, _STRIDE, bias=False)
        layers = [_Layer(2**i) for _ in range(_REPEATS) for i in range(_DILATIONS)]
        self.masker = nn.Sequential(
            nn.GroupNorm(1, _CHANNELS), nn.Conv1d(_CHANNELS, _NARROW, 1), *layers, nn.Conv1d(_NARROW, _CHANNELS, 1)
        )

    def forward(self, x: Tensor, *, masked: bool = True) -> Tensor:
        """``masked=False``: a mask of ones, what encoder and decoder make of the signal by themselves."""
        padded = functional.pad(x, (_FILTER - _STRIDE, _FILTER - x.shape[1] % _STRIDE))
        E = functional.relu(self.encoder(padded.unsqueeze(1)))
        if masked:
            E = E * torch.sigmoid(self.masker(E))
        y: Tensor = self.decoder(E.float())[:, 0]
        return y[:, _FILTER - _STRIDE :][:, : x.shape[1]]


def contrast(config: TrainingConfig, corpus: Corpus, folder: str | Path, pairs_folder: str | Path, *,
             hours: float) -> Iterator[str]:  # fmt: skip
    """Train for ``hours`` of audio (the last fifth with a falling rate); yields a Markdown table of its figures."""
    data = dataclasses.replace(config.data, segments=1)
    mixtures = Mixtures(corpus, data, config.seed)
    torch.manual_seed(config.seed)
    network = FilterbankNet()
    batch, o = config.optimizer.batch, config.optimizer
    optimizer = torch.optim.AdamW(network.parameters(), lr=o.learning_rate, weight_decay=o.weight_decay)
    steps = round(hours * 3600 * FULL_BAND / (batch * mixtures.samples))
    Path(folder).mkdir(parents=True, exist_ok=True)
    with Path(folder, "log.csv").open("w", newline="", encoding="utf-8") as log:
        for step in range(steps):
            optimizer.param_groups[0]["lr"] = o.learning_rate * min(1.0, (step + 1) / 100, 5 * (steps - step) / steps)
            examples = [mixtures(step * batch + i) for i in range(batch)]
            noisy, target = (torch.from_numpy(np.stack(stems)) for stems in zip(*examples, strict=True))
            with torch.autocast("cpu", dtype=torch.bfloat16):
                y = network(noisy)
            loss = enhancement_loss(y.float(), target, noisy, config.loss, step=step)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), o.clip_norm)
            optimizer.step()
            csv.writer(log).writerow([step, f"{float(loss.detach()):.4f}"])
    torch.save(network.state_dict(), Path(folder, "filterbank.pt"))
    yield from _table(network.eval(), Path(pairs_folder))


def _table(network: FilterbankNet, folder: Path) -> Iterator[str]:
    found, errors = [], []
    for _, speech, noise, rate in pairs(folder):
        noisy = torch.from_numpy(speech + noise)[None]
        with torch.no_grad():
            y, same = network(noisy)[0].numpy(), network(noisy, masked=False)[0].numpy()
        found.append(scores(y, speech, rate))
        errors.append(_decibel(same - noisy[0].numpy(), noisy[0].numpy()))
    columns = [METRICS.index(metric) for metric in _SHOWN]
    yield "| filterbank | " + " | ".join(_SHOWN) + " | error where nothing is masked, dB |"
    yield "|---|" + "---|" * (len(_SHOWN) + 1)
    figures = " | ".join(f"{x:.2f}" for x in np.mean(found, axis=0)[columns])
    yield f"| learned, {_CHANNELS} filters of 2 ms | {figures} | {np.mean(errors):.1f} |"


def _decibel(error: NDArray[np.float32], signal: NDArray[np.float32]) -> float:
    return float(10 * np.log10(np.sum(error**2, dtype=float) / np.sum(signal**2, dtype=float)))
