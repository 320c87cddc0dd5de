"""The records of a manifest in a store, and the digests of outputs, so that they need not be fetched to be known."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, MutableMapping
from pathlib import Path

from ..files import FolderRecords
from ..files.manifest import FOLDER
from .storage import MissingError, Stored, is_url, joined

__all__ = ["StoreRecords", "digest_of", "records_of", "remember_digest"]


class StoreRecords(MutableMapping[str, bytes]):
    """A manifest's records in a store: small files in a folder.

    Parameters
    ----------
    folder : URL.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def _at(self, key: str) -> Stored:
        return Stored(joined(self._folder, key))

    def __getitem__(self, key: str) -> bytes:
        try:
            return self._at(key).read()
        except MissingError:
            raise KeyError(key) from None

    def __setitem__(self, key: str, value: bytes) -> None:
        self._at(key).write(value)

    def __delitem__(self, key: str) -> None:
        try:
            self._at(key).remove()
        except MissingError:
            raise KeyError(key) from None

    def __iter__(self) -> Iterator[str]:
        try:
            return iter([entry.name for entry in Stored(self._folder).files()])
        except MissingError:
            return iter(())

    def __len__(self) -> int:
        return sum(1 for _ in self)


def records_of(root: str | Path) -> FolderRecords | StoreRecords:
    """Where the records of an output folder lie."""
    text = str(root)
    return StoreRecords(joined(text, FOLDER)) if is_url(text) else FolderRecords(Path(text))


def remember_digest(root: str, name: str, tag: str, sha256: str) -> None:
    """Of an output that has been put.

    Parameters
    ----------
    root, name : the output folder's URL, and the output in it.
    tag : by what the store tells this version of it from all others.
    """
    records_of(root)[_key(name)] = json.dumps({"tag": tag, "sha256": sha256}).encode()


def digest_of(root: str, name: str, tag: str) -> str | None:
    """SHA-256 of an output, if it is still the one that was put; parameters as for :func:`remember_digest`."""
    try:
        entry = json.loads(records_of(root)[_key(name)])
    except (KeyError, ValueError, RecursionError):
        return None
    is_ours = isinstance(entry, dict) and entry.get("tag") == tag and isinstance(entry.get("sha256"), str)
    return entry["sha256"] if is_ours else None


def _key(name: str) -> str:
    return hashlib.sha256(os.fsencode(name)).hexdigest()[:40] + ".tag"
