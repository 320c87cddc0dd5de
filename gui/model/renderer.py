"""Makes the versions in the background, from the playhead on: one inference gives A, B and both masks.

Two slots take turns. The one being heard stays as it is while the other is filled with new settings, so the player
fades from one to the other and never reads what is being written.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from phaseaware.engine import SAMPLE_RATE, Render
from phaseaware.engine.frames import Frames, MaskSynthesis
from phaseaware.engine.limits import MASK_NAMES, MaskName
from phaseaware.engine.loudness import KWeighting
from phaseaware.engine.stft import BINS, HOP, frame_count
from phaseaware.engine.versions import Version

from .background import Background
from .codes import MASK_CODES, encode_angle
from .loudness import LoudnessTrack
from .masking import Masking
from .pyramid import Pyramid
from .recording import Recording
from .sound import peak_store, write_peaks
from .spectra import PairPictures, PairWriter
from .store import Coverage, DiskArray

__all__ = ["AHEAD", "Pictures", "Renderer", "Renders", "Slot", "ready"]

AHEAD = SAMPLE_RATE // 20
"""Samples in hand, beyond those needed at once, before something begins to sound: 50 ms."""

Renders = tuple[Render, Render]
"""How A (phase-aware) and B (real mask) are made."""

_FIRST_CHUNK, _LARGEST_CHUNK = 8, 32  # frames: 0.09 s, so that a change is heard at once, and 0.34 s
_LONGEST_FADE, _LOOK_EVERY = 0.2, 0.005  # seconds; a fade is 10 ms of sound, but the device asks for it in pieces
_NEAR = SAMPLE_RATE  # samples: the playhead counts as served when the renderer is this close before it


_DRAWN: tuple[tuple[Version, MaskName], ...] = tuple(
    (version, mask)
    for version in Version
    if version.is_rendered
    for mask in (MASK_NAMES if version is Version.REMOVED else MASK_NAMES[:1])
)


class Slot:
    """Both versions of a recording with one setting: samples, which are there, loudness, waveforms."""

    def __init__(self, recording: Recording) -> None:
        shape = (recording.channels,)
        self.tracks: dict[MaskName, DiskArray] = {
            m: DiskArray(recording.samples, shape, np.float32) for m in MASK_NAMES
        }
        self.loudness: dict[MaskName, LoudnessTrack] = {m: LoudnessTrack(recording.samples) for m in MASK_NAMES}
        self.peaks = {key: peak_store(recording.samples) for key in _DRAWN}
        """Of what is made, by version and mask: of REMOVED there are two."""
        self.coverage = Coverage(recording.samples)
        self.renders: Renders | None = None

    def begin(self, renders: Renders) -> None:
        """Forget what is there; it is about to be filled with other settings."""
        self.coverage.clear()
        for track in self.loudness.values():
            track.clear()
        self.renders = renders

    def peaks_of(self, version: Version, removed_by: MaskName) -> DiskArray:
        """Waveform of a version that is rendered."""
        return self.peaks[version, removed_by if version is Version.REMOVED else MASK_NAMES[0]]


@dataclass(frozen=True)
class Pictures:
    """Pictures of both versions, of their difference and of both masks, as last rendered.

    ``masks["phase-aware"]`` has two planes, magnitude and rotation; a bin's mask is that of its loudest channel.
    """

    pair: PairPictures
    masks: dict[MaskName, Pyramid]

    @classmethod
    def empty(cls, recording: Recording) -> Pictures:
        """Nothing known yet."""
        frames = frame_count(recording.samples)
        return cls(
            PairPictures(recording.samples),
            {"phase-aware": Pyramid(frames, BINS, planes=2), "real": Pyramid(frames, BINS)},
        )

    def write_masks(self, first_frame: int, masks: dict[MaskName, NDArray[np.complex64]]) -> None:
        """Masks as applied, complex64 of shape (T, 513) each."""
        for name, M in masks.items():
            planes = [MASK_CODES.encode_power(M.real**2 + M.imag**2)]
            if name == "phase-aware":
                planes.append(encode_angle(M))
            self.masks[name].write(first_frame, np.stack(planes, axis=-1))


@dataclass
class _Pass:
    """One uninterrupted stretch of rendering into a slot."""

    slot: Slot
    renders: Renders
    position: int
    synthesis: MaskSynthesis
    pictures: PairWriter
    chunk: int = _FIRST_CHUNK
    weightings: dict[MaskName, KWeighting] = field(default_factory=dict)


class Renderer(Background):
    """Fills slots in a thread of its own until :meth:`close`; :meth:`notify` it of more of the recording, and of jumps.

    Parameters
    ----------
    recording : what to render.
    masking : where masks come from.
    playhead : tells the sample that will be heard next.
    heard : tells the slots being heard, those that are fading out among them.
    changed : called from the renderer's thread after each piece, and when it has failed (see :attr:`error`).
    """

    def __init__(
        self,
        recording: Recording,
        masking: Masking,
        *,
        playhead: Callable[[], int],
        heard: Callable[[], Collection[Slot]],
        changed: Callable[[], None],
    ) -> None:
        self.recording, self._masking = recording, masking
        self._playhead, self._heard, self._changed = playhead, heard, changed
        self._slots = (Slot(recording), Slot(recording))
        self.newest = self._slots[0]
        self._picked: Slot | None = None
        self._choosing = threading.Lock()  # a slot is either picked to be heard or begun anew
        self.pictures = Pictures.empty(recording)
        self.error: str | None = None
        self.speed = 0.0
        """Seconds of sound rendered per second, lately."""
        self.muted_frames = 0
        """Frames in which a mask was NaN or inf; nothing is heard of them."""
        self._wanted: Renders | None = None
        self._is_drawing = False
        self._paused = False
        super().__init__("renderer")

    def set_renders(self, renders: Renders) -> None:
        """Make the versions with these settings from now on; returns at once."""
        with self._wake:
            self._wanted = renders
            self._wake.notify()

    @property
    def paused(self) -> bool:
        """True: rendering rests until it is set to False."""
        return self._paused

    @paused.setter
    def paused(self, paused: bool) -> None:
        with self._wake:
            self._paused = paused
            self._wake.notify()

    @property
    def done(self) -> bool:
        """Everything is rendered with the newest settings."""
        return (
            self._wanted is None
            and not self._is_drawing
            and self.newest.renders is not None
            and self.newest.coverage.filled == self.recording.samples
        )

    def pick(self, position: int, current: Slot | None, need: int) -> Slot | None:
        """The slot to hear at a position, ``need`` samples of which are there; None where there is none.

        The newest settings are heard once a little more is rendered, lest they run out at once. Should they do so all
        the same, what was heard before goes on: older settings are better than a gap.
        """
        with self._choosing:
            for slot in (self.newest, current, *self._slots):
                if slot is not None and ready(slot.coverage, position, need if slot is current else need + AHEAD):
                    self._picked = slot
                    return slot
        return None

    def _begin_slot(self, wanted: Renders) -> None:
        """Let the slot that is not heard become the newest. One that is fading out soon is not heard any more."""
        deadline = time.monotonic() + _LONGEST_FADE
        while True:
            with self._choosing:
                target = self._slots[1] if self._picked is self._slots[0] else self._slots[0]
                # A device that was pulled out in the middle of a fade never ends it.
                if target not in self._heard() or time.monotonic() > deadline:
                    target.begin(wanted)
                    self.newest = target
                    return
            time.sleep(_LOOK_EVERY)

    def _run(self) -> None:
        try:
            active: _Pass | None = None
            while True:
                with self._wake:
                    while not self._closed and (self._paused or not self._has_work(active)):
                        self._wake.wait()
                    if self._closed:
                        return
                    wanted = self._wanted
                if wanted is not None:
                    self._begin_slot(wanted)
                    active = None
                    with self._wake:
                        if self._wanted is wanted:
                            self._wanted = None
                active = self._next_pass(active)
                if active is not None:
                    self._advance(active)
                    if active.position >= self.recording.samples or self._is_filled(active):
                        active = None
                    self._changed()
        except Exception as error:  # whatever it is (a full disk, a model that fails), the window must say so and go on
            self.error = f"{type(error).__name__}: {error}"
            self._changed()

    def _is_filled(self, active: _Pass) -> bool:
        return active.slot.coverage.ready_until(active.position) > active.position

    def _has_work(self, active: _Pass | None) -> bool:
        if self._wanted is not None:
            return True
        if self.newest.renders is None:
            return False
        return self._available(active.position) if active is not None else self._gap() is not None

    def _available(self, position: int) -> bool:
        """Enough of the recording is decoded to render from a position on."""
        until = self._ready_until(position)
        return until >= self.recording.samples or until - position >= _FIRST_CHUNK * HOP

    def _ready_until(self, position: int) -> int:
        """How far it can be rendered from a position on: masks need more of the recording than they are applied to."""
        if self.recording.coverage.ready_until(0) < min(self._masking.beginning, self.recording.samples):
            return position
        until = self.recording.coverage.ready_until(position)
        return until if until >= self.recording.samples else until - self._masking.reach

    def _gap(self) -> int | None:
        gap = self.newest.coverage.next_gap(min(self._playhead(), self.recording.samples - 1) // HOP * HOP)
        if gap is not None and self._available(gap[0]):
            return gap[0]
        # The playhead waits for the decoder; meanwhile what is there already.
        first = self.newest.coverage.next_gap(0)
        return first[0] if first is not None and self._available(first[0]) else None

    def _next_pass(self, active: _Pass | None) -> _Pass | None:
        """The pass under way, or a new one where the playhead is (it jumped, or there was none)."""
        playhead = min(self._playhead(), self.recording.samples - 1)
        if active is not None:
            missing = self.newest.coverage.ready_until(playhead) == playhead
            near = active.position - HOP <= playhead <= active.position + _NEAR
            if near or not missing or not self._available(playhead // HOP * HOP):
                return active
        start = self._gap()
        return self._begin(start) if start is not None else None

    def _begin(self, start: int) -> _Pass:
        slot = self.newest
        assert slot.renders is not None
        before = [slot.tracks[mask].read(start - HOP, start) for mask in MASK_NAMES]
        active = _Pass(
            slot, slot.renders, start, MaskSynthesis(len(slot.renders), self.recording.channels),
            PairWriter(self.pictures.pair, start, (before[0], before[1])),
        )  # fmt: skip
        self._masking.start(start // HOP)
        frames = self._masking.read(1)
        active.weightings = {mask: KWeighting(SAMPLE_RATE, channels=self.recording.channels) for mask in MASK_NAMES}
        self._synthesise(active, frames, start // HOP)  # the overlap of the frame before: its samples are not whole
        return active

    def _advance(self, active: _Pass) -> None:
        begun = time.perf_counter()
        stop = min(active.position + active.chunk * HOP, self._ready_until(active.position))
        gap = active.slot.coverage.next_gap(active.position)
        if gap is not None and gap[0] == active.position:
            stop = min(stop, gap[1])
        left = stop - active.position
        frames = -(-left // HOP) if stop == self.recording.samples else max(1, left // HOP)
        made = self._synthesise(active, self._masking.read(frames), active.position // HOP + 1)
        start, end = active.position, min(active.position + frames * HOP, self.recording.samples)
        sounds = {Version.NOISY: self.recording.track.read(start, end)}
        for mask, x in made.items():
            x = sounds[Version.of_mask(mask)] = x[: end - start]
            active.slot.tracks[mask].write(start, x)
            active.slot.loudness[mask].add(start, active.weightings[mask].power(x.T))
        self._is_drawing = True  # heard first: a control must not wait for pictures
        active.slot.coverage.add(start, end)
        for (version, mask), peaks in active.slot.peaks.items():
            write_peaks(peaks, start, version.of(sounds.__getitem__, removed_by=mask))
        active.pictures.write(*(sounds[Version.of_mask(mask)] for mask in MASK_NAMES))
        if end == self.recording.samples:
            active.pictures.finish(end)
        if active.slot.coverage.ready_until(end) > end:  # the column at the seam to what was rendered before
            active.pictures.write(*(active.slot.tracks[mask].read(end, end + HOP) for mask in MASK_NAMES))
        self._is_drawing = False
        active.position = end
        if not 0 <= end - self._playhead() < 4 * active.chunk * HOP:  # else what is in hand could run out meanwhile
            active.chunk = min(2 * active.chunk, _LARGEST_CHUNK)
        self.speed = (end - start) / SAMPLE_RATE / (time.perf_counter() - begun)

    def _synthesise(self, active: _Pass, frames: Frames, first_frame: int) -> dict[MaskName, NDArray[np.float32]]:
        applied = frames.applied(active.renders)
        if not all(np.isfinite(M).all() for M in applied):
            self.muted_frames += int((~np.isfinite(applied).all(axis=(0, 1, 3))).sum())
            applied = [np.nan_to_num(M, nan=0, posinf=0, neginf=0) for M in applied]
        made = active.synthesis.process(frames.spectrum, applied)
        loudest = np.abs(frames.spectrum).argmax(axis=0, keepdims=True)  # a bin's mask is shown of this channel
        shown = {
            render.mask: np.take_along_axis(np.broadcast_to(M, frames.spectrum.shape), loudest, axis=0)[0]
            for render, M in zip(active.renders, applied, strict=True)
        }
        self.pictures.write_masks(first_frame, shown)
        return {render.mask: x.T for render, x in zip(active.renders, made, strict=True)}


def ready(coverage: Coverage, position: int, need: int) -> bool:
    """``need`` samples from ``position`` on are there, or all to the end."""
    until = coverage.ready_until(position)
    return until - position >= need or until >= coverage.samples or position >= coverage.samples
