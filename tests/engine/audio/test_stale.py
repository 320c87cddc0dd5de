"""What a file says of its old sound alone is not kept."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import soundfile

from .helpers import RATE, chunk, copy, ramp, read, wav


@pytest.mark.parametrize("version", [3, 4])
@pytest.mark.parametrize("source", [".mp3", ".wav"])
@pytest.mark.parametrize("target", [".mp3", ".wav", ".flac", ".m4a"])
def test_what_itunes_says_of_the_old_sound_is_left_out(tmp_path: Path, source: str, target: str, version: int) -> None:
    """As comments in ID3; in MP4 iTunSMPB would be obeyed, and here it tells another length."""
    from mutagen.id3 import COMM, ID3, TIT2

    if target == ".m4a":
        pytest.importorskip("av", reason="needs the [media] extra")
    tag = ID3()
    tag.add(TIT2(encoding=3, text=["A title"]))
    tag.add(COMM(encoding=0, lang="eng", desc="", text=["A comment"]))
    smpb = " 00000000 00000210 00000A38 0000000000000FA0" + " 00000000" * 8
    for name, text in (("iTunNORM", " 00000368" * 10), ("iTunSMPB", smpb)):
        tag.add(COMM(encoding=0, lang="eng", desc=name, text=[text]))
    if source == ".mp3":
        soundfile.write(tmp_path / "a.mp3", ramp(9_600) / 2**17, RATE, format="MP3")
        tag.save(tmp_path / "a.mp3", v2_version=version)
    else:
        packed = io.BytesIO()
        tag.save(packed, v2_version=version)
        (tmp_path / "a.wav").write_bytes(wav(9_600, before=chunk(b"id3 ", packed.getvalue())))
    assert copy(tmp_path / f"a{source}", tmp_path / f"b{target}").notes == ()
    x, reader = read(tmp_path / f"b{target}")
    assert x.shape == (1, 9_600)
    assert {name: reader.info.tags.get(name) for name in ("title", "comment")} == {
        "title": "A title", "comment": "A comment"
    }  # fmt: skip
    content = (tmp_path / f"b{target}").read_bytes().lower()
    assert b"itun" not in content.replace(b"com.apple.itunes", b"")
