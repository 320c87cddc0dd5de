"""What a file says of its old sound alone is not kept."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import pytest
import soundfile
from phaseaware.engine.audio.metadata import Metadata

from .helpers import RATE, chunk, chunks, copy, ramp, read, wav
from .test_metadata import held, make


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


GAINS = {
    "replaygain_track_gain": ("-7.5 dB",), "REPLAYGAIN_ALBUM_PEAK": ("0.9",), "R128_TRACK_GAIN": ("-512",),
    "MP3GAIN_MINMAX": ("100,200",),
}  # fmt: skip


@pytest.mark.parametrize("source", [".wav", ".aiff", ".caf", ".flac", ".ogg", ".opus", ".mp3", ".m4a", ".mka"])
@pytest.mark.parametrize("target", ["same", ".flac"])
def test_gains_of_the_old_sound_are_left_out_and_named(tmp_path: Path, source: str, target: str) -> None:
    if source in (".m4a", ".mka"):
        pytest.importorskip("av", reason="needs the [media] extra")
    make(tmp_path / f"a{source}", Metadata(family="", tags={"title": ("A title",), **GAINS}))
    assert b"gain_" in (tmp_path / f"a{source}").read_bytes().lower()
    made = tmp_path / f"b{source if target == 'same' else target}"
    (note,) = copy(tmp_path / f"a{source}", made).notes
    assert note.startswith("not kept: ")
    assert note.endswith(" (of the old sound)")
    assert [name for name in GAINS if name.lower() not in note.lower()] == []
    assert [name for name in GAINS if name.lower().encode() in made.read_bytes().lower()] == []
    assert held(made).tags["title"] == ("A title",)


def test_gains_in_ape_items_and_id3_frames_are_left_out_and_named(tmp_path: Path) -> None:
    from mutagen.apev2 import APEv2
    from mutagen.id3 import ID3, RVA2, TIT2

    make(tmp_path / "a.mp3", Metadata(family=""))
    tag, ape = ID3(), APEv2()
    tag.add(TIT2(encoding=3, text=["A title"]))
    tag.add(RVA2(desc="track", channel=1, gain=-7.5, peak=0.5))
    tag.unknown_frames.append(b"RGAD" + struct.pack(">IH", 8, 0) + bytes(8))
    ape["MP3GAIN_UNDO"], ape["Mood"] = "+002,+002,N", "calm"
    ape.save(tmp_path / "a.mp3")
    tag.save(tmp_path / "a.mp3")
    (note,) = copy(tmp_path / "a.mp3", tmp_path / "b.mp3").notes
    assert note == "not kept: mp3gain_undo, the ID3 frame RVA2, the ID3 frame RGAD (of the old sound)"
    content = (tmp_path / "b.mp3").read_bytes()
    assert [name for name in (b"RVA2", b"RGAD", b"MP3GAIN_UNDO") if name in content] == []
    assert held(tmp_path / "b.mp3").tags == {"title": ("A title",), "mood": ("calm",)}


@pytest.mark.parametrize(
    ("version", "loudness", "kept"),
    [(2, [-2300, 510, -1, -18, 2], [0x7FFF] * 5), (2, [0x7FFF] * 5, None), (2, [0] * 5, None), (1, [7] * 5, None)],
)  # fmt: skip
def test_the_loudness_in_bext_is_blanked(
    tmp_path: Path, version: int, loudness: list[int], kept: list[int] | None
) -> None:
    def bext(numbers: list[int]) -> bytes:
        return (
            b"A take".ljust(346, b"\0")
            + struct.pack("<H", version)
            + bytes(64)
            + struct.pack("<5h", *numbers)
            + bytes(180)
        )

    (tmp_path / "a.wav").write_bytes(wav(4_800, before=chunk(b"bext", bext(loudness))))
    notes = copy(tmp_path / "a.wav", tmp_path / "b.wav").notes
    assert notes == (("not kept: bext's loudness (of the old sound)",) if kept else ())
    assert dict(chunks(tmp_path / "b.wav"))[b"bext"] == bext(kept or loudness)
