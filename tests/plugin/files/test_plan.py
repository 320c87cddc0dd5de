"""What outputs are called, and where they go."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from phaseaware.engine.errors import UsageError
from phaseaware.plugin.files import Naming, plan

FILES = ("in/a.wav", "in/deep/b.flac", "in/deep/v1.2/c.MP3", "d.wav")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with sound files, by their names."""
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("inputs", "target", "naming", "outputs"),
    [
        (["d.wav"], None, {}, ["d-clean.wav"]),
        (["d.wav", "in/a.wav"], None, {}, ["d-clean.wav", "in/a-clean.wav"]),
        (["d.wav"], None, {"format": "flac"}, ["d-clean.flac"]),
        (["d.wav"], None, {"format": "MP3", "pattern": "_x"}, ["d_x.mp3"]),
        (["d.wav"], None, {"pattern": "new {name}!"}, ["new d!.wav"]),
        (["d.wav"], "out", {}, ["out/d.wav"]),
        (["d.wav"], "out", {"pattern": "-clean"}, ["out/d-clean.wav"]),
        (["d.wav"], "e.flac", {}, ["e.flac"]),
        (["d.wav"], "e.flac", {"format": "flac"}, ["e.flac"]),
        (["in"], None, {}, ["in-clean/a.wav", "in-clean/deep/b.flac", "in-clean/deep/v1.2/c.MP3"]),
        (["in/deep/v1.2"], None, {}, ["in/deep/v1.2-clean/c.MP3"]),
        (["in/deep/v1.2"], None, {"pattern": "2 {name}", "format": "wav"}, ["in/deep/2 v1.2/c.wav"]),
        (["in"], "out", {"format": "m4a", "pattern": "_"}, ["out/a_.m4a", "out/deep/b_.m4a", "out/deep/v1.2/c_.m4a"]),
        (["in", "d.wav"], "out", {}, ["out/in/a.wav", "out/in/deep/b.flac", "out/in/deep/v1.2/c.MP3", "out/d.wav"]),
    ],
)  # fmt: skip
def test_names(here: Path, inputs: list[str], target: str | None, naming: dict[str, str], outputs: list[str]) -> None:
    found = plan([Path(name) for name in inputs], target and Path(target), naming=Naming(**naming))
    assert [job.target.as_posix() for job in found.jobs] == outputs
    for job in found.jobs:
        assert (job.folder / job.name) == job.target
    assert found.is_batch == (len(outputs) > 1 or inputs[0].startswith("in"))


@pytest.mark.parametrize(
    ("inputs", "target", "naming", "said"),
    [
        (["d.wav"], "e.flac", {"format": "wav"}, "another format than --format wav"),
        (["d.wav"], "e.wav", {"pattern": "_x"}, "has a name already"),
        (["d.wav"], None, {"pattern": "{name}"}, "is an input"),
        (["d.wav"], None, {"pattern": "../x"}, "without folders"),
        (["d.wav"], None, {"format": "wma"}, "cannot be written"),
        (["d.wav"], None, {"format": "\x1b[2J"}, r"--format \\x1b\[2J: cannot be written"),
        (["in"], "out", {"pattern": "x", "format": "nonesuch"}, "cannot be written; known: wav"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_told(
    here: Path, inputs: list[str], target: str | None, naming: dict[str, str], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        plan([Path(name) for name in inputs], target and Path(target), naming=Naming(**naming))


def test_two_formats_of_one_recording_are_not_written_to_one(here: Path) -> None:
    (here / "in" / "a.mp3").touch()
    with pytest.raises(UsageError, match="would both become"):
        plan([here / "in"], here / "out", naming=Naming(format="flac"))


def test_this_folder_s_outputs_lie_beside_it(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(here / "in")
    (job,) = plan([Path()], None).jobs[:1]
    assert job.target == here / "in-clean" / "a.wav"


def test_links_to_folders_are_named_not_followed(here: Path) -> None:
    (here / "in" / "link").symlink_to(here, target_is_directory=True)
    found = plan([here / "in"], here / "out")
    assert found.links == [here / "in" / "link"]
    assert len(found.jobs) == 3
    assert len(plan([here / "in" / "link"], here / "out").jobs) == 4


@given(name=st.text(min_size=1).filter(lambda name: not {"/", "\0"} & set(name) and name not in (".", "..")))
def test_a_pattern_keeps_the_name(name: str) -> None:
    assert Naming(pattern="x{name}y").fill(name, "") == f"x{name}y"
    assert Naming(pattern="-clean").fill(name, "") == f"{name}-clean"
    assert Naming(format="flac").of(Path(name + ".wav")) == name + ".flac"


def test_links_in_a_circle_are_names_like_others(here: Path) -> None:
    for name, other in (("x.wav", "y.wav"), ("y.wav", "x.wav"), ("in/x", "x")):
        (here / name).symlink_to(other)
    (job,) = plan([Path("d.wav")], Path("x.wav")).jobs
    assert job.target == Path("x.wav")
    (here / "in/z.wav").symlink_to("z.wav")
    found = plan([Path("in")], Path("out"))
    assert {job.source.name for job in found.jobs} == {"a.wav", "b.flac", "c.MP3", "z.wav"}
