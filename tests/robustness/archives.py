"""Archives on a cluster under abuse: ``python -m tests.robustness.archives PART … [--files N]`` prints a line of each.

A scheduler and two workers run as processes of their own, started by the commands that Dask has for it; what is killed
is killed by its process id. The model is a small fake, whose masks depend on the frame before.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import soundfile
from phaseaware.plugin.files.manifest import FOLDER

from tests import fakes
from tests.plugin.archive.store import Store

__all__ = ["Workers", "recordings", "spent", "without_serials"]

FORMATS = {
    "wav": ("WAV", "PCM_16"), "flac": ("FLAC", "PCM_24"), "mp3": ("MP3", "MPEG_LAYER_III"), "ogg": ("OGG", "VORBIS"),
    "aiff": ("AIFF", "PCM_24"), "opus": ("OGG", "OPUS"), "w64": ("W64", "FLOAT"), "caf": ("CAF", "PCM_16"),
}  # fmt: skip
RATES = (48_000, 44_100, 16_000, 8_000)


def recordings(folder: Path, count: int, seconds: float, formats: Sequence[str] = tuple(FORMATS)) -> None:
    """Noise of about so many seconds each, in folders of a hundred, in mixed formats, rates and channels."""
    rng = np.random.default_rng(0)
    for number in range(count):
        suffix = formats[number % len(formats)]
        rate = 48_000 if suffix == "opus" else RATES[number // len(formats) % len(RATES)]
        x = 0.1 * rng.standard_normal((int(rate * seconds * rng.uniform(0.5, 1.5)), 1 + number % 3 % 2))
        path = folder / f"{number // 100:03d}" / f"{number:05d}.{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        form, subtype = FORMATS[suffix]
        soundfile.write(path, x, rate, subtype, format=form)


def without_serials(content: bytes) -> bytes:
    """Ogg streams bear a random serial number, which their pages' checksums cover: both are nought here."""
    if not content.startswith(b"OggS"):
        return content
    pages = bytearray(content)
    start = 0
    while (start := content.find(b"OggS\0", start)) >= 0:
        pages[start + 14 : start + 18] = bytes(4)
        pages[start + 22 : start + 26] = bytes(4)
        start += 27
    return bytes(pages)


def outputs(folder: Path) -> dict[str, bytes]:
    """All files below a folder, hidden ones too, but not the manifest."""
    return {
        str(path.relative_to(folder)): without_serials(path.read_bytes())
        for path in folder.rglob("*") if path.is_file() and path.parent.name != FOLDER
    }  # fmt: skip


def command(*arguments: object, environment: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    """``phaseaware process`` in a process of its own."""
    line = [sys.executable, "-m", "phaseaware.plugin.command", "process", *map(str, arguments)]
    return subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            env=os.environ | (environment or {}))  # fmt: skip


def done(process: subprocess.Popen[str]) -> tuple[int, list[dict[str, Any]], str]:
    """Status, report and complaints."""
    out, err = process.communicate()
    return process.returncode, [json.loads(line) for line in out.splitlines() if line.startswith("{")], err


class Workers:
    """A scheduler and workers, a context.

    Parameters
    ----------
    folder : for what they write.
    count : of workers, one thread each.
    environment : of theirs.
    """

    def __init__(self, folder: Path, count: int = 2, environment: Mapping[str, str] | None = None) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{self._port}"
        self._folder, self._count, self._environment = folder, count, os.environ | (environment or {})

    def __enter__(self) -> Workers:
        self.start()
        return self

    def start(self) -> None:
        """Start all."""
        self.scheduler = self._dask("scheduler", "--host", "127.0.0.1", "--port", self._port, "--no-dashboard")
        self._workers = [
            self._dask("worker", self.address, "--nthreads", 1, "--local-directory", self._folder, "--no-dashboard")
            for _ in range(self._count)
        ]

    def _dask(self, *arguments: object) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "dask", *map(str, arguments)], env=self._environment,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def pids(self) -> list[int]:
        """Of the workers that run, without the nannies that bring them back."""
        found = []
        for nanny in self._workers:
            with contextlib.suppress(psutil.Error):
                found += [
                    child.pid for child in psutil.Process(nanny.pid).children()
                    if "multiprocessing.spawn" in " ".join(child.cmdline())
                ]  # fmt: skip
        return found

    def stop(self) -> None:
        """End all."""
        processes = [self.scheduler, *self._workers]
        children = [child for p in processes if p.poll() is None for child in psutil.Process(p.pid).children(True)]
        for process in processes:
            process.kill()
            process.wait()
        for child in children:
            with contextlib.suppress(psutil.Error):
                child.kill()
        psutil.wait_procs(children)

    def __exit__(self, *_: object) -> None:
        self.stop()


def same(folder: Path, count: int) -> str:
    """Mixed formats on one machine and on a cluster."""
    recordings(folder / "in", count, 2.0)
    model = fakes.history_model(folder / "model.onnx")
    status, _, err = done(command(folder / "in", "-o", folder / "one", "--model", model, "--jobs", 2, "--json"))
    assert status == 0, err
    status, entries, err = done(
        command(folder / "in", "-o", folder / "many", "--model", model, "--cluster", "local:2", "--json")
    )
    assert status == 0, err
    one, many = outputs(folder / "one"), outputs(folder / "many")
    differing = sum(one.get(name) != many.get(name) for name in one.keys() | many.keys())
    return (
        f"same: {len(entries)} files of {len(FORMATS)} formats, 4 rates, 1 and 2 channels; {len(one)} outputs of "
        f"process --jobs 2, {len(many)} of --cluster local:2; {differing} differ (serial numbers of Ogg apart)"
    )


def kills(folder: Path, count: int) -> str:
    """Ten workers killed, and the scheduler, over a folder."""
    recordings(folder / "in", count, 2.0)
    model = fakes.history_model(folder / "model.onnx")
    status, _, err = done(command(folder / "in", "-o", folder / "one", "--model", model, "--jobs", 2, "--quiet"))
    assert status == 0, err
    expected = outputs(folder / "one")
    account = _abused(folder, count, folder / "in", folder / "many", model, {}, lambda: len(outputs(folder / "many")))
    found = outputs(folder / "many")
    return account + _tally(found, expected) + "; written twice: none can be, as an output is linked to its name"


def s3(folder: Path, count: int) -> str:
    """The same over an S3 server in which one request of twenty fails."""
    recordings(folder / "in", count, 2.0)
    model = fakes.history_model(folder / "model.onnx")
    status, _, err = done(command(folder / "in", "-o", folder / "one", "--model", model, "--jobs", 2, "--quiet"))
    assert status == 0, err
    expected = outputs(folder / "one")
    with Store() as store:
        files = store.files()
        files.put(str(folder / "in") + "/", "archive/in/", recursive=True)
        store.failing = 0.05

        def so_far() -> int:
            return sum(path.startswith("/archive/out/") and FOLDER not in path for path in store.writes)

        account = _abused(folder, count, "s3://archive/in", "s3://archive/out", model, store.environment, so_far)
        store.failing = 0.0
        files.invalidate_cache()
        names = [name for name in files.find("archive/out") if FOLDER not in name]
        found = {name.removeprefix("archive/out/"): without_serials(files.cat(name)) for name in names}
        failed = sum(n for (_, status), n in store.requests.items() if status in ("500", "503", "cut"))
        twice = Counter(
            count for path, count in store.writes.items() if path.startswith("/archive/out/") and FOLDER not in path
        )
        requests = sum(store.requests.values())
    uploads = ", ".join(f"{many} outputs put {times} x" for times, many in sorted(twice.items()))
    return f"{account}{_tally(found, expected)}; {failed} of {requests} requests failed; {uploads}"


def _abused(
    folder: Path, count: int, source: object, target: object, model: Path, environment: Mapping[str, str],
    so_far: Callable[[], int],
) -> str:  # fmt: skip
    """Run to the end while ten workers are killed, the scheduler after about half of the files."""
    chance = random.Random(1)
    moments = sorted(chance.sample(range(count // 50, count - count // 20), 10))
    middle, killed, scheduler_killed, runs = count // 2, 0, False, 0
    reported: Counter[str] = Counter()
    states: Counter[str] = Counter()
    complaints: list[str] = []
    with Workers(folder, environment=environment) as workers:
        while True:
            runs += 1
            process = command(source, "-o", target, "--model", model, "--cluster", workers.address, "--json",
                              "--resume", environment=environment)  # fmt: skip
            result: list[Any] = []
            reader = threading.Thread(target=lambda p=process, r=result: r.append(done(p)))
            reader.start()
            while reader.is_alive():
                time.sleep(0.02)
                there = so_far()
                if killed < 10 and there >= moments[killed] and (pids := workers.pids()):
                    os.kill(chance.choice(pids), 9)
                    killed += 1
                if there >= middle and not scheduler_killed:
                    scheduler_killed = True
                    os.kill(workers.scheduler.pid, 9)
            status, entries, err = result[0]
            reported.update(entry["output"] for entry in entries if entry["state"] == "done")
            states.update(entry["state"] for entry in entries)
            complaints += [line for line in err.splitlines() if "what the cluster does" not in line]
            if status == 0 or runs == 6:
                break
            if scheduler_killed:
                workers.stop()
                workers.start()
    said = "; said: " + " | ".join(complaints) if complaints else ""
    return (
        f"{count} files, {killed} workers and {int(scheduler_killed)} scheduler killed, {runs} runs of the same command"
        f" ({states['done']} done, {states['kept']} kept, {states['failed']} failed; "
        f"{sum(n > 1 for n in reported.values())} reported as done twice); last status {status}{said}; "
    )


def _tally(found: Mapping[str, bytes], expected: Mapping[str, bytes]) -> str:
    lost = len(expected.keys() - found.keys())
    more = len(found.keys() - expected.keys())
    differing = sum(found[name] != expected[name] for name in found.keys() & expected.keys())
    return f"outputs {len(found)}, lost {lost}, too many or hidden {more}, half or different {differing}"


def tiny(folder: Path, count: int) -> str:
    """Very many files of a tenth of a second: what the cluster costs for each, and the memory of its workers."""
    rng = np.random.default_rng(0)
    for number in range(count):
        path = folder / "in" / f"{number // 1000:03d}" / f"{number:05d}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, 0.1 * rng.standard_normal(4800), 48_000, "PCM_16")
    model = fakes.constant_model(folder / "model.onnx")
    from phaseaware.plugin.archive.cluster import connected
    from phaseaware.plugin.archive.jobs import Order, process_job
    from phaseaware.plugin.archive.planning import plan_archive
    from phaseaware.plugin.files import OutputSettings
    from phaseaware.plugin.files.cleaning import treatment_of

    jobs = plan_archive([folder / "in"], str(folder / "out")).jobs
    treatment = treatment_of({}, model=model)
    settings = treatment.settings
    memory: dict[int, list[float]] = {}
    with Workers(folder) as workers, connected(workers.address) as cluster:
        order = Order(output=OutputSettings())
        task = cluster.prepare(order, controls={}, settings=settings, model=model, preset=None, jobs=jobs)
        while len(workers.pids()) < 2:
            time.sleep(0.1)
        elapsed, failed, began, since = 0.0, 0, time.perf_counter(), 0
        for number, report in enumerate(cluster.run(task, jobs)):
            elapsed += report.elapsed
            failed += report.is_failure
            if number == 20:  # both have loaded everything
                began, elapsed, since = time.perf_counter(), 0.0, number
                before = spent(workers)
            if number % max(1, count // 20) == 0:
                for pid in workers.pids():
                    memory.setdefault(pid, []).append(psutil.Process(pid).memory_info().rss / 2**20)
        wall, after = time.perf_counter() - began, spent(workers)
    alone = min(1000, count)
    own = time.process_time()
    for job in plan_archive([folder / "in"], str(folder / "alone")).jobs[:alone]:
        process_job(job, treatment, Order(output=OutputSettings()))
    own = 1e3 * (time.process_time() - own) / alone
    cost = {who: 1e3 * (after[who] - before[who]) / (count - since) for who in after}
    overhead = (2 * wall - elapsed) / (count - since)
    memories = "; ".join(
        f"worker {i + 1}: {statistics.fmean(mb[2:5]):.0f} MB at first, {statistics.fmean(mb[-3:]):.0f} MB at last"
        for i, mb in enumerate(memory.values())
    )
    shares = ", ".join(f"{who} {ms:.1f}" for who, ms in cost.items())
    return (
        f"tiny: {count} files of 0.1 s on 2 workers in {wall:.0f} s, {failed} failed, load {os.getloadavg()[0]:.0f}; "
        f"by the clock: work {1e3 * elapsed / count:.1f} ms a file, overhead {1e3 * overhead:.1f} ms of a worker; "
        f"by processor time: {sum(cost.values()):.1f} ms a file ({shares}), in one process without a cluster "
        f"{own:.1f} ms, so overhead {sum(cost.values()) - own:.1f} ms; {memories}"
    )


def spent(workers: Workers) -> dict[str, float]:
    """Processor time so far, s."""
    pids = {"workers": workers.pids(), "scheduler": [workers.scheduler.pid], "client": [os.getpid()]}
    return {who: sum(sum(psutil.Process(pid).cpu_times()[:2]) for pid in them) for who, them in pids.items()}


PARTS: Mapping[str, tuple[Callable[[Path, int], str], int]] = {
    "same": (same, 200), "kills": (kills, 500), "s3": (s3, 500), "tiny": (tiny, 10_000),
}  # fmt: skip


@contextlib.contextmanager
def _place() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="archives-") as folder:
        yield Path(folder)


def main() -> None:
    """Run the parts named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--files", type=int, help="instead of the usual number")
    arguments = parser.parse_args()
    for name in arguments.parts or PARTS:
        part, count = PARTS[name]
        with _place() as folder:
            print(part(folder, arguments.files or count), flush=True)


if __name__ == "__main__":
    main()
