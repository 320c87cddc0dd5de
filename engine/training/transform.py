"""Spectra of half-overlapping frames whose gradient is a real transform too.

PyTorch's own gradient of a real transform is a complex one of twice the size, padded with zeros.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

__all__ = ["framed_spectrum"]


class _FramedSpectrum(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, window: Tensor) -> Tensor:
        n = len(window)
        ctx.save_for_backward(window)
        ctx.samples = x.shape[1]
        return torch.fft.rfft(x.unfold(1, n, n // 2) * window)

    @staticmethod
    def backward(ctx: Any, *outer: Tensor) -> tuple[Tensor | None, ...]:
        # x[i] has the gradient Re Σ_k G[k] exp(jωki); an inverse real transform counts all bins but the first and
        # the last twice.
        (window,) = ctx.saved_tensors
        n, hop = len(window), len(window) // 2
        G = outer[0] / 2
        G[..., 0] *= 2
        G[..., -1] *= 2
        frames = torch.fft.irfft(G, n, norm="forward") * window
        x = frames.new_zeros(len(frames), ctx.samples)
        covered = (frames.shape[1] + 1) * hop
        blocks = x[:, :covered].unflatten(1, (-1, hop))
        blocks[:, :-1] = frames[..., :hop]
        blocks[:, 1:] += frames[..., hop:]
        return x, None


def framed_spectrum(x: Tensor, window: Tensor) -> Tensor:
    """Samples [N, L] to complex [N, frames, n/2 + 1], from frames of the window's n samples, half overlapping."""
    spectrum: Tensor = _FramedSpectrum.apply(x, window)
    return spectrum
