"""What a file says beside its sound is kept, or named."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from phaseaware.engine.audio import AudioFileError, AudioInfo, AudioReader, AudioWriter
from phaseaware.engine.audio.metadata import Chapter, Metadata

from .helpers import RATE, chunk, chunks, copy, info, ramp, read, wav, write

BEXT = chunk(
    b"bext",
    b"Test record".ljust(256, b"\0") + b"originator".ljust(64, b"\0") + b"2026-01-0210:11:12"
    + struct.pack("<Q", 172_800_000) + struct.pack("<H", 1) + bytes(254) + b"A=PCM\r\n",
)  # fmt: skip
IXML = chunk(b"iXML", b"<BWFXML><SCENE>7</SCENE><TAKE>3</TAKE></BWFXML>")
CUES = chunk(
    b"cue ",
    struct.pack("<I", 2) + b"".join(struct.pack("<II4sIII", n, 0, b"data", 0, 0, 240 * n) for n in (0, 1)),
)
LABELS = chunk(
    b"LIST",
    b"adtl" + chunk(b"labl", struct.pack("<I", 1) + b"here\0") + chunk(b"note", struct.pack("<I", 1) + b"a note\0")
    + chunk(b"ltxt", struct.pack("<II4sHHHH", 1, 480, b"rgn ", 0, 0, 0, 0)),
)  # fmt: skip
LOOPS = chunk(b"smpl", struct.pack("<9I", 0, 0, 20_833, 60, 0, 0, 0, 1, 0) + struct.pack("<6I", 0, 0, 100, 200, 0, 0))
INST = chunk(b"inst", bytes([60, 0, 0, 0, 127, 1, 127]))
INFO = chunk(b"LIST", b"INFO" + chunk(b"INAM", b"A name\0") + chunk(b"IXYZ", b"unheard of\0"))
ALL = {"bext": BEXT, "iXML": IXML, "cue": CUES, "adtl": LABELS, "smpl": LOOPS, "inst": INST, "INFO": INFO}
TEXTS = {
    "title": ("Küche – 台所",), "artist": ("One", "Two"), "isrc": ("XX1",), "my own": ("field",), "comment": ("c",),
}  # fmt: skip


def png() -> bytes:
    """One pixel."""
    return bytes.fromhex(
        "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8cfc00000030101"
        "0018dd8db00000000049454e44ae426082"
    )


def everything() -> Metadata:
    from mutagen.flac import Picture

    picture = Picture()
    picture.type, picture.mime, picture.desc, picture.data = 3, "image/png", "front", png()
    chapters = (Chapter(0.0, 0.05, "one"), Chapter(0.05, 0.1, "zwei"))
    return Metadata(family="", tags=TEXTS, pictures=(picture,), chapters=chapters)


def make(path: Path, metadata: Metadata, *, samples: int = 4_800) -> AudioWriter:
    like = AudioInfo(
        sample_rate=RATE, channels=1, frames=0, format="WAV", subtype="PCM_16", metadata=metadata
    ).for_name(path)  # fmt: skip
    with AudioWriter(path, like, overwrite=True) as writer:
        writer.write((ramp(samples) / np.float32(2**15)).T)
    return writer


def held(path: Path) -> Metadata:
    with AudioReader(path) as reader:
        assert reader.info.metadata is not None
        return reader.info.metadata


@pytest.mark.parametrize("names", [[name] for name in ALL] + [list(ALL)])
@pytest.mark.parametrize("behind", [False, True])
@pytest.mark.parametrize("format", ["wav", "rf64"])
def test_riff_chunks_are_copied_as_they_stand(tmp_path: Path, names: list[str], behind: bool, format: str) -> None:
    kept = b"".join(ALL[name] for name in names)
    (tmp_path / "a.wav").write_bytes(wav(48_001, before=b"" if behind else kept, behind=kept if behind else b""))
    writer = copy(tmp_path / "a.wav", tmp_path / f"b.{format}")
    assert writer.notes == ()
    x, y = read(tmp_path / "a.wav")[0], read(tmp_path / f"b.{format}")[0]
    np.testing.assert_array_equal(x, y)
    wanted = [c for c in chunks(tmp_path / "a.wav") if c[0] not in (b"fmt ", b"data")]
    if format == "rf64":  # where sizes are made even
        wanted = [(id, content + bytes(len(content) % 2)) for id, content in wanted]
    assert list(held(tmp_path / f"b.{format}").chunks) == wanted
    if format == "wav":
        assert [c for c in chunks(tmp_path / "b.wav") if c[0] not in (b"fmt ", b"data")] == wanted
    assert soundfile.info(tmp_path / f"b.{format}").frames == 48_001  # not only we can read it


def test_the_timecode_stays_to_the_sample(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(wav(48_000, before=BEXT))
    copy(tmp_path / "a.wav", tmp_path / "b.wav")
    bext = dict(chunks(tmp_path / "b.wav"))[b"bext"]
    assert struct.unpack("<Q", bext[338:346])[0] == 172_800_000


@pytest.mark.parametrize("suffix", [".flac", ".mp3", ".ogg", ".aiff", ".caf", ".w64", ".au"])
def test_what_only_riff_holds_is_named_elsewhere(tmp_path: Path, suffix: str) -> None:
    (tmp_path / "a.wav").write_bytes(wav(48_000, before=b"".join(ALL.values())))
    (note,) = copy(tmp_path / "a.wav", tmp_path / f"b{suffix}").notes
    for name in ("bext", "iXML", "cue points", "labels", "sampler loops", "instrument"):
        assert name in note
    assert ("tags" in note) == (suffix in (".w64", ".au"))


def test_what_describes_the_old_sound_is_left_out_and_named(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(wav(4_800, before=chunk(b"levl", bytes(100)) + chunk(b"MD5 ", bytes(16))))
    (note,) = copy(tmp_path / "a.wav", tmp_path / "b.wav").notes
    assert "levl" in note
    assert "MD5" in note


@pytest.mark.parametrize("size", [9_600, 0])
@pytest.mark.parametrize("suffix", [".wav", ".flac"])
def test_big_endian_chunks_are_named_and_their_texts_kept(tmp_path: Path, suffix: str, size: int) -> None:
    def big(id: bytes, content: bytes) -> bytes:
        return id + struct.pack(">I", len(content)) + content + bytes(len(content) & 1)

    fmt = big(b"fmt ", struct.pack(">HHIIHH", 1, 1, RATE, 2 * RATE, 2, 16))
    cues = big(b"cue ", struct.pack(">III4sIII", 1, 7, 0, b"data", 0, 0, 240))
    labels = big(b"LIST", b"adtl" + big(b"labl", struct.pack(">I", 7) + b"here\0"))
    texts = big(b"LIST", b"INFO" + big(b"INAM", b"A name\0") + big(b"IXYZ", b"unheard of\0"))
    data = b"data" + struct.pack(">I", size) + ramp(4_800).astype(">i2").tobytes()
    body = b"WAVE" + fmt + cues + labels + texts + data
    (tmp_path / "a.wav").write_bytes(b"RIFX" + struct.pack(">I", len(body)) + body)
    (note,) = copy(tmp_path / "a.wav", tmp_path / f"b{suffix}").notes
    assert "cue points (big-endian), labels and notes (big-endian)" in note
    x, reader = read(tmp_path / f"b{suffix}")
    np.testing.assert_array_equal(x[0], ramp(4_800)[:, 0] / np.float32(2**15))
    assert reader.info.metadata is not None
    assert reader.info.metadata.tags == {"title": ("A name",), "ixyz": ("unheard of",)}
    assert b"cue " not in (tmp_path / f"b{suffix}").read_bytes()


@pytest.mark.parametrize("suffix", [".wav", ".rf64", ".aiff", ".flac", ".ogg", ".opus", ".mp3"])
def test_tags_pictures_and_chapters_go_along(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    assert make(path, everything()).notes == ()
    for _ in range(2):  # what was translated is copied then
        found = held(path)
        for name, texts in TEXTS.items():
            assert "; ".join(found.tags[name]) == "; ".join(texts)
        assert [(p.type, p.mime, p.desc, p.data) for p in found.pictures] == [(3, "image/png", "front", png())]
        assert [(round(c.start, 3), c.title) for c in found.chapters] == [(0.0, "one"), (0.05, "zwei")]
        new = tmp_path / f"again{suffix}"
        assert copy(path, new).notes == ()
        path = new


@pytest.mark.parametrize(("suffix", "version"), [(".wav", 4), (".rf64", 4), (".aiff", 4), (".mp3", 4), (".mp3", 3)])
def test_chapters_of_id3_stand_in_the_order_of_time(tmp_path: Path, suffix: str, version: int) -> None:
    """FFmpeg looks at nothing else."""
    av = pytest.importorskip("av", reason="needs the [media] extra")
    from mutagen.id3 import ID3

    titles = [f"{n} " + "long " * (7 * n % 5) for n in range(15)]
    chapters = tuple(Chapter(n / 100, (n + 1) / 100, title) for n, title in enumerate(titles))
    make(tmp_path / f"a{suffix}", replace(everything(), chapters=chapters[::-1]), samples=12_000)
    if suffix == ".mp3":  # by the size of its frames
        ID3(tmp_path / "a.mp3").save(tmp_path / "a.mp3", v2_version=version)
    copy(tmp_path / f"a{suffix}", tmp_path / f"b{suffix}")
    with av.open(str(tmp_path / f"b{suffix}")) as container:
        assert [chapter["metadata"]["title"] for chapter in container.chapters()] == titles
    found = held(tmp_path / f"b{suffix}")
    assert found.tags == {**TEXTS, "artist": found.tags["artist"]}
    assert [picture.data for picture in found.pictures] == [png()]


@pytest.mark.parametrize("source", [".wav", ".aiff", ".flac", ".ogg", ".opus", ".mp3"])
@pytest.mark.parametrize("target", [".wav", ".aiff", ".flac", ".ogg", ".opus", ".mp3", ".m4a", ".mka", ".caf", ".w64"])
def test_from_any_format_to_any_other(tmp_path: Path, source: str, target: str) -> None:
    if target in (".m4a", ".mka"):
        pytest.importorskip("av", reason="needs the [media] extra")
    make(tmp_path / f"a{source}", everything())
    writer = copy(tmp_path / f"a{source}", tmp_path / f"b{target}")
    found, notes = held(tmp_path / f"b{target}"), " ".join(writer.notes)
    for name, texts in TEXTS.items():
        name = name.replace(" ", "_") if target == ".mka" else name
        kept = "; ".join(found.tags.get(name, ())) == "; ".join(texts)
        assert kept or "tags" in notes
    for what in ("pictures", "chapters"):
        assert len(getattr(found, what)) == len(getattr(everything(), what)) or what in notes
    if target not in (".caf", ".w64"):
        assert notes == ""


@settings(max_examples=40)
@given(
    text=st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=40),
    name=st.sampled_from([".wav", ".flac", ".ogg", ".mp3", ".aiff", ".caf"]),
)  # fmt: skip
def test_any_text_stays_as_it_is(tmp_path_factory: pytest.TempPathFactory, text: str, name: str) -> None:
    path = tmp_path_factory.getbasetemp() / f"text{name}"
    make(path, Metadata(family="", tags={"title": (text,), "own": (text,)}), samples=480)
    assert held(path).tags["title"] == (text,)
    assert held(path).tags["own"] == (text,)


def test_flac_keeps_cue_sheet_and_application_blocks(tmp_path: Path) -> None:
    from mutagen.flac import FLAC, CueSheet, CueSheetTrack, MetadataBlock

    make(tmp_path / "a.flac", everything())
    flac = FLAC(tmp_path / "a.flac")
    sheet = CueSheet(None)
    sheet.tracks.append(CueSheetTrack(170, 4_800))
    block = MetadataBlock(b"abcdown data")
    block.code = 2
    flac.metadata_blocks += [sheet, block]
    flac.save()
    assert copy(tmp_path / "a.flac", tmp_path / "b.flac").notes == ()
    new = FLAC(tmp_path / "b.flac")
    assert new.cuesheet.tracks[0].start_offset == 4_800
    assert [b.data for b in new.metadata_blocks if b.code == 2] == [b"abcdown data"]
    (note,) = copy(tmp_path / "a.flac", tmp_path / "b.wav").notes
    assert "cue sheet" in note
    assert "abcd" in note


def test_damaged_tags_do_not_cost_the_sound(tmp_path: Path) -> None:
    id3 = chunk(b"id3 ", b"ID3\4\0\0\0\0\0\x20TIT2\xff\xff\xff")
    for damage in (id3, chunk(b"LIST", b"INFOINAM\xff\xff"), b"LIST\xff"):
        (tmp_path / "a.wav").write_bytes(wav(4_800, behind=damage))
        copy(tmp_path / "a.wav", tmp_path / "b.wav")
        assert read(tmp_path / "b.wav")[0].shape == (1, 4_800)


@pytest.mark.parametrize("suffix", [".flac", ".mp3", ".m4a"])  # a damaged page of Ogg is refused
@pytest.mark.parametrize("target", ["same", ".wav"])
def test_tags_that_cannot_be_read_are_named(tmp_path: Path, suffix: str, target: str) -> None:
    if suffix == ".m4a":
        pytest.importorskip("av", reason="needs the [media] extra")
    path, new = tmp_path / f"a{suffix}", tmp_path / f"b{suffix if target == 'same' else target}"
    tags = Metadata(family="", tags={"title": ("A title",)})
    make(path, tags)
    assert copy(path, new).notes == ()
    x, content = read(path)[0], bytearray(path.read_bytes())
    if suffix == ".mp3":
        content[3] = 9  # a version to come
    elif suffix == ".m4a":
        at = content.index(b"\xa9nam") + 8
        content[at : at + 4] = b"\0" * 4  # where "data" should stand
    else:
        at = content.index(b"TITLE=") - 4
        content[at : at + 4] = b"\xff" * 4  # its length
    path.write_bytes(content)
    writer = copy(path, new)
    np.testing.assert_array_equal(read(path)[0], x)
    (note,) = writer.notes
    assert note.startswith("not kept: ")
    assert "cannot be read" in note


# Channels


def test_what_cannot_be_tagged_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from phaseaware.engine.audio import sinks

    def fails(path: Path, info: AudioInfo) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(sinks, "tag_file", fails)
    with pytest.raises(AudioFileError, match="No space left"):
        make(tmp_path / "a.flac", everything())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("source", [".m4a", ".mka", ".flac"])
@pytest.mark.parametrize("target", [".m4a", ".mka", ".flac", ".mp3", ".wav"])
def test_what_is_spoken_stays_told(tmp_path: Path, source: str, target: str) -> None:
    av = pytest.importorskip("av", reason="needs the [media] extra")
    tags = Metadata(family="", tags={"title": ("T",), "language": ("deu",)})
    path = tmp_path / f"a{source}"
    write(path, np.full((1, 9_600), 0.1, np.float32), info("MP4", "AAC", metadata=tags).for_name(path))
    copy(path, tmp_path / f"b{target}")
    for name in (f"a{source}", f"b{target}"):
        found = read(tmp_path / name)[1].info.metadata
        assert found is not None
        assert (found.tags["language"], found.tags["title"]) == (("deu",), ("T",))
        if name.endswith(("m4a", "mka")):
            with av.open(str(tmp_path / name)) as container:
                assert container.streams.audio[0].language == "deu"
                assert "language" not in {key.lower() for key in container.metadata}
