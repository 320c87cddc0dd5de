"""The training loss: compressed spectra at four resolutions, models of hearing, and the distance of the waveforms.

Compression (|X|^0.3) weighs quiet parts as hearing does; the complex term makes phase count; the waveform term keeps
level and phase together. Complex or waveform terms alone raise SI-SDR and hurt what people hear (S. Braun and
I. Tashev, "A consolidated view of loss functions for supervised deep learning-based speech enhancement", 2021); the
model of hearing knows what speech masks (J. Martín-Doñas et al., "A deep learning loss function based on the
perceptual evaluation of the speech quality", IEEE SPL 25, 2018), and that of intelligibility what carries the words
(``intelligibility.py``). Speech taken away is worse than noise left, so an error where the magnitude is below the
speech's may count more than one where it is above (Q. Wang et al., "VoiceFilter-Lite", INTERSPEECH 2020). It may count
less as well, which leaves less noise between words; not so for the complex spectrum, where it would also make a wrong
phase cheap.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from .config import Loss
from .intelligibility import intelligibility
from .perceptual import disturbance
from .transform import framed_spectrum

__all__ = ["enhancement_loss"]

_RESOLUTIONS = (240, 1920, 480, 960)  # samples: 5, 40, 10 and 20 ms
_EPS = 1e-8
_NORMAL_RMS = 0.1


def enhancement_loss(estimate: Tensor, target: Tensor, noisy: Tensor, weights: Loss, *, step: int = 0) -> Tensor:
    """Scalar loss of estimates [N, L] at 48 kHz.

    The resolutions take turns from ``step`` to step, and so do the model of hearing and that of intelligibility, which
    count double: the same in the mean for half the time. Each example is first scaled so that its noisy version has
    the same level: quiet recordings count like loud ones.
    """
    scale = _NORMAL_RMS / (noisy.square().mean(1, keepdim=True).sqrt() + 1e-6)
    y, s = estimate * scale, target * scale
    active = s.square().mean(1) > _NORMAL_RMS**2 * 1e-5  # examples with speech
    loss = _spectral(y, s, _RESOLUTIONS[step % 4], weights)
    if not active.any():
        return loss
    loss = loss + weights.sdr * _negative_sdr(y[active], s[active])
    if step % 2 and weights.perceptual:
        loss = loss + 2 * weights.perceptual * disturbance(y[active], s[active]).mean()
    if step % 2 == 0 and weights.intelligibility:
        loss = loss - 2 * weights.intelligibility * intelligibility(y[active], s[active]).mean()
    return loss


def _spectral(y: Tensor, s: Tensor, n: int, weights: Loss) -> Tensor:
    # Unit noise has unit bins at every resolution.
    w = torch.hann_window(n, device=y.device)
    w = w / w.square().sum().sqrt()
    Y, S = (torch.view_as_real(framed_spectrum(functional.pad(x, (n // 2, n // 2)), w)) for x in (y, s))
    PY, PS = (X.square().sum(3) + _EPS for X in (Y, S))
    gy, gs = (P ** (weights.exponent / 2 - 0.5) for P in (PY, PS))
    # Equal weight per auditory filter: the density of ERBs falls as 1 / (1 + 0.00437 f).
    f = torch.arange(n // 2 + 1, device=y.device) * (48_000 / n)
    density = 1 / (1 + 0.00437 * f)
    density = density / density.mean()
    MY, MS = gy * PY.sqrt(), gs * PS.sqrt()
    difference, distance = (Y * gy.unsqueeze(3) - S * gs.unsqueeze(3)).square().sum(3), (MY - MS).square()
    # Where the phase stays noisy, the least complex error is that of a magnitude too low: there magnitudes count alone.
    has_phase = f < weights.phase_to_hz
    lost = MY < MS
    for_magnitude, for_complex = (
        1 + torch.where(has_phase, undershoot, weights.undershoot_above) * lost
        for undershoot in (weights.undershoot, weights.undershoot_complex)
    )
    phase_aware = torch.where(has_phase, difference, distance)
    both = weights.magnitude * distance * for_magnitude + weights.complex * phase_aware * for_complex
    return (density * both).mean()


def _negative_sdr(y: Tensor, s: Tensor) -> Tensor:
    """Mean negative signal-to-distortion ratio in dB, levelling off at 30 dB.

    Not scale-invariant on purpose: a scale-invariant ratio would let the output become quieter than the speech.
    """
    power = s.square().sum(1)
    error = (y - s).square().sum(1)
    return -10 * torch.log10((power + _EPS) / (error + 1e-3 * power + _EPS)).mean()
