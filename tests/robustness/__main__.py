"""Try thousands of faults, and hours of sound: ``python -m tests.robustness [PART …]`` prints a table of each part.

All parts take about two hours on one core. Each writes its section of FAULTS.md; the others stay as they are. A trial
with ``--scale`` only prints.
"""

from __future__ import annotations

import argparse
import datetime
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile
from phaseaware.engine import MaskModel, ModelError
from phaseaware.engine.model import default_model
from phaseaware.engine.runtime import onnxruntime

from .clocks import RATE, Cards, run_live
from .folders import Bench, Tally
from .hostile import HOSTILE
from .isolate import MOST_MB, root, run_trials
from .ordeal import ordeal
from .soak import decaying, seconds_for, soak

PAGE = Path(__file__).with_name("FAULTS.md")
HEAD = """# Faults tried, and what became of them

Written by `make robustness` (`python -m tests.robustness PART` for one part). A fault of ours is a crash, a hang, an
exception that is not the documented one, an output that is half-written, of the wrong length or left behind, or more
memory than allowed.
"""
Lines = list[str]
OUTCOMES = ("refused", "refused, ended in its trial", "processed")


def _row(*cells: object) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def _table(*titles: str) -> Lines:
    return [_row(*titles), "|" + "---|" * len(titles)]


def sounds(scale: float) -> Lines:
    """Damaged sound files, in child processes."""
    return _trials("sound files", int(20_000 * scale))


def presets(scale: float) -> Lines:
    """Damaged presets, in child processes."""
    return _trials("presets", int(20_000 * scale))


def models(scale: float) -> Lines:
    """Damaged models, in child processes."""
    return _trials("models", int(5000 * scale))


def graphs(scale: float) -> Lines:
    """Graphs of allowed operators with wild inputs and attributes: checked, tried in a fork, loaded, and run."""
    return _trials("graphs", int(50_000 * scale))


def _trials(what: str, count: int) -> Lines:
    lines = _table("given", "kind", "tried", *OUTCOMES, "faults of ours")
    outcomes = run_trials(what, range(count))
    for kind in sorted({kind for kind, _ in outcomes.counts}):
        counts = {outcome: number for (k, outcome), number in outcomes.counts.items() if k == kind}
        wrong = sum(counts.get(outcome, 0) for outcome in ("fault", "crash", "hang"))
        numbers = (counts.get(outcome, 0) for outcome in OUTCOMES)
        lines.append(_row(what, kind, sum(counts.values()), *numbers, wrong))
    peak, faults = f"peak memory {outcomes.peak_mb:.0f} MB", outcomes.faults
    lines.append(_row(f"**{what}**", peak, outcomes.tried, "", "", "", len(faults)))
    note = f"A child process that takes more than {MOST_MB} MB counts as a fault."
    return [*lines, "", note, *(f"- {fault}" for fault in faults)]


def hostile(scale: float) -> Lines:
    """Models made to do harm."""
    lines = _table("model made to do harm", "outcome")
    with tempfile.TemporaryDirectory() as folder:
        for name, (make, _) in HOSTILE.items():
            path = Path(folder) / "model.onnx"
            path.write_bytes(make().SerializeToString())
            try:
                MaskModel(path)
                lines.append(_row(name, "**accepted**"))
            except ModelError as error:
                lines.append(_row(name, f"refused: {str(error).partition(': ')[2][:90]}"))
    return lines


def arguments(scale: float) -> Lines:
    """Arguments of the public classes, by hypothesis."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--hypothesis-show-statistics",
               "--hypothesis-profile", "many", str(Path(__file__).with_name("test_properties.py"))]  # fmt: skip
    ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd=root())
    tried = re.findall(r"::(test_\w+):.*?(\d+) passing, (\d+) failing", ran.stdout, re.DOTALL)
    lines = _table("arguments of the public classes", "tried", "faults of ours")
    lines += [_row(name.removeprefix("test_").replace("_", " "), passing, failing) for name, passing, failing in tried]
    return lines if tried else [*lines, ran.stdout[-500:]]


def folders(scale: float) -> Lines:
    """Killed processes, and several at once."""
    lines = _table(
        "folder of 12 recordings", "processes", "outputs", "half-written", "lost", "different", "hidden files left"
    )
    rng = np.random.default_rng(0)

    def add(name: str, processes: int, tally: Tally) -> None:
        lines.append(
            _row(name, processes, tally.outputs, tally.half_written, tally.lost, tally.different, tally.left_hidden)
        )

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bench = Bench(folder, files=12, seconds=20)
        out, killed, fresh, total = folder / "killed-0", 0, 0, Tally()
        while killed < 40 * scale:
            process = bench.start(out, "--resume", jobs=2)
            try:
                process.wait(rng.uniform(0.1, 1.0) * bench.seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                killed += 1
            process.wait()
            tally = bench.tally(out, complete=False)
            for field in ("outputs", "half_written", "different", "left_hidden"):
                setattr(total, field, getattr(total, field) + getattr(tally, field))
            if tally.outputs == len(bench.expected):  # all done: begin anew
                fresh += 1
                out = folder / f"killed-{fresh}"
        add("kill -9 at a random moment; the folder after each", killed, total)
        bench.start(out, "--resume", jobs=2).wait()
        add("… then `--resume`, to the end", 1, bench.tally(out, complete=True))
        for options in (["--resume"], ["--force"], []):
            out = folder / f"same{''.join(options)}"
            running = [bench.start(out, *options) for _ in range(8)]
            for process in running:
                process.wait()
            add(f"8 at once, same output, {' '.join(options) or 'no option'}", 8, bench.tally(out, complete=True))
        running = [bench.start(folder / f"own-{i}") for i in range(8)]
        for process in running:
            process.wait()
        tallies = [bench.tally(folder / f"own-{i}", complete=True) for i in range(8)]
        added = Tally(*(sum(getattr(t, f) for t in tallies) for f in Tally.__dataclass_fields__))
        add("8 at once, an output of its own each", 8, added)
    return lines


def endurance(scale: float) -> Lines:
    """Half an hour of live sound at each of four block sizes, and sounds that die away."""
    lines = _table(
        "live, block", "rate, Hz", "minutes", "memory grown, MB", "time, last / second tenth",
        "level, last − second tenth", "largest difference from one shot",
    )  # fmt: skip
    for block, rate in ((64, 48_000), (480, 48_000), (512, 48_000), (1000, 48_000), (512, 44_100)):
        s = soak(default_model("stream"), block=block, seconds=1800 * scale, sample_rate=rate)
        lines.append(
            _row(block, rate, f"{s.seconds / 60:g}", f"{s.grown_mb:.1f}", f"{s.slower:.2f}", f"{s.level_db:+.3f} dB",
                 f"{s.difference:.1e}")
        )  # fmt: skip
        print(lines[-1], flush=True)
    x = decaying(20)
    noise = (0.1 * np.random.default_rng(0).standard_normal(x.shape)).astype(np.float32)
    ratios = [seconds_for(default_model("stream"), x) / seconds_for(default_model("stream"), noise) for _ in range(5)]
    return [*lines, "", f"Decaying tails, down to denormal numbers: {np.median(ratios):.2f} times the time of noise."]


def soaked(scale: float) -> Lines:
    """Sound through boards into which a fault is put each fifth of a second (ordeal.py); two hours in a full run."""
    found = ordeal(default_model("stream"), seconds=7200 * scale)
    lines = _table("fault put in", "times")
    lines += [_row(kind, count) for kind, count in sorted(found.injected.items())]
    figures = [
        f"{found.seconds / 60:.0f} minutes of sound",
        f"muted, where a model or an effect made inf: {found.muted_seconds:.1f} s",
        f"memory grown: {found.grown_mb:.1f} MB",
        f"looks of another thread: {found.looks}",
        f"faults of ours: {len(found.faults)}",
    ]
    return [*lines, "", "; ".join(figures) + ".", *(f"- {fault}" for fault in found.faults)]


def clocks(scale: float) -> Lines:
    """Live sound between simulated devices whose clocks differ, buffers of 43 ms each, blocks of 11 ms."""
    lines = _table(
        "input clock, ppm", "output clock, ppm", "minutes", "drop-outs", "seconds between them",
        "sound that waits, ms: least", "most", "drop-outs if nothing were done", "sound that waits then, ms: most",
    )  # fmt: skip
    for input_ppm, output_ppm in ((0, 0), (20, 0), (0, 20), (100, 0), (-100, 0), (500, -500), (1500, 0), (-1500, 0)):
        made, alone = (Cards(input_ppm, output_ppm, seconds=1800 * scale) for _ in range(2))
        found, without = run_live(made).drop_outs, run_live(alone, corrected=False).drop_outs
        every = f"{made.seconds / found:.0f}" if found else "–"
        waits = (f"{1000 * samples / RATE:.0f}" for samples in (made.least, made.most, alone.most))
        least, most, most_alone = waits
        lines.append(
            _row(input_ppm, output_ppm, f"{made.seconds / 60:g}", found, every, least, most, without, most_alone)
        )
        print(lines[-1], flush=True)
    note = (
        "A drop-out is a block left out, cross-faded, where the input is faster; where the output is, it has run dry, "
        "and a block is put in, cross-faded, so that it does not at once again. `phaseaware live` and the window count "
        "both and show the count. Devices without a common sample rate are refused with a message."
    )
    return [*lines, "", note]


PARTS: dict[str, Callable[[float], Lines]] = {
    "sounds": sounds, "presets": presets, "models": models, "graphs": graphs, "hostile": hostile,
    "arguments": arguments, "folders": folders, "endurance": endurance, "soaked": soaked, "clocks": clocks,
}  # fmt: skip


def write(name: str, lines: Lines) -> None:
    """Replace a part's section of the page."""
    text = PAGE.read_text(encoding="utf-8") if PAGE.exists() else HEAD
    sections = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE))
    versions = f"onnxruntime {onnxruntime.__version__}, libsndfile {soundfile.__libsndfile_version__}"
    made = f"{datetime.date.today().isoformat()}; Python {platform.python_version()}, {versions}."
    description = (PARTS[name].__doc__ or "").strip()
    sections[name] = "\n".join([f"{description} {made}", "", *lines])
    ordered = [f"## {part}\n\n{sections[part].strip()}\n" for part in PARTS if part in sections]
    PAGE.write_text("\n".join([HEAD, *ordered]), encoding="utf-8")


def main() -> None:
    """Run the parts, print and write their tables."""
    parser = argparse.ArgumentParser(prog="python -m tests.robustness", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)} (default: all)")
    parser.add_argument("--scale", type=float, default=1.0, metavar="X", help="only print X times as much")
    asked = parser.parse_args()
    if unknown := set(asked.parts) - set(PARTS):
        parser.error(f"no part {unknown.pop()!r}; there are {', '.join(PARTS)}")
    for name in asked.parts or PARTS:
        lines = PARTS[name](asked.scale)
        print("\n".join(lines), flush=True)
        if asked.scale == 1:
            write(name, lines)


if __name__ == "__main__":
    main()
