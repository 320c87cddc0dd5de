"""Files at URLs, by fsspec: found, fetched, and put whole."""

from __future__ import annotations

import os
import re
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from phaseaware.engine.audio import printable
from phaseaware.engine.errors import ExitStatus, PhaseAwareError, UsageError

__all__ = ["Entry", "MissingError", "StorageError", "Stored", "base_of", "is_url", "joined", "place_of", "split"]

T = TypeVar("T")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_WILD = re.compile(r"[*?\[]")
_WHOLE = {"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss"}
"""Stores in which an object appears when its upload is complete. Elsewhere a file is renamed."""
_PAUSES = (0.2, 0.6, 2.0)
"""s between tries; the libraries below have tried several times themselves each time."""
_FINAL = (FileExistsError, IsADirectoryError, NotADirectoryError, NotImplementedError, ValueError)
_TAGS = ("ETag", "etag", "generation", "md5Hash", "content_md5")
_TIMES = ("LastModified", "last_modified", "mtime", "updated", "created")
# Of no use to a user: which request failed.
_REQUEST = re.compile(r"^An error occurred \((\w+)\) when calling the \w+ operation(?: \(reached max retries: \d+\))?")


class StorageError(PhaseAwareError):
    """A store refuses, cannot be reached, or fails time and again.

    Attributes
    ----------
    url : of the file or folder.
    reason : what is wrong.
    """

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(url, reason)
        self.url, self.reason = url, reason

    def __str__(self) -> str:
        return f"{printable(self.url)}: {self.reason}"


class MissingError(StorageError):
    """There is no such file, or folder, or bucket."""

    exit_status = ExitStatus.USAGE


def is_url(text: str) -> bool:
    """Whether it is a URL, and not a path.

    Examples
    --------
    >>> is_url("s3://archive/1987"), is_url("talks/1987.wav")
    (True, False)
    """
    return _URL.match(text) is not None


def joined(folder: str, name: str) -> str:
    """The URL of a file in a folder."""
    return f"{folder.rstrip('/')}/{name}" if not folder.endswith("://") else folder + name


def split(url: str) -> tuple[str, str]:
    """Folder and name.

    Examples
    --------
    >>> split("s3://archive/1987/talk.wav")
    ('s3://archive/1987', 'talk.wav')
    >>> split("s3://archive")
    ('s3://', 'archive')
    """
    scheme, _, path = url.rstrip("/").partition("://")
    folder, slash, name = path.rpartition("/")
    return f"{scheme}://{folder}" if slash else f"{scheme}://", name


def base_of(url: str) -> str:
    """The last part without wildcards.

    Examples
    --------
    >>> base_of("s3://archive/1987/*/news-*.flac"), base_of("s3://*/a.wav")
    ('s3://archive/1987', 's3://')
    """
    wild = _WILD.search(url)
    plain = url if wild is None else url[: wild.start()].rpartition("/")[0]
    return f"{plain}/" if plain.endswith(":/") else plain


def place_of(text: str) -> tuple[object, str, str]:
    """The same for all ways to write a URL, or a path, of one file."""
    folder, name = split(text) if is_url(text) else os.path.split(text)
    return *_folder_place(folder), name


@lru_cache(maxsize=1024)
def _folder_place(folder: str) -> tuple[object, str]:
    return Stored(folder).place if is_url(folder) else (None, os.path.realpath(folder))


@dataclass(frozen=True)
class Entry:
    """A file that is stored.

    Attributes
    ----------
    name : within the folder that was looked through, parts joined by ``/``.
    size : bytes.
    identity : by what it can be told from any other file of its name.
    """

    url: str
    name: str
    size: int
    identity: Mapping[str, Any]

    @property
    def tag(self) -> str:
        """The identity as one text."""
        return " ".join(map(str, self.identity.values()))


class Stored:
    """A file or folder at a URL.

    Parameters
    ----------
    url : of any kind that fsspec knows. Credentials and further settings are those of its libraries.

    Raises
    ------
    UsageError : fsspec, or what it needs for such URLs, is not installed, or knows no such URLs.
    """

    def __init__(self, url: str) -> None:
        try:
            from fsspec.core import url_to_fs
        except ImportError:
            raise UsageError(f"{printable(url)}: URLs need fsspec; install phaseaware[cluster]") from None
        self.url = url
        # What fsspec takes for a chain of stores is one only if another URL follows; `::` may stand in any name.
        is_chain = "://" in url.partition("::")[2]
        self._path: str
        try:
            self._fs, self._path = url_to_fs(url) if is_chain else _opened(url)
        except ImportError as error:
            raise UsageError(f"{printable(url)}: {_reason(error)}") from None
        except ValueError as error:
            raise UsageError(f"{printable(url)}: no such URLs are known ({_reason(error)})") from None
        except Exception as error:  # a connection that is made at once
            raise StorageError(url, f"cannot be reached ({_reason(error)})") from None
        protocol = self._fs.protocol
        self._is_whole = bool(_WHOLE & {protocol, *(() if isinstance(protocol, str) else protocol)})

    @property
    def place(self) -> tuple[object, str]:
        """The store, None for this machine, and the place in it; the same for all ways to write it."""
        if "file" in ((self._fs.protocol,) if isinstance(self._fs.protocol, str) else self._fs.protocol):
            return None, os.path.realpath(self._path)
        return self._fs, self._path.rstrip("/")

    def _trying(self, what: str, call: Callable[[], T]) -> T:
        for pause in (*_PAUSES, None):
            try:
                return call()
            except FileNotFoundError as error:
                reason = "no such file or folder" if str(error) in ("", self._path) else _reason(error)
                raise MissingError(self.url, reason) from None
            except PermissionError as error:
                raise StorageError(self.url, f"{what}: the store refuses ({_reason(error)})") from None
            except Exception as error:  # each library has its own kinds
                if pause is None or isinstance(error, _FINAL):
                    raise StorageError(self.url, f"{what} ({_reason(error)})") from None
                time.sleep(pause)
        raise AssertionError

    def entry(self) -> Entry | None:
        """The file; None: there is none."""
        try:
            info = self._trying("cannot be looked up", lambda: self._fs.info(self._path))
        except MissingError:
            return None
        return None if info["type"] != "file" else self._entry(self.url, split(self.url)[1], info)

    def _entry(self, url: str, name: str, info: Mapping[str, Any]) -> Entry:
        tag = next((key for key in (*_TAGS, *_TIMES) if info.get(key) is not None), None)
        identity = {"size": info["size"]} | ({} if tag is None else {tag: str(info[tag])})
        return Entry(url, name, info["size"] or 0, identity)

    def matches(self) -> list[Entry] | None:
        """If the URL has wildcards, the files that match, below the last part without. None: they stand for themselves,
        as in shells, since no other file matches; or there are none.

        Raises
        ------
        StorageError : it cannot be listed.
        """
        if _WILD.search(self.url) is None:
            return None
        self._trying("cannot be listed", self._fs.invalidate_cache)
        found = self._trying("cannot be listed", lambda: self._fs.glob(self._path, detail=True))
        entries = list(self._entries(base_of(self.url), found))
        return entries if any(path != self._path for path in found) and entries else None

    def files(self) -> Iterator[Entry]:
        """All files below the folder.

        Raises
        ------
        StorageError : it cannot be listed; MissingError: there is nothing.
        """
        self._trying("cannot be listed", self._fs.invalidate_cache)
        found = self._trying("cannot be listed", lambda: self._fs.find(self._path, detail=True))
        if not found and not self._trying("cannot be listed", lambda: self._fs.exists(self._path)):
            but = ", and no file matches" if _WILD.search(self.url) else ""
            raise MissingError(self.url, f"no such file or folder{but}")
        return self._entries(self.url, found)

    def _entries(self, folder: str, found: Mapping[str, Any]) -> Iterator[Entry]:
        base = self._fs._strip_protocol(folder).rstrip("/")
        for path, info in sorted(found.items()):
            if info["type"] == "file":
                name = path[len(base) :].lstrip("/")
                yield self._entry(joined(folder, name), name, info)

    def fetch(self, path: Path) -> None:
        """Into a file."""
        self._trying("cannot be read", lambda: self._fs.get_file(self._path, str(path)))

    def put(self, path: Path) -> None:
        """From a file. It has the name when it is whole; what had it is replaced."""
        if self._is_whole:
            self._trying("cannot be written", lambda: self._fs.put_file(str(path), self._path))
            return
        self._trying("cannot be written", lambda: self._put_by_renaming(path))

    def _put_by_renaming(self, path: Path) -> None:
        folder = self._path.rpartition("/")[0]
        partial = f"{folder}/.phaseaware-{secrets.token_hex(6)}.part"
        self._fs.makedirs(folder, exist_ok=True)
        try:
            self._fs.put_file(str(path), partial)
            try:
                self._rename(partial)
            except Exception:  # SFTP renames to no name that is taken
                self._fs.rm_file(self._path)
                self._rename(partial)
        except BaseException:
            with suppress(Exception):
                self._fs.rm_file(partial)
            raise

    def _rename(self, partial: str) -> None:
        from fsspec import AbstractFileSystem

        if type(self._fs).mv is not AbstractFileSystem.mv:
            self._fs.mv(partial, self._path)
            return
        # What fsspec has for stores that cannot rename takes names for patterns.
        self._fs.cp_file(partial, self._path)
        self._fs.rm_file(partial)

    def read(self) -> bytes:
        """The content of a small file."""
        return bytes(self._trying("cannot be read", lambda: self._fs.cat_file(self._path)))

    def write(self, content: bytes) -> None:
        """A small file."""

        def write() -> None:
            if not self._is_whole:
                self._fs.makedirs(self._path.rpartition("/")[0], exist_ok=True)
            self._fs.pipe_file(self._path, content)

        self._trying("cannot be written", write)

    def remove(self) -> None:
        """Remove the file."""
        self._trying("cannot be removed", lambda: self._fs.rm_file(self._path))


def _opened(url: str) -> tuple[Any, str]:
    from fsspec import get_filesystem_class

    kind = get_filesystem_class(url.partition("://")[0])
    return kind(**kind._get_kwargs_from_urls(url)), kind._strip_protocol(url)


def _reason(error: BaseException) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return printable(_REQUEST.sub(r"\1", lines[0])).rstrip(".")
