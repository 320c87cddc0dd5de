"""The engine's frames and masks as tensors, and a spectrum whose gradient is a real transform too."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from ..stft import FRAME_LENGTH, HOP

__all__ = ["apply_mask", "framed_spectrum", "spectrum", "waveform"]


def _sqrt_hann(device: torch.device) -> Tensor:
    """The engine's analysis and synthesis window."""
    return torch.sin(torch.pi * torch.arange(FRAME_LENGTH, device=device) / FRAME_LENGTH)


def spectrum(x: Tensor) -> Tensor:
    """Samples [N, L] to spectrum [T, N, 513, 2] with the engine's frame positions; L a multiple of 512."""
    padded = functional.pad(x, (HOP, HOP))
    X = torch.stft(padded, FRAME_LENGTH, HOP, window=_sqrt_hann(x.device), center=False, return_complex=True)
    return torch.view_as_real(X.permute(2, 0, 1).contiguous())


def waveform(X: Tensor) -> Tensor:
    """Inverse of :func:`spectrum`: [T, N, 513, 2] to [N, (T-1)·512]."""
    frames = torch.fft.irfft(torch.view_as_complex(X.contiguous()), FRAME_LENGTH) * _sqrt_hann(X.device)
    out = frames[1:, :, :HOP] + frames[:-1, :, HOP:]
    return out.transpose(0, 1).reshape(X.shape[1], -1)


def apply_mask(mask: Tensor, X: Tensor) -> Tensor:
    """Complex product of mask and spectrum, both [..., 2]."""
    a, b = mask.unbind(-1)
    c, d = X.unbind(-1)
    return torch.stack([a * c - b * d, a * d + b * c], -1)


class _FramedSpectrum(torch.autograd.Function):
    """PyTorch's own gradient of a real transform is a complex one of twice the size, padded with zeros."""

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
