"""The right side: what is heard, the controls, what is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from phaseaware.engine import IdealMask
from phaseaware.engine.versions import LETTER_OF, Version
from phaseaware.plugin.presets import Preset
from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ..model import IdealChoice, Session
from ..model.controls import NO_LIMIT_DB, Controls
from ..model.levels import DELTA_GAINS_DB, MATCHED
from ..view import COLOURS, LABELS, FrequencyScale
from .widgets import LabelledSlider, plain_label, plain_tip

__all__ = ["LAYOUTS", "SidePanel"]

LAYOUTS = ("Spectrograms", "Masks", "Both", "Swipe A | B")
"""What the middle of the window can show."""
_IDEAL_A = (IdealMask.HYBRID, IdealMask.COMPLEX, IdealMask.IAM)
_IDEAL_B = (IdealMask.PSM, IdealMask.IRM, IdealMask.WIENER, IdealMask.IAM_CLIPPED)


def _heading(text: str) -> QLabel:
    label = plain_label(text)
    label.setObjectName("heading")
    label.setIndent(0)
    return label


def _section() -> QWidget:
    section = QWidget()
    section.setObjectName("row")
    return section


def _column(section: QWidget) -> QVBoxLayout:
    column = QVBoxLayout(section)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(4)
    return column


class SidePanel(QFrame):
    """Draws a session's settings and changes them.

    Signals
    -------
    changed : something of the session was changed here.
    layout_changed : index into LAYOUTS.
    scale_changed : a FrequencyScale.
    abx_wanted, save_preset_wanted, preset_wanted : buttons and the preset's name.
    """

    changed = pyqtSignal()
    layout_changed = pyqtSignal(int)
    scale_changed = pyqtSignal(object)
    abx_wanted = pyqtSignal()
    preset_wanted = pyqtSignal(str)
    save_preset_wanted = pyqtSignal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.session = session
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 6, 12, 8)
        column.setSpacing(4)
        self.listening, self.viewing = _section(), _section()
        """What concerns an open recording only, not live sound."""
        self._is_live = False
        self._preset_controls: Controls | None = None
        """Controls of the preset that was chosen last."""
        self._add_listening(self.listening)
        self._add_view(self.viewing)
        column.addWidget(self.listening)
        self._add_controls(column)
        column.addWidget(self.viewing)
        column.addStretch(1)

    def _add_listening(self, section: QWidget) -> None:
        column = _column(section)
        column.addWidget(_heading("LISTEN"))
        grid = QGridLayout()
        grid.setSpacing(4)
        self.versions: dict[Version, QPushButton] = {}
        tips = {
            Version.NOISY: "The recording as it is",
            Version.PHASE_AWARE: "Complex mask below 6 kHz, gains above",
            Version.REAL: "Ordinary mask from 0 to 1",
            Version.DELTA: "What A and B do differently",
            Version.REMOVED: "Noisy minus A or B, whichever was heard last",
        }
        for i, version in enumerate(Version):
            button = QPushButton(f"{i + 1}  {LABELS[version]}")
            button.setCheckable(True)
            colour = COLOURS[version]
            button.setStyleSheet(
                f"QPushButton {{ color: {colour}; text-align: left; border-left: 5px solid {colour};"
                " border-top-left-radius: 0; border-bottom-left-radius: 0; }"
                f"QPushButton:checked {{ background: {colour}; color: #0b0e11; }}"
                "QPushButton:disabled { color: #66717d; }"
            )
            button.setToolTip(f"{tips[version]}  ({i + 1})")
            button.clicked.connect(lambda _, v=version: self._select(v))
            self.versions[version] = button
            if version is Version.NOISY:
                grid.addWidget(button, 0, 0, 1, 2)
            else:
                grid.addWidget(button, (i + 1) // 2, (i - 1) % 2)
        column.addLayout(grid)
        row = QHBoxLayout()
        self.swap = QPushButton("X  Swap last two")
        self.swap.setToolTip("Back to the version heard before  (X)")
        self.swap.clicked.connect(lambda: self._do(self.session.swap))
        self.bypass = QPushButton("B  Bypass")
        self.bypass.setCheckable(True)
        self.bypass.setToolTip("Noisy instead of the chosen version, on and off  (B)")
        self.bypass.clicked.connect(lambda: self._do(self.session.toggle_bypass))
        row.addWidget(self.swap, 1)
        row.addWidget(self.bypass, 1)
        column.addLayout(row)
        row = QHBoxLayout()
        self.match = QCheckBox("Level match")
        self.match.setToolTip(
            "Attenuate the louder versions to the quietest one (BS.1770 loudness); never exported  (L)"
        )
        self.match.clicked.connect(lambda on: self._do(lambda: self.session.set_level_match(on)))
        self.delta_gain = QComboBox()
        for gain in DELTA_GAINS_DB:
            self.delta_gain.addItem(f"Delta {gain:+d} dB" if gain else "Delta 0 dB", gain)
        self.delta_gain.setToolTip("Gain at which delta and removed are heard  (G)")
        self.delta_gain.setAccessibleName("Gain of delta and removed")
        self.delta_gain.activated.connect(
            lambda i: self._do(lambda: self.session.set_delta_gain(self.delta_gain.itemData(i)))
        )
        row.addWidget(self.match)
        row.addStretch(1)
        row.addWidget(self.delta_gain)
        column.addLayout(row)
        self.gains = QLabel()
        self.gains.setTextFormat(Qt.TextFormat.RichText)
        self.gains.setToolTip("Gain at which each version is heard")
        column.addWidget(self.gains)

    def _add_controls(self, column: QVBoxLayout) -> None:
        column.addWidget(_heading("NOISE REDUCTION (A AND B)"))
        self.sliders = {
            "reduction_db": LabelledSlider(
                "Reduction limit", 0, NO_LIMIT_DB, 0.5, NO_LIMIT_DB,
                lambda v: "no limit" if v >= NO_LIMIT_DB else f"{v:.1f} dB", "Most that is taken away",
            ),
            "strength_low": LabelledSlider(
                "Strength below 6 kHz", 0, 2, 0.05, 1, lambda v: f"{v * 100:.0f} %",
                "Multiplies the mask's gain in dB, and its rotation",
            ),
            "strength_high": LabelledSlider(
                "Strength above 6 kHz", 0, 2, 0.05, 1, lambda v: f"{v * 100:.0f} %", "Multiplies the mask's gain in dB"
            ),
            "mix": LabelledSlider("Mix", 0, 1, 0.01, 1, lambda v: f"{v * 100:.0f} %", "Share of the processed sound"),
        }  # fmt: skip
        for name, slider in self.sliders.items():
            slider.value_changed.connect(lambda value, n=name: self._set_control(n, value))
            slider.grabbed.connect(self.session.history.begin_gesture)
            slider.released.connect(lambda: self._do(self.session.history.end_gesture))
            column.addWidget(slider)
        row = QHBoxLayout()
        self.undo, self.redo, self.reset = QPushButton("Undo"), QPushButton("Redo"), QPushButton("Reset")
        for button, tip, action in (
            (self.undo, "Undo the last change of the controls  (Ctrl+Z)", self.session.history.undo),
            (self.redo, "Redo  (Ctrl+Shift+Z)", self.session.history.redo),
            (self.reset, "All controls to their defaults  (R)", lambda: self.session.set_controls(Controls())),
        ):
            button.setToolTip(tip)
            button.clicked.connect(lambda _, a=action: self._do(a))
            row.addWidget(button, 1)
        column.addLayout(row)
        row = QHBoxLayout()
        self.presets = QComboBox()
        self.presets.setToolTip("Take a preset's reduction, strengths and mix for A and B")
        self.presets.setAccessibleName("Preset")
        self.presets.activated.connect(self._preset_chosen)
        self.save_preset = QPushButton("Save…")
        self.save_preset.setToolTip("Save the controls as a preset of your own  (Ctrl+S)")
        self.save_preset.clicked.connect(self.save_preset_wanted)
        row.addWidget(self.presets, 1)
        row.addWidget(self.save_preset)
        column.addLayout(row)
        self.ideal_row = QWidget()
        self.ideal_row.setObjectName("row")
        grid = QGridLayout(self.ideal_row)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(4)
        self.source = QComboBox()
        self.source.addItems(["Ideal masks", "Model's masks"])
        self.source.setToolTip("Masks computed from the stems, or found by the model")
        self.ideal_a, self.ideal_b = QComboBox(), QComboBox()
        self.ideal_a.addItems([f"A {kind.value}" for kind in _IDEAL_A])
        self.ideal_b.addItems([f"B {kind.value}" for kind in _IDEAL_B])
        for combo, name in (
            (self.source, "Source of the masks"),
            (self.ideal_a, "Ideal mask A"),
            (self.ideal_b, "Ideal mask B"),
        ):
            combo.setAccessibleName(name)
            if not combo.toolTip():
                combo.setToolTip(f"{name}, computed from speech and noise")
            combo.activated.connect(self._set_ideal)
        grid.addWidget(self.source, 0, 0, 1, 2)
        grid.addWidget(self.ideal_a, 1, 0)
        grid.addWidget(self.ideal_b, 1, 1)
        column.addWidget(self.ideal_row)

    def _add_view(self, section: QWidget) -> None:
        column = _column(section)
        column.addWidget(_heading("VIEW"))
        row = QHBoxLayout()
        self.layouts = QComboBox()
        self.layouts.addItems(LAYOUTS)
        self.layouts.setToolTip("What is shown  (V)")
        self.layouts.setAccessibleName("What is shown")
        self.layouts.currentIndexChanged.connect(self.layout_changed)
        self.scale = QComboBox()
        for scale, name in zip(FrequencyScale, ("Linear", "Log", "Mel"), strict=True):
            self.scale.addItem(name, scale)
        self.scale.setToolTip("Frequency axis  (S)")
        self.scale.setAccessibleName("Frequency axis")
        self.scale.currentIndexChanged.connect(lambda i: self.scale_changed.emit(self.scale.itemData(i)))
        row.addWidget(self.layouts, 2)
        row.addWidget(self.scale, 1)
        column.addLayout(row)
        self.abx = QPushButton("ABX listening test…")
        self.abx.setToolTip("16 trials: can you tell A and B apart by ear?  (Ctrl+T)")
        self.abx.clicked.connect(self.abx_wanted)
        column.addWidget(self.abx)

    def _preset_chosen(self, index: int) -> None:
        if index > 0:  # the first entry is the list's title
            self.preset_wanted.emit(self.presets.itemData(index))

    def _do(self, action: object) -> None:
        assert callable(action)
        action()
        self.changed.emit()

    def _select(self, version: Version) -> None:
        self._do(lambda: self.session.select(version))

    def _set_control(self, name: str, value: float) -> None:
        new: Any = None if name == "reduction_db" and value >= NO_LIMIT_DB else round(value, 3)
        self._do(lambda: self.session.set_controls(replace(self.session.controls, **{name: new})))

    def _set_ideal(self) -> None:
        if self.source.currentIndex() == 1 and self.session.model is not None:
            choice = None
        else:
            choice = IdealChoice(_IDEAL_A[self.ideal_a.currentIndex()], _IDEAL_B[self.ideal_b.currentIndex()])
        self._do(lambda: self.session.set_ideal(choice))

    def set_live(self, live: bool) -> None:
        """Live sound is heard: only the controls concern it."""
        self._is_live = live
        self.listening.setVisible(not live)
        self.viewing.setVisible(not live)
        self.show_session()

    def set_presets(self, presets: Sequence[Preset]) -> None:
        """Fill the list of presets."""
        self.presets.clear()
        self.presets.addItem("Presets…")
        for preset in presets:
            self.presets.addItem(preset.title, str(preset.path))
            self.presets.setItemData(
                self.presets.count() - 1, plain_tip(preset.description), Qt.ItemDataRole.ToolTipRole
            )

    def set_preset_controls(self, controls: Controls | None) -> None:
        """The controls of the preset that was chosen; None: of none."""
        self._preset_controls = controls

    def show_session(self) -> None:
        """Draw the session as it is."""
        session = self.session
        recording = session.recording
        for version, button in self.versions.items():
            button.setEnabled(recording is not None and (version is Version.NOISY or session.renderer is not None))
            button.setChecked(recording is not None and version is session.heard)
        self.versions[Version.REMOVED].setText(f"5  Removed by {LETTER_OF[session.output]}")
        for button in (self.swap, self.bypass):
            button.setEnabled(session.renderer is not None)
        self.bypass.setChecked(session.bypass)
        self.match.setChecked(session.level_match)
        self.delta_gain.setCurrentIndex(DELTA_GAINS_DB.index(session.delta_gain_db))
        parts = [
            f"<span style='color:{COLOURS[v]}'>{v.letter or v} {session.gain_db(v):+.1f}</span>".replace("-", "−", 1)
            if session.gain_db(v)
            else f"<span style='color:{COLOURS[v]}'>{v.letter or v} 0.0</span>"
            for v in MATCHED
        ]
        self.gains.setText(" &nbsp; ".join(parts) + " dB")
        controls = session.controls
        for name, slider in self.sliders.items():
            value = getattr(controls, name)
            if not slider.slider.isSliderDown():
                slider.set_value(NO_LIMIT_DB if value is None else value)
        self.undo.setEnabled(session.history.can_undo)
        self.redo.setEnabled(session.history.can_redo)
        self.reset.setEnabled(controls != Controls())
        if controls != self._preset_controls:
            self.presets.setCurrentIndex(0)
        self.ideal_row.setVisible(recording is not None and recording.speech is not None and not self._is_live)
        self.source.setCurrentIndex(0 if session.ideal is not None else 1)
        self.source.setEnabled(session.model is not None)
        for combo in (self.ideal_a, self.ideal_b):
            combo.setEnabled(session.ideal is not None)
        if session.ideal is not None:
            self.ideal_a.setCurrentIndex(_IDEAL_A.index(session.ideal.phase_aware))
            self.ideal_b.setCurrentIndex(_IDEAL_B.index(session.ideal.real))
        self.abx.setEnabled(session.renderer is not None)
