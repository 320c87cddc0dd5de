"""Files that appear under their name when they are whole.

What is written goes to a hidden file in the same folder, which takes the name at the end. A process that is killed
leaves the hidden file; it is known to be abandoned by its lock, which ends with the process that held it.
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows, where a file that is open cannot be removed anyway
    fcntl = None  # type: ignore[assignment]

__all__ = ["PartialFile", "file_digest", "refuse_foreign_link", "remove_abandoned", "whole_file"]

_NAME = ".phaseaware-{}.part"


class PartialFile:
    """The hidden file that is to become ``target``.

    Parameters
    ----------
    target : its folder must exist. If it is a link, the file behind it is meant.
    overwrite : replace a file of that name; otherwise one that is there, even since a moment ago, stays.

    Raises
    ------
    OSError : it cannot be made; or ``target`` is a link that another user has put into a folder that all may write to.
    """

    def __init__(self, target: Path, *, overwrite: bool) -> None:
        refuse_foreign_link(target)
        self._target, self._overwrite = Path(os.path.realpath(target)), overwrite
        self.path, self._lock = self._begin()

    def _begin(self) -> tuple[Path, int | None]:
        while True:
            path = self._target.with_name(_NAME.format(secrets.token_hex(6)))
            # Not tempfile: its files are readable by their owner only.
            lock = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
            if fcntl is None:
                os.close(lock)
                return path, None
            with suppress(OSError):  # file systems without locks
                fcntl.flock(lock, fcntl.LOCK_EX)
            with suppress(OSError):  # what is replaced keeps its rights
                if self._overwrite:
                    os.fchmod(lock, stat.S_IMODE(self._target.stat().st_mode) & 0o777)
            if path.exists():  # nobody has taken it for abandoned before it was locked
                return path, lock
            os.close(lock)

    def commit(self) -> None:
        """Bring it to the disk and give it its name.

        Raises
        ------
        FileExistsError : the name is taken.
        OSError : it cannot be done; nothing has changed.
        """
        with open(self.path, "rb+") as file:
            os.fsync(file.fileno())
        if not self._overwrite:
            try:
                os.link(self.path, self._target)  # unlike a renaming, never replaces what is there
                return
            except FileExistsError:
                raise
            except OSError:  # a file system without links
                if self._target.exists():
                    raise FileExistsError(self._target) from None
        os.replace(self.path, self._target)

    def discard(self) -> None:
        """Remove the hidden file, if it is still there. To be called in the end in any case."""
        self.path.unlink(missing_ok=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def refuse_foreign_link(target: Path) -> None:
    """Links in /tmp lead where others want; the kernel's own protection does not cover a renaming.

    Raises
    ------
    PermissionError : it is a link that another user has put into a folder that all may write to.
    """
    if not hasattr(os, "getuid"):  # Windows
        return
    try:
        link, folder = target.lstat(), target.parent.stat()
    except OSError:
        return  # there is none
    trusted = (os.getuid(), folder.st_uid)
    if stat.S_ISLNK(link.st_mode) and folder.st_mode & stat.S_IWOTH and link.st_uid not in trusted:
        raise PermissionError(errno.EACCES, "it is a link that another user has put there", str(target))


@contextmanager
def whole_file(target: Path, *, overwrite: bool) -> Iterator[Path]:
    """A name to write to; it becomes ``target`` when all went well, and vanishes otherwise.

    Raises
    ------
    OSError : as :class:`PartialFile` and :meth:`PartialFile.commit`.
    """
    partial = PartialFile(target, overwrite=overwrite)
    try:
        yield partial.path
        partial.commit()
    finally:
        partial.discard()


def file_digest(path: Path) -> str:
    """SHA-256 of a file, hexadecimal.

    Raises
    ------
    OSError : it cannot be read.
    """
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def remove_abandoned(folder: Path) -> None:
    """Remove hidden files that killed processes have left in a folder; those being written stay."""
    for path in folder.glob(_NAME.format("[0-9a-f]" * 12)):
        with suppress(OSError):  # locked, or gone meanwhile, or not ours to remove
            if fcntl is None:
                path.unlink()
                continue
            # Anybody may leave a pipe or a link of such a name in a shared folder.
            handle = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
            try:
                if not stat.S_ISREG(os.fstat(handle).st_mode):
                    continue
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()
            finally:
                os.close(handle)
