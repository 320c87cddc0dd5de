"""What headers of old formats tell is kept as tags, or named."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
from phaseaware.engine.audio import AudioFileError, AudioReader, AudioWriter
from phaseaware.engine.audio.headers import from_header
from phaseaware.engine.audio.pieces import PiecedFile

from .helpers import RATE, copy, ramp, read

SPHERE = (
    "channel_count -i 1", f"sample_rate -i {RATE}", "sample_n_bytes -i 2", "sample_byte_format -s2 01",
    "sample_count -i 480", "sample_max -i 29", "speaker_id -s4 mdab", "Utterance -s9 one a day", "snr -r 12.5",
    "empty -s0 ",
)  # fmt: skip
TOLD = {"speaker_id": ("mdab",), "utterance": ("one a day",), "snr": ("12.5",)}


def sphere(path: Path) -> None:
    head = "NIST_1A\n   1024\n" + "\n".join(SPHERE) + "\nend_head\nowner -s3 not"
    path.write_bytes(head.encode().ljust(1024, b"\n") + ramp(480).astype("<i2").tobytes())


def amiga(path: Path, texts: dict[bytes, bytes]) -> None:
    def chunk(id: bytes, content: bytes) -> bytes:
        return id + struct.pack(">I", len(content)) + content + bytes(len(content) & 1)

    voice = chunk(b"VHDR", struct.pack(">IIIHBBI", 480, 0, 0, 16_000, 1, 0, 1 << 16))
    body = b"16SV" + voice + b"".join(chunk(*text) for text in texts.items())
    path.write_bytes(chunk(b"FORM", body + chunk(b"BODY", ramp(480).astype(">i2").tobytes())))


@pytest.mark.parametrize("kind", ["NIST", "SVX"])
def test_texts_of_the_header_go_along(tmp_path: Path, kind: str) -> None:
    source, expected = tmp_path / "a.old", TOLD
    if kind == "NIST":
        sphere(source)
    else:
        amiga(source, {b"NAME": b"Talk", b"AUTH": b"Ann\0", b"ANNO": b"", b"(c) ": b"1989"})
        expected = {"title": ("Talk",), "artist": ("Ann",), "copyright": ("1989",)}
    x, reader = read(source)
    assert reader.info.format == kind
    np.testing.assert_array_equal(x[0] * 2**15, ramp(480)[:, 0])
    for suffix in (".wav", ".flac"):
        assert copy(source, tmp_path / f"b{suffix}").notes == ()
        metadata = read(tmp_path / f"b{suffix}")[1].info.metadata
        assert metadata is not None
        assert metadata.tags == expected
    assert any("no place for it: tags" in note for note in copy(source, tmp_path / "b.au").notes)


@pytest.mark.parametrize("size", [b"   1024\n", b"no size\n", b"9999999\n"])
def test_headers_that_are_damaged_cost_nothing_but_what_they_tell(tmp_path: Path, size: bytes) -> None:
    sphere(tmp_path / "a.sph")
    whole = (tmp_path / "a.sph").read_bytes()
    (tmp_path / "a.sph").write_bytes(whole[:8] + size + whole[16:])
    with open(tmp_path / "a.sph", "rb") as file:
        metadata = from_header(PiecedFile(file.fileno()))
    assert metadata is not None
    assert metadata.tags == ({} if size == b"no size\n" else TOLD)


def test_an_output_does_not_tell_the_name_that_it_has_for_a_while(tmp_path: Path) -> None:
    for format in soundfile.available_formats():
        path = tmp_path / f"a.{format.lower()}"
        try:
            soundfile.write(path, ramp(480), RATE, format=format)
            with AudioReader(path) as reader, AudioWriter(tmp_path / f"b{path.suffix}", reader.info) as writer:
                for block in reader.blocks():
                    writer.write(block)
        except (soundfile.LibsndfileError, ValueError, TypeError, AudioFileError):
            continue  # not of this rate, or without a header
        assert b".phaseaware" not in (tmp_path / f"b{path.suffix}").read_bytes(), format
