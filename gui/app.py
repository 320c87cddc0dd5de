"""``phaseaware gui [FILE]`` or ``phaseaware gui SPEECH NOISE``: opens the window."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

__all__ = ["SWITCH_INTERVAL", "main"]

SWITCH_INTERVAL = 0.001
"""Seconds: threads that compute must not keep the one that feeds the sound device, or the window, waiting."""


def main(argv: Sequence[str] | None = None) -> int:
    """Open the window, with a file if one is named.

    Parameters
    ----------
    argv : arguments without the program's name; default: those of the command line.

    Returns
    -------
    Exit status.
    """
    parser = argparse.ArgumentParser(prog="phaseaware gui", description="Hear and see what both masks do.")
    parser.add_argument("files", nargs="*", metavar="FILE", help="a recording; or two stems, speech and noise")
    parser.add_argument("--model", help="model file (default: the one that comes with the package)")
    arguments = parser.parse_args(argv)
    if len(arguments.files) > 2:
        parser.error("one recording, or two stems (speech and noise), can be opened")
    try:
        from PyQt6.QtWidgets import QApplication
    except ImportError as error:
        print(f"phaseaware: the window is not installed ({error}); run: pip install 'phaseaware[gui]'", file=sys.stderr)
        return 1
    from phaseaware.engine import MaskModel, ModelError

    from .window import MainWindow

    sys.setswitchinterval(SWITCH_INTERVAL)
    app = QApplication.instance() or QApplication(sys.argv[:1])
    model, trouble = None, None
    try:
        model = MaskModel(arguments.model)
    except (ModelError, FileNotFoundError) as error:
        if arguments.model is not None:
            print(f"phaseaware: {error}", file=sys.stderr)
            return 1
        trouble = f"{error}. Noisy recordings can be heard, and ideal masks of stems."
    try:
        window = MainWindow(model, demo=demo_clip())
    except ValueError as error:
        print(f"phaseaware: {error}", file=sys.stderr)
        return 1
    window.show()
    if trouble is not None:
        window.message.show_message(trouble)
    if arguments.files:
        window.open(*arguments.files)
    # Python sees the signal when a timer next fires, a quarter of a second later at most.
    signal.signal(signal.SIGINT, lambda *_: window.close())
    return int(app.exec())


def demo_clip() -> tuple[Path, Path] | None:
    """Speech and noise of the clip that comes with the package."""
    folder = Path(str(resources.files("phaseaware.plugin"))) / "demo"
    stems = folder / "speech.flac", folder / "noise.flac"
    return stems if all(path.is_file() for path in stems) else None


if __name__ == "__main__":
    sys.exit(main())
