"""Requests to end the program: they clean up as Ctrl-C does."""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["ending"]

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")  # Windows has no third
_PATIENCE = 10.0
"""Seconds in which a further request is the same one: ``timeout`` sends two, a closing terminal one more, and people
press Ctrl-C twice. Each would break off the cleaning up that the one before has begun."""


@contextmanager
def ending() -> Iterator[None]:
    """Have a request to end, or a terminal that closes, raise SystemExit in the main thread; status 128 + its number.

    Ctrl-C raises KeyboardInterrupt, as ever. A signal that is ignored stays so: ``nohup`` asks for that.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    asked = -math.inf

    def end(number: int, _: object) -> None:
        nonlocal asked
        now = time.monotonic()
        if now - asked < _PATIENCE:
            return
        asked = now
        raise KeyboardInterrupt if number == signal.SIGINT else SystemExit(128 + number)

    numbers = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}
    for number, handler in before.items():
        if handler != signal.SIG_IGN:
            signal.signal(number, end)
    try:
        yield
    finally:
        # Asked to end, the program does, and waits for its threads, which clean up, after this.
        for number, handler in before.items() if asked == -math.inf else ():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)
