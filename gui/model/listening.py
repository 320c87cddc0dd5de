"""How a recording is listened to: version, gain, channels, band, place and loop; what the mixer is told of it."""

from __future__ import annotations

from typing import NamedTuple

from phaseaware.engine.limits import MaskName
from phaseaware.engine.versions import Version

from .band import Band
from .channels import Channels
from .levels import DELTA_GAINS_DB, MATCHED, LevelMatch
from .loop import loop_within
from .mixer import Mixer, Transport
from .recording import Recording
from .renderer import Renderer

__all__ = ["Choice", "Listening"]


class Choice(NamedTuple):
    """What is chosen to be heard."""

    version: Version
    previous: Version
    output: MaskName
    bypass: bool
    level_match: bool
    band: Band | None
    loop: tuple[int, int] | None


class Listening:
    """What is heard of a recording, once there is one, and of what is rendered of it."""

    def __init__(self) -> None:
        self.mixer = Mixer()
        self.recording: Recording | None = None
        self.renderer: Renderer | None = None
        self.level_match = True
        self.delta_gain_db = 0
        self.channels = Channels.ALL
        self._seek = (0, 0)
        self.begin_listening()

    def begin_listening(self) -> None:
        """As for a recording that was just opened: noisy, at its beginning."""
        self.version, self._previous = Version.NOISY, Version.PHASE_AWARE
        self._output: MaskName = "phase-aware"
        self.bypass = self.playing = False
        self.loop: tuple[int, int] | None = None
        self.band: Band | None = None
        self._match = LevelMatch()
        self.mixer.muted = 0
        self.seek(0)

    @property
    def heard(self) -> Version:
        """The version that sounds: the chosen one, or noisy while bypassed."""
        return Version.NOISY if self.bypass else self.version

    @property
    def output(self) -> MaskName:
        """The output that ``Version.REMOVED`` refers to: A or B, whichever was chosen last."""
        return self._output

    def can_hear(self, version: Version) -> bool:
        """It is known of what is open."""
        if self.recording is None or (version.is_rendered and self.renderer is None):
            return False
        return self.recording.clean is not None or not version.needs_stems

    def select(self, version: Version) -> None:
        """Hear a version from now on; nothing happens where it is not known."""
        if version.needs_stems and not self.can_hear(version):
            return
        self.bypass = False
        if version is not self.version:
            self._previous, self.version = self.version, version
        if version.mask is not None:
            self._output = version.mask
        self._push()

    @property
    def choice(self) -> Choice:
        """What is chosen to be heard, to come back to."""
        return Choice(self.version, self._previous, self._output, self.bypass, self.level_match, self.band, self.loop)

    @choice.setter
    def choice(self, choice: Choice) -> None:
        self.version, self._previous, self._output, self.bypass, self.level_match, self.band, self.loop = choice
        self._push()

    def swap(self) -> None:
        """Back to the version heard before."""
        self.select(self._previous)

    def toggle_bypass(self) -> None:
        """Between the chosen version and noisy."""
        self.bypass = not self.bypass
        self._push()

    def play(self, playing: bool) -> None:
        """Play or pause; from the start again where the end was reached."""
        if self.recording is None:
            return
        if playing and self.position >= self.recording.samples:
            self.seek(0 if self.loop is None else self.loop[0])
        self.playing = playing
        self._push()

    def follow(self) -> None:
        """Take over what happened meanwhile: the end was reached, levels are known better, a jump needs rendering."""
        if self.playing and self.mixer.ended:
            self.playing = False
            self._push()
        if self.recording is None or self.renderer is None:
            return
        if self._match.follow(self.recording, self.renderer):
            self._push()
        if self.mixer.waiting:
            self.renderer.notify()

    @property
    def position(self) -> int:
        """Sample at the playhead. While the audio thread rests it does not take over a seek; its target counts then."""
        return self.mixer.position if self.mixer.taken_seek == self._seek[0] else self._seek[1]

    def seek(self, position: int) -> None:
        """Go to a sample, clipped to the recording."""
        end = self.recording.samples if self.recording is not None else 0
        self._seek = (self._seek[0] + 1, min(max(position, 0), end))
        self._push()
        if self.renderer is not None:
            self.renderer.notify()

    def set_loop(self, start: int, stop: int) -> None:
        """Loop between two samples, in either order; shorter than 40 ms is widened. Clipped to the recording."""
        if self.recording is not None:
            self.loop = loop_within(start, stop, self.recording.samples)
            self._push()

    def set_loop_start(self, position: int) -> None:
        """Move the loop's start; without a loop, or beyond its end, it then reaches to the end of the recording."""
        if self.recording is not None:
            stop = self.loop[1] if self.loop is not None and self.loop[1] > position else self.recording.samples
            self.set_loop(position, stop)

    def set_loop_stop(self, position: int) -> None:
        """Move the loop's end; without a loop, or before its start, it then begins with the recording."""
        if self.recording is not None:
            self.set_loop(self.loop[0] if self.loop is not None and self.loop[0] < position else 0, position)

    def clear_loop(self) -> None:
        """Play on at the loop's end, and hear the whole band."""
        self.loop = self.band = None
        self._push()

    def set_band(self, band: Band | None) -> None:
        """Hear this band only; None: everything."""
        self.band = band
        self._push()

    def set_channels(self, channels: Channels) -> None:
        """Hear and see these channels."""
        self.channels = channels
        self._push()

    def set_level_match(self, on: bool) -> None:
        """Attenuate the louder versions to the quietest one, by BS.1770 loudness."""
        self.level_match = on
        self._push()

    def set_delta_gain(self, gain_db: int) -> None:
        """Gain at which delta and removed are heard, one of DELTA_GAINS_DB."""
        if gain_db not in DELTA_GAINS_DB:
            raise ValueError(f"{gain_db=} dB is not one of {DELTA_GAINS_DB}")
        self.delta_gain_db = gain_db
        self._push()

    def gain_db(self, version: Version) -> float:
        """Gain in dB at which a version is heard."""
        if version not in MATCHED:
            return float(self.delta_gain_db)
        return self._match.gain_db(version) if self.level_match else 0.0

    def _push(self) -> None:
        self.mixer.transport = Transport(
            playing=self.playing,
            version=self.heard,
            output=self._output,
            gain=10 ** (self.gain_db(self.heard) / 20),
            channels=self.channels,
            band=self.band,
            loop=self.loop,
            seek=self._seek,
        )
