"""``phaseaware process --cluster``: the same outputs, whatever ends in between."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from phaseaware.plugin.files.manifest import FOLDER

from tests.plugin.command.running import Command, put, tones, tree

from .store import Store
from .test_urls import expected, fill, found

pytest.importorskip("distributed", reason="needs phaseaware[cluster]")

from distributed import Client, LocalCluster
from phaseaware.plugin.archive import cluster as cluster_module
from phaseaware.plugin.archive import worker as worker_module
from phaseaware.plugin.archive.lives import key_of, lives_of
from phaseaware.plugin.archive.worker import BEGUN

__all__ = ["expected"]


@pytest.fixture
def threads() -> Iterator[LocalCluster]:
    """A scheduler and two workers of two threads, in this process: quickly there, but nothing of it can be killed."""
    with LocalCluster(
        n_workers=2, threads_per_worker=2, processes=False, dashboard_address=":0", protocol="tcp"
    ) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    """A scheduler, and two workers in processes, which come back when they are killed."""
    folder = tmp_path_factory.mktemp("workers")
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0", local_directory=str(folder),
                      silence_logs=60) as cluster:  # fmt: skip
        yield cluster


class Watcher:
    """Sees which worker begins which file; a context."""

    def __init__(self, address: str, begun: Callable[[dict[str, Any]], None]) -> None:
        self._address, self._begun = address, begun
        self.events: list[dict[str, Any]] = []

    def __enter__(self) -> Watcher:
        self._client = Client(self._address, set_as_default=False)

        def note(event: tuple[float, dict[str, Any]]) -> None:
            self.events.append(event[1])
            self._begun(event[1])

        self._client.subscribe_topic(BEGUN, note)
        self._client.nthreads()  # the scheduler has heard of it
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()


def outputs(folder: Path) -> dict[str, bytes]:
    """All files of a folder but the manifest."""
    return {name: (folder / name).read_bytes() for name in tree(folder)}


def test_a_cluster_makes_the_same_bytes(
    threads: LocalCluster,
    tmp_path: Path,
    recordings: Path,
    expected: dict[str, bytes],
    phaseaware: Command,
    passing: Path,
) -> None:
    (recordings / "bad.wav").write_bytes(b"RIFF")
    where = ["--cluster", threads.scheduler_address]
    command = ["process", recordings, "-o", tmp_path / "out", "--model", passing, *where]
    ran = phaseaware(*command, "--json", "--quiet")
    assert ran.status == 1
    assert outputs(tmp_path / "out") == expected
    entries = [json.loads(line) for line in ran.out.splitlines()]
    assert sorted(Path(entry["output"]).name for entry in entries) == sorted(
        ["bad.wav", *(Path(name).name for name in expected)]
    )
    (failed,) = [entry for entry in entries if entry["state"] == "failed"]
    assert json.loads((tmp_path / "out" / FOLDER / "failures.jsonl").read_text()) == failed
    (recordings / "bad.wav").unlink()
    ran = phaseaware(*command, "--resume")
    assert (ran.status, "8 whole already" in ran.out) == (0, True)
    assert "what the cluster does" in ran.err
    assert phaseaware(*command).status == 1  # as everything is there


def test_stores_and_clusters_go_together(
    threads: LocalCluster,
    store: Store,
    recordings: Path,
    expected: dict[str, bytes],
    phaseaware: Command,
    passing: Path,
) -> None:
    files = store.files()
    fill(files, recordings, "archive/in")
    store.failing = 0.1
    ran = phaseaware("process", "s3://archive/in", "-o", "s3://archive/out", "--model", passing,
                     "--cluster", threads.scheduler_address, "--quiet")  # fmt: skip
    store.failing = 0.0
    assert (ran.status, ran.err) == (0, "")
    assert found(files, "archive/out") == expected


def test_killed_workers_cost_no_file(
    processes: LocalCluster, tmp_path: Path, recordings: Path, expected: dict[str, bytes], phaseaware: Command,
    passing: Path,
) -> None:  # fmt: skip
    """Three different files lose their worker while it cleans them."""
    killed: set[int] = set()

    def kill(event: dict[str, Any]) -> None:
        if event["file"] in (0, 3, 6) and event["file"] not in killed:
            killed.add(event["file"])
            os.kill(event["pid"], signal.SIGKILL)

    with Watcher(processes.scheduler_address, kill):
        ran = phaseaware("process", recordings, "-o", tmp_path / "out", "--model", passing,
                         "--cluster", processes.scheduler_address, "--quiet")  # fmt: skip
    assert (ran.status, ran.err) == (0, "")
    assert killed == {0, 3, 6}
    assert outputs(tmp_path / "out") == expected  # no hidden file among them


def test_a_file_that_ends_two_workers_is_left_out_and_told(
    processes: LocalCluster, tmp_path: Path, recordings: Path, expected: dict[str, bytes], phaseaware: Command,
    passing: Path,
) -> None:  # fmt: skip
    killer = put(recordings / "killer.wav", tones(48_000 * 60, 1, 48_000), 48_000, "PCM_16")
    number = [recordings / name for name in tree(recordings)].index(killer)
    order: list[int] = []

    def kill(event: dict[str, Any]) -> None:
        if event["file"] == number:
            order.append(event["pid"])
            os.kill(event["pid"], signal.SIGKILL)

    jobs = [recordings / name for name in tree(recordings)]
    with Watcher(processes.scheduler_address, kill):
        ran = phaseaware("process", *jobs, "-o", tmp_path / "out", "--model", passing,
                         "--cluster", processes.scheduler_address)  # fmt: skip
    assert ran.status == 1
    assert len(order) == len(set(order)) == 2
    assert "killer.wav: left out, as two workers ended while they cleaned it" in ran.err
    assert set(outputs(tmp_path / "out").values()) == set(expected.values())
    assert len(outputs(tmp_path / "out")) == 8


def test_a_scheduler_that_ends_is_told_in_one_line_and_resume_goes_on(
    tmp_path: Path, recordings: Path, expected: dict[str, bytes], phaseaware: Command, passing: Path
) -> None:
    cluster = LocalCluster(n_workers=1, threads_per_worker=1, processes=False, dashboard_address=":0", protocol="tcp")
    command = ["process", recordings, "-o", tmp_path / "out", "--model", passing, "--quiet", "--cluster"]
    ended = threading.Event()

    def end(event: dict[str, Any]) -> None:
        if event["file"] == 4 and not ended.is_set():
            ended.set()
            threading.Thread(target=cluster.close).start()

    with Watcher(cluster.scheduler_address, end):
        ran = phaseaware(*command, cluster.scheduler_address)
    ran.failed_with(1, "the scheduler is gone; ")
    cluster.close()
    assert set(outputs(tmp_path / "out").items()) <= set(expected.items())
    with LocalCluster(n_workers=1, processes=False, dashboard_address=":0", protocol="tcp") as second:
        ran = phaseaware(*command, second.scheduler_address, "--resume")
    assert (ran.status, ran.err) == (0, "")
    assert outputs(tmp_path / "out") == expected


# What is refused, in one line, before anything is written


def test_where_no_scheduler_is_it_is_told(
    tmp_path: Path, recordings: Path, phaseaware: Command, passing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster_module, "_CONNECT", 0.5)
    empty = tmp_path / "scheduler.json"
    empty.write_text("{}")
    for where, said in {
        "tcp://127.0.0.1:9": "no Dask scheduler answers there", str(empty): "no Dask scheduler answers there",
        "nonesuch://a": "no Dask scheduler answers there",
        str(tmp_path / "none.json"): "no such scheduler file", "local:0": "a number of processes",
        "local:x": "a number of processes",
    }.items():  # fmt: skip
        ran = phaseaware("process", recordings, "-o", tmp_path / "out", "--model", passing, "--cluster", where)
        ran.failed_with(2, said)
    phaseaware("process", recordings, "--cluster", "local:2", "--jobs", 2).failed_with(2, "is for one machine")
    phaseaware("process", "memory://in", "--cluster", "local:2").failed_with(2, "a store of one process")
    assert not (tmp_path / "out").exists()


def test_versions_that_differ_are_refused(
    threads: LocalCluster, tmp_path: Path, recordings: Path, phaseaware: Command, passing: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    where = ["--cluster", threads.scheduler_address]
    command = ["process", recordings, "-o", tmp_path / "out", "--model", passing, *where]
    ours = dict(cluster_module.versions())
    monkeypatch.setattr(cluster_module, "versions", lambda: ours | {"onnxruntime": "1.0"})
    phaseaware(*command).failed_with(2, "; install the same versions on all machines")
    monkeypatch.setattr(cluster_module, "versions", lambda: ours)
    # A worker that comes later is found out by the first file that it gets.
    monkeypatch.setattr(worker_module, "versions", lambda: ours | {"numpy": "1.0"})
    monkeypatch.setattr(cluster_module.Cluster, "_look", lambda *_: {})
    phaseaware(*command, "--quiet").failed_with(2, "has numpy 1.0, and this machine")
    assert not tree(tmp_path / "out")


def test_workers_that_do_not_see_the_files_are_refused(
    threads: LocalCluster, tmp_path: Path, recordings: Path, phaseaware: Command, passing: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(cluster_module, "_paths", lambda jobs: [str(tmp_path / "nonesuch")])
    where = ["--cluster", threads.scheduler_address]
    command = ["process", recordings, "-o", tmp_path / "out", "--model", passing, *where]
    phaseaware(*command).failed_with(2, "name URLs, or a folder that all machines share")
    assert not (tmp_path / "out").exists()


def test_a_model_is_sent_once_and_a_shipped_one_never(
    threads: LocalCluster, tmp_path: Path, recordings: Path, phaseaware: Command, passing: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    sent: list[str] = []
    copy = worker_module.ModelCopy
    monkeypatch.setattr(cluster_module, "ModelCopy", lambda path, digest: sent.append(digest) or copy(path, digest))
    command = ["process", recordings / "1.flac", "--cluster", threads.scheduler_address, "--quiet", "-o"]
    ways = {"a": ["--model", passing], "b": ["--model", passing], "c": [], "d": ["--preset", "neutral"]}
    for name, more in ways.items():
        ran = phaseaware(*command, tmp_path / f"{name}.flac", *more)
        assert (ran.status, ran.err) == (0, "")
    assert len(sent) == 1
    assert (tmp_path / "a.flac").read_bytes() == (tmp_path / "b.flac").read_bytes()


def test_the_names_of_tasks_tell_their_lives() -> None:
    assert lives_of(key_of("0f", 3, 2, 0)) == 2
    assert lives_of(("tuple", 1)) is None
