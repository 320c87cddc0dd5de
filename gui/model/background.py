"""A thread that waits for what is wanted of it."""

from __future__ import annotations

import threading

__all__ = ["Background"]


class Background:
    """A daemon thread that runs :meth:`_run` from the end of the constructor to :meth:`close`.

    What is wanted of it is set, and looked at, while :attr:`_wake` is held; whoever sets it notifies.
    """

    def __init__(self, name: str) -> None:
        self._wake = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def notify(self) -> None:
        """Have it look again."""
        with self._wake:
            self._wake.notify()

    def close(self) -> None:
        """Stop and wait for the thread."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        self._thread.join()

    def _run(self) -> None:
        """Return when :attr:`_closed` is set."""
        raise NotImplementedError
