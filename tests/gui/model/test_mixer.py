"""What is sent to the device, sample by sample."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phaseaware.engine import MaskModel
from phaseaware.engine.versions import Version
from phaseaware.gui.model import Session
from phaseaware.gui.model.mixer import FADE, Mixer, Transport, read_version
from phaseaware.gui.model.store import Coverage

from tests.gui.helpers import WITHOUT_STEMS, Watched, write_wav
from tests.signals import voice_like


@pytest.fixture(scope="module")
def session(model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """Four seconds, fully rendered."""
    x = voice_like(np.random.default_rng(1), 4 * 48_000)
    watched = Watched(MaskModel(model_folder / "history.onnx"))
    watched.session.open(write_wav(tmp_path_factory.mktemp("mixer") / "x.wav", x))
    yield watched.rendered()
    watched.session.close()


def loaded(session: Session) -> Mixer:
    mixer = Mixer()
    mixer.load(session.recording, session.renderer)
    return mixer


def version(session: Session, which: Version, start: int, stop: int, gain: float = 1.0) -> np.ndarray:
    assert session.recording is not None
    assert session.renderer is not None
    x = read_version(which, "phase-aware", session.recording, session.renderer.newest, start, stop)
    return np.repeat(x * np.float32(gain), 2, axis=1)


def ramp() -> np.ndarray:
    return (np.arange(1, FADE + 1, dtype=np.float32) / FADE)[:, None]


def test_silence_before_anything_is_loaded() -> None:
    mixer = Mixer()
    mixer.transport = Transport(playing=True)
    assert not mixer.read(1000).any()


@pytest.mark.parametrize("which", WITHOUT_STEMS)
def test_every_version_sounds_in_place_after_its_fade_in(session: Session, which: Version) -> None:
    mixer = loaded(session)
    mixer.transport = Transport(playing=True, version=which, seek=(1, 20_000), gain=0.5)
    out = np.concatenate([mixer.read(n) for n in (1, 100, 700, 3000)])
    expected = version(session, which, 20_000, 23_801, 0.5)
    np.testing.assert_array_equal(out[FADE:], expected[FADE:])
    np.testing.assert_allclose(out[:FADE], ramp() * expected[:FADE], atol=1e-6)
    assert mixer.position == 23_801


def test_a_switch_keeps_the_place_and_fades_with_weights_that_sum_to_one(session: Session) -> None:
    mixer = loaded(session)
    mixer.transport = Transport(playing=True, version=Version.PHASE_AWARE)
    mixer.read(10_000)
    mixer.transport = replace(mixer.transport, version=Version.REAL)
    out = mixer.read(5000)
    a, b = (version(session, v, 10_000, 15_000) for v in (Version.PHASE_AWARE, Version.REAL))
    np.testing.assert_allclose(out[:FADE], (1 - ramp()) * a[:FADE] + ramp() * b[:FADE], atol=1e-6)
    np.testing.assert_array_equal(out[FADE:], b[FADE:])


def test_a_gain_change_fades_too(session: Session) -> None:
    mixer = loaded(session)
    mixer.transport = Transport(playing=True)
    mixer.read(10_000)
    mixer.transport = replace(mixer.transport, gain=0.25)
    out = mixer.read(2000)
    x = version(session, Version.NOISY, 10_000, 12_000)
    np.testing.assert_allclose(out[:FADE], (1 - 0.75 * ramp()) * x[:FADE], atol=1e-6)
    np.testing.assert_array_equal(out[FADE:], x[FADE:] * np.float32(0.25))


def test_the_loop_goes_on_in_time_with_a_fade_from_what_follows_its_end(session: Session) -> None:
    mixer = loaded(session)
    mixer.transport = Transport(playing=True, loop=(30_000, 40_000), seek=(1, 30_000))
    out = mixer.read(25_000)
    x = version(session, Version.NOISY, 30_000, 41_000)
    np.testing.assert_array_equal(out[FADE:10_000], x[FADE:10_000])
    for turn in (10_000, 20_000):
        np.testing.assert_allclose(
            out[turn : turn + FADE], (1 - ramp()) * x[10_000 : 10_000 + FADE] + ramp() * x[:FADE], atol=1e-6
        )
    np.testing.assert_array_equal(out[10_000 + FADE : 20_000], x[FADE:10_000])
    np.testing.assert_array_equal(out[20_000 + FADE : 25_000], x[FADE:5_000])


def test_the_end_stops_and_a_seek_starts_again(session: Session) -> None:
    mixer = loaded(session)
    end = 4 * 48_000
    mixer.transport = Transport(playing=True, seek=(1, end - 2000))
    out = mixer.read(4000)
    np.testing.assert_array_equal(out[FADE:2000], version(session, Version.NOISY, end - 2000, end)[FADE:])
    assert not out[2000:].any()
    assert mixer.ended
    assert mixer.position == end
    mixer.transport = replace(mixer.transport, seek=(2, 0))
    np.testing.assert_array_equal(mixer.read(2000)[FADE:], version(session, Version.NOISY, 0, 2000)[FADE:])


def test_pause_fades_out_and_goes_on_at_the_same_place(session: Session) -> None:
    mixer = loaded(session)
    mixer.transport = Transport(playing=True)
    mixer.read(5000)
    mixer.transport = Transport(playing=False)
    out = mixer.read(1000)
    np.testing.assert_allclose(out[:FADE], (1 - ramp()) * version(session, Version.NOISY, 5000, 5000 + FADE), atol=1e-6)
    assert not out[FADE:].any()
    assert mixer.silent
    assert mixer.position == 5000
    mixer.transport = Transport(playing=True)
    np.testing.assert_array_equal(mixer.read(1000)[FADE:], version(session, Version.NOISY, 5000, 6000)[FADE:])


def test_another_device_begins_with_a_fade_in(session: Session) -> None:
    mixer = loaded(session)
    mixer.transport = Transport(playing=True)
    mixer.read(5000)
    mixer.start_from_silence()
    out, expected = mixer.read(1000), version(session, Version.NOISY, 5000, 6000)
    np.testing.assert_allclose(out[:FADE], ramp() * expected[:FADE], atol=1e-6)
    np.testing.assert_array_equal(out[FADE:], expected[FADE:])


def test_what_is_not_rendered_is_waited_for_in_silence(session: Session) -> None:
    mixer = loaded(session)
    assert session.renderer is not None
    coverage = session.renderer.newest.coverage
    complete = coverage.intervals
    try:
        coverage.intervals = ((0, 9000),)
        mixer.transport = Transport(playing=True, version=Version.PHASE_AWARE)
        out = mixer.read(12_000)
        place = mixer.position
        assert mixer.waiting
        assert 9000 - 6 * FADE <= place <= 9000 - FADE
        expected = version(session, Version.PHASE_AWARE, 0, place)
        np.testing.assert_array_equal(out[FADE:place], expected[FADE:])
        assert not out[place + FADE :].any()
    finally:
        coverage.intervals = complete
    out = mixer.read(2000)
    assert not mixer.waiting
    np.testing.assert_array_equal(out[FADE:], version(session, Version.PHASE_AWARE, place, place + 2000)[FADE:])


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(WITHOUT_STEMS), st.sampled_from([0.25, 1.0]), st.integers(1, 3000), st.integers(0, 150_000)
        ),
        min_size=1,
        max_size=12,
    )
)
def test_however_it_is_operated_no_step_is_larger_than_signal_and_fade_explain(
    session: Session, actions: list[tuple[Version, float, int, int]]
) -> None:
    mixer = loaded(session)
    outs = [np.zeros((1, 2), np.float32)]
    for serial, (which, gain, count, place) in enumerate(actions, start=1):
        seek = (serial, place) if place % 3 == 0 else mixer.transport.seek
        mixer.transport = Transport(playing=place % 5 > 0, version=which, gain=gain, seek=seek)
        outs.append(mixer.read(count))
    out = np.concatenate(outs)
    assert np.isfinite(out).all()
    signal = [version(session, v, 0, 4 * 48_000) for v in WITHOUT_STEMS]
    largest = max(float(np.abs(np.diff(x, axis=0)).max()) for x in signal)
    peak = max(float(np.abs(x).max()) for x in signal)
    # Weights sum to one: a step is at most the signal's own plus, for each fade under way, 1/480 of the peaks' sum.
    depth = len(actions)
    assert np.abs(np.diff(out, axis=0)).max() <= largest + depth * 2 * peak / FADE + 1e-6


@given(st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 1000)), max_size=30), st.integers(0, 999))
def test_coverage_knows_every_sample(pieces: list[tuple[int, int]], position: int) -> None:
    coverage, known = Coverage(1000), np.zeros(1000, bool)
    for a, b in pieces:
        coverage.add(a, b)
        known[a:b] = True
    assert coverage.filled == known.sum()
    run = np.append(~known[position:], True).argmax() if known[position] else 0
    assert coverage.ready_until(position) == position + run
    gap = coverage.next_gap(position)
    if known.all():
        assert gap is None
    else:
        later = np.flatnonzero(~known[position:])
        assert gap is not None
        assert gap[0] == (position + later[0] if len(later) else np.flatnonzero(~known)[0])
        assert not known[gap[0] : gap[1]].any()
