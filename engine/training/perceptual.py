"""Disturbance heard between two signals, after PESQ's wideband model, in operations that have gradients.

ITU-T P.862 (2001) with the wideband extension P.862.2 (2007): powers in 49 Bark bands of 32 ms frames up to 8 kHz,
equalised, turned into loudness; differences beyond what masking hides are summed, additions (residual noise) more
than losses. Left out: the alignment in time (the mask keeps it) and the search for bad intervals. The numbers below
are the tables of the standard for 16 kHz.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ..stft import SAMPLE_RATE
from .transform import framed_spectrum

__all__ = ["disturbance"]

_FRAME = SAMPLE_RATE * 32 // 1000
_SPACING = SAMPLE_RATE / _FRAME  # Hz between bins
_USED = round(8000 / _SPACING)
# Per Bark band: its bins, its width in Bark, what relates its power density to that of the others, and the power at
# the threshold of hearing.
# fmt: off
_BINS = torch.tensor(
    [
        1, 1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1, 2, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 4, 3, 4, 5, 4,
        5, 6, 6, 7, 8, 9, 9, 12, 12, 15, 16, 18, 21, 25, 20,
    ]
)
_WIDTH = torch.tensor(
    [
        0.1573, 0.3180, 0.3224, 0.3269, 0.3315, 0.3361, 0.3407, 0.3454, 0.3501, 0.3549, 0.3597, 0.3646, 0.3695,
        0.3745, 0.3796, 0.3847, 0.3898, 0.3950, 0.4002, 0.4055, 0.4109, 0.4163, 0.4218, 0.4273, 0.4329, 0.4385,
        0.4442, 0.4500, 0.4558, 0.4616, 0.4676, 0.4736, 0.4796, 0.4857, 0.4919, 0.4982, 0.5045, 0.5108, 0.5173,
        0.5237, 0.5303, 0.5369, 0.5436, 0.5504, 0.5572, 0.5641, 0.5711, 0.5781, 0.5852,
    ]
)
_DENSITY = torch.tensor(
    [
        100, 100, 100, 100, 100, 100, 100, 100, 50, 100, 100, 100, 100, 100, 53.047, 110, 117.99, 65, 68.76,
        70, 71.429, 75, 76.843, 80.969, 88.646, 63.864, 68.155, 72.548, 75.585, 58.379, 80.951, 64.136, 54.385,
        73.822, 64.437, 59.176, 65.521, 61.4, 58.144, 57.005, 64.126, 54.311, 61.115, 55.078, 56.849, 55.629,
        53.137, 54.986, 79.547,
    ]
)
_THRESHOLD = torch.tensor(
    [
        5.1286e7, 2.4547e6, 7.079e+04, 4898, 1175, 389, 104.7, 45.71, 17.78, 9.772, 4.898, 3.09, 1.905, 1.259,
        0.9772, 0.7244, 0.5623, 0.4571, 0.389, 0.3311, 0.2951, 0.2692, 0.257, 0.2512, 0.2512, 0.2512, 0.2512,
        0.263, 0.2884, 0.309, 0.3388, 0.3715, 0.3981, 0.4365, 0.4677, 0.4898, 0.5012, 0.5012, 0.5129, 0.5248,
        0.5248, 0.5248, 0.5129, 0.4786, 0.4266, 0.3715, 0.3631, 0.4169, 0.537,
    ]
)
# fmt: on
_POWER_SCALE = 6.910853e-6
_LOUDNESS_SCALE = 0.1866055
_SPEECH_POWER = 1e7  # to which both signals are set, in the band below
_SPEECH_BAND = (325.0, 3250.0)  # Hz
_WINDOW = 20  # frames that the worst moments are found in, half overlapping

_centre = torch.cumsum(_WIDTH, 0) - _WIDTH / 2
_EXPONENT = 0.23 * (6 / (_centre + 2)).clamp(1, 2) ** 0.15  # Zwicker's law, steeper below 4 Bark


def _bands() -> Tensor:
    """[bins, bands]: which band each bin counts for; the lowest bin (0 Hz) for none."""
    bands = torch.zeros(_USED, len(_BINS))
    band_of = torch.repeat_interleave(torch.arange(len(_BINS)), _BINS)
    bands[torch.arange(len(band_of)), band_of] = _POWER_SCALE * _DENSITY[band_of]
    bands[0] = 0
    return bands


def _pre_emphasis() -> Tensor:
    """[bins]: power gain of the wideband input filter of P.862.2, a high-pass given for 16 kHz."""
    z = torch.exp(2j * math.pi * torch.arange(_USED) * _SPACING / 16_000)
    return ((2.740826 - 5.4816519 / z + 2.740826 / z**2) / (1 - 1.9444777 / z + 0.94597794 / z**2)).abs().square()


def disturbance(estimate: Tensor, target: Tensor) -> Tensor:
    """What PESQ subtracts from 4.5 before it maps to MOS-LQO, shape [N], for signals [N, L] at 48 kHz.

    Levels do not count: both signals are set to the same. Meaningless where the target is silent.
    """
    device = target.device
    density, width, threshold, exponent = (
        t.to(device) for t in (_bands(), _WIDTH, _THRESHOLD, _EXPONENT)
    )  # fmt: skip
    P = _at_speech_level(torch.cat([estimate, target]))
    Y, S = ((P * _pre_emphasis().to(device)) @ density).chunk(2)

    def audible(bands: Tensor, times: float) -> Tensor:
        return bands * (bands > threshold * times)

    # The standard forgives a steady colouration (up to 20 dB) and slow changes of level.
    speaks = (audible(S, 100).sum(2) >= _SPEECH_POWER).unsqueeze(2)
    mean_y, mean_s = ((audible(x, 100) * speaks).mean(1, keepdim=True) for x in (Y, S))
    S = S * ((mean_y + 1000) / (mean_s + 1000)).clamp(0.01, 100)
    gain = (audible(S, 1).sum(2) + 5e3) / (audible(Y, 1).sum(2) + 5e3)
    gain = torch.cat([gain[:, :1], 0.8 * gain[:, 1:] + 0.2 * gain[:, :-1]], 1).clamp(3e-4, 5)
    Y = Y * gain.unsqueeze(2)

    def loudness(bands: Tensor) -> Tensor:
        sones = (2 * threshold) ** exponent * ((0.5 + 0.5 * bands / threshold) ** exponent - 1)
        return _LOUDNESS_SCALE * sones * (bands > threshold)

    loud_y, loud_s = loudness(Y), loudness(S)
    difference = (loud_y - loud_s).abs()
    difference = (difference - 0.25 * torch.minimum(loud_y, loud_s)).clamp(min=0)  # the rest is masked
    added = ((Y + 50) / (S + 50)) ** 1.2
    added = torch.where(added < 3, torch.zeros_like(added), added.clamp(max=12))
    emphasis = ((audible(S, 1).sum(2) + 1e5) / _SPEECH_POWER) ** 0.04
    symmetric = (_norm(difference, width, 2) / emphasis).clamp(max=45)
    asymmetric = (_norm(difference * added, width, 1) / emphasis).clamp(max=45)
    return 0.1 * _over_time(symmetric) + 0.0309 * _over_time(asymmetric)


def _at_speech_level(x: Tensor) -> Tensor:
    """Power spectra [N, frames, bins] up to 8 kHz, each example's speech band at the standard's level."""
    window = torch.hann_window(_FRAME, device=x.device)
    X = torch.view_as_real(framed_spectrum(x, window)[:, :, :_USED])
    P = X.square().sum(3)
    f = torch.arange(_USED, device=x.device) * _SPACING
    in_band = (f >= _SPEECH_BAND[0]) & (f <= _SPEECH_BAND[1])
    # Parseval: the power of a frame is twice the sum of its bins by the frame's length and the window's energy. The
    # standard's frames have 512 samples, at 16 kHz; a Hann window of them has the energy 192.
    power = P[:, :, in_band].sum(2).mean(1) * 2 / (512 * 192)
    return P * (_SPEECH_POWER / (power + 1e-9)).reshape(-1, 1, 1)


def _norm(x: Tensor, width: Tensor, p: int) -> Tensor:
    """Sum over the Bark bands but the lowest, weighted by their widths."""
    width = width[1:]
    total = width.sum()
    return total * ((width * x[:, :, 1:]) ** p / total).sum(2).clamp(min=1e-12) ** (1 / p)


def _over_time(x: Tensor) -> Tensor:
    """The sixth power within windows lets their worst moment count; the second over the windows the bad ones."""
    worst = (x.unfold(1, min(_WINDOW, x.shape[1]), _WINDOW // 2) ** 6).mean(2).clamp(min=1e-12) ** (1 / 6)
    return worst.square().mean(1).sqrt()
