"""The session: what is open, rendered, selected, looped and level-matched. Knows nothing of Qt; views draw it.

Everything here is called from one thread; the recording's decoder and the renderer run in threads of their own and
report through ``changed``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from phaseaware.engine import MaskModel
from phaseaware.engine.limits import MASK_NAMES, MaskName
from phaseaware.engine.versions import Version

from .controls import Controls, as_script
from .decoder import Decoder
from .export import ExportJob
from .history import History
from .levels import DELTA_GAINS_DB, MATCHED, LevelMatch
from .loop import loop_within
from .masking import IdealChoice, IdealMasks, Masking, ModelMasks
from .mixer import Mixer, Transport
from .pace import Pace
from .recording import Recording, open_recording
from .renderer import Renderer

__all__ = ["Session"]


class Choice(NamedTuple):
    """What is chosen to be heard."""

    version: Version
    previous: Version
    output: MaskName
    bypass: bool
    level_match: bool


class Session:
    """One recording and how it is heard.

    Parameters
    ----------
    model : finds the masks; None: only stems can be rendered (as ideal masks).
    changed : called from other threads whenever decoding or rendering has come further.
    """

    def __init__(self, model: MaskModel | None, changed: Callable[[], None] = lambda: None) -> None:
        self.model: MaskModel | None = None
        self._changed = changed
        self.pace = Pace()
        self.mixer = Mixer()
        self.recording: Recording | None = None
        self.renderer: Renderer | None = None
        self.decode_error: str | None = None
        self.history = History(self._controls_changed)
        """The controls, and how they were."""
        self.ideal: IdealChoice | None = None
        """Ideal masks instead of the model's, where stems are open."""
        self.version = Version.NOISY
        self.bypass = False
        self.loop: tuple[int, int] | None = None
        self.level_match = True
        self.delta_gain_db = 0
        self.playing = False
        self._previous = Version.PHASE_AWARE
        self._output: MaskName = "phase-aware"
        self._match = LevelMatch()
        self._seek = (0, 0)
        self._decoder: Decoder | None = None
        if model is not None:
            self.set_model(model)

    # Files

    def open(self, path: str | Path, noise_path: str | Path | None = None) -> None:
        """Open a recording, or two stems: speech and noise. What was open before is closed only if that works.

        Raises
        ------
        recording.OpenError : the message says why.
        OSError : no room on disk for the working copies.
        """
        recording, fill = open_recording(path, noise_path)
        self.close()
        self.recording, self.decode_error = recording, None
        self.loop, self.playing, self.bypass = None, False, False
        self.ideal = IdealChoice() if noise_path is not None else None
        self.version, self._previous = Version.NOISY, Version.PHASE_AWARE
        self._match = LevelMatch()
        self.seek(0)
        self._start_renderer()
        self._decoder = Decoder(recording, fill, self._decoded, self._decoding_failed)

    def _decoding_failed(self, why: str) -> None:
        self.decode_error = why
        self._changed()

    def _decoded(self) -> None:
        renderer = self.renderer
        if renderer is not None:
            renderer.notify()
        self._report()

    def _report(self) -> None:
        self._changed()
        self.pace.rest()

    def _start_renderer(self) -> None:
        if self.renderer is not None:
            self.renderer.close()
            self.renderer = None
        assert self.recording is not None
        masking = self._masking()
        if masking is not None:
            self.renderer = Renderer(
                self.recording, masking, playhead=lambda: self.position, heard=lambda: self.mixer.slots,
                changed=self._report,
            )  # fmt: skip
            self.renderer.set_renders(self.controls.renders())
        self.mixer.load(self.recording, self.renderer)
        self._push()

    def _masking(self) -> Masking | None:
        assert self.recording is not None
        if self.ideal is not None:
            return IdealMasks(self.recording, self.ideal)
        return ModelMasks(self.recording, self.model) if self.model is not None else None

    def export_job(self, targets: dict[Version, Path]) -> ExportJob:
        """What :func:`export.write_versions` needs, as everything is set now.

        Raises
        ------
        ValueError : nothing is open, or it is not decoded to its end.
        """
        if self.recording is None:
            raise ValueError("open a recording first; there is nothing to export")
        if self.decode_error is not None:
            raise ValueError(f"the recording could not be read to its end ({self.decode_error})")
        if self.recording.coverage.filled < self.recording.samples:
            raise ValueError("the recording is still being read; export when that is done")
        return ExportJob(self.recording, self._masking(), self.controls.renders(), self._output, targets)

    def close(self) -> None:
        """Close what is open and end its threads."""
        self.playing = False
        if self._decoder is not None:
            self._decoder.close()
            self._decoder = None
        self.mixer.load(None)
        self._push()
        if self.renderer is not None:
            self.renderer.close()
        self.recording = self.renderer = None
        self.history.clear()

    def set_ideal(self, choice: IdealChoice | None) -> None:
        """Ideal masks of the stems, or the model's masks (None).

        Raises
        ------
        ValueError : no stems are open, or there is no model.
        """
        if choice is not None and (self.recording is None or self.recording.speech is None):
            raise ValueError("ideal masks need stems: open speech and noise")
        if choice is None and self.model is None:
            raise ValueError("there is no model; only ideal masks can be shown")
        if choice != self.ideal:
            self.ideal = choice
            self._start_renderer()

    def set_model(self, model: MaskModel) -> None:
        """Use another model.

        Raises
        ------
        ValueError : it does not offer both masks.
        """
        if missing := [mask for mask in MASK_NAMES if mask not in model.info.masks]:
            raise ValueError(f"{model.path.name} has no mask {missing[0]!r}; the window compares two")
        self.model = model
        if self.recording is not None and self.ideal is None:
            self._start_renderer()

    # What is heard

    @property
    def heard(self) -> Version:
        """The version that sounds: the chosen one, or noisy while bypassed."""
        return Version.NOISY if self.bypass else self.version

    @property
    def output(self) -> MaskName:
        """The output that ``Version.REMOVED`` refers to: A or B, whichever was chosen last."""
        return self._output

    def select(self, version: Version) -> None:
        """Hear a version from now on."""
        self.bypass = False
        if version is not self.version:
            self._previous, self.version = self.version, version
        if version.mask is not None:
            self._output = version.mask
        self._push()

    @property
    def choice(self) -> Choice:
        """What is chosen to be heard, to come back to."""
        return Choice(self.version, self._previous, self._output, self.bypass, self.level_match)

    @choice.setter
    def choice(self, choice: Choice) -> None:
        self.version, self._previous, self._output, self.bypass, self.level_match = choice
        self._push()

    @property
    def errors(self) -> list[str]:
        """What has stopped decoding or rendering of what is open, if anything."""
        found = (self.decode_error, self.renderer.error if self.renderer is not None else None)
        return [error for error in found if error is not None]

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
        """Play on at the loop's end."""
        self.loop = None
        self._push()

    # Levels

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

    # Controls

    @property
    def controls(self) -> Controls:
        """What A and B are rendered with."""
        return self.history.controls

    def set_controls(self, controls: Controls) -> None:
        """Render with other controls; ``history`` undoes it."""
        self.history.set(controls)

    def _controls_changed(self) -> None:
        if self.renderer is not None:
            self.renderer.set_renders(self.controls.renders())

    def script(self) -> str:
        """The current settings as a Python script.

        Raises
        ------
        ValueError : nothing is open, or two stems are: no file holds their sum, and ideal masks need no model.
        """
        if self.recording is None:
            raise ValueError("open a recording first; the script names it")
        if self.recording.speech is not None:
            raise ValueError("a script needs one noisy file, not two stems; export the noisy sound and open that")
        return as_script(
            self.controls, path=self.recording.path.resolve(), model=self.model.path if self.model else None
        )

    def _push(self) -> None:
        self.mixer.transport = Transport(
            playing=self.playing,
            version=self.heard,
            output=self._output,
            gain=10 ** (self.gain_db(self.heard) / 20),
            loop=self.loop,
            seek=self._seek,
        )
