"""The window with a long recording: ``xvfb-run -s "-screen 0 1920x1080x24" python -m tests.bench.window``.

Opens an hour of sound in the real window, plays it on a sound server of its own while it is being rendered, and moves
and zooms the view as fast as the window draws it. Frames a second hold for the machine and what else runs on it; the
CPU time of a frame, and the share of a core that a plain loop gets in the same minute, tell what it would be elsewhere.
"""

from __future__ import annotations

import argparse
import math
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.gui.sound_server import AVAILABLE, SoundServer

from .measure import peak_mb, write_noisy_speech

SECONDS_EACH = 6.0
CHANGES = 15
Range = tuple[float, float]


def core_share(seconds: float = 1.0) -> float:
    """CPU time that a plain loop gets, for each second of the clock."""
    wall, cpu = time.perf_counter(), time.thread_time()
    while time.perf_counter() - wall < seconds:
        math.fsum(range(2000))
    return (time.thread_time() - cpu) / (time.perf_counter() - wall)


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

    def __init__(self) -> None:
        from phaseaware.engine import MaskModel
        from phaseaware.gui.app import SWITCH_INTERVAL
        from phaseaware.gui.window import MainWindow
        from PyQt6.QtWidgets import QApplication

        sys.setswitchinterval(SWITCH_INTERVAL)  # as the command does
        self.app = QApplication.instance() or QApplication(sys.argv[:1])
        self.window = MainWindow(MaskModel())
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
        from PyQt6.QtCore import QEventLoop, QTimer

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


def measure(minutes: int, size: tuple[int, int], path: Path) -> None:
    """Measure and print the tables."""
    from phaseaware.gui.controls import Controls
    from phaseaware.gui.mixer import Version
    from phaseaware.gui.pictures import Kind

    driver = Driver()
    window, session = driver.window, driver.window.session
    window.resize(*size)
    driver.until(window.isVisible)
    duration = minutes * 60.0
    share = core_share()
    cores = f"{len(os.sched_getaffinity(0))} core(s) of {os.cpu_count()}, load {os.getloadavg()[0]:.1f}"
    print(f"{cores}; {window.width()} × {window.height()}, {driver.app.platformName()}; {minutes} min, mono, 48 kHz\n")

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

    print("\n| while playing and rendering | frames/s | median, ms | 95 %, ms | CPU of a frame, ms | core share |")
    print("|---|---|---|---|---|---|")
    assert session.renderer is not None
    for layout, name in ((0, "four spectrograms"), (2, "all seven panes")):
        window.side.layouts.setCurrentIndex(layout)
        for what, views in (
            ("moving, 10 s in view", panning(duration, 10)), ("moving, 10 min", panning(duration, 600)),
            ("zooming, all to 2 s", zooming(duration)),
        ):  # fmt: skip
            print(driver.frames(views).row(f"{what}: {name}", core_share()), flush=True)
    print(
        f"\nRendered meanwhile: {session.renderer.newest.coverage.filled / session.recording.samples:.0%}", flush=True
    )
    window.side.layouts.setCurrentIndex(0)

    changes = []
    for i in range(CHANGES):
        session.seek(int((0.2 + 0.3 * i / CHANGES) * session.recording.samples))
        driver.until(lambda: session.mixer.slots == [session.renderer.newest])
        driver.rest(0.3)
        begun = time.perf_counter()
        session.set_controls(Controls(mix=0.5 + 0.01 * (i + 1)))
        renders = session.controls.renders()
        driver.until(lambda r=renders: any(slot.renders == r for slot in session.mixer.slots))
        changes.append(1000 * (time.perf_counter() - begun + window.player.latency / 48_000))
    print(
        f"\nFrom a control to the ear, the device's buffer of {window.player.latency / 48:.0f} ms counted: median "
        f"{statistics.median(changes):.0f} ms, worst of {CHANGES}: {max(changes):.0f} ms "
        f"(core share {core_share():.2f})",
        flush=True,
    )
    window.toggle_play()
    session.renderer.paused = True
    driver.rest(2)
    cpu, wall = time.process_time(), time.perf_counter()
    driver.rest(10)
    print(
        f"\nPaused, nothing touched: {100 * (time.process_time() - cpu) / (time.perf_counter() - wall):.1f} % of a core"
    )
    print(f"Peak memory: {peak_mb(os.getpid()):.0f} MB; drop-outs: {window.player.drop_outs}")
    window.close()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.window", description=__doc__)
    parser.add_argument("--minutes", type=int, default=60, help="length of the recording (default: 60)")
    parser.add_argument("--size", default="1920x1080", help="of the window (default: 1920x1080)")
    arguments = parser.parse_args()
    width, height = map(int, arguments.size.split("x"))
    with tempfile.TemporaryDirectory() as folder:
        server = SoundServer(Path(folder)) if AVAILABLE else None
        if server is not None:
            os.environ["PULSE_SERVER"] = server.address
        path = Path(folder) / "long.wav"
        write_noisy_speech(path, 60 * arguments.minutes)
        try:
            measure(arguments.minutes, (width, height), path)
        finally:
            if server is not None:
                server.close()


if __name__ == "__main__":
    main()
