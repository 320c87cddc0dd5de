"""Opens the window, for ``phaseaware gui`` and ``phaseaware-gui``."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from phaseaware.engine import MaskModel, ModelError
from phaseaware.engine.errors import PhaseAwareError
from phaseaware.plugin.command import main as command
from phaseaware.plugin.demo import stems
from PyQt6.QtWidgets import QApplication

from .window import MainWindow

__all__ = ["SWITCH_INTERVAL", "NoDisplayError", "main", "show"]

SWITCH_INTERVAL = 0.001
"""Seconds: threads that compute must not keep the one that feeds the sound device, or the window, waiting."""
_DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")


class NoDisplayError(PhaseAwareError):
    """There is no display to open the window on."""


def main(argv: Sequence[str] | None = None) -> int:
    """``phaseaware-gui``, which is ``phaseaware gui``. Returns the exit status."""
    return command(["gui", *(sys.argv[1:] if argv is None else argv)])


def show(file: str | Path | None = None, *, model: str | Path | None = None) -> int:
    """Show the window until it is closed.

    Parameters
    ----------
    file : a recording to open; if that fails the window says so.
    model : a model file, or the name of a shipped model; default: the one that comes with the package.

    Returns
    -------
    Exit status.

    Raises
    ------
    NoDisplayError : there is no display.
    ModelError, OSError, ValueError : the model asked for cannot be used.
    """
    if sys.platform == "linux" and not any(map(os.environ.get, _DISPLAYS)):  # Qt would abort the process
        raise NoDisplayError("no display for the window (DISPLAY is not set); `compare` needs none")
    sys.setswitchinterval(SWITCH_INTERVAL)
    app = QApplication.instance() or QApplication(sys.argv[:1])
    trouble = None
    try:
        window = MainWindow(MaskModel(model), demo=stems())
    except (ModelError, OSError, ValueError) as error:
        if model is not None:
            raise
        window = MainWindow(demo=stems())
        trouble = f"{error}. Noisy recordings can be heard, and ideal masks of stems."
    window.show()
    window.player.look_for_devices()  # before the first Space, so that it is heard at once
    if trouble is not None:
        window.message.show_message(trouble)
    if file is not None:
        window.open(file)
    # Python sees the signal when a timer next fires, a quarter of a second later at most.
    signal.signal(signal.SIGINT, lambda *_: window.close())
    return int(app.exec())


if __name__ == "__main__":
    sys.exit(main())
