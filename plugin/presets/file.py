"""The file of a preset: its text as data, and where in the text an entry stands."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from phaseaware.engine.errors import ExitStatus, PhaseAwareError

__all__ = ["CONTAINERS", "SCHEMA", "Place", "PresetError", "line_of", "parse"]

SCHEMA = 1
CONTAINERS = ("Chain", "Mix", "Pedalboard")
_LARGEST_FILE = 1 << 17
_LONGEST_ENTRY = 20
Place = tuple[str | int, ...]
"""Keys and indices that lead to an entry."""


class PresetError(PhaseAwareError, ValueError):
    """A file is not a preset that can be used; the message names the file, the line, and what is wrong."""

    exit_status = ExitStatus.USAGE


def parse(path: Path) -> tuple[str, dict[str, Any]]:
    """Text and data of a TOML file.

    Raises
    ------
    PresetError : not TOML, with the line.
    """
    if path.stat().st_size > _LARGEST_FILE:
        raise PresetError(f"{path}: larger than {_LARGEST_FILE >> 10} kB; that is no preset")
    try:
        text = path.read_text(encoding="utf-8-sig")  # Windows' editors begin it with a mark
        data = tomllib.loads(text)
        for place, value in _entries(data, ()):
            if type(value) is int and not -(2**63) <= value < 2**63:
                raise PresetError(f"{path}:{line_of(text, place)}: {place[-1]} is not a whole number of 64 bits")
        return text, data
    except PresetError:
        raise
    except UnicodeDecodeError as error:
        raise PresetError(f"{path}: not a text in UTF-8 ({error})") from None
    except ValueError as error:  # TOMLDecodeError, and Python's own for numbers of thousands of digits
        where = re.search(r"at line (\d+)", str(error))
        line = f":{where[1]}" if where else f":{text.count(chr(10)) + 1}" if "end of document" in str(error) else ""
        raise PresetError(f"{path}{line}: not TOML: {error}") from None
    except RecursionError:
        raise PresetError(f"{path}: nested too deeply") from None


def _entries(value: Any, place: Place) -> Iterator[tuple[Place, Any]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, entry in inner:
        yield from _entries(entry, (*place, key))
    if not isinstance(value, (dict, list)):
        yield place, value


def line_of(text: str, place: Place) -> int:
    """Line on which an entry is complete: that of the shortest beginning of the text that holds it.

    Found by halving, as trying each line of a long file would take minutes. (Of an entry of more than 20 lines the line
    may be another one of its own.)
    """
    lines = text.splitlines(keepends=True)

    def whole_from(count: int) -> int | None:
        """Least number of lines, from ``count`` on, that are TOML: amid an entry of several lines they are not."""
        counts = range(count, min(count + _LONGEST_ENTRY, len(lines)) + 1)
        return next((n for n in counts if _loads("".join(lines[:n])) is not None), None)

    if not _holds(_loads(text), place):
        return 1
    first, last = 1, len(lines)
    while first < last:
        middle = (first + last) // 2
        whole = whole_from(middle)
        if whole is not None and _holds(_loads("".join(lines[:whole])), place):
            last = middle
        else:
            first = middle + 1
    return whole_from(first) or first


def _loads(text: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError):
        return None


def _holds(value: Any, place: Place) -> bool:
    try:
        for key in place:
            value = value[key]
    except (KeyError, IndexError, TypeError):
        return False
    return True
