"""Fuzz target: the text of a preset.

``python -m tests.robustness.fuzz.presets SECONDS [FOLDER]`` (Linux, the package atheris).
"""

from __future__ import annotations

import tempfile
import tomllib
import warnings
from pathlib import Path

import numpy as np
from phaseaware.plugin import PresetError, load_preset
from phaseaware.plugin.presets import shipped_folder
from phaseaware.plugin.presets.lines import check_bounds, lines_of

from ..mutate import damaged_text
from .driver import fuzz

__all__ = ["one_input", "seeds"]

LARGEST = 20_000
RATE = 48_000
_folder = tempfile.TemporaryDirectory()


def seeds() -> list[bytes]:
    """The shipped presets, and texts of all that TOML has."""
    others = [
        "schema = 1\nname = '''a\n'''\nboard = [ {plugin = 'Mix', plugins = [{plugin='Dry'}, {plugin='Delay'}]}, ]\n",
        'schema = 1\nname = """x\\"""" # y\n[processor]\n"plugin" = \'Reverb\'\nroom_size = 1e-1\n',
        "a.b.'c' = 1979-05-27 07:32:00\n[[x.y]]\n[[x.y]]\nz = {a = [1, [2, {b = 0x1F}]]}\n",
    ]
    return [*(path.read_bytes() for path in sorted(shipped_folder().glob("*.toml"))), *map(str.encode, others)]


def one_input(content: bytes) -> None:
    """Refused with a line of the file, or a board that gives finite sound; and each entry has its line.

    Raises
    ------
    Exception : anything else, which is a fault.
    """
    path = Path(_folder.name) / "x.toml"
    path.write_bytes(content)
    text = content.decode(errors="replace").replace("\r\n", "\n").replace("\r", "\n")
    if check_bounds(text) is None:
        try:
            data = tomllib.loads(text)
        except (ValueError, RecursionError):
            pass
        else:
            assert data.keys() == {place[0] for place in lines_of(text)}
    try:
        board = load_preset(path).board()
    except PresetError as error:
        said = str(error)
        assert said.startswith(str(path)), said
        return
    x = np.full((2, 480), 0.1, np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # what became NaN is muted, and told
        y = board(x, RATE)
    assert y.shape == x.shape
    assert np.isfinite(y).all()


def _damaged(rng: np.random.Generator, content: bytes) -> tuple[str, bytes]:
    return damaged_text(rng, content.decode())


def main() -> None:
    """Arguments: seconds, and a folder for the corpus."""
    from phaseaware.plugin.presets import file, lines, ranges, reader

    watched = [file, lines, lines._Walk, ranges, reader, reader.Reader]
    fuzz(one_input, seeds(), watched=watched, largest=LARGEST, damaged=_damaged)


if __name__ == "__main__":
    main()
