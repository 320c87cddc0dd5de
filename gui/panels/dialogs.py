"""Questions to the user that do not block: what plays goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QFileDialog, QInputDialog, QMessageBox, QWidget

__all__ = ["ask_for_file", "ask_for_folder", "ask_for_name", "ask_for_new_file", "ask_whether"]

_AUDIO = "Sound files (*.wav *.flac *.ogg *.opus *.mp3 *.aif *.aiff *.caf *.w64 *.au);;All files (*)"
_DELETE = Qt.WidgetAttribute.WA_DeleteOnClose


def ask_for_file(parent: QWidget, title: str, folder: str, done: Callable[[str], object]) -> None:
    """Ask for a sound file; ``done`` is called with its path, unless the user cancels."""
    _file_dialog(parent, title, folder, QFileDialog.FileMode.ExistingFile, done).setNameFilter(_AUDIO)


def ask_for_folder(parent: QWidget, title: str, folder: str, done: Callable[[str], object]) -> None:
    """Ask for a folder."""
    dialog = _file_dialog(parent, title, folder, QFileDialog.FileMode.Directory, done)
    dialog.setOption(QFileDialog.Option.ShowDirsOnly)


def ask_for_new_file(
    parent: QWidget, title: str, folder: str, stem: str, formats: Mapping[str, str], done: Callable[[str], object]
) -> None:
    """Ask for the name of a file to write; whether one that is there may be replaced is asked too.

    Parameters
    ----------
    stem : the name proposed, without suffix.
    formats : what the user reads, by suffix; the first is the default.
    """
    dialog = _file_dialog(parent, title, folder, QFileDialog.FileMode.AnyFile, done)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    suffixes = {f"{text} (*{suffix})": suffix for suffix, text in formats.items()}

    def choose(name_filter: str) -> None:
        suffix = suffixes[name_filter]
        dialog.setDefaultSuffix(suffix)
        named = Path(dialog.selectedFiles()[0]) if dialog.selectedFiles() else Path(stem)
        name = named.stem if named.suffix in formats else named.name
        dialog.selectFile(f"{name or stem}{suffix}")

    dialog.setNameFilters(list(suffixes))
    dialog.selectFile(f"{stem}{next(iter(formats))}")
    dialog.setDefaultSuffix(next(iter(formats)))
    dialog.filterSelected.connect(choose)


def ask_for_name(parent: QWidget, title: str, done: Callable[[str], object]) -> None:
    """Ask for a name."""
    dialog = QInputDialog(parent)
    dialog.setWindowTitle(title)
    dialog.setLabelText("Name:")
    dialog.setAttribute(_DELETE)
    dialog.textValueSelected.connect(done)
    dialog.open()


def ask_whether(parent: QWidget, text: str, done: Callable[[], object]) -> None:
    """Ask yes or no; ``done`` is called for yes."""
    box = QMessageBox(parent)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle("PhaseAware")
    box.setText(text)
    box.setStandardButtons(QMessageBox.StandardButton.Yes | QMessageBox.StandardButton.Cancel)
    box.setAttribute(_DELETE)
    box.accepted.connect(done)
    box.open()


def _file_dialog(
    parent: QWidget, title: str, folder: str, mode: QFileDialog.FileMode, done: Callable[[str], object]
) -> QFileDialog:
    dialog = QFileDialog(parent, title, folder)
    dialog.setFileMode(mode)
    dialog.setAttribute(_DELETE)
    dialog.fileSelected.connect(done)
    dialog.open()
    return dialog
