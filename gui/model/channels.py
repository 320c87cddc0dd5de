"""Which channels of a recording are heard and shown."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from numpy.typing import NDArray

__all__ = ["Channels"]


class Channels(StrEnum):
    """Both, one of them, or their mean.

    Examples
    --------
    >>> import numpy as np
    >>> Channels.MID.of(np.array([[1.0, 3.0]])).tolist()
    [[2.0]]
    """

    ALL = "all"
    LEFT = "left"
    RIGHT = "right"
    MID = "mid"

    def of(self, x: NDArray[Any]) -> NDArray[Any]:
        """These channels of samples of shape (n, channels); of more than two, the first two are left and right."""
        if self is Channels.ALL or x.shape[1] < 2:
            return x
        if self is Channels.MID:
            return x[:, :2].mean(axis=1, keepdims=True, dtype=x.dtype)
        return x[:, :1] if self is Channels.LEFT else x[:, 1:2]
