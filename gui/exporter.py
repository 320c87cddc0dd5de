"""What leaves the window: versions as sound files, in the background, the picture, the settings as a script."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from phaseaware.engine.audio import whole_file
from phaseaware.engine.versions import IDEAL, Version
from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtGui import QGuiApplication, QPixmap
from PyQt6.QtWidgets import QWidget

from .model import Session
from .model.export import Cancelled, write_versions
from .model.page import page_job
from .panels.dialogs import ask_for_folder, ask_for_new_file, ask_whether

__all__ = ["Exporter"]

_SOUND = {".wav": "WAV, 32 bit float", ".flac": "FLAC, 24 bit", ".w64": "Wave64, 32 bit float"}
_PICTURE = {".png": "PNG"}
_PAGE = {".html": "Page with a switch, for any browser"}


class Exporter(QObject):
    """Writes what a session holds, one export at a time.

    Parameters
    ----------
    session : what is exported.
    picture : draws what is shown.
    folder : where dialogs begin.
    parent : owns them.

    Signals
    -------
    changed : an export has begun or ended.
    failed, noted : what went wrong; what was done.
    """

    changed = pyqtSignal()
    failed = pyqtSignal(str)
    noted = pyqtSignal(str)
    _ended = pyqtSignal(str, bool)

    def __init__(
        self, session: Session, picture: Callable[[], QPixmap], folder: Callable[[], str], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._session, self._picture, self._folder, self._parent = session, picture, folder, parent
        self.share: float | None = None
        """Share done of an export under way."""
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._ended.connect(self._end)

    def ask_for_one(self) -> None:
        """Ask for a name for the version that is heard, or for a page with all of them."""
        session = self._session
        if session.recording is None:
            return
        version = session.heard

        def write(path: str) -> None:
            if Path(path).suffix.lower() in _PAGE:
                self.write_page(Path(path))
            else:
                self.write({version: Path(path)})

        ask_for_new_file(
            self._parent, f"Export {self._named(version)}", self._folder(), self._name(version),
            _SOUND | (_PAGE if session.renderer is not None else {}), write,
        )  # fmt: skip

    def ask_for_all(self) -> None:
        """Ask for a folder for all versions; and whether files there may be replaced."""
        session = self._session
        if session.recording is None:
            return
        versions = [version for version in Version if session.can_hear(version)]

        def into(folder: str) -> None:
            targets = {v: Path(folder) / f"{self._name(v)}.wav" for v in versions}
            there = [path.name for path in targets.values() if path.exists()]
            if there:
                text = "\n".join([f"In {folder} there is already:", "", *there, "", "Replace?"])
                ask_whether(self._parent, text, lambda: self.write(targets))
            else:
                self.write(targets)

        ask_for_folder(self._parent, "Export all versions into a folder", self._folder(), into)

    def _name(self, version: Version | None = None) -> str:
        """What a file is called, without its suffix: who finds it later must see what made it."""
        recording = self._session.recording
        assert recording is not None
        if version is not None:
            return f"{recording.path.stem} {self._named(version)}"
        return recording.path.stem if self._session.ideal is None else f"{recording.path.stem} {IDEAL.lower()}"

    def _named(self, version: Version) -> str:
        is_ideal = self._session.ideal is not None and version.is_rendered
        return f"{IDEAL.lower()} {version}" if is_ideal else str(version)

    def write(self, targets: dict[Version, Path]) -> None:
        """Write versions in the background."""
        if self.share is not None:
            self.failed.emit("An export is under way; wait for it, or cancel it.")
            return
        try:
            job = self._session.export_job(targets)
        except ValueError as error:
            self.failed.emit(f"Cannot export: {error}")
            return
        self._begin()

        def progress(share: float) -> None:
            self.share = share

        def run() -> None:
            worked = False
            try:
                notes = write_versions(job, progress=progress, stopped=self._stop.is_set)
                names = ", ".join(path.name for path in targets.values())
                text = f"Exported to {next(iter(targets.values())).parent}: {names}"
                if notes:
                    text += f". {'; '.join(notes)}."
                worked = not notes
            except Cancelled:
                text = "Export cancelled; nothing was written."
            except Exception as error:  # whatever a model or a disk raises, the export must end
                text = f"Cannot export: {error}. Nothing was written."
            self._ended.emit(text, worked)

        self._run(run)

    def _begin(self) -> None:
        self.share = 0.0
        self._stop.clear()

    def _run(self, run: Callable[[], None]) -> None:
        self._thread = threading.Thread(target=run, name="export")
        self._thread.start()
        self.changed.emit()

    def write_page(self, path: Path) -> None:
        """Write a page on which all versions are heard and seen, in the background."""
        if self.share is not None:
            self.failed.emit("An export is under way; wait for it, or cancel it.")
            return
        recording = self._session.recording
        try:
            if recording is not None and recording.is_read_from(path):
                raise ValueError(f"{path.name} is open; choose another name")
            job = page_job(self._session)
        except ValueError as error:
            self.failed.emit(f"Cannot export: {error}")
            return
        self._begin()

        def run() -> None:
            try:
                job.write(path)
                self._ended.emit(f"Exported to {path}: open it in a browser", True)
            except Exception as error:  # whatever an encoder or a disk raises, the export must end
                self._ended.emit(f"Cannot export: {error}. Nothing was written.", False)

        self._run(run)

    def cancel(self) -> None:
        """Stop the export under way."""
        self._stop.set()

    def _end(self, text: str, worked: bool) -> None:
        self.share = None
        (self.noted if worked else self.failed).emit(text)
        self.changed.emit()

    def ask_for_picture(self) -> None:
        """Ask for a name for the picture."""
        recording = self._session.recording
        if recording is None:
            return
        ask_for_new_file(
            self._parent, "Export the picture", self._folder(), self._name(), _PICTURE,
            lambda path: self.save_picture(Path(path)),
        )  # fmt: skip

    def save_picture(self, path: Path) -> None:
        """Save what the middle of the window shows, at twice its size, as PNG."""
        if path.suffix.lower() not in _PICTURE:
            self.failed.emit(f"Cannot export the picture: {path.name}: the name must end in .png")
            return
        picture = self._picture()
        try:
            with whole_file(path, overwrite=True) as partial:
                if not picture.save(str(partial), "PNG"):
                    raise OSError("it cannot be written; is the disk full?")
        except OSError as error:
            self.failed.emit(f"Cannot export the picture: {error.strerror or error} ({path})")
            return
        self.noted.emit(f"Exported to {path}")

    def copy_script(self) -> None:
        """Put the settings on the clipboard as a script."""
        try:
            text = self._session.script()
        except ValueError as error:
            self.failed.emit(f"Cannot copy: {error}")
            return
        clipboard = QGuiApplication.clipboard()
        assert clipboard is not None
        clipboard.setText(text)
        self.noted.emit("Copied: a Python script that makes A and B of this recording with these settings.")

    def close(self) -> None:
        """End an export under way."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
