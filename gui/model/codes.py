"""Pictures are kept as one byte a point: levels in steps of 0.5 dB, angles in steps of 1.4 degrees; 0: not known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["ANGLE_CODES", "DIFFERENCE_CODES", "LEVEL_CODES", "MASK_CODES", "Scale", "encode_angle", "masks_of"]

Codes = NDArray[np.uint8]


@dataclass(frozen=True)
class Scale:
    """A linear scale of codes 1 to 255: ``value = lowest + (code - 1) * step``."""

    lowest: float
    step: float

    def code(self, value: float) -> float:
        """Code of a value, unrounded and unclipped."""
        return (value - self.lowest) / self.step + 1

    def value(self, code: float) -> float:
        """Value of a code; NaN for 0."""
        return self.lowest + (code - 1) * self.step if code else float("nan")

    def decode(self, codes: Codes) -> NDArray[np.float32]:
        """Values of codes; those of 0 mean nothing."""
        return (self.lowest + (codes.astype(np.float32) - 1) * self.step).astype(np.float32)

    def encode(self, values: NDArray[np.floating]) -> Codes:
        """Nearest codes, clipped to 1 to 255."""
        return np.clip(np.rint((values - self.lowest) / self.step) + 1, 1, 255).astype(np.uint8)

    def encode_power(self, power: NDArray[np.floating]) -> Codes:
        """Codes of 10 log10 of a power."""
        return self.encode(10 * np.log10(np.maximum(power, np.float32(1e-30))))


LEVEL_CODES = Scale(-120.0, 0.5)
"""dB relative to a full-scale sine."""
MASK_CODES = Scale(-80.0, 0.5)
"""Mask magnitude in dB: -80 to +47."""
DIFFERENCE_CODES = Scale(-63.5, 0.5)
"""Level differences in dB: -63.5 to +63.5, 0 dB is code 128."""
ANGLE_CODES = Scale(-180.0, 360 / 254)
"""Degrees."""


def encode_angle(M: NDArray[np.complex64]) -> Codes:
    """Codes of the angles of complex numbers."""
    return ANGLE_CODES.encode(np.degrees(np.angle(M)))


def masks_of(codes: Codes) -> NDArray[np.complex64]:
    """Masks from what is kept for their pictures: codes of the magnitude, and of the angle if there is one, in the last
    axis. 0 where the magnitude is the least that is kept, or not known.
    """
    gain = np.where(codes[..., 0] > 1, 10 ** (MASK_CODES.decode(codes[..., 0]) / 20), 0)
    turn = np.radians(ANGLE_CODES.decode(codes[..., 1])) if codes.shape[-1] > 1 else 0.0
    return (gain * np.exp(1j * turn)).astype(np.complex64)
