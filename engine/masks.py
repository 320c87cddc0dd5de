"""Masks: what is multiplied with the noisy spectrum.

With S speech, V noise and X = S + V per bin. A *real mask* scales: it keeps the noisy phase. A *complex mask* also
rotates. The *hybrid* (phase-aware) mask is complex below the seam and a gain above it.

References
----------
.. [1] D. Wang and J. Chen, "Supervised speech separation based on deep learning: an overview", IEEE/ACM TASLP 26(10),
       2018: ideal ratio mask, ideal amplitude mask.
.. [2] H. Erdogan et al., "Phase-sensitive and recognition-boosted speech separation using deep recurrent neural
       networks", ICASSP 2015: phase-sensitive mask.
.. [3] D. S. Williamson, Y. Wang and D. Wang, "Complex ratio masking for monaural speech separation", IEEE/ACM TASLP
       24(3), 2016: complex mask S/X.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .controls import Render
from .stft import BINS, FRAME_LENGTH, SAMPLE_RATE, bin_frequencies

__all__ = [
    "SEAM_BIN",
    "SEAM_HZ",
    "SEAM_WIDTH",
    "IdealMask",
    "auditory_bands",
    "ideal_mask",
    "seam_weights",
    "shape_mask",
]

SEAM_HZ = 6000.0
"""Below it the phase-aware mask is complex, above it a gain."""
SEAM_BIN = round(SEAM_HZ * FRAME_LENGTH / SAMPLE_RATE)
SEAM_WIDTH = 8
"""Bins just below the seam over which one part fades into the other."""


def seam_weights(seam_bin: int = SEAM_BIN) -> NDArray[np.float32]:
    """Weight of the low part per bin, shape ``(513,)``: 1, falling linearly over the 8 bins below the seam, 0."""
    ramp = (seam_bin - np.arange(BINS) - 0.5) / SEAM_WIDTH
    return np.clip(ramp, 0, 1).astype(np.float32)


def auditory_bands(first_bin: int, count: int) -> NDArray[np.float32]:
    """Triangular bands, equally spaced on the ERB-number scale from ``first_bin`` to 24 kHz.

    Returns shape ``(513 - first_bin, count)``; each row sums to one, so that band gains interpolate to bin gains.
    ERB-number scale: 21.4 log10(1 + 0.00437 f) (B. R. Glasberg and B. C. J. Moore, Hearing Research 47, 1990).
    """
    number = 21.4 * np.log10(1 + 0.00437 * bin_frequencies()[first_bin:])
    place = (number - number[0]) / (number[-1] - number[0]) * (count - 1)
    return np.maximum(0, 1 - np.abs(place[:, None] - np.arange(count))).astype(np.float32)


_TINY = np.float32(1e-20)


class IdealMask(StrEnum):
    """Masks computed from the known sources; the names of the literature [1]_ [2]_ [3]_.

    Examples
    --------
    >>> IdealMask("psm") is IdealMask.PSM
    True
    """

    IRM = "irm"
    """|S| / (|S| + |V|), in [0, 1]."""
    WIENER = "wiener"
    """Power form of the ratio mask: sqrt(|S|² / (|S|² + |V|²)), in [0, 1]."""
    PSM = "psm"
    """Phase-sensitive mask: Re(S/X) clipped to [0, 1]: the real mask in [0, 1] closest to S in least squares."""
    IAM_CLIPPED = "iam-clipped"
    """|S| / |X| clipped to [0, 1]."""
    IAM = "iam"
    """Ideal amplitude mask |S| / |X|, unbounded."""
    COMPLEX = "complex"
    """S / X over the whole band."""
    HYBRID = "hybrid"
    """S / X below the seam, phase-sensitive mask above it."""


def ideal_mask(
    kind: IdealMask | str,
    speech: NDArray[np.complex64],
    noise: NDArray[np.complex64],
    *,
    max_magnitude: float | None = None,
    seam_bin: int = SEAM_BIN,
) -> NDArray[np.complex64]:
    """Ideal mask from the spectra of both stems.

    Parameters
    ----------
    kind : one of :class:`IdealMask`.
    speech, noise : complex64, shape (..., T, 513), as :func:`stft.stft` returns them.
    max_magnitude : largest magnitude left; larger ones are scaled down, keeping their angle. None: unbounded.
    seam_bin : first bin of the magnitude band, for the hybrid.

    Returns
    -------
    complex64, the spectra's shape. Where the mixture is silent the mask is 0.

    Raises
    ------
    ValueError : unknown kind, or the stems' shapes differ.

    Examples
    --------
    Speech and noise of opposite phase: what is left of the speech is weak, so the mask amplifies.

    >>> S, V = np.full((1, 513), 1, np.complex64), np.full((1, 513), -0.5, np.complex64)
    >>> complex(ideal_mask("complex", S, V)[0, 0]), complex(ideal_mask("psm", S, V)[0, 0])
    ((2+0j), (1+0j))
    """
    kind = IdealMask(kind)
    if speech.shape != noise.shape:
        raise ValueError(f"speech.shape={speech.shape} differs from noise.shape={noise.shape}")
    S, V, X = speech, noise, speech + noise
    M: NDArray[Any]
    if kind is IdealMask.IRM:
        M = np.abs(S) / (np.abs(S) + np.abs(V) + _TINY)
    elif kind is IdealMask.WIENER:
        M = np.abs(S) / (np.hypot(np.abs(S), np.abs(V)) + _TINY)
    elif kind is IdealMask.PSM:
        M = np.clip(_divide(S, X).real, 0, 1)
    elif kind in (IdealMask.IAM, IdealMask.IAM_CLIPPED):
        M = np.abs(_divide(S, X))
        if kind is IdealMask.IAM_CLIPPED:
            M = np.minimum(M, 1)
    elif kind is IdealMask.COMPLEX:
        M = _divide(S, X)
    else:
        w = seam_weights(seam_bin)
        ratio = _divide(S, X)
        M = w * ratio + (1 - w) * np.clip(ratio.real, 0, 1)
    if max_magnitude is not None:
        M = M * (max_magnitude / np.maximum(np.abs(M), max_magnitude))
    return M.astype(np.complex64)


def _divide(S: NDArray[np.complex64], X: NDArray[np.complex64]) -> NDArray[np.complex64]:
    return np.divide(S, X, out=np.zeros_like(X), where=np.abs(X) > _TINY)


def shape_mask(mask: NDArray[np.complex64], render: Render) -> NDArray[np.complex64]:
    """Apply strength, reduction limit, mix and output choice to a mask of shape (..., 513); may return it itself.

    Examples
    --------
    >>> silent = np.zeros((1, 513), np.complex64)
    >>> print(f"{shape_mask(silent, Render(reduction_db=20)).real.max():.3f}")
    0.100
    """
    M = mask
    if (render.strength_low, render.strength_high) != (1.0, 1.0):
        M = _strengthen(M, render.strength_low, render.strength_high)
    # Limit and mix are both M' = g + (1 - g) M; two in a row are again one.
    dry = 0.0 if render.reduction_db is None else 10 ** (-render.reduction_db / 20)
    wet = (1 - dry) * render.mix
    if wet != 1:
        M = np.float32(1 - wet) + np.float32(wet) * M
    if render.output == "removed":
        M = 1 - M
    return M


def _strengthen(M: NDArray[np.complex64], low: float, high: float) -> NDArray[np.complex64]:
    w = seam_weights()
    strength = w * np.float32(low) + (1 - w) * np.float32(high)
    magnitude = np.abs(M)
    exponent = np.where(magnitude > 1, np.minimum(strength, 1), strength)
    # 0^0 is 1 as it should be: strength 0 leaves everything as it was.
    turn = np.exp(1j * np.minimum(strength, 1) * np.angle(M))
    return (magnitude**exponent * turn).astype(np.complex64)
