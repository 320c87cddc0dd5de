"""The file of a preset: its text as data, and where in the text an entry stands."""

from __future__ import annotations

import io
import os
import re
import stat
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from phaseaware.engine.errors import ExitStatus, PhaseAwareError

from .lines import Place, check_bounds, lines_of

__all__ = ["CONTAINERS", "SCHEMA", "PresetError", "line_of", "parse"]

SCHEMA = 1
CONTAINERS = ("Chain", "Mix", "Pedalboard")
_LARGEST_FILE = 1 << 17


class PresetError(PhaseAwareError, ValueError):
    """A file is not a preset that can be used; the message names the file, the line, and what is wrong."""

    exit_status = ExitStatus.USAGE


def parse(path: Path) -> tuple[str, dict[str, Any]]:
    """Text and data of a TOML file.

    Raises
    ------
    PresetError : not TOML, with the line.
    """
    content = _read(path)
    try:
        # Windows' editors begin it with a mark.
        text = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8-sig").read()
        if (beyond := check_bounds(text)) is not None:
            raise PresetError(f"{path}:{beyond[0]}: {beyond[1]}")
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


def _read(path: Path) -> bytes:
    """A plain file: a pipe in the folder of presets would never end."""
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with open(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise PresetError(f"{path}: not a plain file")
        content = file.read(_LARGEST_FILE + 1)
    if len(content) > _LARGEST_FILE:
        raise PresetError(f"{path}: larger than {_LARGEST_FILE >> 10} kB; that is no preset")
    return content


def _entries(value: Any, place: Place) -> Iterator[tuple[Place, Any]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, entry in inner:
        yield from _entries(entry, (*place, key))
    if not isinstance(value, (dict, list)):
        yield place, value


def line_of(text: str, place: Place) -> int:
    """Line on which an entry begins; 1 if it is not there."""
    return lines_of(text).get(place, 1)
