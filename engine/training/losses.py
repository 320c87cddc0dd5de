"""The training loss: compressed spectra at two resolutions, a model of hearing, and the distance of the waveforms.

Compression (|X|^0.3) weighs quiet parts as hearing does; the complex term makes phase count; the waveform term keeps
level and phase together. Complex or waveform terms alone raise SI-SDR and hurt what people hear (S. Braun and
I. Tashev, "A consolidated view of loss functions for supervised deep learning-based speech enhancement", 2021); the
model of hearing knows what speech masks (J. Martín-Doñas et al., "A deep learning loss function based on the
perceptual evaluation of the speech quality", IEEE SPL 25, 2018). Speech taken away is worse than noise left, so a
magnitude below the speech's counts more than one above it (Q. Wang et al., "VoiceFilter-Lite", INTERSPEECH 2020).
"""

from __future__ import annotations

import torch
from torch import Tensor

from .config import Loss
from .perceptual import disturbance

__all__ = ["enhancement_loss"]

_RESOLUTIONS = (512, 2048)  # either side of the 1024 samples that the masks work with
_EPS = 1e-8
_NORMAL_RMS = 0.1


def enhancement_loss(estimate: Tensor, target: Tensor, noisy: Tensor, weights: Loss, *, step: int = 0) -> Tensor:
    """Scalar loss of estimates [N, L] at 48 kHz.

    The resolutions take turns from ``step`` to step, and the model of hearing counts double in every second one: the
    same in the mean for half the time. Each example is first scaled so that its noisy version has the same level:
    quiet recordings count like loud ones.
    """
    scale = _NORMAL_RMS / (noisy.square().mean(1, keepdim=True).sqrt() + 1e-6)
    y, s = estimate * scale, target * scale
    active = s.square().mean(1) > _NORMAL_RMS**2 * 1e-5  # examples with speech
    loss = _spectral(y, s, _RESOLUTIONS[step % 2], weights)
    if not active.any():
        return loss
    loss = loss + weights.sdr * _negative_sdr(y[active], s[active])
    if step % 2 and weights.perceptual:
        loss = loss + 2 * weights.perceptual * disturbance(y[active], s[active]).mean()
    return loss


def _spectral(y: Tensor, s: Tensor, n: int, weights: Loss) -> Tensor:
    # Unit noise has unit bins at every resolution.
    w = torch.hann_window(n, device=y.device)
    w = w / w.square().sum().sqrt()
    Y, S = (torch.stft(x, n, n // 2, window=w, return_complex=True) for x in (y, s))
    PY, PS = (X.real.square() + X.imag.square() + _EPS for X in (Y, S))
    c = weights.exponent
    MY, MS = PY ** (c / 2), PS ** (c / 2)
    # Equal weight per auditory filter: the density of ERBs falls as 1 / (1 + 0.00437 f).
    f = torch.arange(n // 2 + 1, device=y.device) * (48_000 / n)
    density = 1 / (1 + 0.00437 * f)
    density = (density / density.mean()).unsqueeze(1)
    short = (MS - MY).clamp(min=0)
    magnitude = (density * ((MY - MS).square() + weights.undershoot * short.square())).mean()
    gy, gs = MY / PY.sqrt(), MS / PS.sqrt()
    difference = (Y.real * gy - S.real * gs).square() + (Y.imag * gy - S.imag * gs).square()
    return weights.magnitude * magnitude + weights.complex * (density * difference).mean()


def _negative_sdr(y: Tensor, s: Tensor) -> Tensor:
    """Mean negative signal-to-distortion ratio in dB, levelling off at 30 dB.

    Not scale-invariant on purpose: a scale-invariant ratio would let the output become quieter than the speech.
    """
    power = s.square().sum(1)
    error = (y - s).square().sum(1)
    return -10 * torch.log10((power + _EPS) / (error + 1e-3 * power + _EPS)).mean()
