"""What the window remembers."""

from __future__ import annotations

from pathlib import Path

from phaseaware.gui import memory
from PyQt6.QtCore import QByteArray


def test_it_lies_where_it_was_said_to_be_kept(tmp_path: Path) -> None:
    for name in ("one", "other"):
        memory.keep_in(tmp_path / name)
        assert memory.recalled_geometry() is None
        memory.stored().setValue("geometry", QByteArray(name.encode()))
        memory.stored().sync()
    memory.keep_in(tmp_path / "one")
    assert memory.recalled_geometry() == QByteArray(b"one")
    assert sorted(path.name for path in tmp_path.iterdir() if path.name in ("one", "other")) == ["one", "other"]
