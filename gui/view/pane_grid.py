"""Panes in columns: the pictures of a column are equally high, and the lowest pane has the time axis too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PyQt6.QtCore import QSize
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QWidget

from .axes import TIME_HEIGHT
from .kinds import Kind
from .panes import Pane

__all__ = ["PaneGrid"]

_GAP = 2
_LOWEST_PICTURE, _NARROWEST = 21, 120  # pixels


class PaneGrid(QWidget):
    """Places some of the panes given; the others are hidden.

    Parameters
    ----------
    panes : become children of the grid.
    """

    def __init__(self, panes: Mapping[Kind, Pane]) -> None:
        super().__init__()
        self._panes = panes
        self._columns: Sequence[Sequence[Kind]] = ()
        for pane in panes.values():
            pane.setParent(self)
            pane.hide()

    def arrange(self, columns: Sequence[Sequence[Kind]]) -> None:
        """Show these, each column from top to bottom."""
        self._columns = columns
        shown = [kind for column in columns for kind in column]
        for kind, pane in self._panes.items():
            pane.show_time(any(kind is column[-1] for column in columns))
            pane.setVisible(kind in shown)
        self._place()
        self.updateGeometry()

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        highest = max((len(column) for column in self._columns), default=0)
        return QSize(_NARROWEST * len(self._columns), highest * (_LOWEST_PICTURE + _GAP) + TIME_HEIGHT)

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802
        super().resizeEvent(event)
        self._place()

    def _place(self) -> None:
        for c, column in enumerate(self._columns):
            left, right = ((self.width() + _GAP) * i // len(self._columns) for i in (c, c + 1))
            height = (self.height() - TIME_HEIGHT - _GAP * (len(column) - 1)) // len(column)
            for i, kind in enumerate(column):
                bottom = self.height() if i + 1 == len(column) else i * (height + _GAP) + height
                top = i * (height + _GAP)
                self._panes[kind].setGeometry(left, top, right - left - _GAP, bottom - top)
