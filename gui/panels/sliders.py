"""A slider with its name and its value, which can be typed."""

from __future__ import annotations

from typing import Any

from phaseaware.engine.controls import Number
from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent
from PyQt6.QtWidgets import QGridLayout, QLineEdit, QSlider, QWidget

from ..model.controls import typed, value_text
from .widgets import plain_label

__all__ = ["ControlSlider"]


class _Slider(QSlider):
    reset = pyqtSignal()

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        self.reset.emit()


class _Value(QLineEdit):
    """Shows a value until it is edited; Enter takes over what is typed, Esc gives it up."""

    given_up = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self.setFrame(False)
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.setObjectName("value")
        self.setFixedWidth(self.fontMetrics().horizontalAdvance("100.0 dB__"))

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802
        if event is not None and event.key() == Qt.Key.Key_Escape:
            self.given_up.emit()
            self.clearFocus()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent | None) -> None:  # noqa: N802
        super().focusOutEvent(event)
        self.given_up.emit()


class ControlSlider(QWidget):
    """One of the controls; a double click gives the default. Where there may be no value, that is its upper end.

    Signals
    -------
    value_changed : by the user only: a number, or None.
    grabbed, released : begin and end of a drag.
    refused : what was typed is no value; the text says what is.
    """

    value_changed = pyqtSignal(object)
    grabbed = pyqtSignal()
    released = pyqtSignal()
    refused = pyqtSignal(str)

    def __init__(self, control: Number[Any]) -> None:
        super().__init__()
        self.setObjectName("row")
        self._control = control
        self._steps = round((control.high - control.low) / control.step)
        self.name = plain_label(control.title)
        self.typed = _Value()
        self.typed.setAccessibleName(f"{control.title}, value")
        self.slider = _Slider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, self._steps + bool(control.none))
        self.slider.setPageStep(max(1, self._steps // 10))
        self.slider.setAccessibleName(control.title)
        self.name.setBuddy(self.slider)
        about = f"{control.text[0].upper()}{control.text[1:]}; default: {value_text(control, control.default)}"
        for widget in (self.name, self.slider):
            widget.setToolTip(f"{about}\nUp and Down adjust it when it has the focus; double click: the default")
        self.typed.setToolTip(f"{about}\nType another value and press Enter; Esc gives it up")
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(0)
        grid.addWidget(self.name, 0, 0)
        grid.addWidget(self.typed, 0, 1)
        grid.addWidget(self.slider, 1, 0, 1, 2)
        self.slider.valueChanged.connect(self._changed)
        self.slider.sliderPressed.connect(self.grabbed)
        self.slider.sliderReleased.connect(self.released)
        self.slider.reset.connect(lambda: self.slider.setValue(self._place(control.default)))
        self.typed.returnPressed.connect(self._take_typed)
        self.typed.given_up.connect(lambda: self._tell(self.value))
        self.set_value(control.default)
        QWidget.setTabOrder(self.typed, self.slider)

    def _place(self, value: float | None) -> int:
        control = self._control
        return self._steps + 1 if value is None else round((value - control.low) / control.step)

    @property
    def value(self) -> float | None:
        """Current value."""
        place = self.slider.value()
        return None if place > self._steps else round(self._control.low + place * self._control.step, 6)

    def set_value(self, value: float | None) -> None:
        """Show a value, without telling."""
        self.slider.blockSignals(True)
        self.slider.setValue(self._place(value))
        self.slider.blockSignals(False)
        if not self.typed.hasFocus():
            self._tell(value)

    def _tell(self, value: float | None) -> None:
        self.typed.setText(value_text(self._control, value))

    def _changed(self) -> None:
        self._tell(self.value)
        self.value_changed.emit(self.value)

    def _take_typed(self) -> None:
        try:
            value = typed(self._control, self.typed.text())
        except ValueError as error:
            self.refused.emit(str(error))
            self.typed.selectAll()
            return
        self.slider.setFocus()
        self.value_changed.emit(value)
