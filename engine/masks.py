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

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from .stft import BINS, FRAME_LENGTH, SAMPLE_RATE, bin_frequencies

__all__ = [
    "SEAM_BIN",
    "SEAM_HZ",
    "SEAM_WIDTH",
    "IdealMask",
    "MaskShape",
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
