"""The thread that makes the pictures."""

from __future__ import annotations

from collections.abc import Callable

from ..model.background import Background
from .kinds import Kind, Picture, View
from .pictures import Source, compose, fitted_ranges

__all__ = ["PictureWorker"]

Ranges = dict[Kind, tuple[float, float]]


class PictureWorker(Background):
    """Composes the newest view asked for, in a thread of its own; views asked for meanwhile are skipped.

    Parameters
    ----------
    done : called from the thread with the view, its pictures, and the ranges that fit the recording.
    """

    def __init__(self, done: Callable[[View, dict[Kind, Picture], Ranges], None]) -> None:
        self._done = done
        self._wanted: tuple[Source, View] | None = None
        self._fitted: tuple[object, Ranges] = (None, {})
        super().__init__("pictures")

    def ask(self, source: Source, view: View) -> None:
        """Make this view's pictures as soon as possible."""
        with self._wake:
            self._wanted = source, view
            self._wake.notify()

    def _run(self) -> None:
        while True:
            with self._wake:
                while self._wanted is None and not self._closed:
                    self._wake.wait()
                if self._closed:
                    return
                assert self._wanted is not None
                (source, view), self._wanted = self._wanted, None
            self._done(view, compose(source, view), self._ranges(source))

    def _ranges(self, source: Source) -> Ranges:
        """Looked for anew only where there is more than before: not while the view is moved."""
        slot = source.slot
        state = (
            source.recording, source.recording.coverage.filled, source.pictures,
            None if slot is None else (slot.renders, slot.coverage.filled),
        )  # fmt: skip
        if state != self._fitted[0]:
            self._fitted = (state, fitted_ranges(source))
        return self._fitted[1]
