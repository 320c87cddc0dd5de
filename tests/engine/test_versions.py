"""The versions: what each is made of, and frames to samples."""

from __future__ import annotations

import numpy as np
import pytest
from phaseaware.engine import MaskModel, Render, Separator, Version
from phaseaware.engine.frames import Frames, MaskSynthesis
from phaseaware.engine.limits import LINKS, MASK_NAMES
from phaseaware.engine.stft import HOP, frame_count, istft, stft

from tests import fakes


@pytest.mark.parametrize("by", MASK_NAMES)
def test_sums(rng, by) -> None:
    sounds = {v: rng.standard_normal((2, 9)) for v in (Version.NOISY, Version.PHASE_AWARE, Version.REAL, Version.CLEAN)}
    made = {version: version.of(sounds.__getitem__, removed_by=by) for version in Version}
    for version, x in sounds.items():
        assert made[version] is x
    np.testing.assert_array_equal(made[Version.DELTA], sounds[Version.PHASE_AWARE] - sounds[Version.REAL])
    np.testing.assert_array_equal(made[Version.REMOVED], sounds[Version.NOISY] - sounds[Version.of_mask(by)])


@pytest.mark.parametrize("version", list(Version))
def test_only_what_is_needed_is_asked_for(version) -> None:
    asked = []
    version.of(lambda part: asked.append(part) or 0, removed_by="real")
    assert asked == [part for part in version.parts("real") if part is not None]
    assert not {Version.DELTA, Version.REMOVED} & set(asked)


def test_letters_masks_and_versions_are_one_to_one() -> None:
    masks = [version.mask for version in Version if version.mask is not None]
    assert masks == list(MASK_NAMES)
    assert [version.letter for version in Version if version.letter is not None] == ["A", "B"]
    assert [render.mask for render in Render(mix=0.5).pair()] == masks
    assert {render.mix for render in Render(mix=0.5).pair()} == {0.5}


@pytest.mark.parametrize("size", [1, 3, 100])
def test_masks_times_spectrum_in_pieces_is_the_whole(rng, size) -> None:
    x = rng.standard_normal((2, 9 * HOP)).astype(np.float32)
    X = stft(x)
    masks = [rng.standard_normal((n, *X.shape[1:])).astype(np.complex64) for n in (2, 1)]
    synthesis = MaskSynthesis(2, 2)
    pieces = [
        synthesis.process(X[:, i : i + size], [M[:, i : i + size] for M in masks])
        for i in range(0, frame_count(x.shape[1]), size)
    ]
    made = np.concatenate(pieces, axis=2)[:, :, HOP:]
    for y, M in zip(made, masks, strict=True):
        np.testing.assert_allclose(y, istft(M * X, x.shape[1]), atol=1e-5)


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("size", [1, 700, 100_000])
def test_the_observer_is_given_each_frame_once_with_its_mask(rng, tmp_path, link, size) -> None:
    """Noisy spectrum times the mask handed out is the output, look-ahead or not."""
    model = MaskModel(fakes.constant_model(tmp_path / "m.onnx", masks={"mask_phase_aware": 0.5}, lookahead=3))
    x = rng.standard_normal((2, 5000 if size > 1 else 3000)).astype(np.float32)
    seen: list[Frames] = []
    render = Render(strength_low=0.5)
    separator = Separator(model, render, channels=2, link=link, observer=seen.append)
    for _ in range(2):  # the second stream begins anew
        seen.clear()
        parts = [separator.process(x[:, i : i + size]) for i in range(0, x.shape[1], size)]
        out = np.concatenate([*parts, separator.flush()], axis=2)[0]
        X = np.concatenate([frames.spectrum for frames in seen], axis=1)
        M = np.concatenate([frames.applied([render])[0] for frames in seen], axis=1)
        assert len(M) == (2 if link == "channels" else 1)
        count = frame_count(x.shape[1])
        np.testing.assert_allclose(X[:, :count], stft(x), atol=1e-5)
        np.testing.assert_allclose(istft((M * X)[:, :count], x.shape[1]), out, atol=1e-5)
