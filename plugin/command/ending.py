"""Requests to end the program: they clean up as Ctrl-C does."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["ending"]

_NAMES = ("SIGTERM", "SIGHUP")  # Windows has no second


@contextmanager
def ending() -> Iterator[None]:
    """Have a request to end, or a terminal that closes, raise SystemExit in the main thread; status 128 + its number.

    A signal that is ignored stays so: ``nohup`` asks for that.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, _: object) -> None:
        raise SystemExit(128 + number)

    numbers = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}
    for number, handler in before.items():
        if handler != signal.SIG_IGN:
            signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)
