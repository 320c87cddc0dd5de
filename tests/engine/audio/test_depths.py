"""How deep samples are is known, and stays where nothing is lost."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from phaseaware.engine.audio import AudioReader

from .helpers import RATE, copy, read

av = pytest.importorskip("av", reason="needs the [media] extra")


@pytest.mark.parametrize(("suffix", "muxer", "codec", "form"), [
    (".wav", "wav", "pcm_s64le", "s64"), (".wv", "wv", "wavpack", "s32p"), (".tta", "tta", "tta", "s32")
])  # fmt: skip
def test_what_loses_nothing_keeps_its_depth(tmp_path: Path, suffix: str, muxer: str, codec: str, form: str) -> None:
    import av

    x = np.random.default_rng(0).integers(-(2**23), 2**23, (1, 4_800)).astype(np.int32) << 8
    with av.open(str(tmp_path / f"a{suffix}"), "w", format=muxer) as out:
        stream = out.add_stream(codec, rate=RATE, layout="mono", format=form)
        frame = av.AudioFrame.from_ndarray(x, format="s32", layout="mono")
        frame.sample_rate, frame.pts = RATE, 0
        for piece in av.AudioResampler(format=form, layout="mono", rate=RATE).resample(frame):
            out.mux(stream.encode(piece))
        out.mux(stream.encode(None))
    copy(tmp_path / f"a{suffix}", tmp_path / "b.wav")
    np.testing.assert_allclose(read(tmp_path / "b.wav")[0], x * 2.0**-31, atol=2.0**-23)


@pytest.mark.parametrize(("bits", "form"), [(16, "s16"), (24, "s32"), (32, "s32")])
@pytest.mark.parametrize(("name", "muxer", "codec"), [
    ("a.flac", "flac", "flac"), ("a.mka", "matroska", "flac"), ("a.m4a", "mp4", "alac"),
    ("a.wv", "wv", "wavpack"), ("a.mka", "matroska", "wavpack"),
])  # fmt: skip
def test_how_deep_it_is_is_known(tmp_path: Path, name: str, muxer: str, codec: str, bits: int, form: str) -> None:
    if codec == "alac" and bits == 32:
        pytest.skip("FFmpeg writes none")
    x = np.random.default_rng(0).integers(-(2**31), 2**31, (1, 4_800)) >> 32 - bits << 32 - bits
    form += "p" * (codec != "flac")
    with av.open(str(tmp_path / name), "w", format=muxer) as out:
        stream = out.add_stream(codec, rate=RATE, layout="mono", format=form)
        stream.codec_context.options = {"strict": "experimental", "bits_per_raw_sample": str(bits)}
        frame = av.AudioFrame.from_ndarray(x.astype(np.int32), format="s32", layout="mono")
        frame.sample_rate, frame.pts = RATE, 0
        for piece in av.AudioResampler(format=form, layout="mono", rate=RATE).resample(frame):
            out.mux(stream.encode(piece))
        out.mux(stream.encode(None))
    if muxer == "flac":  # without a length, as into a pipe, libsndfile reads none
        data = bytearray((tmp_path / name).read_bytes())
        data[21:26] = bytes([data[21] & 0xF0, 0, 0, 0, 0])
        (tmp_path / name).write_bytes(data)
    with AudioReader(tmp_path / name) as reader:
        found = reader.info
    assert found.subtype.endswith(f"_{bits}")
    assert found.for_name("b.wav").subtype == f"PCM_{bits}"
    if bits < 32 and codec != "wavpack":
        assert found.for_name(name).subtype == found.subtype
