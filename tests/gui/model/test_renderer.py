"""What is heard while a renderer is slow, with a renderer that works only as far as the test lets it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from phaseaware.engine import MaskModel
from phaseaware.engine.frames import Frames
from phaseaware.engine.versions import Version
from phaseaware.gui.model import Controls, masking
from phaseaware.gui.model import renderer as renderer_module
from phaseaware.gui.model.masking import Masking, ModelMasks
from phaseaware.gui.model.mixer import FADE, Mixer, Transport
from phaseaware.gui.model.recording import Recording, open_recording
from phaseaware.gui.model.renderer import Renderer, Slot

from tests.gui.helpers import PATIENCE, write_wav
from tests.signals import voice_like

CHUNK = 8 * 512
"""Samples rendered first, and at once."""
START = 48_000 // 512 * 512


class Gate:
    """Masks that are found only as often as allowed; tells when it is asked for them."""

    def __init__(self, masking: Masking, report: Callable[[], None]) -> None:
        self._masking, self._report = masking, report
        self._changed = threading.Condition()
        self._allowed = float("inf")

    def allow(self, times: float) -> None:
        """Let that many calls pass from now on."""
        with self._changed:
            self._allowed = times
            self._changed.notify()

    @property
    def reach(self) -> int:
        return self._masking.reach

    @property
    def beginning(self) -> int:
        return self._masking.beginning

    def start(self, frame: int) -> None:
        self._masking.start(frame)
        self._report()

    def read(self, count: int) -> Frames:
        with self._changed:
            assert self._changed.wait_for(lambda: self._allowed > 0, PATIENCE)
            self._allowed -= 1
        return self._masking.read(count)


class Stage:
    """A recording, its renderer and the mixer that plays it, with A rendered and heard."""

    def __init__(self, path: Path, model: MaskModel) -> None:
        self.recording: Recording
        self.recording, fill = open_recording(path)
        fill(lambda: None, threading.Event())
        self.mixer = Mixer()
        self.looks = 0
        self._changed = threading.Condition()
        self.gate = Gate(ModelMasks(self.recording, model), self._report)
        self.renderer = Renderer(
            self.recording, self.gate, playhead=lambda: self.mixer.position, heard=self._heard, changed=self._report
        )
        self.mixer.load(self.recording, self.renderer)
        self.mixer.transport = Transport(playing=True, version=Version.PHASE_AWARE, seek=(1, START))
        self.set(Controls())
        self.wait(lambda: self.renderer.done)
        self.old = self.heard_samples()
        self.mixer.read(4800)

    def _heard(self) -> Collection[Slot]:
        with self._changed:
            self.looks += 1
            self._changed.notify_all()
        return self.mixer.slots

    def _report(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def set(self, controls: Controls) -> None:
        self.renderer.set_renders(controls.renders())

    def wait(self, condition: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(condition, PATIENCE)

    def heard_samples(self) -> NDArray[np.float32]:
        """All of A as rendered last, shape (n, 1)."""
        samples = self.renderer.newest.tracks["phase-aware"].read(0, self.recording.samples)
        assert samples.dtype == np.float32
        return samples

    def render_chunks(self, count: int) -> None:
        """Let so many chunks be rendered."""
        before = self.renderer.newest.coverage.filled
        self.gate.allow(count if before else count + 1)  # a new pass reads one frame first
        self.wait(lambda: self.renderer.newest.coverage.filled >= before + count * CHUNK)


@pytest.fixture
def stage(history_model: MaskModel, tmp_path: Path, rng: np.random.Generator) -> Iterator[Stage]:
    stage = Stage(write_wav(tmp_path / "x.wav", voice_like(rng, 4 * 48_000)), history_model)
    yield stage
    stage.gate.allow(float("inf"))
    stage.renderer.close()


def begin_new_settings(stage: Stage) -> None:
    """The renderer has begun other settings at the playhead, but has nothing of them yet."""
    stage.gate.allow(0)
    before = stage.renderer.newest
    stage.set(Controls(mix=0.25))
    stage.wait(lambda: stage.renderer.newest is not before)


def test_new_settings_are_not_heard_before_there_are_enough_of_them(stage: Stage) -> None:
    begin_new_settings(stage)
    position = stage.mixer.position
    out = [stage.mixer.read(2400)]
    stage.render_chunks(1)
    out.append(stage.mixer.read(2400))  # of the chunk there are left 35 ms, which would run out at once
    expected = stage.old[position : position + 4800]
    np.testing.assert_array_equal(np.concatenate(out)[:, :1], expected)
    stage.render_chunks(2)
    new = stage.heard_samples()
    position = stage.mixer.position
    out = [stage.mixer.read(2400)]
    np.testing.assert_array_equal(out[0][FADE:, :1], new[position + FADE : position + 2400])


def test_where_new_settings_run_out_the_old_ones_go_on_instead_of_a_gap(stage: Stage) -> None:
    begin_new_settings(stage)
    stage.render_chunks(1)
    begun = stage.mixer.position
    new = stage.heard_samples()
    out, waited = [], False
    for _ in range(40):
        out.append(stage.mixer.read(480)[:, :1])
        waited |= stage.mixer.waiting
    assert not waited
    assert stage.mixer.position == begun + 40 * 480
    x = np.concatenate(out)
    old, new = (y[begun : begun + len(x)] for y in (stage.old, new))
    is_new, is_old = (x == new)[:, 0], (x == old)[:, 0]
    returned = FADE + int(np.argmin(is_new[FADE:]))
    assert returned > CHUNK // 4, "the new settings, while they last"
    assert is_old[returned + FADE :].all(), "then the old ones, after a fade"
    fade = np.arange(1, FADE, dtype=np.float32)[:, None] / FADE
    stretch = slice(returned, returned + FADE - 1)
    rendered = stage.renderer.newest.coverage.ready_until(begun)
    assert begun + returned + FADE <= rendered, "the fade-out reads rendered samples only"
    np.testing.assert_allclose(x[stretch], (1 - fade) * new[stretch] + fade * old[stretch], atol=1e-6)
    stage.gate.allow(float("inf"))
    stage.wait(lambda: stage.renderer.done)
    position = stage.mixer.position
    np.testing.assert_array_equal(
        stage.mixer.read(2400)[FADE:, :1], stage.heard_samples()[position + FADE : position + 2400]
    )


def test_what_is_fading_out_is_not_written_over(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renderer_module, "_LONGEST_FADE", PATIENCE)
    stage.set(Controls(mix=0.25))
    stage.wait(lambda: stage.renderer.done)
    new = stage.heard_samples()
    position = stage.mixer.position
    out = [stage.mixer.read(5)]
    assert len(stage.mixer.slots) == 2
    looks = stage.looks
    stage.set(Controls(mix=0.5))
    stage.wait(lambda: stage.looks > looks + 1)  # it looks again: it waits
    out.append(stage.mixer.read(2400))
    weight = np.minimum(np.arange(1, 2406, dtype=np.float32) / FADE, 1)[:, None]
    stretch = slice(position, position + 2405)
    expected = (1 - weight) * stage.old[stretch] + weight * new[stretch]
    np.testing.assert_allclose(np.concatenate(out)[:, :1], expected, atol=1e-6)
    stage.wait(lambda: stage.renderer.done)
    assert not np.array_equal(stage.heard_samples(), new)


def test_a_fade_that_never_ends_does_not_stop_the_renderer(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renderer_module, "_LONGEST_FADE", 0.0)
    stage.set(Controls(mix=0.25))
    stage.wait(lambda: stage.renderer.done)
    stage.mixer.read(5)
    stage.set(Controls(mix=0.5))
    stage.wait(lambda: stage.renderer.done)
    assert len(stage.mixer.slots) == 2


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """Seventeen seconds of voice-like sound in hiss, decoded; for the shipped model, which remembers for long."""
    rng, n = np.random.default_rng(1), 17 * 48_000
    x = voice_like(rng, n) + (0.02 * rng.standard_normal(n)).astype(np.float32)
    recording, fill = open_recording(write_wav(tmp_path_factory.mktemp("masks") / "x.wav", x))
    fill(lambda: None, threading.Event())
    return recording


@pytest.fixture(scope="module")
def shipped() -> MaskModel:
    return MaskModel()


@pytest.fixture(scope="module")
def exact(recording: Recording, shipped: MaskModel) -> NDArray[np.complex64]:
    """The spectrum of A, heard from the beginning on."""
    return output(ModelMasks(recording, shipped), 0, 1501)


def output(masks: ModelMasks, start: int, count: int) -> NDArray[np.complex64]:
    """A's spectrum, shape (count, 513)."""
    masks.start(start)
    frames = masks.read(count)
    return (frames.masks["phase-aware"] * frames.spectrum)[0]


def test_a_start_far_ahead_of_what_was_heard_is_close(
    recording: Recording, shipped: MaskModel, exact: NDArray[np.complex64], monkeypatch: pytest.MonkeyPatch
) -> None:
    def error_db(start: int) -> float:
        expected = exact[start : start + 100]
        error = output(ModelMasks(recording, shipped), start, 100) - expected
        return float(10 * np.log10(np.sum(np.abs(error) ** 2) / np.sum(np.abs(expected) ** 2)))

    even, odd = error_db(1400), error_db(1401)
    assert abs(even - odd) < 6, "odd frames are as good a start as even ones"
    monkeypatch.setattr(masking, "_WARM_UP", 0)
    assert even < error_db(1400) - 10, "hearing what was before helps"


def test_a_start_where_was_started_before_gives_the_same(recording: Recording, shipped: MaskModel) -> None:
    masks = ModelMasks(recording, shipped)
    before = output(masks, 1200, 100)
    np.testing.assert_allclose(output(masks, 1260, 40), before[60:], atol=1e-5)


def test_a_start_a_little_ahead_of_what_was_heard_is_exact(
    recording: Recording, shipped: MaskModel, exact: NDArray[np.complex64]
) -> None:
    masks = ModelMasks(recording, shipped)
    output(masks, 0, 401)
    np.testing.assert_allclose(output(masks, 1001, 99), exact[1001:1100], atol=1e-5)
