"""Presets in the window: listed, taken, saved."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from phaseaware.engine import ModelError
from phaseaware.engine.versions import Version
from phaseaware.plugin.board import Chain, Mix, members
from phaseaware.plugin.presets import PresetError, PresetInfo, list_presets, load_preset, save_preset
from phaseaware.plugin.processor import PhaseAware
from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtWidgets import QWidget

from .model import Controls, Session
from .panels import OfferedPreset
from .panels.dialogs import ask_for_name, ask_whether

__all__ = ["Presets"]


class Presets(QObject):
    """Takes controls from presets and saves them as presets.

    Signals
    -------
    listed : what there is: title, description and path of each. What else is in it than PhaseAware, and cannot be
        played here, is told by both.
    taken : Controls of the preset that was chosen; None: it cannot be taken.
    changed : the session may have.
    failed, noted : what went wrong; what was done.
    """

    listed = pyqtSignal(list)
    taken = pyqtSignal(object)
    changed = pyqtSignal()
    failed = pyqtSignal(str)
    noted = pyqtSignal(str)

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._session, self._parent = session, parent

    def refresh(self) -> None:
        """Look for presets."""
        self.listed.emit([_offered(preset) for preset in list_presets()])

    def take(self, path: str) -> None:
        """Take over a preset's reduction, strengths and mix, and hear what it removes if that is what it is for."""
        self.taken.emit(None)
        try:
            preset = load_preset(Path(path))
            effects = [p for p in members(preset.board()) if not isinstance(p, (Chain, Mix))]
        except (PresetError, ModelError, OSError) as error:
            self.failed.emit(f"Cannot load the preset: {error}")
            self.changed.emit()
            return
        p = next((effect for effect in effects if isinstance(effect, PhaseAware)), None)
        if p is None:
            self.failed.emit(f"The preset {preset.title!r} has no PhaseAware in it.")
            self.changed.emit()
            return
        controls = Controls.of(p)
        self.taken.emit(controls)
        self._session.set_controls(controls)
        if p.output == "removed" and self._session.renderer is not None:
            self._session.select(Version.of_mask(p.mask))
            self._session.select(Version.REMOVED)
        if len(effects) > 1:
            self.failed.emit(
                f"From {preset.title!r} PhaseAware's controls were taken; its other effects need `phaseaware process`."
            )
        self.changed.emit()

    def ask_for_name(self) -> None:
        """Ask for a name for the controls."""
        ask_for_name(self._parent, "Save the controls as a preset", self.save)

    def save(self, name: str, *, overwrite: bool = False) -> None:
        """Save the controls under a name; ask before another preset is overwritten."""
        name = name.strip()
        if not name or any(mark in name for mark in "/\\") or name.endswith(".toml"):
            self.failed.emit("Cannot save the preset: give it a name, not a path.")
            return
        try:
            path = save_preset(PhaseAware(**asdict(self._session.controls)), name, overwrite=overwrite)
        except FileExistsError:
            ask_whether(
                self._parent, f"There is a preset {name!r} already. Overwrite it?",
                lambda: self.save(name, overwrite=True),
            )  # fmt: skip
            return
        except (PresetError, ModelError, OSError, ValueError) as error:
            self.failed.emit(f"Cannot save the preset: {error}")
            return
        self.refresh()
        self.noted.emit(f"Saved as {path}")


def _offered(preset: PresetInfo) -> OfferedPreset:
    try:
        others = [type(effect).__name__ for effect in _effects(preset.path) if not isinstance(effect, PhaseAware)]
    except (PresetError, ModelError, OSError):
        others = []  # what is wrong with it is told when it is chosen
    if not others:
        return preset.title, preset.description, str(preset.path)
    note = f"Only its noise reduction is played here; {', '.join(others)} need `phaseaware process`."
    return f"{preset.title}  (reduction only)", f"{preset.description}\n{note}", str(preset.path)


def _effects(path: Path) -> list[Any]:
    return [effect for effect in members(load_preset(path).board()) if not isinstance(effect, (Chain, Mix))]
