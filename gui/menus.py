"""Menus, and what they do: open, recent, presets, copy as script, keys."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from phaseaware.engine import ModelError
from phaseaware.engine.versions import Version
from phaseaware.plugin.board import Chain, Mix, members
from phaseaware.plugin.presets import PresetError, list_presets, load_preset, save_preset
from phaseaware.plugin.processor import PhaseAware
from PyQt6.QtCore import QObject, QSettings, Qt
from PyQt6.QtGui import QAction, QGuiApplication, QKeySequence
from PyQt6.QtWidgets import QMenu

from .exports import Exports
from .keys_dialog import show_keys
from .model import Controls
from .panels.dialogs import ask_for_file, ask_for_name, ask_whether
from .panels.widgets import plain_tip

if TYPE_CHECKING:
    from .window import MainWindow

__all__ = ["Menus"]

_RECENT = 8
_BETWEEN_STEMS = "\n"
_TOOL_TIP = Qt.ItemDataRole.ToolTipRole


class Menus(QObject):
    """The window's menus."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._settings = QSettings("phaseaware", "phaseaware")
        self.exports = exports = Exports(window)
        exports.changed.connect(window.show_session)
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
        self.export_one = self._add(file, "&Export what is heard…", "Ctrl+E", exports.ask_for_one)
        self.export_all = self._add(file, "Export &all versions…", "Ctrl+Shift+E", exports.ask_for_all)
        self.export_picture = self._add(file, "Export the &picture…", "Ctrl+P", exports.ask_for_picture)
        self.copy = self._add(file, "&Copy as script", "Ctrl+Shift+C", self.copy_script)
        file.addSeparator()
        self._add(file, "&Quit", "Ctrl+Q", window.close)
        edit = self._menu("&Edit")
        self.undo = self._add(edit, "&Undo", "Ctrl+Z", lambda: self._then_show(window.session.history.undo))
        self.redo = self._add(edit, "&Redo", "Ctrl+Shift+Z", lambda: self._then_show(window.session.history.redo))
        self._add(edit, "&Save the controls as a preset…", "Ctrl+S", self.save_preset_dialog)
        listen = self._menu("&Listen")
        self.abx = self._add(listen, "&ABX listening test", "Ctrl+T", lambda: window.start_abx())
        self._add(listen, "&Live input…", "Ctrl+L", window.start_live)
        help_menu = self._menu("&Help")
        self._add(help_menu, "&Keys", "F1", lambda: show_keys(window))
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

    def texts(self) -> list[list[str]]:
        """What each menu says."""
        return [[action.text() for action in menu.actions()] for menu in self._menus]

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
            action.setEnabled(is_open and self.exports.share is None)
        self.copy.setEnabled(session.recording is not None and session.recording.speech is None)
        self.undo.setEnabled(session.history.can_undo)
        self.redo.setEnabled(session.history.can_redo)
        self.abx.setEnabled(session.renderer is not None)

    # Opening

    @property
    def folder(self) -> str:
        """Where file dialogs begin: the folder of the file opened last."""
        return str(self._settings.value("folder", str(Path.home())))

    def open_dialog(self) -> None:
        """Ask for a recording."""
        ask_for_file(self._window, "Open a recording", self.folder, self._window.open)

    def open_stems_dialog(self) -> None:
        """Ask for speech, then for noise."""

        def noise_too(speech: str) -> None:
            title = f"Noise that belongs to {Path(speech).name}"
            ask_for_file(self._window, title, str(Path(speech).parent), lambda noise: self._window.open(speech, noise))

        ask_for_file(self._window, "Open the clean speech (the noise comes next)", self.folder, noise_too)

    def opened(self, *paths: Path) -> None:
        """Remember a recording, or both stems, as the most recent ones."""
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
            action = self.recent.addAction(" + ".join(paths))
            assert action is not None
            action.triggered.connect(lambda _, p=paths: self._window.open(*p))
        self.recent.setEnabled(not self.recent.isEmpty())

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
        self._window.message.show_note(
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
            box.setItemData(box.count() - 1, plain_tip(preset.description), _TOOL_TIP)

    def take_preset(self, path: str) -> None:
        """Take over a preset's reduction, strengths and mix, and hear what it removes if that is what it is for."""
        window, session = self._window, self._window.session
        window.side.preset_controls = None
        try:
            preset = load_preset(Path(path))
            effects = [p for p in members(preset.board()) if not isinstance(p, (Chain, Mix))]
        except (PresetError, ModelError, OSError) as error:
            window.message.show_message(f"Cannot load the preset: {error}")
            window.show_session()
            return
        p = next((effect for effect in effects if isinstance(effect, PhaseAware)), None)
        if p is None:
            window.message.show_message(f"The preset {preset.title!r} has no PhaseAware in it.")
            window.show_session()
            return
        controls = Controls(
            reduction_db=p.reduction_db, strength_low=p.strength_low, strength_high=p.strength_high, mix=p.mix
        )
        window.side.preset_controls = controls
        session.set_controls(controls)
        if p.output == "removed" and session.renderer is not None:
            session.select(Version.of_mask(p.mask))
            session.select(Version.REMOVED)
        if len(effects) > 1:
            window.message.show_message(
                f"From {preset.title!r} PhaseAware's controls were taken; its other effects need `phaseaware process`."
            )
        window.show_session()

    def save_preset_dialog(self) -> None:
        """Ask for a name."""
        ask_for_name(self._window, "Save the controls as a preset", self.save_preset)

    def save_preset(self, name: str, *, overwrite: bool = False) -> None:
        """Save the controls under a name; ask before another preset is overwritten."""
        name, c = name.strip(), self._window.session.controls
        if not name or any(mark in name for mark in "/\\") or name.endswith(".toml"):
            self._window.message.show_message("Cannot save the preset: give it a name, not a path.")
            return
        try:
            processor = PhaseAware(
                reduction_db=c.reduction_db, strength_low=c.strength_low, strength_high=c.strength_high, mix=c.mix
            )
            path = save_preset(processor, name, overwrite=overwrite)
        except FileExistsError:
            ask_whether(
                self._window, f"There is a preset {name!r} already. Overwrite it?",
                lambda: self.save_preset(name, overwrite=True),
            )  # fmt: skip
            return
        except (PresetError, ModelError, OSError, ValueError) as error:
            self._window.message.show_message(f"Cannot save the preset: {error}")
            return
        self.list_presets()
        self._window.message.show_note(f"Saved as {path}")
