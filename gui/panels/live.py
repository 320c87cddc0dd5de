"""Live input: A, B and the input itself, from a device to a device."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from phaseaware.engine import MaskModel, ModelError
from phaseaware.engine.model import default_model
from phaseaware.engine.versions import MASK_OF, Version
from phaseaware.plugin.board import Pedalboard
from phaseaware.plugin.live import Device, LiveError, LiveSession, LiveVersion, devices, run
from phaseaware.plugin.processor import PhaseAware
from PyQt6.QtCore import Qt, QTimer, pyqtSignal
from PyQt6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from ..model import Controls
from ..view import COLOURS, LABELS
from .live_picture import LivePicture
from .widgets import LevelMeter, plain_label

__all__ = ["LivePanel"]

_LONGEST_STOP = 3.0  # s
_LOOK_MS = 150


class LivePanel(QWidget):
    """Chooses devices, runs the sound, switches and meters.

    Signals
    -------
    closed : the page is left; the sound has stopped.
    failed : what went wrong, and what to do.
    """

    closed = pyqtSignal()
    failed = pyqtSignal(str)
    _ready = pyqtSignal(object)
    _ended = pyqtSignal(object)

    def __init__(self, controls: Callable[[], Controls], model: Callable[[], MaskModel | None]) -> None:
        super().__init__()
        self._controls, self._model = controls, model
        self.session: LiveSession | None = None
        self._board: PhaseAware | None = None
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._previous: LiveVersion = "B"
        column = QVBoxLayout(self)
        column.setSpacing(8)
        self._add_words(column)
        self._add_devices(column)
        self._add_versions(column)
        self._add_meters(column)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._look)
        self._ready.connect(self._begin)
        self._ended.connect(self._end)
        self._show()

    def _add_words(self, column: QVBoxLayout) -> None:
        column.addStretch(1)
        title = plain_label("Live input")
        title.setStyleSheet("font-size: 22px; font-weight: bold")
        column.addWidget(title, 0, Qt.AlignmentFlag.AlignHCenter)
        hint = plain_label("Use headphones: a loudspeaker's sound would come back through the microphone.")
        hint.setObjectName("faint")
        hint.setWordWrap(True)
        hint.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(hint)

    def _add_devices(self, column: QVBoxLayout) -> None:
        grid = QGridLayout()
        self.inputs, self.outputs = QComboBox(), QComboBox()
        for row, (name, box) in enumerate((("From", self.inputs), ("To", self.outputs))):
            label = plain_label(name)
            label.setBuddy(box)
            box.setAccessibleName(f"{name} device")
            box.setMinimumWidth(150)
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            grid.addWidget(label, row, 0)
            grid.addWidget(box, row, 1)
        self.refresh_button = QPushButton("Refresh")
        self.refresh_button.setToolTip("Look for devices that were connected meanwhile  (F5)")
        self.refresh_button.clicked.connect(self.refresh)
        grid.addWidget(self.refresh_button, 0, 2, 2, 1)
        line = QHBoxLayout()
        line.addStretch(1)
        line.addLayout(grid, 4)
        line.addStretch(1)
        column.addLayout(line)

    def _add_versions(self, column: QVBoxLayout) -> None:
        buttons = QGridLayout()
        buttons.setColumnStretch(0, 1)
        buttons.setColumnStretch(3, 1)
        self.start_button = QPushButton("Start")
        self.start_button.setToolTip("Start or stop  (Space)")
        self.start_button.clicked.connect(self.toggle)
        buttons.addWidget(self.start_button, 0, 1)
        self.versions: dict[LiveVersion, QPushButton] = {}
        heard: dict[LiveVersion, Version] = {"bypass": Version.NOISY}
        heard |= {letter: Version.of_letter(letter) for letter in MASK_OF}
        for i, (name, version) in enumerate(heard.items(), 1):
            text, colour = f"{i}   {'Input' if name == 'bypass' else LABELS[version]}", COLOURS[version]
            button = QPushButton(text)
            button.setCheckable(True)
            button.setMinimumWidth(145)
            button.setStyleSheet(
                f"QPushButton {{ color: {colour}; border: 2px solid {colour}; }}"
                f"QPushButton:checked {{ background: {colour}; color: #0b0e11; }}"
                "QPushButton:disabled { color: #66717d; border-color: #39434f; }"
            )
            button.clicked.connect(lambda _, n=name: self.select(n))
            buttons.addWidget(button, i // 2, 1 + i % 2)
            self.versions[name] = button
        column.addLayout(buttons)

    def _add_meters(self, column: QVBoxLayout) -> None:
        self.picture = LivePicture()
        column.addWidget(self.picture, 4)
        self.input_meter, self.output_meter = LevelMeter(("In", "Out")), plain_label()
        self.output_meter.setToolTip("Latency from input to output as the devices tell it, and the masks' own")
        column.addWidget(self.input_meter, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self.output_meter, 0, Qt.AlignmentFlag.AlignHCenter)
        self.leave = QPushButton("Back")
        self.leave.setToolTip("Stop and go back  (Esc)")
        self.leave.clicked.connect(self.finish)
        column.addWidget(self.leave, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)

    def begin(self) -> bool:
        """List the devices; whether live sound is possible at all."""
        return self._list_devices("choose Live input again")

    def refresh(self) -> None:
        """Look for devices that were connected meanwhile; not while sound goes through, which that would end."""
        if not self.running:
            self._list_devices("refresh the list")

    def _list_devices(self, next_step: str) -> bool:
        """What there is; the devices chosen before are chosen again. Whether there is an input and an output."""
        try:
            found = devices(look_again=not self.running)
        except LiveError as error:
            self.failed.emit(str(error))
            return False
        for box, count in ((self.inputs, "inputs"), (self.outputs, "outputs")):
            before = box.currentText()
            box.clear()
            for device in found:
                if getattr(device, count):
                    box.addItem(_name(device), device.index)
                    if device.is_default:
                        box.setCurrentIndex(box.count() - 1)
            if (again := box.findText(before)) >= 0:
                box.setCurrentIndex(again)
        self._show()
        if not self._has_devices:
            self.failed.emit(f"There is no sound input, or no output. Connect one and {next_step}.")
        return self._has_devices

    @property
    def _has_devices(self) -> bool:
        return bool(self.inputs.count() and self.outputs.count())

    @property
    def running(self) -> bool:
        """Sound goes through, or is about to."""
        return self._thread is not None

    def toggle(self) -> None:
        """Start or stop."""
        if self.running:
            self._stop.set()
            return
        try:
            processor = PhaseAware(model=self._chosen_model(), **asdict(self._controls()))
        except (ModelError, OSError, ValueError) as error:
            self.failed.emit(f"Cannot start: {error}")
            return
        self._board = processor
        self._stop.clear()
        pair = self.inputs.currentData(), self.outputs.currentData()
        self._thread = threading.Thread(target=self._run, args=(Pedalboard([processor]), *pair), name="live",
                                        daemon=True)  # fmt: skip
        self._thread.start()
        self._show()

    def _chosen_model(self) -> Path:
        """The default model of recordings is too late for live sound, so it is not the person's choice."""
        model = self._model()
        return default_model("stream") if model is None or model.path == default_model() else model.path

    @property
    def model_name(self) -> str:
        """Of the model that sound goes through."""
        model = self._model()
        try:
            chosen = self._chosen_model()
        except ModelError:
            return "none"
        return model.info.name if model is not None and model.path == chosen else chosen.stem

    def _run(self, board: Pedalboard, source: int, sink: int) -> None:
        trouble: str | None = None
        try:
            run(board, input_device=source, output_device=sink, session_ready=self._ready.emit, stop=self._stop)
        except Exception as error:  # a device's driver may fail in any way; the window says how
            trouble = str(error)
        self._ended.emit(trouble)

    def _begin(self, session: LiveSession) -> None:
        self.session = session
        self.picture.begin(session.sample_rate)
        session.observer = self.picture.running.add
        self.select("A")
        self._timer.start(_LOOK_MS)

    def _end(self, trouble: Any) -> None:
        self._timer.stop()
        if self._thread is not None:
            self._thread.join()
        self._thread = self.session = self._board = None
        self._show()
        if trouble is not None:
            self.failed.emit(f"Live sound has stopped: {trouble}")

    def select(self, version: LiveVersion) -> None:
        """Hear A, B or the input."""
        if self.session is not None and version != self.session.version:
            self._previous = self.session.version
            self.session.version = version
        self._show()

    def swap(self) -> None:
        """Back to what was heard before."""
        self.select(self._previous)

    def toggle_bypass(self) -> None:
        """Between the input and A or B."""
        if self.session is not None:
            self.select(self.session.mask_version if self.session.version == "bypass" else "bypass")

    def set_controls(self, controls: Controls) -> None:
        """Take over the window's controls while sound runs."""
        if self._board is not None:
            controls.apply_to(self._board)

    def _look(self) -> None:
        if self.session is not None:
            meters = self.session.look()
            self.input_meter.set_levels(meters.input_db, meters.output_db)
            load = f"load {100 * meters.load:.0f} %"
            if meters.starved:
                load = f"no sound comes from the device for {meters.waited_seconds:.0f} s"
            muted = f"   muted {meters.muted_seconds:.1f} s: the model made NaN or inf" * (meters.muted_seconds > 0)
            self.output_meter.setText(
                f"{load}   drop-outs {meters.drop_outs}   "
                f"latency {1000 * self.session.latency_seconds:.0f} ms   {meters.seconds:.0f} s{muted}"
            )
            self.picture.update()

    def _show(self) -> None:
        self.start_button.setText("Stop" if self.running else "Start")
        self.start_button.setEnabled(self.running or self._has_devices)
        for widget in (self.inputs, self.outputs, self.refresh_button):
            widget.setEnabled(not self.running)
        for name, button in self.versions.items():
            button.setEnabled(self.session is not None)
            button.setChecked(self.session is not None and self.session.version == name)
        if not self.running:
            self.input_meter.set_levels(float("-inf"), float("-inf"))
            self.output_meter.setText("")

    def finish(self) -> None:
        """Stop and leave the page."""
        self.stop()
        self.closed.emit()

    def stop(self) -> None:
        """Stop the sound and wait until it has; a driver that hangs is left behind after a while."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(_LONGEST_STOP)


def _name(device: Device) -> str:
    return f"{device.name}  ({device.rate / 1000:g} kHz)"
