"""The keys and what they do, to look up while listening."""

from __future__ import annotations

from html import escape

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtWidgets import QDialog, QGridLayout, QLabel, QWidget

from .actions import help_rows
from .panels import scrolled
from .view.theme import FAINT

__all__ = ["show_keys"]

_SCROLL_BAR = 24  # pixels
_NAME = "keys"
_KEY = "padding-right: 12px; white-space: nowrap"


def show_keys(parent: QWidget) -> QDialog:
    """Show all keys in a window of its own; the parent's keys go on working there."""
    shown = parent.findChild(QDialog, _NAME)
    if shown is not None:
        shown.activateWindow()
        return shown
    dialog = QDialog(parent)
    dialog.setObjectName(_NAME)
    dialog.setWindowTitle("Keys")
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    screen = parent.screen()
    assert screen is not None
    room = screen.availableSize() * 0.9
    page = _page(2)
    if page.sizeHint().width() > room.width():
        page = _page(1)
    whole = QGridLayout(dialog)
    whole.setContentsMargins(0, 0, 0, 0)
    whole.addWidget(scrolled(page))
    dialog.resize((page.sizeHint() + QSize(_SCROLL_BAR, 0)).boundedTo(room))
    dialog.show()
    return dialog


def _page(columns: int) -> QWidget:
    page = QWidget()
    grid = QGridLayout(page)
    grid.setSpacing(18)
    for i, (title, rows) in enumerate(help_rows()):
        lines = "".join(
            f"<tr><td style='{_KEY}'><b>{escape(key)}</b></td><td>{escape(text)}</td></tr>" for key, text in rows
        )
        label = QLabel(f"<span style='color: {FAINT}'><b>{title.upper()}</b></span><table>{lines}</table>")
        label.setTextFormat(Qt.TextFormat.RichText)
        label.setAlignment(Qt.AlignmentFlag.AlignTop)
        grid.addWidget(label, i // columns, i % columns)
    return page
