"""The window with a long recording, as WINDOW.md shows it.

    xvfb-run -s "-screen 0 1920x1080x24" python -m tests.bench.window > tests/bench/WINDOW.md

Opens an hour of sound in the real window, plays it on a sound server of its own while it is being rendered, and moves
and zooms the view as fast as the window draws it. Frames a second hold for the machine and what else runs on it; the
CPU time of a frame, and the share of a core that a plain loop gets in the same minute, tell what it would be elsewhere.
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyqtgraph
from phaseaware.engine import SAMPLE_RATE, MaskModel
from phaseaware.engine.model import shipped_models
from phaseaware.engine.versions import Version
from phaseaware.gui.app import SWITCH_INTERVAL
from phaseaware.gui.memory import keep_in
from phaseaware.gui.model import Recording, Session
from phaseaware.gui.model.mixer import FADE
from phaseaware.gui.view import Kind
from phaseaware.gui.window import MainWindow
from PyQt6.QtCore import PYQT_VERSION_STR, QEventLoop, QTimer
from PyQt6.QtWidgets import QApplication

from tests.gui.sound_server import AVAILABLE, SoundServer

from .measure import core_share, core_speed, peak_mb, write_noisy_speech

SECONDS_EACH = 6.0
CHANGES = 15
AUDIBLE = 1e-3
BEFORE = SAMPLE_RATE // 10
"""Samples of the recording before a control is moved that must be silent."""
Range = tuple[float, float]


@dataclass(frozen=True)
class Frames:
    """Frames drawn one after the other: their durations in s, and the GUI thread's CPU time for all of them in s."""

    durations: list[float]
    cpu: float

    def row(self, name: str, share: float) -> str:
        """A line of the table."""
        worst = sorted(self.durations)[int(0.95 * len(self.durations))]
        rate = len(self.durations) / sum(self.durations)
        return (
            f"| {name} | {rate:.0f} | {1000 * statistics.median(self.durations):.0f} | {1000 * worst:.0f} "
            f"| {1000 * self.cpu / len(self.durations):.1f} | {share:.2f} |"
        )


class Driver:
    """The real window, used from outside as a hand would."""

    def __init__(self, model: MaskModel) -> None:
        sys.setswitchinterval(SWITCH_INTERVAL)  # as the command does
        self.app = QApplication.instance() or QApplication(sys.argv[:1])
        self.window = MainWindow(model)
        self.window.show()

    def until(self, condition: Callable[[], bool], patience: float = 120.0) -> float:
        """Let the window work until the condition holds; returns the seconds that took.

        Raises
        ------
        TimeoutError : it does not hold.
        """
        begun = time.perf_counter()
        while not condition():
            if time.perf_counter() - begun > patience:
                raise TimeoutError("the window does not get there")
            self.app.processEvents()
            time.sleep(0.0005)
        return time.perf_counter() - begun

    def rest(self, seconds: float) -> None:
        """Let Qt's own loop run, which sleeps while nothing happens."""
        loop = QEventLoop()
        QTimer.singleShot(int(1000 * seconds), loop.quit)
        loop.exec()

    def frames(self, views: Iterator[tuple[Range, Range]], seconds: float = SECONDS_EACH) -> Frames:
        """Show one view after the other; a frame is done when all that it changes has been painted."""
        area = self.window.views
        durations, cpu, begun = [], time.thread_time(), time.perf_counter()
        for view in views:
            start = time.perf_counter()
            area.set_view(*view)
            self.app.processEvents()
            durations.append(time.perf_counter() - start)
            if time.perf_counter() - begun > seconds:
                break
        return Frames(durations, time.thread_time() - cpu)


def panning(duration: float, width: float) -> Iterator[tuple[Range, Range]]:
    """To and fro, a hundredth of the view at a time."""
    while True:
        for i in range(400):
            start = duration / 3 + i * width / 100
            yield (start, start + width), (0.0, 1.0)


def zooming(duration: float) -> Iterator[tuple[Range, Range]]:
    """From everything to a second around the middle, and out again."""
    steps = [duration / 2 * (2 / duration) ** (i / 60) for i in range(60)]
    while True:
        for half in (*steps, *reversed(steps)):
            yield (duration / 2 - half, duration / 2 + half), (0.0, 1.0)


def control_delays(driver: Driver, server: SoundServer) -> list[float]:
    """From moving the mix slider until the sound that comes out of the device changes, in ms.

    What was removed is heard: nothing where nothing is mixed in, the noise where everything is. So the first sound in
    the recording is the change, and no drop-out looks like one. Half the fade counts, and so does what the recorder
    itself holds back, some 20 ms.
    """
    session, slider = driver.window.session, driver.window.side.sliders["mix"].slider
    session.select(Version.REMOVED)
    found = []
    for i in range(CHANGES):
        session.seek(int((0.2 + 0.3 * i / CHANGES) * recording_of(driver).samples))
        slider.setValue(0)
        with server.recorded() as recorder:
            driver.until(lambda: rendered_ahead(session) > SAMPLE_RATE)
            while recorder.count < SAMPLE_RATE // 2:
                driver.rest(0.1)
            moved_at = recorder.count
            slider.setValue(100)
            driver.rest(0.8)
            sounds = np.abs(recorder.samples(moved_at - BEFORE)[:, 0]) > AUDIBLE
        if sounds.any() and not sounds[:BEFORE].any():
            found.append(1000 * (int(np.argmax(sounds)) - BEFORE + FADE / 2) / SAMPLE_RATE)
    return found


def rendered_ahead(session: Session) -> int:
    """Samples from the playhead on of what is heard, with the newest setting."""
    renderer, position = session.renderer, session.position
    if renderer is None or session.mixer.slots != [renderer.newest]:
        return 0
    return renderer.newest.coverage.ready_until(position) - position


def recording_of(driver: Driver) -> Recording:
    """What is open."""
    recording = driver.window.session.recording
    assert recording is not None
    return recording


def idle_share(driver: Driver, seconds: float = 10.0) -> float:
    """CPU time of the paused window, nothing touched, for each second of the clock."""
    driver.rest(2)
    cpu, wall = time.process_time(), time.perf_counter()
    driver.rest(seconds)
    return (time.process_time() - cpu) / (time.perf_counter() - wall)


def measure_opening(driver: Driver, path: Path) -> None:
    """Open, play, switch to A; print how long each takes."""
    window, session = driver.window, driver.window.session
    share = core_share()
    begun = time.perf_counter()
    assert window.open(path)
    window.toggle_play()
    opened = time.perf_counter() - begun
    image = window.views.panes[Kind.NOISY].image
    driver.until(lambda: session.mixer.position > 0)
    sounding = time.perf_counter() - begun
    driver.until(lambda: image.image is not None)
    drawn = time.perf_counter() - begun
    session.select(Version.PHASE_AWARE)
    driver.until(lambda: bool(session.mixer.slots))
    heard = time.perf_counter() - begun
    print("| opening | seconds |\n|---|---|")
    for name, value in (
        ("the window answers again", opened), ("sound is sent", sounding), ("first picture", drawn),
        ("A sounds", heard), ("core share of a plain loop before", share),
    ):  # fmt: skip
        print(f"| {name} | {value:.2f} |", flush=True)


def measure_frames(driver: Driver) -> None:
    """Move and zoom while it plays and renders; print frames a second."""
    window, recording, renderer = driver.window, recording_of(driver), driver.window.session.renderer
    assert renderer is not None
    print("\n| while playing and rendering | frames/s | median, ms | 95 %, ms | CPU of a frame, ms | core share |")
    print("|---|---|---|---|---|---|")
    for layout, name in ((0, "four spectrograms"), (2, "all seven panes")):
        window.side.layouts.setCurrentIndex(layout)
        for what, views in (
            ("moving, 10 s in view", panning(recording.duration, 10)),
            ("moving, 10 min", panning(recording.duration, 600)),
            ("zooming, all to 2 s", zooming(recording.duration)),
        ):
            print(driver.frames(views).row(f"{what}: {name}", core_share()), flush=True)
    print(f"\nRendered meanwhile: {renderer.newest.coverage.filled / recording.samples:.0%}", flush=True)
    window.side.layouts.setCurrentIndex(0)


def measure(
    minutes: int, size: tuple[int, int], path: Path, server: SoundServer | None, model: MaskModel, *, frames: bool
) -> None:
    """Measure and print the tables."""
    driver = Driver(model)
    window = driver.window
    window.resize(*size)
    driver.until(window.isVisible)
    info = model.info
    print(
        f"# The window with a long recording\n\nWritten by `python -m tests.bench.window`.\n\n"
        f"{datetime.date.today().isoformat()}; {len(os.sched_getaffinity(0))} core(s), load {os.getloadavg()[0]:.1f}, "
        f"a core adds {core_speed():.0f} million numbers a second; "
        f"Python {platform.python_version()}, PyQt {PYQT_VERSION_STR}, pyqtgraph {pyqtgraph.__version__}; "
        f"model {info.name} {info.version}; {window.width()} × {window.height()}, {driver.app.platformName()}; "
        f"{minutes} min, mono, 48 kHz.\n"
    )
    measure_opening(driver, path)
    if frames:
        measure_frames(driver)
    recording = recording_of(driver)
    driver.until(lambda: recording.coverage.filled == recording.samples)
    delays = control_delays(driver, server) if server is not None else []
    if delays:
        print(
            f"\nFrom a control to the sound, recorded at the device, the file decoded: median "
            f"{statistics.median(delays):.0f} ms, worst of {len(delays)}: {max(delays):.0f} ms "
            f"(core share {core_share():.2f})",
            flush=True,
        )
    else:
        print("\nFrom a control to the sound: not measured; no sound server, or one that lost everything", flush=True)
    if window.session.playing:
        window.toggle_play()
    assert window.session.renderer is not None
    window.session.renderer.paused = True
    print(f"\nPaused, nothing touched: {idle_share(driver):.1%} of a core")
    print(f"Peak memory: {peak_mb(os.getpid()):.0f} MB; drop-outs: {window.player.drop_outs}")
    window.close()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.window", description=__doc__)
    parser.add_argument("--minutes", type=int, default=60, help="length of the recording (default: 60)")
    parser.add_argument("--size", default="1920x1080", help="of the window (default: 1920x1080)")
    parser.add_argument("--model", choices=shipped_models(), default="studio", help="that renders (default: studio)")
    parser.add_argument("--no-frames", action="store_true", help="leave out the frames a second")
    arguments = parser.parse_args()
    width, height = map(int, arguments.size.split("x"))
    with tempfile.TemporaryDirectory() as folder:
        server = SoundServer(Path(folder)) if AVAILABLE else None
        if server is not None:
            os.environ["PULSE_SERVER"] = server.address
        keep_in(Path(folder))
        path = Path(folder) / "long.wav"
        write_noisy_speech(path, 60 * arguments.minutes)
        try:
            model = MaskModel(shipped_models()[arguments.model])
            measure(arguments.minutes, (width, height), path, server, model, frames=not arguments.no_frames)
        finally:
            if server is not None:
                server.close()


if __name__ == "__main__":
    main()
