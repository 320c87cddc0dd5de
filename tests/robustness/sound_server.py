"""The window plays while its sound server is killed and started again: ``python -m tests.robustness.sound_server``.

Needs pulseaudio and an X server (or ``QT_QPA_PLATFORM=offscreen``). After each death the window must still answer, say
what has happened, and go on playing once the server is back; what the device gets is recorded. Prints a table.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from phaseaware.engine import MaskModel
from phaseaware.gui.memory import keep_in
from phaseaware.gui.window import MainWindow
from phaseaware.plugin.demo import stems
from PyQt6.QtWidgets import QApplication

from tests.gui.sound_server import AVAILABLE, WHY_NOT, SoundServer

PATIENCE = 60.0  # s, for what should take a few
ABSENT = 3.0  # s between a server's death and the next one's start


def main(minutes: float, deaths: int) -> int:
    """Play for so long, with so many deaths evenly between; the exit status."""
    if not AVAILABLE:
        sys.exit(WHY_NOT)
    with tempfile.TemporaryDirectory() as folder:
        server = SoundServer(Path(folder))
        os.environ["PULSE_SERVER"] = server.address
        keep_in(Path(folder))
        return _soak(server, Path(folder), minutes=minutes, deaths=deaths)


def _soak(server: SoundServer, folder: Path, *, minutes: float, deaths: int) -> int:
    app = QApplication.instance() or QApplication(sys.argv[:1])
    window = MainWindow(MaskModel(), demo=stems())
    window.show()
    slowest = 0.0

    def waited(condition: Callable[[], bool], longest: float) -> float | None:
        """Seconds until it held; None if it did not."""
        nonlocal slowest
        begun = time.monotonic()
        while not condition():
            before = time.monotonic()
            if before - begun > longest:
                return None
            app.processEvents()
            slowest = max(slowest, time.monotonic() - before)
            time.sleep(0.005)
        return time.monotonic() - begun

    window.open_demo()
    waited(lambda: window.session.renderer is not None and window.session.renderer.done, PATIENCE)
    session, slowest = window.session, 0.0
    session.set_loop(0, session.recording.samples)
    window.toggle_play()
    print("| death | sound again after, s | plays on | slowest answer of the window, s |\n|---|---|---|---|")
    failed = 0
    for death in range(deaths + 1):
        waited(lambda: False, 60 * minutes / (deaths + 1))
        if death:
            server.kill()
            waited(lambda: False, ABSENT)
            server = SoundServer(folder)
        with server.recorded() as recorder:
            heard = waited(lambda: bool(recorder.samples().any()), PATIENCE)
        before = session.position
        plays_on = session.playing and waited(lambda at=before: session.position != at, PATIENCE) is not None
        after = "never" if heard is None else f"{heard:.1f}"
        print(f"| {death or '–'} | {after} | {plays_on} | {slowest:.2f} |", flush=True)
        failed += heard is None or not plays_on
    window.close()
    server.close()
    return int(failed > 0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.robustness.sound_server", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--deaths", type=int, default=5)
    arguments = parser.parse_args()
    sys.exit(main(arguments.minutes, arguments.deaths))
