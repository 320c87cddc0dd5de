"""Files that appear when they are whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from phaseaware.engine.audio import whole_file


def test_a_whole_file_replaces_only_when_whole(tmp_path: Path) -> None:
    target = tmp_path / "x.txt"
    with whole_file(target, overwrite=False) as partial:
        partial.write_text("new")
        assert not target.exists()
    assert target.read_text() == "new"
    with pytest.raises(FileNotFoundError), whole_file(target, overwrite=True) as partial:
        partial.unlink()
    with pytest.raises(FileExistsError), whole_file(target, overwrite=False) as partial:
        partial.write_text("other")
    assert target.read_text() == "new"
    assert [p.name for p in tmp_path.iterdir()] == ["x.txt"]
