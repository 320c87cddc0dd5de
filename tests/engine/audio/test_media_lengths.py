"""How much sound a container holds, where what it tells of that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from .helpers import CASES, RATE, copy, read

av = pytest.importorskip("av", reason="needs the [media] extra")

WHOLE = 6 * RATE


@pytest.mark.parametrize(
    ("told", "frames", "notes"),
    [(WHOLE - 448, WHOLE - 448, 0), (WHOLE + 448, WHOLE, 0), (44_100, WHOLE, 1), (9 * WHOLE, WHOLE, 1)],
)
def test_itunes_length_is_believed_if_it_cuts_less_than_a_packet(
    tmp_path: Path, told: int, frames: int, notes: int
) -> None:
    from mutagen.mp4 import MP4, MP4FreeForm

    path = tmp_path / "a.m4a"
    path.write_bytes((CASES / "talk.m4a").read_bytes())
    tagged = MP4(path)
    tagged["----:com.apple.iTunes:iTunSMPB"] = [MP4FreeForm(f" 00000000 00000400 000001C0 {told:016X}".encode())]
    tagged.save()
    x, reader = read(path)
    assert x.shape == (1, frames)
    assert [f"iTunSMPB tells {told} samples" in note for note in reader.notes] == [True] * notes
    copy(path, tmp_path / "b.m4a")
    y, again = read(tmp_path / "b.m4a")
    assert y.shape == x.shape
    assert again.notes == ()
