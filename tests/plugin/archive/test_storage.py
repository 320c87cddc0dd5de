"""Files at URLs: names, whole uploads, refusals."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from phaseaware.engine.errors import UsageError
from phaseaware.plugin.archive.records import StoreRecords, digest_of, remember_digest
from phaseaware.plugin.archive.storage import MissingError, StorageError, Stored, joined, split
from phaseaware.plugin.files import Manifest

PARTS = st.text(st.characters(exclude_characters="/", exclude_categories=("Cs",)), min_size=1, max_size=8)


@given(folder=st.lists(PARTS, min_size=1, max_size=4), name=PARTS)
def test_what_is_joined_can_be_split(folder: list[str], name: str) -> None:
    url = "s3://" + "/".join(folder)
    assert split(joined(url, name)) == (url, name)


def test_a_file_appears_when_it_is_whole(memory: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "a.wav"
    source.write_bytes(b"x" * 1000)
    put_file, seen = type(memory).put_file, []

    def watched(files: Any, *arguments: Any, **rest: Any) -> None:
        put_file(files, *arguments, **rest)
        seen.append(sorted(files.store))

    monkeypatch.setattr(type(memory), "put_file", watched)
    Stored("memory://out/a.wav").put(source)
    assert [path.rpartition("/")[2].startswith(".phaseaware-") for (path,) in seen] == [True]
    assert list(memory.store) == ["/out/a.wav"]
    assert memory.cat("/out/a.wav") == b"x" * 1000


def test_a_broken_upload_leaves_what_was_there(memory: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    memory.pipe("/out/a.wav", b"old")
    source = tmp_path / "a.wav"
    source.write_bytes(b"new")

    def broken(files: Any, source: str, target: str, **_: Any) -> None:
        files.pipe(target, b"ne")
        raise OSError("the line is cut")

    monkeypatch.setattr("phaseaware.plugin.archive.storage._PAUSES", (0.0,))
    monkeypatch.setattr(type(memory), "put_file", broken)
    with pytest.raises(StorageError, match=r"cannot be written \(the line is cut\)"):
        Stored("memory://out/a.wav").put(source)
    assert memory.cat("/out/a.wav") == b"old"
    assert list(memory.store) == ["/out/a.wav"]


def test_a_failing_store_is_asked_again_and_a_refusing_one_not(memory: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    memory.pipe("/in/a", b"x")
    asked: list[BaseException] = []
    failures: list[BaseException] = [OSError("busy"), ConnectionResetError("cut"), TimeoutError()]
    cat = type(memory).cat_file

    def failing(files: Any, path: str, **rest: Any) -> bytes:
        if len(asked) < len(failures):
            asked.append(failures[len(asked)])
            raise asked[-1]
        return cat(files, path, **rest)

    monkeypatch.setattr("phaseaware.plugin.archive.storage._PAUSES", (0.0, 0.0, 0.0))
    monkeypatch.setattr(type(memory), "cat_file", failing)
    assert Stored("memory://in/a").read() == b"x"
    assert len(asked) == 3
    failures = [PermissionError("Forbidden")] * 9
    asked.clear()
    with pytest.raises(StorageError, match=r"memory://in/a: cannot be read: the store refuses \(Forbidden\)"):
        Stored("memory://in/a").read()
    assert len(asked) == 1


def test_what_is_not_there_is_missing(memory: Any) -> None:
    with pytest.raises(MissingError, match="memory://none: no such file or folder"):
        list(Stored("memory://none").files())
    assert Stored("memory://none/a.wav").entry() is None
    with pytest.raises(UsageError, match="no such URLs are known"):
        Stored("nonesuch://a/b")


def test_without_fsspec_it_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(UsageError, match=r"install phaseaware\[cluster\]"):
        Stored("s3://archive/a.wav")


def test_records_in_a_store_are_a_mapping(memory: Any) -> None:
    records = StoreRecords("memory://out/.phaseaware")
    assert not list(records)
    for name in ("a.wav", "deep/b.wav"):
        Manifest(records, {"x": 1}).record(name, {"size": 1}, sha256="0f", seconds=2.0)
        known = Manifest(StoreRecords("memory://out/.phaseaware"), {"x": 1})
        assert known.differs(name, {"size": 1}, "0f") is None
        assert known.differs(name, {"size": 1}, "0e") is not None
        assert known.seconds(name, "0f") == 2.0
    assert len(records) == len(list(records)) == 2
    for key in list(records):
        del records[key]
    assert not list(records)
    with pytest.raises(KeyError):
        del records["none"]


@pytest.mark.parametrize("garbage", [b"", b"null", b"{}", b"[" * 100_000, b'{"tag": "t", "sha256": 3}'])
def test_a_digest_is_known_by_the_tag_of_its_version(memory: Any, garbage: bytes) -> None:
    root = "memory://out"
    assert digest_of(root, "a.wav", "t") is None
    remember_digest(root, "a.wav", "t", "0f")
    assert digest_of(root, "a.wav", "t") == "0f"
    assert digest_of(root, "a.wav", "u") is None
    assert digest_of(root, "b.wav", "t") is None
    (path,) = memory.store
    memory.pipe(path, garbage)
    assert digest_of(root, "a.wav", "t") is None
