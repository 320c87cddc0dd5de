"""The gains at which versions are heard so that all are equally loud (ITU-R BS.1770)."""

from __future__ import annotations

from phaseaware.engine.versions import Version

from .loudness import integrated
from .recording import Recording
from .renderer import Renderer, Slot

__all__ = ["DELTA_GAINS_DB", "LARGEST_MATCH_DB", "MATCHED", "LevelMatch", "measured_loudness"]

MATCHED = tuple(version for version in Version if version.parts()[1] is None)
"""Versions whose loudness is matched; deltas have a gain of their own."""
DELTA_GAINS_DB = (0, 12, 24)
LARGEST_MATCH_DB = 30.0
"""A louder version is attenuated by at most this: noise alone against its near-silent rest would else be inaudible."""
_STEP_DB = 0.1
_GROWTH = 1.05


class LevelMatch:
    """Attenuates the louder versions to the quietest one, by what has been rendered so far."""

    def __init__(self) -> None:
        self._gains_db = dict.fromkeys(MATCHED, 0.0)
        self._stage: tuple[Slot, int, bool] | None = None

    def gain_db(self, version: Version) -> float:
        """Gain in dB of one of the matched versions, 0 or below."""
        return self._gains_db[version]

    def follow(self, recording: Recording, renderer: Renderer) -> bool:
        """Measure again if there is more to measure; returns whether a gain has changed."""
        stage = (renderer.newest, renderer.newest.coverage.filled, renderer.done)
        # To measure an hour takes longer than to draw a frame: while it fills, only where a twentieth has come.
        if self._stage is not None and stage[::2] == self._stage[::2]:
            before = self._stage[1]
            if before <= stage[1] < _GROWTH * before + 1:
                return False
        self._stage = stage
        measured = {v: level for v, level in measured_loudness(recording, renderer).items() if level > float("-inf")}
        if not measured.keys() >= set(MATCHED) - {Version.CLEAN}:
            return False
        quietest = min(measured.values())
        gains = {v: -min(round(level - quietest, 1), LARGEST_MATCH_DB) for v, level in measured.items()}
        gains.setdefault(Version.CLEAN, 0.0)
        moved = max(abs(gains[v] - self._gains_db[v]) for v in MATCHED)
        # While the measure still grows, small corrections would only make the level restless.
        if moved < (_STEP_DB / 2 if renderer.done else 5 * _STEP_DB):
            return False
        self._gains_db = gains
        return True


def measured_loudness(recording: Recording, renderer: Renderer) -> dict[Version, float]:
    """Integrated loudness in LUFS of what has been rendered, of the same stretches for all; empty before."""
    slot = renderer.newest
    if slot.renders is None:
        return {}
    tracks = {Version.NOISY: recording.loudness}
    tracks |= {Version.of_mask(mask): track for mask, track in slot.loudness.items()}
    if recording.clean is not None:
        tracks[Version.CLEAN] = recording.clean.loudness
    complete = tracks[Version.NOISY].complete()
    for track in tracks.values():
        complete = complete & track.complete()
    return {version: integrated(track.mean_squares(), complete) for version, track in tracks.items()}
