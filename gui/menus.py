"""Menus, and what they do with files: open, recent, export, presets, copy as script."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import soundfile
from phaseaware.engine import ModelError
from phaseaware.plugin.presets import PresetError, list_presets, load_preset, save_preset
from phaseaware.plugin.processor import PhaseAware
from PyQt6.QtCore import QObject, QSettings, Qt, pyqtSignal
from PyQt6.QtGui import QAction, QGuiApplication, QKeySequence
from PyQt6.QtWidgets import QFileDialog, QInputDialog, QMenu

from .controls import Controls
from .export import Cancelled, export, whole_file
from .mixer import Version

if TYPE_CHECKING:
    from .window import MainWindow

__all__ = ["Menus"]

_AUDIO = "Sound files (*.wav *.flac *.ogg *.opus *.mp3 *.aif *.aiff *.caf *.w64 *.au);;All files (*)"
_RECENT = 8
_DELETE = Qt.WidgetAttribute.WA_DeleteOnClose
_TOOL_TIP = Qt.ItemDataRole.ToolTipRole


class Menus(QObject):
    """The window's menus and file dialogs. Dialogs do not block: what plays goes on."""

    _exported = pyqtSignal(str)

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._settings = QSettings("phaseaware", "phaseaware")
        self.exporting: float | None = None
        """Share done of an export under way."""
        self._stop_export = threading.Event()
        self._export_thread: threading.Thread | None = None
        self._exported.connect(self._export_ended)
        self._speech: str | None = None
        bar = window.menuBar()
        assert bar is not None
        self._menus: list[QMenu] = []
        file = self._menu("&File")
        self._add(file, "&Open…", "Ctrl+O", self.open_dialog)
        self._add(file, "Open &stems (speech, then noise)…", "Ctrl+Shift+O", self.open_stems_dialog)
        recent = file.addMenu("&Recent")
        assert recent is not None
        self.recent = recent
        file.addSeparator()
        self.export_one = self._add(file, "&Export what is heard…", "Ctrl+E", self.export_dialog)
        self.export_all = self._add(file, "Export &all versions…", "Ctrl+Shift+E", self.export_all_dialog)
        self.export_picture = self._add(file, "Export the &picture…", "Ctrl+P", self.export_picture_dialog)
        self.copy = self._add(file, "&Copy as script", "Ctrl+Shift+C", self.copy_script)
        file.addSeparator()
        self._add(file, "&Quit", "Ctrl+Q", window.close)
        edit = self._menu("&Edit")
        self.undo = self._add(edit, "&Undo", "Ctrl+Z", lambda: self._then_show(window.session.undo))
        self.redo = self._add(edit, "&Redo", "Ctrl+Shift+Z", lambda: self._then_show(window.session.redo))
        self._add(edit, "&Save the controls as a preset…", "Ctrl+S", self.save_preset_dialog)
        listen = self._menu("&Listen")
        self.abx = self._add(listen, "&ABX listening test", "Ctrl+T", lambda: window.start_abx())
        self._add(listen, "&Live input…", "Ctrl+L", window.start_live)
        help_menu = self._menu("&Help")
        self._add(help_menu, "&Keys", "F1", self.show_keys)
        window.side.save_preset_wanted.connect(self.save_preset_dialog)
        window.side.preset_wanted.connect(self.take_preset)
        self._list_recent()
        self.list_presets()

    def _menu(self, title: str) -> QMenu:
        bar = self._window.menuBar()
        assert bar is not None
        menu = bar.addMenu(title)
        assert menu is not None
        self._menus.append(menu)
        return menu

    def _add(self, menu: QMenu, text: str, keys: str, action: Callable[[], object]) -> QAction:
        added = QAction(text, self._window)
        added.setShortcut(QKeySequence(keys))
        added.triggered.connect(lambda: action())
        menu.addAction(added)
        return added

    def _then_show(self, action: Callable[[], object]) -> None:
        action()
        self._window.show_session()

    def set_enabled(self, on: bool) -> None:
        """All menus usable or not."""
        for menu in self._menus:
            for action in menu.actions():
                action.setEnabled(on)
        if on:
            self.show_session()

    def show_session(self) -> None:
        """What can be done now."""
        if self._window.abx.under_way:
            return
        session = self._window.session
        is_open = session.recording is not None
        for action in (self.export_one, self.export_all, self.export_picture):
            action.setEnabled(is_open and self.exporting is None)
        self.copy.setEnabled(is_open and session.ideal is None)
        self.undo.setEnabled(session.can_undo)
        self.redo.setEnabled(session.can_redo)
        self.abx.setEnabled(session.renderer is not None)

    # Opening

    def _dialog(self, title: str, mode: QFileDialog.FileMode, done: Callable[[str], object]) -> QFileDialog:
        dialog = QFileDialog(self._window, title)
        dialog.setFileMode(mode)
        dialog.setNameFilter(_AUDIO)
        dialog.setDirectory(str(self._settings.value("folder", str(Path.home()))))
        dialog.setAttribute(_DELETE)
        dialog.fileSelected.connect(done)
        dialog.open()
        return dialog

    def open_dialog(self) -> None:
        """Ask for a recording."""
        self._dialog("Open a recording", QFileDialog.FileMode.ExistingFile, lambda path: self._window.open(path))

    def open_stems_dialog(self) -> None:
        """Ask for speech, then for noise."""

        def noise_too(speech: str) -> None:
            self._dialog(
                f"Noise that belongs to {Path(speech).name}", QFileDialog.FileMode.ExistingFile,
                lambda noise: self._window.open(speech, noise),
            )  # fmt: skip

        self._dialog("Open the clean speech (the noise comes next)", QFileDialog.FileMode.ExistingFile, noise_too)

    def opened(self, path: Path) -> None:
        """Remember a file as the most recent one."""
        path = path.resolve()
        self._settings.setValue("folder", str(path.parent))
        recent = [str(path), *(p for p in self.recent_paths() if p != str(path))]
        self._settings.setValue("recent", recent[:_RECENT])
        self._list_recent()

    def recent_paths(self) -> list[str]:
        """Files opened lately, the last one first."""
        value = self._settings.value("recent", [])
        return [value] if isinstance(value, str) else [str(p) for p in value or []]

    def _list_recent(self) -> None:
        self.recent.clear()
        for path in self.recent_paths():
            action = self.recent.addAction(path)
            assert action is not None
            action.triggered.connect(lambda _, p=path: self._window.open(p))
        self.recent.setEnabled(bool(self.recent_paths()))

    # Export

    def export_dialog(self) -> None:
        """Ask for a name for the version that is heard."""
        session = self._window.session
        if session.recording is None:
            return
        version = session.heard
        dialog = self._dialog(
            f"Export {version}",
            QFileDialog.FileMode.AnyFile,
            lambda path: self.export({version: _with_suffix(path, ".wav")}),
        )
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters(["WAV, 32 bit float (*.wav)", "FLAC, 24 bit (*.flac)", "Wave64, 32 bit float (*.w64)"])
        dialog.selectFile(f"{session.recording.path.stem} {version}.wav")

    def export_all_dialog(self) -> None:
        """Ask for a folder for all versions."""
        session = self._window.session
        if session.recording is None:
            return
        stem = session.recording.path.stem
        versions = list(Version) if session.renderer is not None else [Version.NOISY]
        dialog = self._dialog(
            "Export all versions into a folder", QFileDialog.FileMode.Directory,
            lambda folder: self.export({v: Path(folder) / f"{stem} {v}.wav" for v in versions}),
        )  # fmt: skip
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)

    def export(self, targets: dict[Version, Path]) -> None:
        """Write versions in the background."""
        if self.exporting is not None:
            self._window.message.show_message("An export is under way; wait for it, or cancel it.")
            return
        try:
            job = self._window.session.export_job(targets)
        except ValueError as error:
            self._window.message.show_message(f"Cannot export: {error}")
            return
        self.exporting = 0.0
        self._stop_export.clear()

        def told(share: float) -> None:
            self.exporting = share

        def run() -> None:
            try:
                export(job, told=told, stopped=self._stop_export.is_set)
                names = ", ".join(path.name for path in targets.values())
                text = f"Exported to {next(iter(targets.values())).parent}: {names}"
            except Cancelled:
                text = "Export cancelled; nothing was written."
            except (OSError, soundfile.SoundFileError, ValueError, RuntimeError) as error:
                text = f"Cannot export: {error}. Nothing was written."
            self._exported.emit(text)

        self._export_thread = threading.Thread(target=run, name="export")
        self._export_thread.start()
        self._window.show_session()

    def cancel_export(self) -> None:
        """Stop it."""
        self._stop_export.set()

    def _export_ended(self, text: str) -> None:
        self.exporting = None
        self._window.message.show_message(text)
        self._window.show_session()

    def export_picture_dialog(self) -> None:
        """Ask for a name for the picture."""
        dialog = self._dialog(
            "Export the picture",
            QFileDialog.FileMode.AnyFile,
            lambda path: self.save_picture(_with_suffix(path, ".png")),
        )
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilter("PNG (*.png)")

    def save_picture(self, path: Path) -> None:
        """Save what the middle of the window shows, at twice its size."""
        window = self._window
        window.views.picture_now()
        picture = window.views.grab_twice()
        try:
            with whole_file(path) as partial:
                if not picture.save(str(partial), "PNG"):
                    raise OSError(f"{path} cannot be written")
        except OSError as error:
            window.message.show_message(f"Cannot export the picture: {error}")
            return
        window.message.show_message(f"Exported to {path}")

    def copy_script(self) -> None:
        """Put the settings on the clipboard as a script."""
        try:
            text = self._window.session.script()
        except ValueError as error:
            self._window.message.show_message(f"Cannot copy: {error}")
            return
        clipboard = QGuiApplication.clipboard()
        assert clipboard is not None
        clipboard.setText(text)
        self._window.message.show_message(
            "Copied: a Python script that makes A and B of this recording with these settings."
        )

    # Presets

    def list_presets(self) -> None:
        """Fill the list of presets."""
        box = self._window.side.presets
        box.clear()
        box.addItem("Presets…")
        for preset in list_presets():
            box.addItem(preset.title, str(preset.path))
            box.setItemData(box.count() - 1, preset.description, _TOOL_TIP)

    def take_preset(self, path: str) -> None:
        """Take over a preset's reduction, strengths and mix."""
        window = self._window
        try:
            preset = load_preset(Path(path))
            processors = [p for p in preset.board() if isinstance(p, PhaseAware)]
        except (PresetError, ModelError, OSError) as error:
            window.message.show_message(f"Cannot load the preset: {error}")
            return
        if not processors:
            window.message.show_message(f"The preset {preset.title!r} has no PhaseAware in it.")
            return
        p = processors[0]
        window.session.set_controls(
            Controls(reduction_db=p.reduction_db, strength_low=p.strength_low, strength_high=p.strength_high, mix=p.mix)
        )
        if len(list(preset.board())) > 1:
            window.message.show_message(
                f"From {preset.title!r} PhaseAware's controls were taken; its other effects need `phaseaware process`."
            )
        window.show_session()

    def save_preset_dialog(self) -> None:
        """Ask for a name."""
        dialog = QInputDialog(self._window)
        dialog.setWindowTitle("Save the controls as a preset")
        dialog.setLabelText("Name:")
        dialog.setAttribute(_DELETE)
        dialog.textValueSelected.connect(self.save_preset)
        dialog.open()

    def save_preset(self, name: str) -> None:
        """Save the controls under a name."""
        c = self._window.session.controls
        try:
            processor = PhaseAware(
                reduction_db=c.reduction_db, strength_low=c.strength_low, strength_high=c.strength_high, mix=c.mix
            )
            path = save_preset(processor, name.strip())
        except (PresetError, ModelError, OSError, ValueError) as error:
            self._window.message.show_message(f"Cannot save the preset: {error}")
            return
        self.list_presets()
        self._window.message.show_message(f"Saved as {path}")

    def show_keys(self) -> None:
        """All keys in the message bar."""
        self._window.message.show_message(
            "Space play · 1 noisy · 2 A · 3 B · 4 delta · 5 removed · X swap last two · B bypass · L level match · "
            "G delta gain · ← → 1 s, with Shift 5 s · Home End · [ ] loop ends · Esc clears · F fit · + − zoom · "
            "wheel zooms time, with Ctrl frequency, with Shift moves · V view · S frequency axis · R reset · Ctrl+T ABX"
        )

    def close(self) -> None:
        """End an export under way."""
        self._stop_export.set()
        if self._export_thread is not None:
            self._export_thread.join()


def _with_suffix(path: str, suffix: str) -> Path:
    return Path(path) if Path(path).suffix else Path(path).with_suffix(suffix)
