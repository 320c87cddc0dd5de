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
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from pathlib import Path
from typing import Any

from phaseaware.engine.audio import AudioFileError, open_plain, refuse_foreign_link, remove_abandoned, whole_file
from phaseaware.engine.errors import UsageError

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
    >>> manifest.differs("a.wav", source, "0f") is None
    True
    >>> manifest.differs("a.wav", source | {"mtime_ns": 2}, "0f")
    'was made from another file of that name (its mtime_ns differs)'
    """

    def __init__(self, records: MutableMapping[str, bytes], settings: Mapping[str, Any]) -> None:
        self._records = records
        self._settings = json.loads(json.dumps(settings))  # as they will be read

    def record(
        self, output: str, source: Mapping[str, Any], *, sha256: str, seconds: float = 0.0,
        left_out: Sequence[str] = (),
    ) -> None:  # fmt: skip
        """Remember an output. To be called just before it takes its name: a record without its output does no harm.

        Parameters
        ----------
        output : its name within the folder, parts joined by ``/``.
        source : by what the file that was read can be told from any other: size, time, number, tag.
        sha256 : of the output's bytes, hexadecimal.
        seconds : of sound, for reports.
        left_out : what of the source's sound is not in it, in words.

        Raises
        ------
        OSError : or what else the mapping raises: it cannot be written.
        """
        entry = {"version": _VERSION, "output": output, "source": dict(source), "settings": self._settings,
                 "sha256": sha256, "seconds": seconds, "left_out": list(left_out)}  # fmt: skip
        self._records[_key(output, sha256)] = (json.dumps(entry, indent=1) + "\n").encode()

    def differs(self, output: str, source: Mapping[str, Any], sha256: str) -> str | None:
        """Why an output that is there must be made again, in words that follow its name; None: it need not.

        Parameters
        ----------
        output, source : as for :meth:`record`.
        sha256 : of the output as it is now.
        """
        entry = self._find(output, sha256)
        if entry is None:
            return "was not made by a run that keeps a manifest (of a folder, or with --resume), or changed since"
        if entry["source"] != dict(source):
            return f"was made from another file of that name (its {_first(entry['source'], dict(source))} differs)"
        if entry["settings"] != self._settings:
            return f"was made with other settings ({_first(entry['settings'], self._settings)} differs)"
        return None

    def seconds(self, output: str, sha256: str) -> float:
        """Of sound in an output, as it was recorded."""
        entry = self._find(output, sha256)
        return 0.0 if entry is None else float(entry["seconds"])

    def left_out(self, output: str, sha256: str) -> list[str]:
        """What of the source's sound is not in an output, as it was recorded."""
        entry = self._find(output, sha256)
        known = [] if entry is None else entry.get("left_out", [])
        return [str(what) for what in known] if isinstance(known, list) else []

    def _find(self, output: str, sha256: str) -> dict[str, Any] | None:
        try:
            entry = json.loads(self._records[_key(output, sha256)][:_LARGEST_RECORD])
        except (KeyError, ValueError, RecursionError):
            return None
        kinds = {"source": dict, "settings": dict, "seconds": float}
        expected = {"version": _VERSION, "output": output, "sha256": sha256}
        is_ours = isinstance(entry, dict) and all(entry.get(name) == value for name, value in expected.items())
        return entry if is_ours and all(isinstance(entry.get(name), kind) for name, kind in kinds.items()) else None


def _key(output: str, sha256: str) -> str:
    # Names of outputs may be too long for one more suffix, and hold any byte. Two processes may make the same at once,
    # of which one gives it its name; as Ogg's serial numbers differ, each has a record of its own.
    return hashlib.sha256(os.fsencode(output) + b"\0" + sha256.encode()).hexdigest()[:40] + ".json"


def _first(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    return next(name for name in {**new, **old} if old.get(name) != new.get(name) or (name in old) != (name in new))


class FolderRecords(MutableMapping[str, bytes]):
    """Files in the folder ``.phaseaware`` of an output folder, each written whole or not at all.

    Parameters
    ----------
    root : the output folder; the folder in it is made when the first record is.

    Raises
    ------
    UsageError : the folder in it is a link that another user has put there: records would be written, and parts
        removed, where that leads.
    """

    def __init__(self, root: Path) -> None:
        self._folder = root / FOLDER
        try:
            refuse_foreign_link(self._folder)
        except PermissionError as error:
            raise UsageError(f"{self._folder}: {error.strerror}; remove it, or choose another output folder") from None
        remove_abandoned(self._folder)

    def __getitem__(self, key: str) -> bytes:
        try:  # anybody may leave a pipe of such a name in a shared folder, whose opening would never end
            with open(open_plain(self._folder / key), "rb") as file:
                return file.read(_LARGEST_RECORD)
        except (AudioFileError, OSError):
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
