"""Two sound devices, two clocks: keep what waits between them bounded when one is faster than the other.

Devices of the same nominal rate differ by up to some hundred parts per million; at 100 ppm by a block of 512 samples
every 107 s. The faster input fills its buffer until it loses samples; the faster output empties its own, and from
then on would run dry in every block. Drivers are not asked for what waits in them, as that hangs for good when a
sound server has died. Where the program waits tells enough: for input as long as the output is no slower, else for
output alone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["ClockDifference"]

Samples = NDArray[np.float32]
_LOOK_BLOCKS = 100  # many times what the buffers hold, so that sound that comes in bursts is not mistaken
_WAITED = 0.05  # share of the time: less is what a read takes of what is there already
_FULL = 0.1  # share of the time that is spent waiting for a full output, unless the processor itself is


class ClockDifference:
    """Leaves a block of sound out, or puts one in, with a cross-fade as long as the block.

    Parameters
    ----------
    block_seconds : duration of a block.
    """

    def __init__(self, block_seconds: float) -> None:
        self._block_seconds = block_seconds
        self._late = self._leave_out = False
        self._last: Samples | None = None
        self._left_out: Samples | None = None
        self._look_again()

    def _look_again(self) -> None:
        self._blocks, self._read_seconds, self._write_seconds = 0, 0.0, 0.0

    def correct(self, block: Samples, read_seconds: float) -> Samples:
        """The next block of shape (channels, n), after a wait for its input; returns n, 0 or 2n samples to be written.

        For one left out, the next fades from it to itself; for one put in, the sound fades back to the block before,
        which then goes on as it did.
        """
        self._read_seconds += read_seconds
        if self._leave_out:
            self._leave_out, self._left_out = False, block
            return block[:, :0]
        if self._left_out is not None:
            block, self._left_out = _fade(self._left_out, block), None
        last, self._last = self._last, block
        # After an interruption of the program, too, the output was late; but then the input has not to be waited for.
        if self._late and last is not None and read_seconds > _WAITED * self._block_seconds:
            return np.concatenate([_fade(block, last), block], axis=1)
        return block

    def written(self, write_seconds: float, *, late: bool) -> None:
        """What was returned has been written, after a wait; ``late``: the output had run dry."""
        self._late = late
        self._blocks += 1
        self._write_seconds += write_seconds
        if late:
            self._look_again()
        elif self._blocks == _LOOK_BLOCKS:
            # The input had each block ready, and the output no room for it: at least a block waits that need not.
            seconds = self._blocks * self._block_seconds
            self._leave_out = self._read_seconds < _WAITED * seconds and self._write_seconds > _FULL * seconds
            self._look_again()


def _fade(a: Samples, b: Samples) -> Samples:
    weight = np.linspace(0, 1, b.shape[1], dtype=np.float32)
    return a + weight * (b - a)
