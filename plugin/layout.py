"""What arrives at a processor: arrays checked, turned to (channels, samples) float32, and turned back.

The rules are those of pedalboard's native plugins: 1-D is mono; of a 2-D array the smaller dimension is the channels; a
known channel count decides where that is not clear; a square block keeps the layout of the block before.
"""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Format", "LayoutError", "LayoutMemory", "check_buffer_size", "check_sample_rate"]

Samples = NDArray[np.float32]
_UNHEARD_OF = 128.0  # 42 dB above full scale


class LayoutError(ValueError, RuntimeError):
    """An array's shape cannot be understood as audio. (A RuntimeError too, as native plugins raise one.)"""


@dataclass(frozen=True)
class Format:
    """Shape of a caller's array: dimensions, and whether the samples of one moment lie together (interleaved)."""

    ndim: int
    interleaved: bool

    def restore(self, y: Samples) -> Samples:
        """Bring (..., channels, samples) to the caller's layout, as a C-contiguous array that nobody else holds."""
        if self.ndim == 1:
            y = y[..., 0, :]
        elif self.interleaved:
            y = np.swapaxes(y, -1, -2)
        return y if y.flags.owndata and y.flags.c_contiguous else np.array(y, np.float32, order="C")


class LayoutMemory:
    """Tells channels from samples; remembers the answer for blocks whose shape leaves it open."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """The next block decides anew."""
        self._interleaved: bool | None = None
        self._channels: int | None = None

    def arrange(self, input_array: object) -> tuple[Samples, Format]:
        """Check a caller's array and bring it to (channels, samples) float32 without NaN and inf.

        Raises
        ------
        TypeError : not an array, or neither float32 nor float64.
        ValueError : integers in disguise, of a range far beyond full scale.
        LayoutError : three or more dimensions, no samples, or a square block where no block came before.
        """
        x = _check_array(input_array)
        if x.ndim == 1:
            found = Format(1, False)
            channels_first = x[None]
        else:
            found = Format(2, self._is_interleaved(x.shape))
            channels_first = x.T if found.interleaved else x
            self._interleaved = found.interleaved
        self._channels = len(channels_first)
        return _clean(channels_first), found

    def _is_interleaved(self, shape: tuple[int, ...]) -> bool:
        rows, columns = shape
        if rows == columns and rows > 1:
            if self._interleaved is None:
                raise LayoutError(
                    f"shape {shape} is square: which dimension are the channels? "
                    "Start with a block that is not square, or give (channels, samples) with more samples than channels"
                )
            return self._interleaved
        if self._channels is not None and self._channels in shape:
            return rows != self._channels
        return columns < rows


def _check_array(x: object) -> NDArray[np.floating]:
    if not isinstance(x, np.ndarray):
        raise TypeError(f"audio is given as a numpy.ndarray of float32 or float64, not as {type(x).__name__}")
    if x.dtype not in (np.float32, np.float64):
        if np.issubdtype(x.dtype, np.signedinteger):
            scale = -int(np.iinfo(x.dtype).min)
            advice = f"scale it to [-1, 1]: x.astype(numpy.float32) / {scale}"
        elif np.issubdtype(x.dtype, np.unsignedinteger):
            half = int(np.iinfo(x.dtype).max) // 2 + 1
            advice = f"scale it to [-1, 1]: x.astype(numpy.float32) / {half} - 1"
        else:
            advice = "convert it: x.astype(numpy.float32)"
        raise TypeError(f"audio of dtype {x.dtype} is neither float32 nor float64; {advice}")
    if x.ndim not in (1, 2):
        raise LayoutError(f"shape {x.shape} has {x.ndim} dimensions; audio has 1 (mono) or 2 (channels and samples)")
    if not x.size:
        raise LayoutError(f"shape {x.shape} holds no samples")
    return x


def _clean(x: NDArray[np.floating]) -> Samples:
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        y = x.astype(np.float32, order="C", copy=False)
        # A sum is finite if all its terms are, unless it overflows: one cheap pass for the usual case.
        if not np.isfinite(y.sum()) and not np.isfinite(y).all():
            y = np.nan_to_num(y, copy=True, nan=0.0, posinf=0.0, neginf=0.0)
    peak = max(y.max(), -y.min())
    # Above 2³¹ come no integers of sound files, and floats that are nothing but large are whole numbers too.
    if _UNHEARD_OF < peak <= 2**31 and np.array_equal(y, np.trunc(y)):
        raise ValueError(
            f"audio is integer-valued with a peak of {peak:.0f}: integers converted to float have to be rescaled to "
            "[-1.0, 1.0], 16-bit ones by x / 32768"
        )
    return y.view()


def check_sample_rate(sample_rate: float) -> float:
    """A finite rate above 0 Hz, as a float.

    Raises
    ------
    TypeError : not a number.
    ValueError : 0, negative, NaN or infinite.
    """
    if isinstance(sample_rate, (str, bytes)):
        raise TypeError(f"{sample_rate=} is not a number (in Hz)")
    rate = float(sample_rate)
    if not (math.isfinite(rate) and rate > 0):
        raise ValueError(f"{sample_rate=} Hz is not a finite number > 0")
    return rate


def check_buffer_size(buffer_size: int) -> int:
    """An integer >= 1.

    Raises
    ------
    TypeError : not an integer.
    ValueError : 0 or negative.
    """
    size = operator.index(buffer_size)
    if size < 1:
        raise ValueError(f"{buffer_size=} is not an integer >= 1")
    return size
