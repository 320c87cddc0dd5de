"""Extended short-time objective intelligibility (ESTOI) in operations that have gradients.

J. Jensen and C. H. Taal, "An algorithm for predicting the intelligibility of speech masked by modulated noise maskers",
IEEE/ACM TASLP 24, 2016: envelopes of 15 third-octave bands from 150 Hz up, in segments of 384 ms, each band and then
each frame brought to mean 0 and norm 1; their inner products are the measure. Silent frames are left out.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ..stft import SAMPLE_RATE

__all__ = ["intelligibility"]

_FRAME = 1228  # samples: 25.6 ms, half overlapping
_PADDED = 2560  # samples, with zeros, of each transform
_BANDS = 15
_LOWEST = 150.0  # Hz, the centre of the lowest band
_SEGMENT = 30  # frames: 384 ms
_STEP = 5  # frames from segment to segment; the standard's one tells no more of a mean
_DYNAMIC_RANGE = 1e-4  # of power: what is 40 dB below the loudest frame is silent
_FLOOR = 1e-5  # of each band's mean power, beside both
_EPS = 1e-6


def _third_octaves() -> Tensor:
    """[bins, bands]: 1 where a bin belongs to a band."""
    f = torch.arange(_PADDED // 2 + 1) * (SAMPLE_RATE / _PADDED)
    edges = _LOWEST * 2 ** ((2 * torch.arange(_BANDS + 1) - 1) / 6)
    return ((f.unsqueeze(1) >= edges[:-1]) & (f.unsqueeze(1) < edges[1:])).float()


def intelligibility(estimate: Tensor, target: Tensor) -> Tensor:
    """ESTOI from about 0 to 1, shape [N], for signals [N, L] at 48 kHz, L at least 20,000 samples.

    Meaningless where the target is silent.
    """
    bands = _third_octaves().to(target.device)
    window = torch.hann_window(_FRAME, device=target.device)
    used = int(bands.sum(1).nonzero().max()) + 1
    frames = torch.cat([estimate, target]).unfold(1, _FRAME, _FRAME // 2) * window
    X = torch.view_as_real(torch.fft.rfft(frames, _PADDED)[:, :, :used])
    Y, S = (X.square().sum(3) @ bands[:used]).chunk(2)
    power = S.sum(2)
    heard = power > _DYNAMIC_RANGE * power.amax(1, keepdim=True)
    # The measure ignores levels; without a floor its gradient would grow without bounds as the estimate vanishes.
    floor = _FLOOR * S.mean(1, keepdim=True) + _EPS
    Y, S = Y + floor, S + floor
    return torch.stack([_correlation(y[there], s[there]) for y, s, there in zip(Y, S, heard, strict=True)])


def _correlation(Y: Tensor, S: Tensor) -> Tensor:
    """Mean over the segments, of powers [frames, bands]; 0 where there are too few frames."""
    if len(S) < _SEGMENT:
        return (Y * 0).sum()
    y, s = (_normalised(_normalised(E.sqrt().unfold(0, _SEGMENT, _STEP), 2), 1) for E in (Y, S))
    return (y * s).sum(1).mean()


def _normalised(x: Tensor, axis: int) -> Tensor:
    """Mean 0 and norm 1 along an axis."""
    x = x - x.mean(axis, keepdim=True)
    return x / (x.square().sum(axis, keepdim=True) + _EPS).sqrt()
