"""From blocks of the sources to the sounds of a comparison, in their files."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from phaseaware.engine.audio import AudioInfo, AudioWriter
from phaseaware.engine.controls import Render
from phaseaware.engine.frames import Frames
from phaseaware.engine.limits import MASK_NAMES, Link
from phaseaware.engine.model import MaskModel
from phaseaware.engine.rates import AnyRateSeparator
from phaseaware.engine.separator import mid
from phaseaware.engine.versions import Version

from .ideal import IDEALS, IdealSeparator
from .overview import LevelOverview, MaskOverview, frames_at_48k
from .page_sound import LONGEST_SECONDS
from .titles import PICTURED, WRITTEN, ideal_name

__all__ = ["Sounds", "Track"]

Samples = NDArray[np.float32]


class Track:
    """One output file, with its RMS and peak."""

    def __init__(self, writer: AudioWriter) -> None:
        self._writer = writer
        self._energy, self._count, self._peak = 0.0, 0, 0.0

    def write(self, x: Samples) -> None:
        """The next samples, shape (channels, n)."""
        self._writer.write(x)
        if x.size:
            self._energy += float(np.sum(x.astype(np.float64) ** 2))
            self._count += x.size
            self._peak = max(self._peak, float(np.abs(x).max()))

    @property
    def rms_db(self) -> float:
        """In dB of full scale."""
        return _decibels(math.sqrt(self._energy / max(1, self._count)))

    @property
    def peak_db(self) -> float:
        """In dB of full scale."""
        return _decibels(self._peak)


def _decibels(amplitude: float) -> float:
    return 20 * math.log10(amplitude) if amplitude > 0 else -math.inf


class Sounds:
    """Makes all versions, and writes them; gathers what the pictures show.

    Parameters
    ----------
    model : offers both masks.
    render : its settings, for both.
    info : of the noisy file.
    tracks : by version, and by :func:`titles.ideal_name` if the speech is known.

    Attributes
    ----------
    levels : of noisy, A, B and A - B: the first channel's.
    masks : of A and B, as applied: those of the first channel, or those that all share.
    page_masks : the same of what a page has.
    ideal : makes what the ideal masks would do; None where the speech is not known.
    """

    def __init__(
        self, model: MaskModel, render: Render, *, info: AudioInfo, link: Link, tracks: Mapping[str, Track]
    ) -> None:
        rate, channels = info.sample_rate, info.channels
        self._tracks, self._renders = tracks, render.pair()
        self.masks = MaskOverview(MASK_NAMES, frames_at_48k(info.frames, rate))
        self.page_masks = self.masks.of_beginning(LONGEST_SECONDS)
        self.levels = {v: LevelOverview(info.frames, rate) for v in PICTURED}
        has_ideals = any(ideal_name(name) in tracks for name in IDEALS)
        self.ideal = IdealSeparator(rate, channels, info.frames) if has_ideals else None
        self._separator = AnyRateSeparator(
            model, self._renders, sample_rate=rate, channels=channels, link=link, warm=True, observer=self._observe
        )
        self._waiting = np.empty((channels, 0), np.float32)

    def _observe(self, frames: Frames) -> None:
        masks = {r.mask: M for r, M in zip(self._renders, frames.applied(self._renders), strict=True)}
        shared = any(len(M) < len(frames.spectrum) for M in masks.values())
        heard = mid(frames.spectrum) if shared else frames.spectrum[0]
        for overview in {self.masks, self.page_masks}:
            overview.add(heard, {mask: M[0] for mask, M in masks.items()})

    def process(self, noisy: Samples, speech: Samples | None) -> None:
        """The next block, shape (channels, n)."""
        made = self._separator.process(noisy)
        waiting = np.concatenate([self._waiting, noisy], axis=1)
        self._waiting = waiting[:, made.shape[2] :]
        self._write(waiting[:, : made.shape[2]], made)
        if self.ideal is not None and speech is not None:
            self._write_ideal(self.ideal.process(speech, noisy - speech))

    def flush(self) -> None:
        """What is left of the streams."""
        self._write(self._waiting, self._separator.flush())
        for overview in self.levels.values():
            overview.feed(np.empty(0, np.float32), last=True)
        if self.ideal is not None:
            self._write_ideal(self.ideal.flush())

    def _write(self, noisy: Samples, made: Samples) -> None:
        outputs = {Version.of_mask(render.mask): x for render, x in zip(self._renders, made, strict=True)}
        parts = {Version.NOISY: noisy} | outputs
        for version in WRITTEN:
            x = version.of(parts.__getitem__)
            self._tracks[version].write(x)
            if version in self.levels:
                self.levels[version].feed(x[0])

    def _write_ideal(self, made: Mapping[str, Samples]) -> None:
        for name, x in made.items():
            self._tracks[ideal_name(name)].write(x)
