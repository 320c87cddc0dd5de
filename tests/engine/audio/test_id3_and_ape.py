"""Tags of ID3 and APE: of any version and encoding, beside each other, damaged."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
from phaseaware.engine.audio import AudioReader
from phaseaware.engine.audio.id3 import packed
from phaseaware.engine.audio.metadata import Metadata

from .helpers import RATE, chunk, copy, ramp, read, wav
from .test_metadata import held, make, png


def test_mp3_tags_of_any_encoding_are_read(tmp_path: Path) -> None:
    from mutagen.id3 import COMM, ID3, PRIV, TIT2, TPE1

    make(tmp_path / "a.mp3", Metadata(family=""))
    tag = ID3()
    tag.add(TIT2(encoding=0, text=["Über"]))
    tag.add(TPE1(encoding=1, text=["台所"]))
    tag.add(COMM(encoding=3, lang="deu", desc="", text=["Käse"]))
    tag.add(PRIV(owner="me", data=b"\1\2"))
    tag.save(tmp_path / "a.mp3", v2_version=3)
    with AudioReader(tmp_path / "a.mp3") as reader:
        assert dict(reader.info.tags) == {"title": "Über", "artist": "台所", "comment": "Käse"}
    copy(tmp_path / "a.mp3", tmp_path / "b.mp3")
    new = ID3(tmp_path / "b.mp3")
    assert new.getall("PRIV")[0].data == b"\1\2"
    assert new.getall("COMM")[0].lang == "deu"
    assert new.version == (2, 3, 0)
    (note,) = copy(tmp_path / "a.mp3", tmp_path / "b.flac").notes
    assert "the ID3 frame PRIV" in note


@pytest.mark.parametrize("version_1", [b"", b"TAG" + b"of old".ljust(125, b"\0")])
@pytest.mark.parametrize("in_front", [False, True])
def test_a_tag_at_the_end_of_an_mp3_is_kept(tmp_path: Path, version_1: bytes, in_front: bool) -> None:
    """ID3v2.4 may stand there, with its header again as a footer."""
    from mutagen.id3 import ID3, TALB, TIT2

    soundfile.write(tmp_path / "a.mp3", ramp(9_600), RATE, format="MP3")
    sound = (tmp_path / "a.mp3").read_bytes()
    tag = ID3()
    tag.add(TIT2(encoding=3, text="Am Ende"))
    tag.add(TALB(encoding=3, text="Platte"))
    tag.save(tmp_path / "tag", padding=lambda _: 0)
    tag_bytes = bytearray((tmp_path / "tag").read_bytes())
    tag_bytes[5] |= 0x10
    front = b""
    if in_front:
        other = ID3()
        other.add(TIT2(encoding=3, text="Vorn"))
        other.save(tmp_path / "front")
        front = (tmp_path / "front").read_bytes()
    (tmp_path / "a.mp3").write_bytes(front + sound + bytes(tag_bytes) + b"3DI" + bytes(tag_bytes[3:10]) + version_1)
    copy(tmp_path / "a.mp3", tmp_path / "b.mp3")
    for name in ("a.mp3", "b.mp3"):
        x, reader = read(tmp_path / name)
        assert x.shape == (1, 9_600)
        assert reader.info.tags["title"] == ("Vorn" if in_front else "Am Ende")
        assert reader.info.tags["album"] == "Platte"


@pytest.mark.parametrize("others", ["", "2", "A", "2A"])
def test_the_oldest_id3_tag_stays_beside_others(tmp_path: Path, others: str) -> None:
    from mutagen.apev2 import APEv2
    from mutagen.id3 import ID3, TIT2

    make(tmp_path / "a.mp3", Metadata(family=""))
    if "2" in others:
        tag = ID3()
        tag.add(TIT2(encoding=3, text=["A title"]))
        tag.save(tmp_path / "a.mp3", v1=0)
    if "A" in others:
        ape = APEv2()
        ape["Title"] = "A title"
        ape.save(tmp_path / "a.mp3")
    oldest = b"TAG" + b"Title of old".ljust(30, b"\0") + bytes(94) + b"\x11"
    (tmp_path / "a.mp3").write_bytes((tmp_path / "a.mp3").read_bytes() + oldest)
    assert copy(tmp_path / "a.mp3", tmp_path / "b.mp3").notes == ()
    content = (tmp_path / "b.mp3").read_bytes()
    assert content.endswith(oldest)
    assert content.count(b"TAG" + b"Title") == 1
    assert held(tmp_path / "b.mp3").tags == held(tmp_path / "a.mp3").tags
    assert read(tmp_path / "b.mp3")[0].shape == (1, 4_800)


def test_other_tags_around_a_sound_are_kept_or_named(tmp_path: Path) -> None:
    tag = b"ID3\4\0\0\0\0\0\x10TIT2\0\0\0\6\0\0\3title"
    make(tmp_path / "a.flac", Metadata(family=""))
    (tmp_path / "a.flac").write_bytes(tag + (tmp_path / "a.flac").read_bytes())
    (note,) = copy(tmp_path / "a.flac", tmp_path / "b.flac").notes
    assert "ID3" in note
    make(tmp_path / "a.flac", Metadata(family=""))
    (tmp_path / "a.flac").write_bytes((tmp_path / "a.flac").read_bytes() + b"TAG".ljust(128, b"\0"))
    (note,) = copy(tmp_path / "a.flac", tmp_path / "b.flac").notes
    assert "ID3" in note
    soundfile.write(tmp_path / "a.au", ramp(480), RATE)
    (tmp_path / "a.au").write_bytes(
        b".snd" + struct.pack(">I", 32) + (tmp_path / "a.au").read_bytes()[8:24] + b"by noone" + bytes(960)
    )
    (note,) = copy(tmp_path / "a.au", tmp_path / "b.au").notes
    assert "annotation" in note
    make(tmp_path / "a.mp3", Metadata(family=""))
    (tmp_path / "a.mp3").write_bytes(tag.replace(b"TIT2", b"QQQQ") + (tmp_path / "a.mp3").read_bytes())
    assert copy(tmp_path / "a.mp3", tmp_path / "b.mp3").notes == ()
    assert b"QQQQ" in (tmp_path / "b.mp3").read_bytes()
    (note,) = copy(tmp_path / "a.mp3", tmp_path / "b.flac").notes
    assert "QQQQ" in note
    old = b"ID3\2\0\0\0\0\0\x0cQQQ\0\0\6\0title"
    make(tmp_path / "a.mp3", Metadata(family=""))
    (tmp_path / "a.mp3").write_bytes(old + (tmp_path / "a.mp3").read_bytes())
    (note,) = copy(tmp_path / "a.mp3", tmp_path / "b.mp3").notes
    assert "frame QQQ" in note


def test_id3_frames_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    def frame(name: bytes, content: bytes) -> bytes:
        return name + struct.pack(">IH", len(content), 0) + content

    good = frame(b"TIT2", b"\0ok") + frame(b"XYZ1", b"own")
    bad = {b"TALB": b"\x07no encoding", b"APIC": b"\0image/png", b"COMM": b"\1e"}
    content = good + b"".join(frame(name, data) for name, data in bad.items())
    tag = b"ID3\3\0\0" + bytes([0, 0, len(content) >> 7, len(content) & 0x7F]) + content
    make(tmp_path / "a.mp3", Metadata(family=""))
    (tmp_path / "a.mp3").write_bytes(tag + (tmp_path / "a.mp3").read_bytes())
    (tmp_path / "a.wav").write_bytes(wav(480, behind=chunk(b"id3 ", tag)))
    for source, target in (("a.mp3", "b.mp3"), ("a.mp3", "b.flac"), ("a.wav", "b.flac")):
        notes = " ".join(copy(tmp_path / source, tmp_path / target).notes)
        assert [name for name in bad if f"frame {name.decode()}, which is damaged" not in notes] == []
        assert "TIT2" not in notes


@pytest.mark.parametrize("source", ["a.mp3", "a.wav"])
def test_what_chapters_hold_beside_a_title_is_kept_or_named(tmp_path: Path, source: str) -> None:
    from mutagen import id3

    picture = id3.APIC(mime="image/png", type=3, desc="", data=png())
    frames = [[id3.TIT2(text=[str(n)]), picture, id3.WXXX(desc="", url="http://n")] for n in (1, 2)]
    tag = id3.ID3()
    for number, inside in enumerate(frames):
        tag.add(id3.CHAP(element_id=f"c{number}", start_time=number, end_time=number + 1, sub_frames=inside))
    tag.add(id3.PRIV(owner="a", data=b"1"))
    tag.add(id3.PRIV(owner="b", data=b"2"))
    make(tmp_path / source, Metadata(family=""))
    if source == "a.mp3":
        tag.save(tmp_path / source)
    else:
        (tmp_path / source).write_bytes(wav(480, behind=chunk(b"id3 ", packed(tag))))
    suffix = source[1:]
    assert copy(tmp_path / source, tmp_path / f"b{suffix}").notes == ()
    (note,) = copy(tmp_path / source, tmp_path / "b.flac").notes
    named = ("the ID3 frame APIC of chapters", "the ID3 frame WXXX of chapters", "the ID3 frame PRIV")
    assert [note.count(name) for name in named] == [1, 1, 1]


def test_ape_items_of_all_kinds_are_kept_or_named(tmp_path: Path) -> None:
    from mutagen.apev2 import BINARY, EXTERNAL, APEv2, APEValue

    make(tmp_path / "a.mp3", Metadata(family=""))
    tag = APEv2()
    tag["Artist"] = ["A", "B"]
    tag["Link"] = APEValue("http://somewhere", EXTERNAL)
    tag["Cover Art (Front)"] = APEValue(b"cover.png\0\x89PNG rest", BINARY)
    tag["Own"] = APEValue(b"\1\2", BINARY)
    tag.save(tmp_path / "a.mp3")
    assert copy(tmp_path / "a.mp3", tmp_path / "b.mp3").notes == ()
    assert dict(APEv2(tmp_path / "b.mp3")) == dict(tag)
    (note,) = copy(tmp_path / "a.mp3", tmp_path / "b.flac").notes
    assert "the APE item Own" in note
    metadata = read(tmp_path / "b.flac")[1].info.metadata
    assert metadata is not None
    assert (metadata.tags["artist"], metadata.tags["link"]) == (("A", "B"), ("http://somewhere",))
    assert [(picture.mime, picture.data) for picture in metadata.pictures] == [("image/png", b"\x89PNG rest")]


@pytest.mark.parametrize(
    ("suffix", "codec", "own"), [("wv", "wavpack", "Album Artist"), ("tta", "tta", "album_artist")]
)
def test_ape_items_keep_all_their_texts_and_what_they_mean(tmp_path: Path, suffix: str, codec: str, own: str) -> None:
    from mutagen.apev2 import BINARY, APEv2, APEValue

    from tests.robustness.variant_kinds import write_media

    pytest.importorskip("av", reason="needs the [media] extra")
    path = tmp_path / f"a.{suffix}"
    write_media(path, suffix, codec, (ramp(4_800) / np.float32(2**15)).T, RATE)
    tag = APEv2()
    tag["Artist"], tag["Year"], tag["Cover Art (Front)"] = ["A", "B"], "2026", APEValue(b"c\0" + png(), BINARY)
    tag["Track"], tag["Disc"], tag[own] = "3/12", "1/2", "C"
    tag["Encoder"] = "Lavf"
    tag.save(path)
    for target in (".flac", ".mp3"):
        copy(path, tmp_path / f"b{target}")
        found = held(tmp_path / f"b{target}")
        assert (found.tags["artist"], found.tags["date"]) == (("A", "B"), ("2026",))
        assert (found.tags["tracknumber"], found.tags["discnumber"]) == (("3/12",), ("1/2",))
        assert found.tags["albumartist"] == ("C",)
        assert "encoder" not in found.tags
        assert [picture.data for picture in found.pictures] == [png()]


@pytest.mark.parametrize("first", ["2", "1", "2A", "21A", ""])
@pytest.mark.parametrize("second", ["21", "1", "A1"])
def test_joined_mp3_files_have_the_tags_of_the_first(tmp_path: Path, first: str, second: str) -> None:
    """ID3v2, ID3v1, APE; the latter two stand at the end."""
    from mutagen.apev2 import APEv2
    from mutagen.id3 import ID3, TIT2

    make(tmp_path / "bare.mp3", Metadata(family=""), samples=20_000)
    parts = []
    for name, kinds in (("one", first), ("two", second)):
        path = tmp_path / f"{name}.mp3"
        path.write_bytes((tmp_path / "bare.mp3").read_bytes())
        if "2" in kinds:
            tag = ID3()
            tag.add(TIT2(encoding=3, text=[name]))
            tag.save(path, v1=0)
        if "A" in kinds:
            ape = APEv2()
            ape["Title"] = name
            ape["Mood"] = name
            ape.save(path)
        v1 = b"TAG" + name.encode().ljust(30, b"\0") + name.encode().ljust(30, b"\0") + bytes(64) + b"\xff"
        parts.append(path.read_bytes() + v1 * ("1" in kinds))
    (tmp_path / "a.mp3").write_bytes(b"".join(parts))
    x, reader = read(tmp_path / "a.mp3")
    assert x.shape == (1, 40_000)
    assert reader.left_out == ()
    assert reader.info.metadata is not None
    assert {text for texts in reader.info.metadata.tags.values() for text in texts} == ({"one"} if first else set())
