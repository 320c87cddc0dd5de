"""The side's section of the noise reduction: sliders, undo, presets, and where the masks come from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from phaseaware.engine import IdealMask
from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QGridLayout, QPushButton, QWidget

from ..model import IdealChoice, Session
from ..model.controls import NUMBERS, Controls
from .sections import Section, chooser
from .sliders import ControlSlider
from .widgets import plain_tip

__all__ = ["OfferedPreset", "ReductionSection"]

_IDEAL_A = (IdealMask.HYBRID, IdealMask.COMPLEX, IdealMask.IAM)
_IDEAL_B = (IdealMask.PSM, IdealMask.IRM, IdealMask.WIENER, IdealMask.IAM_CLIPPED)
OfferedPreset = tuple[str, str, str]
"""What is shown, the description, and the path."""


class ReductionSection(Section):
    """Controls of A and B.

    Signals
    -------
    changed : something of the session was changed here.
    refused : what was typed is no value.
    preset_wanted : the path of the one that was chosen.
    save_preset_wanted : a button.
    """

    changed = pyqtSignal()
    refused = pyqtSignal(str)
    preset_wanted = pyqtSignal(str)
    save_preset_wanted = pyqtSignal()

    def __init__(self, session: Session) -> None:
        super().__init__("NOISE REDUCTION (A AND B)")
        self._session = session
        self._preset_controls: Controls | None = None
        """Controls of the preset that was chosen last."""
        self._add_sliders()
        self._add_history()
        self._add_presets()
        self._add_ideal()

    def _add_sliders(self) -> None:
        history = self._session.history
        self.sliders = {name: ControlSlider(control) for name, control in NUMBERS.items()}
        for name, slider in self.sliders.items():
            slider.value_changed.connect(lambda value, n=name: self._set_control(n, value))
            slider.grabbed.connect(history.begin_gesture)
            slider.released.connect(lambda: self._do(history.end_gesture))
            slider.refused.connect(self.refused)
            self.column.addWidget(slider)

    def _add_history(self) -> None:
        session = self._session
        self.undo, self.redo, self.reset = QPushButton("Undo"), QPushButton("Redo"), QPushButton("Reset")
        for button, tip, action in (
            (self.undo, "Undo the last change of the controls  (Ctrl+Z)", session.history.undo),
            (self.redo, "Redo  (Ctrl+Shift+Z)", session.history.redo),
            (self.reset, "All controls to their defaults  (R)", lambda: session.set_controls(Controls())),
        ):
            button.setToolTip(tip)
            button.clicked.connect(lambda _, a=action: self._do(a))
        self.add_row(self.undo, self.redo, self.reset)

    def _add_presets(self) -> None:
        self.presets = chooser("Preset", "Take a preset's reduction, strengths and mix for A and B")
        self.presets.activated.connect(self._preset_chosen)
        self.save_preset = QPushButton("Save…")
        self.save_preset.setToolTip("Save the controls as a preset of your own  (Ctrl+S)")
        self.save_preset.clicked.connect(self.save_preset_wanted)
        self.add_row(self.presets, self.save_preset)

    def _add_ideal(self) -> None:
        self.ideal_row = QWidget()
        self.ideal_row.setObjectName("row")
        grid = QGridLayout(self.ideal_row)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(4)
        self.source = chooser("Source of the masks", "Masks computed from the stems, or found by the model")
        self.source.addItems(["Ideal masks", "Model's masks"])
        self.ideal_a = chooser("Ideal mask A", "Ideal mask A, computed from speech and noise")
        self.ideal_b = chooser("Ideal mask B", "Ideal mask B, computed from speech and noise")
        self.ideal_a.addItems([f"A {kind.value}" for kind in _IDEAL_A])
        self.ideal_b.addItems([f"B {kind.value}" for kind in _IDEAL_B])
        for box in (self.source, self.ideal_a, self.ideal_b):
            box.activated.connect(self._set_ideal)
        grid.addWidget(self.source, 0, 0, 1, 2)
        grid.addWidget(self.ideal_a, 1, 0)
        grid.addWidget(self.ideal_b, 1, 1)
        self.column.addWidget(self.ideal_row)

    def _do(self, action: Callable[[], object]) -> None:
        action()
        self.changed.emit()

    def _set_control(self, name: str, value: float | None) -> None:
        changed: dict[str, Any] = {name: value}
        self._do(lambda: self._session.set_controls(replace(self._session.controls, **changed)))

    def _preset_chosen(self, index: int) -> None:
        if index > 0:  # the first entry is the list's title
            self.preset_wanted.emit(self.presets.itemData(index))

    def _set_ideal(self) -> None:
        if self.source.currentIndex() == 1 and self._session.model is not None:
            choice = None
        else:
            choice = IdealChoice(_IDEAL_A[self.ideal_a.currentIndex()], _IDEAL_B[self.ideal_b.currentIndex()])
        self._do(lambda: self._session.set_ideal(choice))

    def set_presets(self, presets: Sequence[OfferedPreset]) -> None:
        """Fill the list of presets."""
        self.presets.clear()
        self.presets.addItem("Presets…")
        for title, description, path in presets:
            self.presets.addItem(title, path)
            self.presets.setItemData(self.presets.count() - 1, plain_tip(description), Qt.ItemDataRole.ToolTipRole)

    def set_preset_controls(self, controls: Controls | None) -> None:
        """The controls of the preset that was chosen; None: of none."""
        self._preset_controls = controls

    def show_session(self, *, live: bool) -> None:
        """Draw the session as it is."""
        session = self._session
        controls, recording = session.controls, session.recording
        for name, slider in self.sliders.items():
            if not slider.slider.isSliderDown():
                slider.set_value(getattr(controls, name))
        self.undo.setEnabled(session.history.can_undo)
        self.redo.setEnabled(session.history.can_redo)
        self.reset.setEnabled(controls != Controls())
        if controls != self._preset_controls:
            self.presets.setCurrentIndex(0)
        self.ideal_row.setVisible(recording is not None and recording.speech is not None and not live)
        self.source.setCurrentIndex(0 if session.ideal is not None else 1)
        self.source.setEnabled(session.model is not None)
        for box in (self.ideal_a, self.ideal_b):
            box.setEnabled(session.ideal is not None)
        if session.ideal is not None:
            self.ideal_a.setCurrentIndex(_IDEAL_A.index(session.ideal.phase_aware))
            self.ideal_b.setCurrentIndex(_IDEAL_B.index(session.ideal.real))
