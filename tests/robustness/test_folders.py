"""Folders: killed and resumed, and by several processes at once; nothing is lost or half-written."""

from __future__ import annotations

import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from phaseaware.engine.audio.commit import PartialFile, remove_abandoned

from tests.plugin.command.running import Command, get, put, runner, tones, tree

from .folders import Bench

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="signals and locks are those of POSIX")


@pytest.fixture
def phaseaware(capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs the command in this process."""
    return runner(capsys)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """Six recordings."""
    return Bench(tmp_path_factory.mktemp("bench"), files=6, seconds=10)


def hidden(folder: Path) -> list[Path]:
    return sorted(folder.rglob(".*.part")) if folder.exists() else []


def follow(process: subprocess.Popen[bytes], folder: Path) -> None:
    """Return when a file is being written, or the process has ended."""
    while process.poll() is None and not hidden(folder):
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.005)


def test_killed_and_resumed(bench: Bench, tmp_path: Path) -> None:
    """Each process but the last is killed while it writes; together they make what one undisturbed process makes."""
    out, left = tmp_path / "out", 0
    for _ in range(2):
        process = bench.start(out, "--resume")
        follow(process, out)
        process.kill()
        process.wait()
        tally = bench.tally(out, complete=False)
        assert (tally.different, tally.half_written) == (0, 0)
        left += tally.left_hidden
    assert left  # the blow fell in the middle of a file
    assert bench.start(out, "--resume").wait() == 0
    assert tree(out) == sorted(bench.expected)
    assert bench.tally(out, complete=True).different == 0


@pytest.mark.parametrize("option", ["--resume", "--force", None])
def test_several_at_once_on_one_output(bench: Bench, tmp_path: Path, option: str | None) -> None:
    processes = [bench.start(tmp_path / "out", *([option] if option else [])) for _ in range(2)]
    statuses = [process.wait() for process in processes]
    assert set(statuses) == {0} if option else set(statuses) <= {0, 1}
    assert tree(tmp_path / "out") == sorted(bench.expected)
    assert bench.tally(tmp_path / "out", complete=True).different == 0


def test_resume_keeps_what_is_whole_and_makes_the_rest(
    tmp_path: Path, phaseaware: Command, constant_path: Path
) -> None:
    for name in ("a.wav", "b.flac", "c.ogg"):
        put(tmp_path / "in" / name, tones(20_000, 2, 44_100), 44_100, None)
    command = ["process", tmp_path / "in", "-o", tmp_path / "out", "--model", constant_path]
    assert phaseaware(*command).status == 0
    (tmp_path / "out" / "b.flac").unlink()
    before = {name: (tmp_path / "out" / name).stat() for name in ("a.wav", "c.ogg")}
    ran = phaseaware(*command, "--resume")
    assert ran.status == 0
    assert "1 of 3 files done, 2 whole already" in ran.out
    assert tree(tmp_path / "out") == ["a.wav", "b.flac", "c.ogg"]
    for name, stat in before.items():
        now = (tmp_path / "out" / name).stat()
        assert (now.st_ino, now.st_mtime_ns) == (stat.st_ino, stat.st_mtime_ns)
    one = ["process", tmp_path / "in" / "a.wav", "-o", tmp_path / "out" / "a.wav", "--model", constant_path, "--resume"]
    assert "whole already" in phaseaware(*one).out


@pytest.fixture
def constant_path(model_folder: Path) -> Path:
    """A model that halves, or so."""
    return model_folder / "constant.onnx"


def shorten(path: Path) -> None:
    put(path, get(path)[:-1], 48_000, "PCM_16")


def other_rate(path: Path) -> None:
    put(path, get(path), 44_100, "PCM_16")


def other_channels(path: Path) -> None:
    put(path, np.repeat(get(path), 2, axis=1), 48_000, "PCM_16")


def cut(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def precious(path: Path) -> None:
    path.write_text("a text")


@pytest.mark.parametrize("suffix", ["wav", "flac"])
@pytest.mark.parametrize("damage", [shorten, other_rate, other_channels, cut, empty, precious])
def test_resume_neither_keeps_nor_replaces_what_is_not_whole(
    tmp_path: Path, phaseaware: Command, constant_path: Path, damage: object, suffix: str
) -> None:
    """Such a file is not what we made: only --force replaces it."""
    source, target = put(tmp_path / f"x.{suffix}", tones(30_000, 1, 48_000), subtype="PCM_16"), tmp_path / f"y.{suffix}"
    command = ["process", source, "-o", target, "--model", constant_path]
    assert phaseaware(*command, "--resume").status == 0
    whole = target.read_bytes()
    damage(target)  # type: ignore[operator]
    damaged = target.read_bytes()
    ran = phaseaware(*command, "--resume")
    ran.failed_with(1, "or with --resume), or changed since; --force")
    assert target.read_bytes() == damaged
    assert phaseaware(*command, "--resume", "--force").status == 0
    assert target.read_bytes() == whole


def test_files_being_written_are_not_taken_for_abandoned(tmp_path: Path) -> None:
    writing = PartialFile(tmp_path / "x.wav", overwrite=False)
    abandoned = tmp_path / ".phaseaware-0123456789ab.part"
    for path in (abandoned, tmp_path / ".phaseaware-mine.part", tmp_path / "other.part"):
        path.touch()
    remove_abandoned(tmp_path)
    assert tree(tmp_path) == sorted([writing.path.name, ".phaseaware-mine.part", "other.part"])
    writing.discard()
    assert tree(tmp_path) == [".phaseaware-mine.part", "other.part"]


def test_a_file_that_came_at_the_last_moment_is_kept(tmp_path: Path) -> None:
    for overwrite in (False, True):
        partial = PartialFile(tmp_path / "x", overwrite=overwrite)
        partial.path.write_text("new")
        (tmp_path / "x").write_text("precious")
        if overwrite:
            partial.commit()
        else:
            with pytest.raises(FileExistsError):
                partial.commit()
        partial.discard()
        assert (tmp_path / "x").read_text() == ("new" if overwrite else "precious")
        assert tree(tmp_path) == ["x"]
