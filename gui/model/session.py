"""The session: what is open, rendered, selected, looped and level-matched. Knows nothing of Qt; views draw it.

Everything here is called from one thread; the recording's decoder and the renderer run in threads of their own and
report through ``changed``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from phaseaware.engine import MaskModel
from phaseaware.engine.limits import MASK_NAMES
from phaseaware.engine.versions import Version

from .controls import Controls, as_script
from .decoder import Decoder
from .export import ExportJob
from .history import History
from .listening import Listening
from .masking import IdealChoice, IdealMasks, Masking, ModelMasks
from .pace import Pace
from .recording import open_recording
from .renderer import Renderer

__all__ = ["Session"]


_MUTED = "The masks were no numbers (NaN or infinity) in places. They are muted there; try another model."


class Session(Listening):
    """One recording and how it is heard.

    Parameters
    ----------
    model : finds the masks; None: only stems can be rendered (as ideal masks).
    changed : called from other threads whenever decoding or rendering has come further.
    """

    def __init__(self, model: MaskModel | None, changed: Callable[[], None] = lambda: None) -> None:
        super().__init__()
        self.model: MaskModel | None = None
        self._changed = changed
        self.pace = Pace()
        self.decode_error: str | None = None
        self.history = History(self._controls_changed)
        """The controls, and how they were."""
        self.ideal: IdealChoice | None = None
        """Ideal masks instead of the model's, where stems are open."""
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
        self.ideal = IdealChoice() if noise_path is not None else None
        self.begin_listening()
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

    @property
    def errors(self) -> list[str]:
        """What has gone wrong with decoding, rendering or playing of what is open, if anything."""
        found = [self.decode_error]
        if self.renderer is not None:
            found += [self.renderer.error, _MUTED if self.renderer.muted_frames or self.mixer.muted else None]
        return [error for error in found if error is not None]

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
