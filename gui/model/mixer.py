"""What is sent to the sound device, sample by sample: one version at a time, and a fade wherever that changes.

Qt-free: :class:`Mixer` only copies prepared samples and fades. Every change — version, gain, seek, loop, settings,
pause, waiting for samples that are not rendered yet — is a cross-fade from what was heard to what is heard now. The
weights of all that sounds add up to one at any time (equal gain: versions of one recording are correlated).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from phaseaware.engine import SAMPLE_RATE
from phaseaware.engine.limits import MaskName
from phaseaware.engine.versions import Version

from .band import Band
from .channels import Channels
from .recording import Recording
from .renderer import AHEAD, Renderer, Slot, ready

__all__ = ["FADE", "RECENT", "Mixer", "Transport", "read_version"]

FADE = SAMPLE_RATE // 100
"""Length of a cross-fade in samples: 10 ms."""
RECENT = SAMPLE_RATE // 2
"""Samples of what was sent that are kept for the meters: 500 ms."""
_STEP = 4 * FADE  # samples mixed at once; they are known to be there before they are read

Samples = NDArray[Any]


@dataclass(frozen=True, kw_only=True)
class Transport:
    """What the player shall do; replaced as a whole.

    Attributes
    ----------
    playing : run or rest.
    version : what sounds.
    output : whose removed sound it is, where the version is REMOVED.
    gain : factor.
    channels : which of them.
    band : what of it; None: everything.
    loop : first sample and the one after the last, or None.
    seek : a number that changes with every seek, and the sample to go to.
    """

    playing: bool = False
    version: Version = Version.NOISY
    output: MaskName = "phase-aware"
    gain: float = 1.0
    channels: Channels = Channels.ALL
    band: Band | None = None
    loop: tuple[int, int] | None = None
    seek: tuple[int, int] = (0, 0)


def read_version(
    version: Version, output: MaskName, recording: Recording, slot: Slot | None, start: int, stop: int
) -> Samples:
    """Samples of a version, shape (n, channels); zeros outside the recording.

    Raises
    ------
    ValueError : the version needs a rendered slot, or stems, and there are none.
    """

    def sound(part: Version) -> Samples:
        if part is Version.NOISY:
            return recording.track.read(start, stop)
        if part is Version.CLEAN:
            if recording.speech is None:
                raise ValueError(f"{version=} needs stems")
            return recording.speech.read(start, stop)
        if slot is None or part.mask is None:
            raise ValueError(f"{version=} needs a rendered slot")
        return slot.tracks[part.mask].read(start, stop)

    return version.of(sound, removed_by=output)


@dataclass(frozen=True)
class _Voice:
    """Something that sounds; silence where there is no recording."""

    recording: Recording | None = None
    slot: Slot | None = None
    version: Version = Version.NOISY
    output: MaskName = "phase-aware"
    gain: float = 1.0
    channels: Channels = Channels.ALL
    band: Band | None = None

    def read(self, start: int, stop: int) -> Samples:
        if self.recording is None:
            return np.zeros((stop - start, 1), np.float32)
        x = self._read(start, stop) if self.band is None else self.band.filtered(self._read, start, stop)
        return x * np.float32(self.gain)

    def _read(self, start: int, stop: int) -> Samples:
        assert self.recording is not None
        x = read_version(self.version, self.output, self.recording, self.slot, start, stop)
        return self.channels.of(x[:, :2])


_SILENCE = _Voice()


@dataclass
class _Layer:
    """A voice at a place, on top of those before it with a weight that rises from 0 to 1."""

    voice: _Voice
    position: int
    faded: int = 0


class Mixer:
    """Sound at 48 kHz in stereo, pulled by :meth:`read` from the audio thread.

    :attr:`transport` may be replaced from any thread at any time; it is looked at once per :meth:`read`.
    """

    def __init__(self) -> None:
        self.transport = Transport()
        self.position = 0
        """The next sample to be sent."""
        self.ended = False
        """The end was reached; cleared by a seek, or when playing begins anew."""
        self.waiting = False
        """Playing, but the samples are not there yet."""
        self.recent = np.zeros((RECENT, 2), np.float32)
        """What was sent last; replaced as a whole."""
        self.muted = 0
        """Samples that were NaN or inf, and silenced."""
        self._source: tuple[Recording, Renderer | None] | None = None
        self._layers = [_Layer(_SILENCE, 0, FADE)]
        self._seek = 0

    def load(self, recording: Recording | None, renderer: Renderer | None = None) -> None:
        """Play another recording, or the same with another renderer; fades like any change."""
        self._source = (recording, renderer) if recording is not None else None

    @property
    def taken_seek(self) -> int:
        """Number of the last seek that was carried out."""
        return self._seek

    @property
    def slot(self) -> Slot | None:
        """The rendered slot being heard."""
        return self._layers[-1].voice.slot

    @property
    def slots(self) -> list[Slot]:
        """The rendered slots being heard, those that are fading out among them."""
        return [layer.voice.slot for layer in tuple(self._layers) if layer.voice.slot is not None]

    @property
    def silent(self) -> bool:
        """Nothing sounds and no fade is under way."""
        return len(self._layers) == 1 and self._layers[0].voice is _SILENCE

    def start_from_silence(self) -> None:
        """Fade in with the next :meth:`read`, whatever was sounding: it goes to another device."""
        self._layers = [_Layer(_SILENCE, 0, FADE)]

    def read(self, count: int) -> NDArray[np.float32]:
        """The next ``count`` samples, shape (count, 2)."""
        out = np.zeros((count, 2), np.float32)
        transport, source = self.transport, self._source
        if transport.seek[0] != self._seek:
            self.position = transport.seek[1]
            self._seek = transport.seek[0]
            self.ended = False
            self._turn_to(self._wanted(transport, source, count), jump=True)
        done = 0
        while done < count:
            self._turn_to(self._wanted(transport, source, count - done), jump=False)
            top = self._layers[-1]
            span = min([count - done, _STEP, *(FADE - layer.faded for layer in self._layers if layer.faded < FADE)])
            sounding = top.voice is not _SILENCE
            if sounding:
                end = self._end(transport, top)
                if top.position >= end:
                    self._jump(transport, source, count - done)
                    continue
                span = min(span, end - top.position)
            out[done : done + span] = self._mix(span)
            done += span
            if sounding:
                self.position = top.position
        self.recent = np.concatenate([self.recent, out])[-RECENT:]
        return out

    def _end(self, transport: Transport, top: _Layer) -> int:
        assert top.voice.recording is not None
        return transport.loop[1] if transport.loop is not None else top.voice.recording.samples

    def _jump(self, transport: Transport, source: tuple[Recording, Renderer | None] | None, count: int) -> None:
        """The end of the loop, or of the recording."""
        if transport.loop is not None:
            self.position = transport.loop[0]
            self._turn_to(self._wanted(transport, source, count), jump=True)
        else:
            self.ended = True
            self._turn_to(_SILENCE, jump=False)

    def _wanted(self, transport: Transport, source: tuple[Recording, Renderer | None] | None, count: int) -> _Voice:
        """What should sound at the playhead."""
        self.waiting = False
        if not transport.playing:
            self.ended = False
            return _SILENCE
        if source is None or self.ended:
            return _SILENCE
        recording, renderer = source
        top = self._layers[-1].voice
        sounding = top.recording is recording
        # What sounds goes on while it can still be faded out; what begins needs a little more.
        need = min(count, _STEP) + FADE + (transport.band.reach if transport.band is not None else 0)
        how = transport.gain, transport.channels, transport.band
        if not transport.version.is_rendered:
            if ready(recording.coverage, self.position, need if sounding else need + AHEAD):
                return _Voice(recording, None, transport.version, "phase-aware", *how)
        elif renderer is not None:
            slot = renderer.pick(self.position, top.slot if sounding else None, need)
            if slot is not None:
                return _Voice(recording, slot, transport.version, transport.output, *how)
        self.waiting = True
        return _SILENCE

    def _turn_to(self, voice: _Voice, *, jump: bool) -> None:
        if voice == self._layers[-1].voice and not (jump and voice is not _SILENCE):
            return
        self._layers.append(_Layer(voice, self.position))

    def _mix(self, span: int) -> NDArray[np.float32]:
        mixed: Samples | None = None
        for layer in self._layers:
            x = np.broadcast_to(self._sane(layer.voice.read(layer.position, layer.position + span)), (span, 2))
            layer.position += span
            if mixed is None:
                mixed = x
            else:
                weight = (np.arange(layer.faded + 1, layer.faded + span + 1, dtype=np.float32) / FADE)[:, None]
                mixed = mixed + weight * (x - mixed)
                layer.faded += span
        complete = max((i for i, layer in enumerate(self._layers) if layer.faded >= FADE), default=0)
        del self._layers[:complete]
        assert mixed is not None
        return mixed

    def _sane(self, x: Samples) -> Samples:
        """What is no sound (NaN or inf) is silence, and counted."""
        if np.isfinite(x).all():
            return x
        self.muted += int((~np.isfinite(x)).any(axis=1).sum())
        return np.nan_to_num(x, nan=0.0, posinf=0.0, neginf=0.0)
