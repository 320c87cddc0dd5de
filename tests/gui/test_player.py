"""End to end on a real sound server: what is recorded from the device is what should be heard, to the sample."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from phaseaware.gui.mixer import FADE, Version, read_version
from phaseaware.gui.player import Player
from phaseaware.gui.session import Session
from PyQt6.QtMultimedia import QAudioDevice
from pytestqt.qtbot import QtBot

from tests.gui.helpers import Watched, write_wav
from tests.gui.sound_server import Recorder, SoundServer
from tests.signals import voice_like

SECONDS = 12
PILOT = 6 * 48_000
"""Where the sound begins that is played before a test's own, in samples."""


@pytest.fixture
def session(watched: Watched, tmp_path: Path, rng: np.random.Generator) -> Session:
    """Twelve seconds of sound that nowhere repeats, rendered and measured."""
    n = SECONDS * 48_000
    x = voice_like(rng, n) + (0.03 * rng.standard_normal(n)).astype(np.float32)
    watched.session.open(write_wav(tmp_path / "x.wav", x))
    session = watched.rendered()
    session.follow()
    return session


@pytest.fixture
def player(session: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Player]:
    """A player whose sound is well ahead of the ear, so that a busy machine is not heard.

    There are two buffers on the way: Qt's, which the player fills, and the sound server's, which a thread of Qt's
    fills. That one is 21 ms long; only this variable of PulseAudio's library makes it longer.
    """
    monkeypatch.setenv("PULSE_LATENCY_MSEC", "160")
    player = Player(session.mixer, buffer_seconds=1.2)
    yield player
    player.close()


def reference(session: Session, version: Version) -> NDArray[np.float32]:
    """A whole version at the gain shown."""
    assert session.recording is not None
    assert session.renderer is not None
    x = read_version(version, session.output, session.recording, session.renderer.newest, 0, session.recording.samples)
    return x[:, 0] * np.float32(10 ** (session.gain_db(version) / 20))


def wait_for(qtbot: QtBot, session: Session, position: int) -> None:
    qtbot.waitUntil(lambda: session.position >= position)


def start(qtbot: QtBot, session: Session, player: Player, recorder: Recorder, version: Version) -> None:
    """Play from the beginning, once a pilot from elsewhere is heard: a server may lose a stream's start."""
    session.select(version)
    session.seek(PILOT)
    session.play(True)
    player.start()
    qtbot.waitUntil(lambda: bool(recorder.samples().any()))
    session.seek(0)
    wait_for(qtbot, session, 4800)


def finish(qtbot: QtBot, session: Session, recorder: Recorder) -> NDArray[np.float32]:
    """Pause, wait until the end of it has been recorded, and return what sounded, in mono."""
    session.play(False)
    qtbot.waitUntil(lambda: session.mixer.silent)
    qtbot.waitUntil(lambda: recorder.count > 24_000 and not recorder.samples(recorder.count - 24_000).any())
    x = recorder.samples()
    np.testing.assert_array_equal(x[:, 0], x[:, 1])
    sounding = np.flatnonzero(x[:, 0])
    return x[sounding[0] : sounding[-1] + 1, 0]


@dataclass(frozen=True)
class Piece:
    """A stretch of a recording that equals a version."""

    name: str
    first: int
    stop: int
    place: int
    """Of its first sample, in the version."""

    @property
    def offset(self) -> int:
        return self.place - self.first


def pieces(x: NDArray[np.float32], source: dict[str, NDArray[np.float32]]) -> list[Piece]:
    """Cut a recording into such stretches; what lies between them is in no version."""
    index = {name: {y[i : i + 4].tobytes(): i for i in range(len(y) - 4)} for name, y in source.items()}
    found, i = [], 0
    while i < len(x) - 4:
        for name, y in source.items():
            place = index[name].get(x[i : i + 4].tobytes())
            if place is not None:
                n = min(len(x) - i, len(y) - place)
                differs = np.flatnonzero(x[i : i + n] != y[place : place + n])
                length = int(differs[0]) if len(differs) else n
                found.append(Piece(name, i, i + length, place))
                i += length
                break
        else:
            i += 1
    return found


def assert_no_gap(found: list[Piece]) -> None:
    for before, after in itertools.pairwise(found):
        assert after.first - before.stop <= FADE, f"more than a fade between {before} and {after}"


def test_ten_switches_at_random_times_are_heard_in_place_without_gap_or_click(
    session: Session, player: Player, server: SoundServer, qtbot: QtBot, rng: np.random.Generator
) -> None:
    a, b = reference(session, Version.PHASE_AWARE), reference(session, Version.REAL)
    assert session.gain_db(Version.PHASE_AWARE) != session.gain_db(Version.REAL)
    with server.recorded() as recorder:
        start(qtbot, session, player, recorder, Version.PHASE_AWARE)
        for i in range(10):
            wait_for(qtbot, session, session.position + int(rng.integers(16_000, 22_000)))
            session.select((Version.REAL, Version.PHASE_AWARE)[i % 2])
        wait_for(qtbot, session, session.position + 16_000)
        x = finish(qtbot, session, recorder)
    pilot, *found = pieces(x, {"A": a, "B": b})
    assert [piece.name for piece in found] == list("ABABABABABA")
    assert FADE - 1 <= found[0].place <= FADE
    assert {piece.offset for piece in found} == {found[0].offset}, "shifted"
    assert_no_gap([pilot, *found])
    largest = max(np.abs(np.diff(a)).max(), np.abs(np.diff(b)).max())
    assert np.abs(np.diff(x)).max() <= largest + 2 * max(np.abs(a).max(), np.abs(b).max()) / FADE
    assert player.drop_outs == 0


def test_bypass_seek_loop_and_level_match_are_heard_as_shown(
    session: Session, player: Player, server: SoundServer, qtbot: QtBot
) -> None:
    noisy, a = reference(session, Version.NOISY), reference(session, Version.PHASE_AWARE)
    session.set_level_match(False)
    loud = reference(session, Version.NOISY)
    session.set_level_match(True)
    assert not np.array_equal(noisy, loud)
    with server.recorded() as recorder:
        start(qtbot, session, player, recorder, Version.PHASE_AWARE)
        session.toggle_bypass()
        wait_for(qtbot, session, session.position + 16_000)
        session.toggle_bypass()
        wait_for(qtbot, session, session.position + 16_000)
        session.seek(96_000)
        wait_for(qtbot, session, 101_000)
        session.select(Version.NOISY)
        wait_for(qtbot, session, session.position + 16_000)
        session.set_level_match(False)
        wait_for(qtbot, session, session.position + 16_000)
        session.set_loop(480_000, 528_000)
        session.seek(504_000)
        for _ in range(2):
            qtbot.waitUntil(lambda: 480_000 <= session.position < 504_000)
            qtbot.waitUntil(lambda: 504_000 <= session.position < 528_000)
        x = finish(qtbot, session, recorder)
    pilot, *found = pieces(x, {"A": a, "noisy": noisy, "loud": loud})
    assert_no_gap([pilot, *found])
    assert [piece.name for piece in found[:6]] == ["A", "noisy", "A", "A", "noisy", "loud"]
    assert len({piece.offset for piece in found[:3]}) == 1
    assert len({piece.offset for piece in found[3:6]}) == 1
    assert 96_000 + FADE - 1 <= found[3].place <= 96_000 + FADE
    sought, *turns = found[6:]
    assert 504_000 + FADE - 1 <= sought.place <= 504_000 + FADE
    assert len(turns) >= 2
    for earlier, later in itertools.pairwise([sought, *turns]):
        assert 480_000 + FADE - 1 <= later.place <= 480_000 + FADE
        assert later.offset == earlier.offset - 48_000
    assert {piece.name for piece in found[6:]} == {"loud"}
    assert player.drop_outs == 0


def test_new_settings_are_heard_without_a_gap(
    session: Session, player: Player, server: SoundServer, qtbot: QtBot, watched: Watched
) -> None:
    from phaseaware.gui.controls import Controls

    session.set_level_match(False)
    before = reference(session, Version.PHASE_AWARE)
    with server.recorded() as recorder:
        start(qtbot, session, player, recorder, Version.PHASE_AWARE)
        session.set_controls(Controls(mix=0.5))
        wait_for(qtbot, session, session.position + 30_000)
        watched.rendered()
        after = reference(session, Version.PHASE_AWARE)
        x = finish(qtbot, session, recorder)
    pilot, *found = pieces(x, {"before": before, "after": after})
    assert [piece.name for piece in found] == ["before", "after"]
    assert found[0].offset == found[1].offset
    assert_no_gap([pilot, *found])


def test_a_device_that_is_pulled_out_is_reported_and_another_one_plays(
    session: Session, player: Player, server: SoundServer, qtbot: QtBot
) -> None:
    with server.recorded() as recorder:
        start(qtbot, session, player, recorder, Version.NOISY)
    with qtbot.waitSignal(player.failed) as told:
        server.control("unload-module", "module-null-sink")
    assert "press Space" in told.args[0]
    server.control(
        "load-module", "module-null-sink", *["sink_name=virtual", "rate=48000", "format=float32le", "channels=2"]
    )
    qtbot.waitUntil(lambda: not player.device.isNull())
    player.start()
    wait_for(qtbot, session, session.position + 4800)


def test_no_device_is_reported(session: Session, player: Player, qtbot: QtBot) -> None:
    player.device = QAudioDevice()
    with qtbot.waitSignal(player.failed) as told:
        player.start()
    assert "no sound device" in told.args[0]
