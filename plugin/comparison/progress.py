"""How far a comparison is: the sounds are a part of it only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

__all__ = ["Progress", "Step", "Steps"]

Step = Literal["sounds", "pictures", "figures", "page"]
Progress = Callable[[Step, float], object]
"""Called with what is being made, and the share of the whole that was done since the last call."""

_SCORED_SECONDS, _PAGE_SECONDS = 60, 120


class Steps:
    """Shares of the whole, after what each step takes: seconds of one core, measured with a minute of sound.

    Parameters
    ----------
    seconds : of sound.
    pictures : how many are drawn.
    scored : how many sounds are judged against the speech.
    tell : of the progress.

    Examples
    --------
    >>> told = []
    >>> steps = Steps(60, pictures=4, scored=0, tell=lambda step, share: told.append(share))
    >>> for step in ("sounds", "pictures", "page"):
    ...     steps.advance(step, 1)
    >>> print(f"{sum(told):.3f}")
    1.000
    """

    def __init__(self, seconds: float, *, pictures: int, scored: int, tell: Progress) -> None:
        self._costs: dict[Step, float] = {
            "sounds": 0.05 * seconds,
            "pictures": 0.85 * pictures,
            "figures": 0.04 * scored * min(seconds, _SCORED_SECONDS),
            "page": 1 + 0.15 * min(seconds, _PAGE_SECONDS),
        }
        self._tell = tell

    def advance(self, step: Step, share: float) -> None:
        """So much of the step, from 0 to 1, has been done since the last call."""
        self._tell(step, share * self._costs[step] / sum(self._costs.values()))
