"""What an archive costs on a cluster: ``python -m tests.bench.archives`` prints the tables of ARCHIVES.md.

Processor time, which other programs on the machine disturb less than the clock. The model is the shipped one; the sound
is noise, as the cost of a frame does not depend on what it holds.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile
from phaseaware.engine import MaskModel, Render
from phaseaware.engine.rates import AnyRateSeparator
from phaseaware.plugin.archive.cluster import connected
from phaseaware.plugin.archive.jobs import Order
from phaseaware.plugin.archive.planning import plan_archive
from phaseaware.plugin.demo import stems
from phaseaware.plugin.files import OutputSettings
from phaseaware.plugin.files.cleaning import treatment_of

from tests.robustness.archives import Workers, spent

KINDS = ((48_000, 1), (48_000, 2), (44_100, 1), (16_000, 1))
"""Rate and channels."""


def _peak(pid: int) -> float:
    """The most memory that a process has had, MB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise AssertionError


def measure(folder: Path, workers: int, rate: int, channels: int, files: int, seconds: float) -> str:
    """A row of the table."""
    rng = np.random.default_rng(0)
    source = folder / f"in-{rate}-{channels}"
    source.mkdir(exist_ok=True)
    for number in range(files):
        soundfile.write(source / f"{number}.flac", 0.1 * rng.standard_normal((int(seconds * rate), channels)), rate)
    model = MaskModel()
    settings = treatment_of({}, model=model.path).settings
    with Workers(folder, workers) as crew, connected(crew.address) as cluster:
        while len(crew.pids()) < workers:
            time.sleep(0.1)

        def run(name: str) -> tuple[float, int]:
            jobs = plan_archive([source], str(folder / f"{name}-{workers}-{rate}-{channels}")).jobs
            order = Order(output=OutputSettings())
            task = cluster.prepare(order, controls={}, settings=settings, model=model.path, preset=None, jobs=jobs)
            reports = list(cluster.run(task, jobs))
            assert not any(report.is_failure for report in reports), reports
            return sum(report.seconds for report in reports), len(reports)

        run("warm")
        before, began = spent(crew), time.perf_counter()
        sound, count = run("out")
        wall, after = time.perf_counter() - began, spent(crew)
        memory = max(map(_peak, crew.pids()))
    work = after["workers"] - before["workers"]
    rest = 1e3 * sum(after[who] - before[who] for who in ("scheduler", "client")) / count
    return (
        f"| {workers} | {rate} | {channels} | {sound:.0f} s in {count} | {1000 * work / sound:.1f} "
        f"| {sound / work:.0f} | {memory:.0f} | {rest:.0f} | {sound / wall:.0f} (load {os.getloadavg()[0]:.0f}) |"
    )


def cut() -> list[str]:
    """How much the end of a recording differs when the stream begins late, by what it has heard before."""
    (speech, rate), (noise, _) = (soundfile.read(path, dtype="float32", always_2d=True) for path in stems())
    x = (speech + noise).T
    x = np.tile(x, (1, int(np.ceil(rate * 180 / x.shape[1]))))
    model, last = MaskModel(), 20 * rate

    def end_of(x: np.ndarray) -> np.ndarray:
        stream = AnyRateSeparator(model, Render(), sample_rate=rate, channels=1, warm=True)
        return np.concatenate([stream.process(x)[0], stream.flush()[0]], axis=1)[:, -last:]

    whole = end_of(x)
    rows = ["| heard before the cut, s | difference from the uncut output, dB below it |", "|---|---|"]
    for before in (5, 20, 60, 120):
        apart = end_of(x[:, -last - before * rate :]) - whole
        rows.append(f"| {before} | {10 * np.log10(np.sum(whole**2) / np.sum(apart**2)):.0f} |")
    return rows


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=60)
    arguments = parser.parse_args()
    print("\n".join(cut()), end="\n\n")
    print(
        "| workers | Hz | channels | sound, files | core-hours for 1,000 h | × real time a core | MB a worker, at most "
        "| scheduler and client, ms a file | × real time by the clock |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="archives-") as folder:
        for workers, kind in [(1, kind) for kind in KINDS] + [(2, KINDS[0]), (4, KINDS[0])]:
            print(measure(Path(folder), workers, *kind, arguments.files, arguments.seconds), flush=True)


if __name__ == "__main__":
    main()
