"""Exports from the window: versions as sound files, in the background, and the picture."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from phaseaware.engine.audio import whole_file
from phaseaware.engine.versions import Version
from PyQt6.QtCore import QObject, pyqtSignal

from .model.export import Cancelled, export
from .panels.dialogs import ask_for_folder, ask_for_new_file, ask_whether

if TYPE_CHECKING:
    from .window import MainWindow

__all__ = ["Exports"]

_SOUND = {".wav": "WAV, 32 bit float", ".flac": "FLAC, 24 bit", ".w64": "Wave64, 32 bit float"}
_PICTURE = {".png": "PNG"}


class Exports(QObject):
    """Writes what a window's session holds, one export at a time.

    Signals
    -------
    changed : an export has begun or ended.
    """

    changed = pyqtSignal()
    _ended = pyqtSignal(str, bool)

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.share: float | None = None
        """Share done of an export under way."""
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._ended.connect(self._end)

    def ask_for_one(self) -> None:
        """Ask for a name for the version that is heard."""
        session = self._window.session
        if session.recording is None:
            return
        version = session.heard
        ask_for_new_file(
            self._window, f"Export {version}", self._window.menus.folder, f"{session.recording.path.stem} {version}",
            _SOUND, lambda path: self.write({version: Path(path)}),
        )  # fmt: skip

    def ask_for_all(self) -> None:
        """Ask for a folder for all versions; and whether files there may be replaced."""
        session = self._window.session
        if session.recording is None:
            return
        stem = session.recording.path.stem
        versions = list(Version) if session.renderer is not None else [Version.NOISY]

        def into(folder: str) -> None:
            targets = {v: Path(folder) / f"{stem} {v}.wav" for v in versions}
            there = [path.name for path in targets.values() if path.exists()]
            if there:
                text = "\n".join([f"In {folder} there is already:", "", *there, "", "Replace?"])
                ask_whether(self._window, text, lambda: self.write(targets))
            else:
                self.write(targets)

        ask_for_folder(self._window, "Export all versions into a folder", self._window.menus.folder, into)

    def write(self, targets: dict[Version, Path]) -> None:
        """Write versions in the background."""
        show = self._window.message.show_message
        if self.share is not None:
            show("An export is under way; wait for it, or cancel it.")
            return
        try:
            job = self._window.session.export_job(targets)
        except ValueError as error:
            show(f"Cannot export: {error}")
            return
        self.share = 0.0
        self._stop.clear()

        def progress(share: float) -> None:
            self.share = share

        def run() -> None:
            worked = False
            try:
                clipped = export(job, progress=progress, stopped=self._stop.is_set)
                names = ", ".join(path.name for path in targets.values())
                text = f"Exported to {next(iter(targets.values())).parent}: {names}"
                if clipped:
                    text += f". {clipped} samples beyond full scale were clipped; WAV would hold them."
                worked = not clipped
            except Cancelled:
                text = "Export cancelled; nothing was written."
            except Exception as error:  # whatever a model or a disk raises, the export must end
                text = f"Cannot export: {error}. Nothing was written."
            self._ended.emit(text, worked)

        self._thread = threading.Thread(target=run, name="export")
        self._thread.start()
        self.changed.emit()

    def cancel(self) -> None:
        """Stop the export under way."""
        self._stop.set()

    def _end(self, text: str, worked: bool) -> None:
        self.share = None
        show = self._window.message.show_note if worked else self._window.message.show_message
        show(text)
        self.changed.emit()

    def ask_for_picture(self) -> None:
        """Ask for a name for the picture."""
        recording = self._window.session.recording
        if recording is None:
            return
        ask_for_new_file(
            self._window, "Export the picture", self._window.menus.folder, recording.path.stem, _PICTURE,
            lambda path: self.save_picture(Path(path)),
        )  # fmt: skip

    def save_picture(self, path: Path) -> None:
        """Save what the middle of the window shows, at twice its size, as PNG."""
        window = self._window
        if path.suffix.lower() not in _PICTURE:
            window.message.show_message(f"Cannot export the picture: {path.name}: the name must end in .png")
            return
        window.views.picture_now()
        picture = window.views.grab_twice()
        try:
            with whole_file(path, overwrite=True) as partial:
                if not picture.save(str(partial), "PNG"):
                    raise OSError("it cannot be written; is the disk full?")
        except OSError as error:
            window.message.show_message(f"Cannot export the picture: {error.strerror or error} ({path})")
            return
        window.message.show_note(f"Exported to {path}")

    def close(self) -> None:
        """End an export under way."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
