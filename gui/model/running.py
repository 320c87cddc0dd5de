"""The last seconds of live sound as a picture, column by column."""

from __future__ import annotations

import threading

import numpy as np
from numpy.typing import NDArray

from .codes import LEVEL_CODES

__all__ = ["RunningSpectrogram"]

_FRAME = 1024


class RunningSpectrogram:
    """Keeps the newest columns; samples are added in one thread, the picture taken in another.

    Parameters
    ----------
    columns : how many are kept.

    Examples
    --------
    >>> running = RunningSpectrogram(10)
    >>> running.add(np.zeros((1, 4096), np.float32))
    >>> running.codes.shape, int((running.codes > 0).any(axis=1).sum())
    ((10, 513), 4)
    """

    def __init__(self, columns: int = 400) -> None:
        self._lock = threading.Lock()
        self._codes = np.zeros((columns, _FRAME // 2 + 1), np.uint8)
        self._held = np.zeros(0, np.float32)
        window = np.hanning(_FRAME + 1)[:-1].astype(np.float32)
        self._window = 2 * window / window.sum()

    def add(self, x: NDArray[np.float32]) -> None:
        """Samples of shape (channels, n)."""
        held = np.concatenate([self._held, x.mean(axis=0, dtype=np.float32)])
        count = len(held) // _FRAME
        self._held = held[count * _FRAME :]
        if not count:
            return
        X = np.fft.rfft(held[: count * _FRAME].reshape(count, _FRAME) * self._window, axis=1)
        new = LEVEL_CODES.encode_power(X.real**2 + X.imag**2)[-len(self._codes) :]
        with self._lock:
            self._codes = np.concatenate([self._codes[len(new) :], new])

    @property
    def codes(self) -> NDArray[np.uint8]:
        """Levels, shape (columns, 513), the newest last; 0 where nothing was heard yet."""
        with self._lock:
            return self._codes
