"""Files that appear when they are whole."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from phaseaware.engine.audio import remove_abandoned, whole_file


def test_a_whole_file_replaces_only_when_whole(tmp_path: Path) -> None:
    target = tmp_path / "x.txt"
    with whole_file(target, overwrite=False) as partial:
        partial.write_text("new")
        assert not target.exists()
    assert target.read_text() == "new"
    with pytest.raises(FileNotFoundError), whole_file(target, overwrite=True) as partial:
        partial.unlink()
    with pytest.raises(FileExistsError), whole_file(target, overwrite=False) as partial:
        partial.write_text("other")
    assert target.read_text() == "new"
    assert [p.name for p in tmp_path.iterdir()] == ["x.txt"]


@pytest.mark.skipif(os.name != "posix", reason="rights as POSIX has them")
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o755])
def test_what_is_replaced_keeps_its_rights(tmp_path: Path, mode: int) -> None:
    target = tmp_path / "x.txt"
    target.write_text("old")
    target.chmod(mode)
    with whole_file(target, overwrite=True) as partial:
        partial.write_text("new")
    assert target.read_text() == "new"
    assert target.stat().st_mode & 0o777 == mode


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names are those of POSIX")
def test_pipes_and_links_named_like_abandoned_parts_are_left_alone(tmp_path: Path) -> None:
    name = ".phaseaware-{}.part"
    os.mkfifo(tmp_path / name.format("0" * 12))
    (tmp_path / "precious").write_text("precious")
    (tmp_path / name.format("1" * 12)).symlink_to("precious")
    (tmp_path / name.format("2" * 12)).mkdir()
    (tmp_path / name.format("3" * 12)).write_text("left by a killed process")
    remove_abandoned(tmp_path)  # and does not wait for the pipe
    assert (tmp_path / "precious").read_text() == "precious"
    assert sorted(p.name for p in tmp_path.iterdir()) == [*(name.format(c * 12) for c in "012"), "precious"]


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root makes links of another user")
def test_links_of_others_in_shared_folders_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("precious")
    shared = tmp_path / "shared"
    shared.mkdir()
    link = shared / "x.wav"
    link.symlink_to(tmp_path / "precious")
    os.lchown(link, 4711, 4711)
    shared.chmod(0o1777)
    with pytest.raises(PermissionError, match="link that another user"), whole_file(link, overwrite=True) as partial:
        partial.write_text("new")
    assert (tmp_path / "precious").read_text() == "precious"
    assert [p.name for p in shared.iterdir()] == ["x.wav"]
    for make_harmless in (lambda: os.lchown(link, os.getuid(), 0), lambda: shared.chmod(0o755)):
        make_harmless()
        with whole_file(link, overwrite=True) as partial:
            partial.write_text("new")
        assert (tmp_path / "precious").read_text() == "new"
        os.lchown(link, 4711, 4711)
