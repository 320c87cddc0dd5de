"""Stores and clusters for the tests of archives."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.plugin.command.conftest import passing, phaseaware
from tests.plugin.command.running import put, tones

from .store import Store

__all__ = ["passing", "phaseaware"]

FORMATS = {"wav": "PCM_16", "flac": "PCM_24", "mp3": "MPEG_LAYER_III", "aiff": "PCM_16"}


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    """A folder of eight recordings in four formats, in two folders."""
    folder = tmp_path / "in"
    for number in range(8):
        suffix = list(FORMATS)[number % 4]
        name = folder / ("." if number % 2 else "deep") / f"{number}.{suffix}"
        put(name, tones(9000 + 700 * number, 1 + number % 2, 48_000), 48_000, FORMATS[suffix])
    return folder


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """An S3 server of moto's on loopback."""
    for needed in ("fsspec", "s3fs", "moto.server"):
        pytest.importorskip(needed, reason=f"needs {needed}")
    with Store() as store:
        for name, value in store.environment.items():
            monkeypatch.setenv(name, value)
        import s3fs

        s3fs.S3FileSystem.clear_instance_cache()
        yield store
        s3fs.S3FileSystem.clear_instance_cache()


@pytest.fixture
def memory() -> Iterator[object]:
    """fsspec's files in memory, ``memory://``."""
    fsspec = pytest.importorskip("fsspec", reason="needs phaseaware[cluster]")
    files = fsspec.filesystem("memory")
    files.store.clear()
    files.pseudo_dirs[:] = [""]
    yield files
    files.store.clear()
