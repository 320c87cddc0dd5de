"""Which files are opened: dialogs, recent files, and the folder where dialogs begin."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtGui import QDropEvent
from PyQt6.QtWidgets import QMenu, QWidget

from .memory import stored
from .panels.dialogs import ask_for_file

__all__ = ["Files", "dropped"]

_RECENT = 8
_BETWEEN_STEMS = "\n"


class Files(QObject):
    """Asks for files, and remembers them.

    Signals
    -------
    chosen : paths of a recording, or of speech and noise, as a list of str.
    """

    chosen = pyqtSignal(list)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._parent = parent
        self._settings = stored()
        self.recent = QMenu(parent)
        """A menu of the files opened last."""
        self._list_recent()

    @property
    def folder(self) -> str:
        """Where file dialogs begin: the folder of the file opened last."""
        return str(self._settings.value("folder", str(Path.home())))

    def ask(self) -> None:
        """Ask for a recording."""
        ask_for_file(self._parent, "Open a recording", self.folder, lambda path: self.chosen.emit([path]))

    def ask_for_stems(self) -> None:
        """Ask for speech, then for noise."""

        def noise_too(speech: str) -> None:
            title = f"Noise that belongs to {Path(speech).name}"
            folder = str(Path(speech).parent)
            ask_for_file(self._parent, title, folder, lambda noise: self.chosen.emit([speech, noise]))

        ask_for_file(self._parent, "Open the clean speech (the noise comes next)", self.folder, noise_too)

    def remember(self, *paths: Path) -> None:
        """A recording, or both stems, are the most recent ones."""
        entry = _BETWEEN_STEMS.join(str(path.resolve()) for path in paths)
        self._settings.setValue("folder", str(paths[0].resolve().parent))
        recent = [entry, *(e for e in self._recent_entries() if e != entry)]
        self._settings.setValue("recent", recent[:_RECENT])
        self._list_recent()

    def _recent_entries(self) -> list[str]:
        value = self._settings.value("recent", [])
        return [value] if isinstance(value, str) else [str(e) for e in value or []]

    def _list_recent(self) -> None:
        self.recent.clear()
        for entry in self._recent_entries():
            paths = entry.split(_BETWEEN_STEMS)
            action = self.recent.addAction(" + ".join(paths).replace("&", "&&"))
            assert action is not None
            action.triggered.connect(lambda _, p=paths: self.chosen.emit(p))


def dropped(event: QDropEvent) -> list[Path]:
    """Files that were dropped; of two, stems, the one that says noise is the noise and comes last."""
    data = event.mimeData()
    paths = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()] if data is not None else []
    return sorted(paths, key=lambda path: "noise" in path.name.lower()) if len(paths) == 2 else paths
