"""The file of a preset: its text as data, and where in the text an entry stands."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

__all__ = ["CONTAINERS", "SCHEMA", "Place", "PresetError", "line_of", "parse"]

SCHEMA = 1
CONTAINERS = ("Chain", "Mix", "Pedalboard")
_LARGEST_FILE = 1 << 20
Place = tuple[str | int, ...]
"""Keys and indices that lead to an entry."""


class PresetError(ValueError):
    """A file is not a preset that can be used; the message names the file, the line, and what is wrong."""


def parse(path: Path) -> tuple[str, dict[str, Any]]:
    """Text and data of a TOML file.

    Raises
    ------
    PresetError : not TOML, with the line.
    """
    if path.stat().st_size > _LARGEST_FILE:
        raise PresetError(f"{path}: larger than 1 MB; that is no preset")
    try:
        text = path.read_text(encoding="utf-8")
        return text, tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise PresetError(f"{path}: not a text in UTF-8 ({error})") from None
    except tomllib.TOMLDecodeError as error:
        where = re.search(r"at line (\d+)", str(error))
        line = int(where[1]) if where else text.count("\n") + 1
        raise PresetError(f"{path}:{line}: not TOML: {error}") from None
    except RecursionError:
        raise PresetError(f"{path}: nested too deeply") from None


def line_of(text: str, place: Place) -> int:
    """Line on which an entry is complete: that of the shortest beginning of the text that holds it."""
    lines = text.splitlines(keepends=True)
    for count in range(1, len(lines) + 1):
        try:
            value: Any = tomllib.loads("".join(lines[:count]))
        except tomllib.TOMLDecodeError:
            continue  # amid an entry of several lines
        try:
            for key in place:
                value = value[key]
        except (KeyError, IndexError, TypeError):
            continue
        return count
    return 1
