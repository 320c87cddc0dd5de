"""What the ideal masks would do, computed from the stems as a stream."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from phaseaware.engine.frames import MaskSynthesis
from phaseaware.engine.masks import IdealMask, ideal_mask
from phaseaware.engine.rates import RateConverter
from phaseaware.engine.stft import FRAME_LENGTH, HOP, SAMPLE_RATE, Analysis
from phaseaware.engine.versions import Version

from .overview import MaskOverview, frames_at_48k
from .page_sound import LONGEST_SECONDS

__all__ = ["IDEALS", "IDEAL_PAIR", "Ideal", "IdealSeparator"]

Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Ideal:
    """An ideal mask to show."""

    kind: IdealMask
    title: str
    max_magnitude: float | None = None


IDEALS = {
    "irm": Ideal(IdealMask.IRM, "ideal ratio mask (IRM)"),
    "psm": Ideal(IdealMask.PSM, "ideal real mask (PSM)"),
    "hybrid-bounded": Ideal(IdealMask.HYBRID, "ideal hybrid, |M| ≤ 1", 1.0),
    "hybrid": Ideal(IdealMask.HYBRID, "ideal hybrid"),
    "complex": Ideal(IdealMask.COMPLEX, "ideal complex mask"),
}

IDEAL_PAIR = {Version.PHASE_AWARE: "hybrid", Version.REAL: "psm"}
"""The ideal masks of the kinds of A and B."""


class IdealSeparator:
    """Speech and noise in, every ideal mask's output out, aligned and of the same length.

    Attributes
    ----------
    overview : of the first channel's masks, by name.
    page_overview : the same of what a page has.
    """

    def __init__(self, sample_rate: int, channels: int, samples: int) -> None:
        self.overview = MaskOverview(list(IDEALS), frames_at_48k(samples, sample_rate))
        self.page_overview = self.overview.of_beginning(LONGEST_SECONDS)
        self._channels = channels
        self._up = RateConverter(sample_rate, SAMPLE_RATE, 2 * self._channels)
        self._analysis = Analysis(2 * self._channels)
        self._synthesis = MaskSynthesis(len(IDEALS), self._channels)
        self._down = RateConverter(SAMPLE_RATE, sample_rate, len(IDEALS) * self._channels)
        self._left = samples
        self._surplus = HOP  # synthesis starts a hop before the stream

    def process(self, speech: Samples, noise: Samples) -> dict[str, Samples]:
        """Blocks of both stems, shape (channels, n)."""
        return self._push(self._up.process(np.concatenate([speech, noise])))

    def flush(self) -> dict[str, Samples]:
        """What is left of the stream."""
        rest = self._up.process(np.empty((2 * self._channels, 0), np.float32), last=True)
        out = self._push(np.pad(rest, ((0, 0), (0, FRAME_LENGTH))), last=True)
        # Two conversions round the length twice.
        return {name: np.pad(y, ((0, 0), (0, self._left))) for name, y in out.items()}

    def _push(self, stems: Samples, *, last: bool = False) -> dict[str, Samples]:
        S, V = np.split(self._analysis.process(stems), 2)
        X = S + V
        masks = {name: ideal_mask(i.kind, S, V, max_magnitude=i.max_magnitude) for name, i in IDEALS.items()}
        for overview in {self.overview, self.page_overview}:
            overview.add(X[0], {name: M[0] for name, M in masks.items()})
        made = self._synthesis.process(X, list(masks.values()))
        cut = min(self._surplus, made.shape[2])
        self._surplus -= cut
        y = self._down.process(np.concatenate(made)[:, cut:], last=last)[:, : self._left]
        self._left -= y.shape[1]
        return dict(zip(IDEALS, np.split(y, len(IDEALS)), strict=True))
