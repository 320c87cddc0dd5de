"""Small whole files as recorders, encoders and phones leave them: true lengths, and what they hold, written again.

All sound in `cases` is the project's own demo clip (`plugin/demo`), speech and noise mixed: no recording of others.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from phaseaware.engine.audio import AudioFileError, AudioInfo, AudioReader

from .helpers import CASES, copy, read

SECONDS = {
    "broadcast.wav": 2, "cbr-no-info.mp3": 6.024, "data-size-0.wav": 2, "data-size-ffffffff.wav": 2, "talk.m4a": 6,
    "talk.mp4": 6, "vbr-no-xing.mp3": 24.024,
}  # fmt: skip
REFUSED = {"cut-behind-smpl.wav": "ends early: 95,716 of 192,000 bytes of sound are there"}


def test_all_of_them_are_tried() -> None:
    assert {path.name for path in CASES.iterdir()} == set(SECONDS) | set(REFUSED)


@pytest.mark.parametrize(("name", "seconds"), SECONDS.items())
def test_lengths_are_true_and_nothing_is_lost(tmp_path: Path, name: str, seconds: float) -> None:
    if name.startswith("talk"):
        pytest.importorskip("av")
    x, reader = read(CASES / name)
    assert x.shape == (1, round(seconds * 48_000))
    assert len(reader.notes) == (name.startswith(("data-size", "cbr", "vbr")))
    assert reader.left_out == ()
    written = copy(CASES / name, tmp_path / name)
    assert written.notes == ()
    y, again = read(tmp_path / name)
    assert y.shape == x.shape
    if name.endswith(".wav"):
        np.testing.assert_array_equal(x, y)
    assert _held(again.info) == _held(reader.info)


def _held(info: AudioInfo) -> list[object]:
    held = info.metadata
    assert held is not None
    tags = {name: texts for name, texts in held.tags.items() if name not in ("software", "encoder")}
    return [tags, held.chunks, held.chapters, [p.data for p in held.pictures], held.only_here, info.channel_mask]


def test_the_broadcast_wave_holds_what_it_should_keep() -> None:
    with AudioReader(CASES / "broadcast.wav") as reader:
        assert reader.info.metadata is not None
        names = {id for id, _ in reader.info.metadata.chunks}
    assert {b"bext", b"iXML", b"cue "} <= names


@pytest.mark.parametrize(("name", "said"), REFUSED.items())
def test_what_is_cut_is_refused(name: str, said: str) -> None:
    with pytest.raises(AudioFileError, match=said):
        AudioReader(CASES / name)
