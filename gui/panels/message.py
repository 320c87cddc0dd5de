"""The message that lies over the window's content."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QObject, Qt, QTimer
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QToolButton, QWidget

from .widgets import plain_label

__all__ = ["MessageBar"]

_NOTE_MS = 6000
_MARGIN, _WIDEST = 6, 900  # pixels


class MessageBar(QFrame):
    """What went wrong, and what to do, stays until closed or replaced; what was done, for some seconds.

    Lies over the top of another child of its parent, which it never moves.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._below: QWidget = parent
        self.setObjectName("message")
        self.label = plain_label()
        self.label.setWordWrap(True)
        self.label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.close_button = close = QToolButton()
        close.setText("×")
        close.setToolTip("Close the message (Esc)")
        close.setAccessibleName("Close the message")
        close.clicked.connect(self.hide)
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 3, 6, 3)
        row.addWidget(self.label, 1)
        row.addWidget(close)
        self.hide()

        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.hide)

    def show_message(self, text: str) -> None:
        """Show what went wrong."""
        self._timer.stop()
        self._show(text, "message")

    def show_note(self, text: str) -> None:
        """Show what was done."""
        self._timer.start(_NOTE_MS)
        self._show(text, "note")

    def _show(self, text: str, name: str) -> None:
        if self.objectName() != name:
            self.setObjectName(name)
            self.setStyleSheet("/* anew */")  # the window's style depends on the name
        self.label.setText(text)
        self.show()
        self._place()

    def lie_over(self, widget: QWidget) -> None:
        """Lie over this one."""
        self._below = widget
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802
        if event is not None and event.type() in (QEvent.Type.Resize, QEvent.Type.Move):
            self._place()
        return False

    def _place(self) -> None:
        if self.isHidden():
            return
        place = self._below.geometry()
        width = max(1, min(place.width() - 2 * _MARGIN, _WIDEST))
        height = min(max(self.heightForWidth(width), self.close_button.sizeHint().height() + _MARGIN), place.height())
        self.setGeometry(place.left() + (place.width() - width) // 2, place.top() + _MARGIN, width, height)
        self.raise_()
