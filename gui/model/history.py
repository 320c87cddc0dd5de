"""The controls as they are and were: undo and redo."""

from __future__ import annotations

from collections.abc import Callable

from .controls import Controls

__all__ = ["History"]

_DEPTH = 200


class History:
    """Remembers how the controls were.

    Parameters
    ----------
    changed : called after every change.
    """

    def __init__(self, changed: Callable[[], object]) -> None:
        self.controls = Controls()
        self._changed = changed
        self._undo: list[Controls] = []
        self._redo: list[Controls] = []
        self._gesture = False

    def set(self, controls: Controls) -> None:
        """Change the controls; can be undone. Within a gesture only its beginning is remembered."""
        if controls == self.controls:
            return
        if not self._gesture:
            self._remember()
        self._redo.clear()
        self._apply(controls)

    def begin_gesture(self) -> None:
        """A slider is being dragged: until :meth:`end_gesture` all changes are one step for undo."""
        if not self._gesture:
            self._remember()
            self._gesture = True

    def end_gesture(self) -> None:
        """The slider is let go."""
        if self._gesture:
            self._gesture = False
            if self._undo and self._undo[-1] == self.controls:
                self._undo.pop()

    @property
    def can_undo(self) -> bool:
        """There is something to undo."""
        return bool(self._undo)

    @property
    def can_redo(self) -> bool:
        """There is something to redo."""
        return bool(self._redo)

    def undo(self) -> None:
        """Controls as they were before the last change."""
        if self._undo:
            self._redo.append(self.controls)
            self._apply(self._undo.pop())

    def redo(self) -> None:
        """Take back an undo."""
        if self._redo:
            self._undo.append(self.controls)
            self._apply(self._redo.pop())

    def clear(self) -> None:
        """Forget how the controls were; they stay as they are."""
        self._undo.clear()
        self._redo.clear()

    def _remember(self) -> None:
        self._undo = [*self._undo[-_DEPTH + 1 :], self.controls]

    def _apply(self, controls: Controls) -> None:
        self.controls = controls
        self._changed()
