"""Pictures of the real window for the README: ``xvfb-run python -m phaseaware.gui.make_screenshots FOLDER``.

Opens the demo clip with the installed model, arranges the window as a listener would, and saves what is on the screen.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from phaseaware.engine import SAMPLE_RATE, MaskModel
from phaseaware.engine.versions import Version
from phaseaware.plugin.demo import stems
from PyQt6.QtWidgets import QApplication

from .memory import keep_in
from .view import Kind
from .window import MainWindow

__all__ = ["main"]

_PATIENCE = 120.0


def main(folder: Path) -> None:
    """Save spectrograms.png, masks.png, swipe.png and abx.png.

    Raises
    ------
    TimeoutError : rendering takes more than two minutes.
    """
    app = QApplication.instance() or QApplication(sys.argv[:1])
    settings = tempfile.TemporaryDirectory()
    keep_in(Path(settings.name))
    window = MainWindow(MaskModel(), demo=stems())
    window.resize(1280, 720)
    window.show()

    def wait(condition: Callable[[], bool]) -> None:
        until = time.monotonic() + _PATIENCE
        while not condition():
            app.processEvents()
            if time.monotonic() > until:
                raise TimeoutError("the window is not ready")
            time.sleep(0.01)

    def save(name: str) -> None:
        window.views.picture_now()
        settled = time.monotonic() + 0.5
        wait(lambda: time.monotonic() > settled)
        folder.mkdir(parents=True, exist_ok=True)
        window.grab().save(str(folder / name))

    window.open_demo()
    wait(lambda: window.session.renderer is not None and window.session.renderer.done)
    window.side.scale.setCurrentIndex(2)  # mel: most of what differs lies below 2 kHz
    window.session.select(Version.PHASE_AWARE)
    window.session.set_loop(2 * SAMPLE_RATE, 4 * SAMPLE_RATE)
    window.session.seek(5 * SAMPLE_RATE // 2)
    window._tick()
    window.show_session()
    window.views.panes[Kind.PHASE_AWARE].pointed.emit(2.3, 0.05)
    save("spectrograms.png")
    window.side.layouts.setCurrentIndex(1)
    save("masks.png")
    window.side.layouts.setCurrentIndex(3)
    save("swipe.png")
    window.start_abx()
    save("abx.png")
    window.abx.finish()
    window.close()
    settings.cleanup()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
