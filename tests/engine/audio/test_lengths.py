"""True lengths: unfinished headers, cut files, MPEG without tags, joined files."""

from __future__ import annotations

import struct
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from phaseaware.engine.audio import AudioFileError, AudioReader
from phaseaware.engine.audio.chunks import layout_of
from phaseaware.engine.audio.pieces import PiecedFile, patched
from phaseaware.engine.audio.sizes import judge

from .helpers import RATE, chunk, chunks, copy, ramp, read, wav

OPEN = [0, 0x80000000, 0xFFFFFFDB, 0xFFFFFFFF, 0x7FFFF000, 0x7FFFFFFF, 0x8000003F]
SAMPLER = chunk(b"smpl", struct.pack("<9I", *[0] * 7, 20, 0) + bytes(24 * 20))
MAGIC = [
    b"RIFF\0\0\0\0WAVE", b"FORM\0\0\0\0AIFF", b"caff\0\1\0\0", b".snd", b"RF64\xff\xff\xff\xffWAVE", b"OggS", b"fLaC",
    b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00", b"\xff\xfb\x90\x64", b"ID3\4\0\0",
]  # fmt: skip
TEXTS = chunk(b"LIST", b"INFO" + chunk(b"ICMT", b"data : 4 (should be 4)\n" * 200))


@pytest.mark.parametrize("size", OPEN)
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("before", [b"", SAMPLER])
def test_an_unfinished_wav_is_read_to_its_end(tmp_path: Path, size: int, channels: int, before: bytes) -> None:
    (tmp_path / "a.wav").write_bytes(wav(4_801, channels=channels, before=before, data_size=size, riff_size=size))
    x, reader = read(tmp_path / "a.wav")
    np.testing.assert_array_equal(x.T, ramp(4_801, channels) / np.float32(2**15))
    (note,) = reader.notes
    assert "all that is there is taken" in note
    assert "\n" not in note


def test_the_sample_that_is_not_whole_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(wav(1_000, channels=2, data_size=0)[:-1])
    assert read(tmp_path / "a.wav")[0].shape == (2, 999)


@pytest.mark.parametrize("more", [1, 2, 8, 36, 44])
def test_a_few_bytes_too_many_are_told(tmp_path: Path, more: int) -> None:
    (tmp_path / "a.wav").write_bytes(wav(4_800, data_size=9_600 + more))
    x, reader = read(tmp_path / "a.wav")
    assert x.shape == (1, 4_800)
    assert f"counts {more} bytes more than there are" in reader.notes[0]


def test_an_open_header_with_chunks_behind_it_holds_no_sound(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(wav(0, behind=chunk(b"abcd", b"12345678")))
    with pytest.raises(AudioFileError, match="holds no sound"):
        AudioReader(tmp_path / "a.wav")


def test_sound_behind_the_counted_end_is_taken_if_the_file_s_own_size_counts_it(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(wav(4_800, data_size=2_000))
    x, reader = read(tmp_path / "a.wav")
    assert x.shape == (1, 4_800)
    assert reader.notes


def test_bytes_behind_the_last_chunk_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(wav(4_800) + b"\0" * 500)
    x, reader = read(tmp_path / "a.wav")
    assert x.shape == (1, 4_800)
    assert "behind its last chunk" in reader.notes[0]


@pytest.mark.parametrize(
    "before", [b"", SAMPLER, TEXTS, chunk(b"JUNK", b"") * 198], ids=["bare", "smpl", "INFO", "JUNK"]
)
@pytest.mark.parametrize("share", [0.5, 0.99])
def test_a_cut_wav_is_refused_whatever_stands_before(tmp_path: Path, before: bytes, share: float) -> None:
    whole = wav(48_000, before=before)
    (tmp_path / "a.wav").write_bytes(whole)
    assert read(tmp_path / "a.wav")[0].shape == (1, 48_000)
    (tmp_path / "a.wav").write_bytes(whole[: len(whole) - 96_000 + int(96_000 * share)])
    with pytest.raises(AudioFileError, match=r"ends early: [\d,]+ of 96,000 bytes of sound are there"):
        AudioReader(tmp_path / "a.wav")


def test_more_than_4_gb_behind_an_open_header(tmp_path: Path) -> None:
    head = wav(1, data_size=0, riff_size=0)[:-2]
    with open(tmp_path / "a.wav", "wb") as file:
        file.write(head)
        file.truncate(len(head) + 2**32 + 4_000)  # a sparse file
    with AudioReader(tmp_path / "a.wav") as reader:
        assert reader.info.frames == 2**31 + 2_000
        reader.check_end()


@pytest.mark.parametrize("format", ["AIFF", "CAF", "AU", "W64", "W64 of FFmpeg", "RF64"])
def test_open_headers_of_other_formats(tmp_path: Path, format: str) -> None:
    path = tmp_path / "a"
    x = ramp(4_800)
    format, _, of_ffmpeg = format.partition(" ")
    soundfile.write(path, x, RATE, "PCM_16", format=format)
    data = bytearray(path.read_bytes())
    if format == "AIFF":
        comm, ssnd = data.index(b"COMM"), data.index(b"SSND")
        data[ssnd + 4 : ssnd + 8], data[comm + 10 : comm + 14] = b"\xff\xff\xff\xff", bytes(4)
    elif format == "RF64":
        at = data.index(b"ds64") + 8
        data[at : at + 24] = bytes(24)
    else:
        at = {"AU": 8, "CAF": data.index(b"data") + 4, "W64": data.index(b"data") + 16}[format] if format != "AU" else 8
        new = {"AU": b"\xff" * 4, "CAF": b"\xff" * 8, "W64": (b"\xff" * 7 + b"\x7f") if of_ffmpeg else bytes(8)}[format]
        data[at : at + len(new)] = new
    path.write_bytes(data)
    y, reader = read(path)
    np.testing.assert_array_equal(y[0] * 2**15, x[:, 0])
    assert reader.notes


@settings(max_examples=200)
@given(
    sizes=st.lists(st.integers(0, 40), max_size=5), data=st.integers(0, 400), declared=st.integers(0, 2**32 - 1),
    tail=st.binary(max_size=80), order=st.booleans(),
)  # fmt: skip
def test_no_header_promises_sound_that_is_not_told_missing(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], data: int, declared: int, tail: bytes, order: bool
) -> None:
    """Whatever the sizes say: what is there is at most what lies behind the header, and less is cut or noted."""
    before = b"".join(chunk(b"abcd", bytes(size)) for size in sizes)
    content = wav(data, before=before if order else b"", data_size=declared) + tail
    path = tmp_path_factory.getbasetemp() / "header.wav"
    path.write_bytes(content)
    with open(path, "rb") as file:
        view = PiecedFile(file.fileno())
        layout = layout_of(view)
        assert layout is not None
        verdict = judge(view, layout)
    start = content.index(b"data") + 8
    assert 0 <= verdict.there <= len(content) - start
    assert verdict.is_cut or verdict.note or verdict.there == declared


@settings(max_examples=300)
@given(content=st.binary(max_size=300), magic=st.sampled_from(MAGIC))
def test_any_bytes_behind_a_magic_word_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, magic: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.bin"
    path.write_bytes(magic + content)
    with suppress(AudioFileError):
        x, reader = read(path)
        assert x.shape[1] == reader.info.frames > 0


# Files seen otherwise


@settings(max_examples=100)
@given(
    pieces=st.lists(
        st.one_of(st.binary(max_size=20), st.integers(0, 20), st.tuples(st.integers(0, 50), st.integers(50, 100))),
        max_size=6,
    ),
    reads=st.lists(st.tuples(st.integers(0, 300), st.integers(0, 100)), max_size=5),
)  # fmt: skip
def test_pieces_are_read_like_a_file_of_them(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes | int | tuple[int, int]],
    reads: list[tuple[int, int]],
) -> None:  # fmt: skip
    path = tmp_path_factory.getbasetemp() / "pieces.bin"
    content = bytes(range(100))
    path.write_bytes(content)
    parts = [p if isinstance(p, bytes) else bytes(p) if isinstance(p, int) else content[p[0] : p[1]] for p in pieces]
    whole = b"".join(parts)
    with open(path, "rb") as file:
        view = PiecedFile(file.fileno(), pieces)
        assert view.size == len(whole)
        assert view.read() == whole
        for start, count in reads:
            assert view.at(start, count) == whole[start : start + count]
            assert view.tell() == max(start, min(len(whole), start + count))


def test_patches_change_what_they_name_only(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"0123456789")
    with open(tmp_path / "a", "rb") as file:
        assert PiecedFile(file.fileno(), patched(10, {7: b"xy", 2: b"z"})).read() == b"01z3456xy9"


# Sound behind the sound


def test_several_chunks_of_sound_are_one_sound(tmp_path: Path) -> None:
    whole = ramp(4_800).astype("<i2").tobytes()
    fmt = wav(0)[12:36]
    for cuts in ((2_000,), (2_000, 2_002, 9_000)):
        parts = [whole[a:b] for a, b in zip((0, *cuts), (*cuts, None), strict=True)]
        body = b"WAVE" + fmt + b"".join(chunk(b"data", part) + SAMPLER for part in parts)
        (tmp_path / "a.wav").write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
        x, reader = read(tmp_path / "a.wav")
        np.testing.assert_array_equal(x[0], ramp(4_800)[:, 0] / np.float32(2**15))
        assert f"{len(parts)} chunks of sound" in reader.notes[0]
    (tmp_path / "a.wav").write_bytes((tmp_path / "a.wav").read_bytes()[: -len(SAMPLER) - 100])
    with pytest.raises(AudioFileError, match="ends early"):
        AudioReader(tmp_path / "a.wav")


def test_a_wav_behind_a_wav_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(wav(4_800, before=SAMPLER) + wav(2_400))
    x, reader = read(tmp_path / "a.wav")
    assert x.shape == (1, 4_800)
    (note,) = reader.left_out
    assert "another WAV file" in note
    copy(tmp_path / "a.wav", tmp_path / "b.wav")
    assert b"RIFF" not in (tmp_path / "b.wav").read_bytes()[4:]


@pytest.mark.parametrize("behind", [2, 4, 63, 64, 65])
@pytest.mark.parametrize("channels", [1, 2])
def test_a_few_bytes_too_few_are_told(tmp_path: Path, behind: int, channels: int) -> None:
    """The file's own size counts them, and (here) they do not look like a chunk."""
    size = 4_801 * 2 * channels
    (tmp_path / "a.wav").write_bytes(wav(4_801, channels=channels, data_size=size - behind))
    x, reader = read(tmp_path / "a.wav")
    assert x.shape[1] == 4_801
    assert reader.notes


@pytest.mark.parametrize("behind", [b"", SAMPLER, SAMPLER + TEXTS])
@pytest.mark.parametrize("channels", [1, 2])
def test_a_byte_too_few_costs_no_sample(tmp_path: Path, behind: bytes, channels: int) -> None:
    """An odd count makes the last byte look like the one that makes it even."""
    (tmp_path / "a.wav").write_bytes(wav(4_801, channels=channels, behind=behind, data_size=4_801 * 2 * channels - 1))
    x, reader = read(tmp_path / "a.wav")
    np.testing.assert_array_equal(x.T, ramp(4_801, channels) / np.float32(2**15))
    (note,) = reader.notes
    assert "the byte behind them is taken" in note
    assert reader.info.metadata is not None
    assert b"".join(chunk(*c) for c in reader.info.metadata.chunks) == behind
    copy(tmp_path / "a.wav", tmp_path / "b.wav")
    np.testing.assert_array_equal(read(tmp_path / "b.wav")[0], x)


@pytest.mark.parametrize("more", [4, 6, 8, 30, 63, 1_000])
@pytest.mark.parametrize("letters", [b"abcd", b"LIST"])
def test_sound_that_looks_like_a_chunk_is_sound_if_no_chunk_fits(tmp_path: Path, more: int, letters: bytes) -> None:
    sound = letters + b"\x7f" * 4 + bytes(more)
    content = wav(4_800) + sound[:more]
    (tmp_path / "a.wav").write_bytes(content[:4] + struct.pack("<I", len(content) - 8) + content[8:])
    x, reader = read(tmp_path / "a.wav")
    if letters == b"LIST":  # rather a chunk that is not whole
        assert x.shape == (1, 4_800)
        writer = copy(tmp_path / "a.wav", tmp_path / "b.wav")
        assert reader.notes or "LIST (incomplete)" in writer.notes[0]
    else:
        assert x.shape == (1, 4_800 + more // 2)
        assert reader.notes
        assert copy(tmp_path / "a.wav", tmp_path / "b.wav").notes == ()


@pytest.mark.parametrize("data_size", [None, 0xFFFFFFFF])
@pytest.mark.parametrize("ds64", [0, 9_600, 1])
def test_two_lengths_in_rf64(tmp_path: Path, data_size: int | None, ds64: int) -> None:
    """A data chunk with a size of its own is that long; else ds64 tells (EBU Tech 3306, section 3.3)."""
    content = wav(4_800, before=SAMPLER, data_size=data_size)
    sizes = chunk(b"ds64", struct.pack("<QQQI", len(content) + 36, ds64, 0, 0))
    (tmp_path / "a.wav").write_bytes(b"RF64\xff\xff\xff\xffWAVE" + sizes + content[12:])
    if data_size and ds64 == 1:
        return  # a byte is no sample, and what is behind it could be anything
    x, _ = read(tmp_path / "a.wav")
    np.testing.assert_array_equal(x[0], ramp(4_800)[:, 0] / np.float32(2**15))


@pytest.mark.parametrize("size", [1, 7, 603])
def test_a_chunk_without_the_byte_that_makes_it_even_costs_nothing(tmp_path: Path, size: int) -> None:
    uneven = chunk(b"bext", bytes(size))[:-1]
    (tmp_path / "a.wav").write_bytes(wav(4_801, before=uneven + chunk(b"iXML", b"<BWFXML/>")))
    x, reader = read(tmp_path / "a.wav")
    np.testing.assert_array_equal(x.T, ramp(4_801) / np.float32(2**15))
    assert reader.notes == ()
    copy(tmp_path / "a.wav", tmp_path / "b.wav")
    assert dict(chunks(tmp_path / "b.wav"))[b"iXML"] == b"<BWFXML/>"


ID3 = b"ID3\4\0\0\0\0\0\x10TIT2\0\0\0\6\0\0\3title"


@pytest.mark.parametrize("format", ["WAV", "RF64", "W64", "AIFF", "CAF", "AU"])
@pytest.mark.parametrize("tags", [1, 2])
def test_an_id3_tag_before_a_file_hides_nothing_of_it(tmp_path: Path, format: str, tags: int) -> None:
    path, x = tmp_path / "a", ramp(4_801, 2)
    soundfile.write(path, x, RATE, "PCM_16", format=format)
    whole = path.read_bytes()
    alone = read(path)[1]
    path.write_bytes(ID3 * tags + whole)
    y, reader = read(path)
    np.testing.assert_array_equal(y.T, x / np.float32(2**15))
    assert reader.info == alone.info
    assert reader.notes == (f"an ID3 tag of {len(ID3) * tags} bytes before its beginning is left out",)
    reader = AudioReader(path)
    reader.check_end()
    reader.close()
    path.write_bytes(ID3 * tags + whole[: len(whole) // 2])
    with pytest.raises(AudioFileError, match="ends early"):
        AudioReader(path)


@pytest.mark.parametrize("data_size", [None, 0, 2_000])
def test_chunks_behind_an_id3_tag_are_kept(tmp_path: Path, data_size: int | None) -> None:
    (tmp_path / "a.wav").write_bytes(ID3 + wav(4_800, before=SAMPLER, data_size=data_size))
    np.testing.assert_array_equal(read(tmp_path / "a.wav")[0][0], ramp(4_800)[:, 0] / np.float32(2**15))
    copy(tmp_path / "a.wav", tmp_path / "b.wav")
    assert SAMPLER in (tmp_path / "b.wav").read_bytes()


@pytest.mark.parametrize("head", [b"", ID3])
@pytest.mark.parametrize("data_size", [None, 0])
@pytest.mark.parametrize("channels", [1, 2])
def test_fewer_bits_than_bytes_are_read_at_their_places(
    tmp_path: Path, channels: int, data_size: int | None, head: bytes
) -> None:
    """24 bits in 4 bytes, which an extensible header should call 32."""
    x = ramp(4_800, channels).astype("<i4") << 16
    fmt = struct.pack("<HHIIHHHHI", 0xFFFE, channels, RATE, 4 * channels * RATE, 4 * channels, 24, 22, 24, 0)
    body = b"WAVE" + chunk(b"fmt ", fmt + bytes.fromhex("0100000000001000800000aa00389b71"))
    body += chunk(b"data", x.tobytes(), size=data_size)
    (tmp_path / "a.wav").write_bytes(head + b"RIFF" + struct.pack("<I", len(body)) + body)
    y, reader = read(tmp_path / "a.wav")
    np.testing.assert_array_equal(y.T, x / np.float32(2**31))
    assert any("32 are read" in note for note in reader.notes)
    assert reader.info.subtype == "PCM_32"


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize(("bits", "width"), [(8, 2), (8, 3), (16, 3), (20, 4), (24, 4), (16, 4)])
@pytest.mark.parametrize("is_open", [False, True])
def test_fewer_bits_than_bytes_are_read_at_their_places_in_caf(
    tmp_path: Path, bits: int, width: int, order: str, is_open: bool
) -> None:
    x = ramp(4_800, 2).astype(np.int64) >> max(0, 16 - bits) << max(0, 16 - bits) + 16
    whole = x.astype(order + "i4").view("u1").reshape(-1, 4)
    data = (whole[:, :width] if order == ">" else whole[:, 4 - width :]).tobytes()
    desc = struct.pack(">d4s5I", RATE, b"lpcm", 2 * (order == "<"), 2 * width, 1, 2, bits)
    head = b"caff\0\1\0\0desc" + struct.pack(">q", 32) + desc
    size = -1 if is_open else len(data) + 4
    (tmp_path / "a.caf").write_bytes(head + b"data" + struct.pack(">qI", size, 0) + data)
    y, reader = read(tmp_path / "a.caf")
    np.testing.assert_array_equal(y.T, x / np.float32(2**31))
    assert any(f"{8 * width} are read" in note for note in reader.notes)
