"""``phaseaware process`` from and to URLs, without a cluster."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from phaseaware.engine.errors import PhaseAwareError
from phaseaware.plugin.archive import UrlJob, plan_archive
from phaseaware.plugin.files import Naming
from phaseaware.plugin.files.manifest import FOLDER

from tests.plugin.command.running import Command, tree

from .store import Store


def fill(files: Any, folder: Path, root: str) -> None:
    """Put a folder into a store."""
    for name in tree(folder):
        files.pipe(f"{root}/{name}", (folder / name).read_bytes())


def found(files: Any, root: str) -> dict[str, bytes]:
    """All that is there but the manifest."""
    files.invalidate_cache()
    base = files._strip_protocol(root)
    return {
        path[len(base) + 1 :]: files.cat_file(path) for path in files.find(base) if f"/{FOLDER}/" not in path
    }  # fmt: skip


@pytest.fixture
def expected(recordings: Path, tmp_path: Path, phaseaware: Command, passing: Path) -> dict[str, bytes]:
    """What ``process`` makes of the folder."""
    ran = phaseaware("process", recordings, "-o", tmp_path / "expected", "--model", passing)
    assert ran.status == 0
    return {name: (tmp_path / "expected" / name).read_bytes() for name in tree(tmp_path / "expected")}


# Names


@pytest.mark.parametrize(
    ("inputs", "target", "naming", "outputs"),
    [
        (["memory://in"], "memory://out", {}, ["memory://out/a.wav", "memory://out/d/b.flac"]),
        (["memory://in/"], "memory://out/", {}, ["memory://out/a.wav", "memory://out/d/b.flac"]),
        (["memory://in/d"], None, {}, ["memory://in/d-clean/b.flac"]),
        (["memory://in/a.wav"], None, {}, ["memory://in/a-clean.wav"]),
        (["memory://in/a.wav"], "memory://out/x.flac", {}, ["memory://out/x.flac"]),
        (["memory://in/a.wav"], "memory://out/x.y/", {}, ["memory://out/x.y/a.wav"]),
        (["memory://in/a.wav"], "out", {}, ["out/a.wav"]),
        (["memory://in/a.wav"], "out/x.flac", {}, ["out/x.flac"]),
        (["memory://in/a.wav"], "x.flac", {}, ["x.flac"]),
        (["memory://in/a.wav"], "x.y/", {}, ["x.y/a.wav"]),
        (["memory://in"], "memory://in/out", {}, ["memory://in/out/a.wav", "memory://in/out/d/b.flac"]),
        (["memory://in/*/*.flac"], "memory://out", {}, ["memory://out/d/b.flac"]),
        (["memory://in/**/*.wav"], "memory://out", {"format": "mp3"}, ["memory://out/a.mp3"]),
        (["memory://in/d", "memory://two/*.wav"], "memory://out", {},
         ["memory://out/d/b.flac", "memory://out/two/a.wav"]),
        (["memory://in", "memory://two"], "memory://out", {"pattern": "-x"},
         ["memory://out/in/a-x.wav", "memory://out/in/d/b-x.flac", "memory://out/two/a-x.wav"]),
    ],
)  # fmt: skip
def test_outputs_are_named_as_those_of_folders(
    memory: Any, inputs: list[str], target: str | None, naming: dict[str, str], outputs: list[str]
) -> None:
    for name in ("in/a.wav", "in/d/b.flac", "in/d/notes.txt", "in/.hidden.wav", "two/a.wav"):
        memory.pipe("/" + name, b"x")
    plan = plan_archive(inputs, target, naming=Naming(**naming))
    assert [job.target for job in plan.jobs] == outputs
    assert all(isinstance(job, UrlJob) and job.size == 1 and not job.was_there for job in plan.jobs)


@pytest.mark.parametrize(
    ("inputs", "target", "said"),
    [
        (["memory://in"], "memory://in", "is an input"), (["memory://in/*.txt"], "memory://out", "no sound files"),
        (["memory://in/**.wav"], "memory://out", "can only be an entire path component"),
        (["memory://in/*.wav"], None, "name the output folder with -o"),
        (["memory://in"], "memory://x.wav", "looks like a file"),
        (["memory://in/a.wav"], "memory://x.nonesuch", "no sound format"),
        (["memory://in/a.wav", "memory://in/d/a.wav"], "memory://out", "would both become"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_told(memory: Any, inputs: list[str], target: str | None, said: str) -> None:
    for name in ("in/a.wav", "in/d/a.wav", "in/notes.txt"):
        memory.pipe("/" + name, b"x")
    with pytest.raises(PhaseAwareError, match=said):
        plan_archive(inputs, target)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("memory://in/a.wav", "memory:///in/a.wav"), ("memory:///in/", "memory://in"),
        ("memory://in/*.wav", "memory:///in/"), ("s3://archive/in/a.wav", "s3a://archive/in/a.wav"),
    ],
)  # fmt: skip
def test_an_input_is_never_its_output_however_it_is_written(
    memory: Any, store: Store, source: str, target: str, phaseaware: Command
) -> None:
    memory.pipe("/in/a.wav", b"x")
    store.files().pipe("archive/in/a.wav", b"x")
    phaseaware("process", source, "-o", target, "--force").failed_with(2, "is an input; name another output")
    assert memory.cat("/in/a.wav") == store.files().cat("archive/in/a.wav") == b"x"


def test_an_input_of_this_machine_is_never_its_output(
    memory: Any, recordings: Path, tmp_path: Path, phaseaware: Command
) -> None:
    (tmp_path / "link").symlink_to(recordings)
    before = (recordings / "1.flac").read_bytes()
    for source, target in [
        (f"local://{recordings}/1.flac", recordings / "1.flac"), (f"local://{recordings}/*.flac", tmp_path / "link"),
        (recordings / "1.flac", f"local://{tmp_path}/link/1.flac"),
    ]:  # fmt: skip
        phaseaware("process", source, "-o", target, "--force").failed_with(2, "is an input; name another output")
    assert (recordings / "1.flac").read_bytes() == before


ODD = ["a b", "\N{LATIN SMALL LETTER U WITH DIAERESIS}\N{EN DASH}\N{CJK UNIFIED IDEOGRAPH-97F3}", "a#1", "50%20off",
       "[1987]", "[final", "what?", "x*", "a&b=c;+", "'q\"", "-dash"]  # fmt: skip


@pytest.mark.parametrize("odd", ODD)
def test_names_may_hold_what_they_like(memory: Any, odd: str, recordings: Path, phaseaware: Command) -> None:
    """Of files, of input folders and of output folders; wildcards where they match nothing else, too."""
    sound = (recordings / "1.flac").read_bytes()
    for name in ("one.flac", f"{odd}.flac"):
        memory.pipe(f"/in {odd}/{name}", sound)
    ran = phaseaware("process", f"memory://in {odd}", "-o", f"memory://out {odd}")
    assert (ran.status, ran.err) == (0, "")
    assert sorted(found(memory, f"/out {odd}")) == sorted(["one.flac", f"{odd}.flac"])
    assert phaseaware("process", f"memory://in {odd}", "-o", f"memory://out {odd}").status == 1
    assert phaseaware("process", f"memory://in {odd}", "-o", f"memory://out {odd}", "--resume").status == 0
    ran = phaseaware("process", f"memory://in {odd}/{odd}.flac", "-o", f"memory://single {odd}/")
    assert (ran.status, ran.err) == (0, "")
    assert list(found(memory, f"/single {odd}")) == [f"{odd}.flac"]
    assert not [path for path in memory.store if path.endswith(".part")]


def test_patterns_and_hosts_in_file_urls(memory: Any, recordings: Path, phaseaware: Command) -> None:
    (recordings / "[x] 50%.flac").write_bytes((recordings / "1.flac").read_bytes())
    odd = recordings / "[x] 50%.flac"
    for url, names in {
        f"file://{recordings}/*1*.flac": ["1.flac"],
        f"file://{recordings}/*%25.flac": [odd.name],
        f"file://localhost{recordings}/1.flac": ["1.flac"],
        f"file://{recordings}/[x] 50%25.flac": [odd.name],
        odd.as_uri(): [odd.name],
    }.items():
        memory.store.clear()
        ran = phaseaware("process", url, "-o", "memory://out/")
        assert (ran.status, ran.err) == (0, "")
        assert [name for name in found(memory, "/out") if not name.startswith(FOLDER)] == names


# Sound


def test_outputs_are_those_of_a_folder(
    memory: Any, tmp_path: Path, recordings: Path, expected: dict[str, bytes], phaseaware: Command, passing: Path
) -> None:
    fill(memory, recordings, "/in")
    ran = phaseaware("process", "memory://in", "-o", "memory://out", "--model", passing, "--json")
    assert (ran.status, ran.err) == (0, "")
    entries = [json.loads(line) for line in ran.out.splitlines()]
    assert {entry["output"] for entry in entries} == {f"memory://out/{name}" for name in expected}
    assert {entry["state"] for entry in entries} == {"done"}
    assert found(memory, "/out") == expected
    # From the store to here, and from here to the store.
    assert phaseaware("process", "memory://in", "-o", tmp_path / "here", "--model", passing).status == 0
    assert {name: (tmp_path / "here" / name).read_bytes() for name in tree(tmp_path / "here")} == expected
    assert phaseaware("process", recordings, "-o", "memory://there", "--model", passing).status == 0
    assert found(memory, "/there") == expected
    assert phaseaware("process", recordings.as_uri(), "-o", (tmp_path / "by").as_uri(), "--model", passing).status == 0
    assert {name: (tmp_path / "by" / name).read_bytes() for name in tree(tmp_path / "by")} == expected


def test_resume_keeps_what_is_whole_and_tells_what_differs(
    memory: Any, recordings: Path, phaseaware: Command, passing: Path
) -> None:
    fill(memory, recordings, "/in")
    command = ["process", "memory://in", "-o", "memory://out", "--model", passing]
    assert phaseaware(*command).status == 0
    before = found(memory, "/out")
    ran = phaseaware(*command)
    assert ran.status == 1
    assert ran.err.count("exists already; --force overwrites it") == 2 * len(before)  # as it happens, and at the end
    memory.rm("/out/deep/0.wav")
    memory.pipe("/out/1.flac", b"changed")
    memory.pipe("/in/3.aiff", (recordings / "3.aiff").read_bytes())  # as new
    ran = phaseaware(*command, "--resume")
    assert ran.status == 1
    assert "1 of 8 files done, 5 whole already, 2 failed" in ran.out
    assert "1.flac: exists already, but was not made by a run that keeps a manifest" in ran.err
    assert "3.aiff: exists already, but was made from another file" in ran.err
    failures = [json.loads(line) for line in memory.cat(f"/out/{FOLDER}/failures.jsonl").splitlines()]
    assert sorted(entry["output"] for entry in failures) == ["memory://out/1.flac", "memory://out/3.aiff"]
    ran = phaseaware(*command, "--resume", "--force")
    assert (ran.status, "2 of 8 files done, 6 whole already" in ran.out) == (0, True)
    assert found(memory, "/out") == before
    assert not memory.exists(f"/out/{FOLDER}/failures.jsonl")
    phaseaware(*command, "--resume", "--reduction-db", 3).failed_with(
        1, *["other settings"] * 8, "8 of 8 files failed", *["other settings"] * 8
    )


def test_one_bad_file_costs_no_other(memory: Any, recordings: Path, phaseaware: Command, passing: Path) -> None:
    fill(memory, recordings, "/in")
    memory.pipe("/in/bad.wav", b"RIFF....")
    memory.pipe("/in/empty.wav", b"")
    ran = phaseaware("process", "memory://in", "-o", "memory://out", "--model", passing)
    assert ran.status == 1
    assert "memory://in/bad.wav: not a sound file" in ran.err
    assert "memory://in/empty.wav: is empty" in ran.err
    assert "2 of 10 files failed; they are listed in memory://out/.phaseaware/failures.jsonl" in ran.err
    assert len(found(memory, "/out")) == 8


def test_a_dry_run_reads_and_writes_nothing(memory: Any, recordings: Path, phaseaware: Command, passing: Path) -> None:
    fill(memory, recordings, "/in")
    before = dict(memory.store)
    ran = phaseaware("process", "memory://in", "-o", "memory://out", "--model", passing, "--dry-run")
    assert ran.status == 0
    assert "memory://in/1.flac → memory://out/1.flac" in ran.out
    assert memory.store == before


# S3


def test_s3_whose_requests_fail_gives_the_same(
    store: Store, recordings: Path, expected: dict[str, bytes], phaseaware: Command, passing: Path
) -> None:
    files = store.files()
    fill(files, recordings, "archive/in")
    store.failing = 0.15
    ran = phaseaware("process", "s3://archive/in", "-o", "s3://archive/out", "--model", passing)
    assert (ran.status, ran.err) == (0, "")
    store.failing = 0.0
    assert sum(count for (_, status), count in store.requests.items() if status in ("500", "503", "cut")) > 0
    assert found(files, "archive/out") == expected
    ran = phaseaware("process", "s3://archive/in", "-o", "s3://archive/out", "--model", passing, "--resume")
    assert (ran.status, "8 whole already" in ran.out) == (0, True)
    outputs = [path for path in store.writes if path.startswith("/archive/out/") and FOLDER not in path]
    assert [store.writes[path] for path in outputs] == [1] * len(expected)


@pytest.mark.parametrize("odd", [*ODD, "a::b"])
def test_names_in_s3_may_hold_what_they_like(store: Store, odd: str, recordings: Path, phaseaware: Command) -> None:
    files, sound = store.files(), (recordings / "1.flac").read_bytes()
    for name in ("one.flac", f"{odd}.flac"):
        files.pipe(f"archive/in {odd}/{name}", sound)
    ran = phaseaware("process", f"s3://archive/in {odd}", "-o", f"s3://archive/out {odd}")
    assert (ran.status, ran.err) == (0, "")
    assert sorted(found(files, f"archive/out {odd}")) == sorted(["one.flac", f"{odd}.flac"])
    assert phaseaware("process", f"s3://archive/in {odd}", "-o", f"s3://archive/out {odd}", "--resume").status == 0


def test_a_bucket_that_refuses_is_one_line_and_nothing_is_written(
    store: Store, recordings: Path, phaseaware: Command, passing: Path
) -> None:
    files = store.files()
    fill(files, recordings, "archive/in")
    command = ["process", "s3://archive/in", "-o", "s3://archive/out", "--model", passing]
    store.refused = {"PUT", "POST"}
    phaseaware(*command).failed_with(1, "s3://archive/out/.phaseaware/probe: cannot be written: the store refuses")
    store.refused = {"GET", "HEAD"}
    phaseaware(*command).failed_with(1, "the store refuses")
    store.refused = set()
    for source, target in [("s3://nonesuch/in", "s3://archive/out"), ("s3://archive/in", "s3://nonesuch/out")]:
        ran = phaseaware("process", source, "-o", target, "--model", passing)
        ran.failed_with(2, "s3://nonesuch/")
    assert found(files, "archive") == {f"in/{name}": (recordings / name).read_bytes() for name in tree(recordings)}


def test_pipes_and_urls_exclude_each_other(phaseaware: Command) -> None:
    phaseaware("process", "-", "-o", "s3://archive/out.wav").failed_with(2, "goes to a pipe or a file of it")
    phaseaware("process", "s3://archive/a.wav", "-o", "-").failed_with(2, "goes to a pipe or a file of it")
