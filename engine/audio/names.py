"""Names of files, fit to be printed."""

from __future__ import annotations

import os

__all__ = ["printable"]


def printable(path: str | os.PathLike[str]) -> str:
    r"""A name as it can be printed anywhere: control characters and bytes that are no UTF-8 are escaped.

    A file name may hold any byte but ``/`` and 0: escape sequences that command a terminal, characters that turn the
    direction of writing, and bytes that Python keeps as lone surrogates, which no stream takes.

    Examples
    --------
    >>> printable("Küche.wav")
    'Küche.wav'
    >>> print(printable("a\x1b[2J\n\udcff.wav"))
    a\x1b[2J\n\xff.wav
    """
    return "".join(c if c.isprintable() else _escaped(c) for c in os.fspath(path))


def _escaped(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # os.fsdecode keeps a byte that is no UTF-8 as this surrogate
        return f"\\x{code - 0xDC00:02x}"
    return character.encode("unicode_escape").decode("ascii")
