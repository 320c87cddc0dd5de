"""Reads a recording in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable

from phaseaware.engine.audio import AudioFileError

from .recording import Recording

__all__ = ["Decoder"]


class Decoder:
    """Fills a recording from its file until it is whole, damaged or closed.

    Parameters
    ----------
    recording : what is filled.
    fill : does it; called in the thread with what to call after each piece, and what ends it when set.
    decoded : called in the thread after each piece.
    failed : called in the thread with what went wrong, if anything did.
    """

    def __init__(
        self,
        recording: Recording,
        fill: Callable[[Callable[[], None], threading.Event], None],
        decoded: Callable[[], None],
        failed: Callable[[str], None],
    ) -> None:
        self._recording, self._fill, self._decoded, self._failed = recording, fill, decoded, failed
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="decoder")
        self._thread.start()

    def _run(self) -> None:
        try:
            self._fill(self._decoded, self._stop)
        except Exception as error:  # a damaged file, a full disk: the window says so and goes on with what is there
            self._failed(str(error) if isinstance(error, AudioFileError) else f"{self._recording.path.name}: {error}")

    def close(self) -> None:
        """End the thread."""
        self._stop.set()
        self._thread.join()
