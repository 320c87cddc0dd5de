"""What the outputs in a folder were made from: which of them need not be made again.

A record for each output says which file it was made from, by what, and what came out. Records lie in a mapping from
names to bytes: :class:`FolderRecords` for a folder, ``fsspec.get_mapper("s3://bucket/out/.phaseaware")`` for object
storage, a dict for tests. Nothing is asked of it but to get and to set whole values, so several processes may share
one.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from pathlib import Path
from typing import Any

from phaseaware.engine.audio import remove_abandoned, whole_file

__all__ = ["FOLDER", "FolderRecords", "Manifest"]

FOLDER = ".phaseaware"
"""Where the records of an output folder lie."""
_VERSION = 1
_LARGEST_RECORD = 1 << 16


class Manifest:
    """The records of one output folder, for one way of cleaning.

    Parameters
    ----------
    records : where they lie.
    settings : all that decides, beside the source, what an output holds; of the kinds that JSON has.

    Examples
    --------
    >>> source = {"size": 1000, "mtime_ns": 1, "inode": 7}
    >>> manifest = Manifest({}, {"reduction_db": 12})
    >>> manifest.record("a.wav", source, sha256="0f")
    >>> manifest.differs("a.wav", source, lambda: "0f") is None
    True
    >>> manifest.differs("a.wav", source | {"mtime_ns": 2}, lambda: "0f")
    'was made from another file of that name (its mtime_ns differs)'
    """

    def __init__(self, records: MutableMapping[str, bytes], settings: Mapping[str, Any]) -> None:
        self._records = records
        self._settings = json.loads(json.dumps(settings))  # as they will be read

    def record(self, output: str, source: Mapping[str, Any], *, sha256: str, tag: str | None = None) -> None:
        """Remember an output. To be called just before it takes its name: a record without its output does no harm.

        Parameters
        ----------
        output : its name within the folder, parts joined by ``/``.
        source : by what the file that was read can be told from any other: size, time, number, tag.
        sha256 : of the output's bytes, hexadecimal.
        tag : by what a store tells this version of the output from all others, once it is there.

        Raises
        ------
        OSError : or what else the mapping raises: it cannot be written.
        """
        entry = {"version": _VERSION, "output": output, "source": dict(source), "settings": self._settings,
                 "sha256": sha256, "tag": tag}  # fmt: skip
        self._records[_key(output)] = (json.dumps(entry, indent=1) + "\n").encode()

    def differs(
        self, output: str, source: Mapping[str, Any], digest: Callable[[], str], *, tag: str | None = None
    ) -> str | None:
        """Why an output that is there must be made again, in words that follow its name; None: it need not.

        Parameters
        ----------
        output, source : as for :meth:`record`.
        digest : computes the SHA-256 of the output as it is now; called last, as that takes time.
        tag : of the output as it is now, by its store; the one recorded spares the digest.
        """
        entry = self._find(output)
        if entry is None:
            return "how it was made is not known"
        if entry["source"] != dict(source):
            return f"was made from another file of that name (its {_first(entry['source'], dict(source))} differs)"
        if entry["settings"] != self._settings:
            return f"was made with other settings ({_first(entry['settings'], self._settings)} differs)"
        if (tag is None or entry.get("tag") != tag) and entry["sha256"] != digest():
            return "was changed since it was made"
        return None

    def _find(self, output: str) -> dict[str, Any] | None:
        try:
            entry = json.loads(self._records[_key(output)][:_LARGEST_RECORD])
        except (KeyError, ValueError, RecursionError):
            return None
        kinds = {"source": dict, "settings": dict, "sha256": str}
        is_ours = isinstance(entry, dict) and (entry.get("version"), entry.get("output")) == (_VERSION, output)
        return entry if is_ours and all(isinstance(entry.get(name), kind) for name, kind in kinds.items()) else None


def _key(output: str) -> str:
    # Names of outputs may be too long for one more suffix, and hold any byte.
    return hashlib.sha256(os.fsencode(output)).hexdigest()[:40] + ".json"


def _first(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    return next(name for name in {**new, **old} if old.get(name) != new.get(name) or (name in old) != (name in new))


class FolderRecords(MutableMapping[str, bytes]):
    """Files in the folder ``.phaseaware`` of an output folder, each written whole or not at all.

    Parameters
    ----------
    root : the output folder; the folder in it is made when the first record is.
    """

    def __init__(self, root: Path) -> None:
        self._folder = root / FOLDER
        remove_abandoned(self._folder)

    def __getitem__(self, key: str) -> bytes:
        try:
            with open(self._folder / key, "rb") as file:
                return file.read(_LARGEST_RECORD)
        except OSError:
            raise KeyError(key) from None

    def __setitem__(self, key: str, value: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        with whole_file(self._folder / key, overwrite=True) as path:
            path.write_bytes(value)

    def __delitem__(self, key: str) -> None:
        try:
            (self._folder / key).unlink()
        except FileNotFoundError:
            raise KeyError(key) from None

    def __iter__(self) -> Iterator[str]:
        return (path.name for path in self._folder.glob("*.json"))

    def __len__(self) -> int:
        return sum(1 for _ in self)
