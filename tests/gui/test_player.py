"""End to end on a real sound server: what is recorded from the device is what should be heard, to the sample."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from phaseaware.engine import MaskModel
from phaseaware.engine.frames import Frames
from phaseaware.engine.limits import MaskName
from phaseaware.engine.versions import Version
from phaseaware.gui.model import Controls, Session
from phaseaware.gui.model.masking import ModelMasks
from phaseaware.gui.model.mixer import FADE, Mixer, read_version
from phaseaware.gui.player import Player
from phaseaware.gui.window import MainWindow
from pytestqt.qtbot import QtBot

from tests.gui.helpers import PATIENCE, WITHOUT_STEMS, Watched, write_wav
from tests.gui.sound_server import SINK, Recorder, SoundServer
from tests.signals import voice_like

SECONDS = 12
PILOT = 6 * 48_000
"""Where the sound begins that is played before a test's own, in samples."""


@pytest.fixture
def sample_rate() -> int:
    """Of the file."""
    return 48_000


@pytest.fixture
def path(tmp_path: Path, rng: np.random.Generator, sample_rate: int) -> Path:
    """Twelve seconds of sound that nowhere repeats."""
    n = SECONDS * sample_rate
    x = voice_like(rng, n, sample_rate=sample_rate) + (0.03 * rng.standard_normal(n)).astype(np.float32)
    return write_wav(tmp_path / "x.wav", x, sample_rate)


@pytest.fixture
def session(watched: Watched, path: Path) -> Session:
    """The file rendered, its loudness measured."""
    watched.session.open(path)
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


def reference(session: Session, version: Version, output: MaskName = "phase-aware") -> NDArray[np.float32]:
    """A whole version at the gain shown."""
    assert session.recording is not None
    assert session.renderer is not None
    x = read_version(version, output, session.recording, session.renderer.newest, 0, session.recording.samples)
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
    qtbot.waitUntil(lambda: recorder.is_silent(24_000))
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
    keys = {name: _keys(y) for name, y in source.items()}
    orders = {name: np.argsort(key) for name, key in keys.items()}
    found, i, wanted = [], 0, _keys(x)
    while i < len(wanted):
        for name, y in source.items():
            key, order = keys[name], orders[name]
            at = int(np.searchsorted(key, wanted[i], sorter=order))
            if at < len(order) and key[order[at]] == wanted[i]:
                place = int(order[at])
                n = min(len(x) - i, len(y) - place)
                differs = np.flatnonzero(x[i : i + n] != y[place : place + n])
                length = int(differs[0]) if len(differs) else n
                found.append(Piece(name, i, i + length, place))
                i += length
                break
        else:
            i += 1
    return found


def _keys(x: NDArray[np.float32]) -> NDArray[np.uint64]:
    """Two samples in a row as one number; a signal like ours has them but once."""
    bits = x.view(np.uint32).astype(np.uint64)
    return bits[:-1] << np.uint64(32) | bits[1:]


def assert_no_gap(found: list[Piece]) -> None:
    for before, after in itertools.pairwise(found):
        assert after.first - before.stop <= FADE, f"more than a fade between {before} and {after}"


AB = [Version.PHASE_AWARE, *[Version.REAL, Version.PHASE_AWARE] * 5]
ALL_FIVE = [
    *[Version.REAL, Version.REMOVED, Version.NOISY, Version.DELTA, Version.PHASE_AWARE, Version.REMOVED],
    *[Version.DELTA, Version.REAL, Version.NOISY, Version.PHASE_AWARE, Version.REAL],
]


@pytest.mark.parametrize(("sample_rate", "versions"), [(48_000, AB), (44_100, ALL_FIVE)])
def test_ten_switches_at_random_times_are_heard_in_place_without_gap_or_click(
    session: Session,
    player: Player,
    server: SoundServer,
    qtbot: QtBot,
    rng: np.random.Generator,
    versions: list[Version],
) -> None:
    source = {version.value: reference(session, version) for version in WITHOUT_STEMS}
    source["removed by B"] = reference(session, Version.REMOVED, "real")
    gains = [session.gain_db(version) for version in (Version.NOISY, Version.PHASE_AWARE, Version.REAL)]
    assert len(set(gains)) == 3
    expected = []
    with server.recorded() as recorder:
        start(qtbot, session, player, recorder, versions[0])
        for i, version in enumerate(versions):
            if i:
                wait_for(qtbot, session, session.position + int(rng.integers(16_000, 22_000)))
                session.select(version)
            removed_by_b = version is Version.REMOVED and session.output == "real"
            expected.append("removed by B" if removed_by_b else version.value)
        wait_for(qtbot, session, session.position + 16_000)
        x = finish(qtbot, session, recorder)
    pilot, *found = pieces(x, source)
    assert [piece.name for piece in found] == expected
    assert FADE - 1 <= found[0].place <= FADE
    assert {piece.offset for piece in found} == {found[0].offset}, "shifted"
    assert_no_gap([pilot, *found])
    heard = [source[name] for name in set(expected)]
    largest = max(np.abs(np.diff(y)).max() for y in heard)
    assert np.abs(np.diff(x)).max() <= largest + 2 * max(np.abs(y).max() for y in heard) / FADE
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
    # A renderer that a busy machine slows down may run out once more, and the old settings go on for a moment.
    assert [piece.name for piece in found[:2]] == ["before", "after"]
    assert found[-1].name == "after"
    assert {piece.offset for piece in found} == {found[0].offset}
    assert_no_gap([pilot, *found])


class Stall:
    """Keeps the thread that feeds the device from working, as a machine does that is busy with something else."""

    def __init__(self, mixer: Mixer, monkeypatch: pytest.MonkeyPatch) -> None:
        self._read = mixer.read
        self._running = threading.Event()
        self._running.set()
        monkeypatch.setattr(mixer, "read", self._held)

    def _held(self, count: int) -> NDArray[np.float32]:
        self._running.wait(PATIENCE)
        return self._read(count)

    @contextmanager
    def until_silent(self, qtbot: QtBot, recorder: Recorder) -> Iterator[None]:
        """Stall until nothing is heard any more."""
        self._running.clear()
        try:
            qtbot.waitUntil(lambda: recorder.is_silent(4800))
            yield
        finally:
            self._running.set()


def test_after_a_drop_out_it_goes_on_where_it_was_and_is_counted(
    session: Session, player: Player, server: SoundServer, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    stall = Stall(session.mixer, monkeypatch)
    with server.recorded() as recorder:
        start(qtbot, session, player, recorder, Version.PHASE_AWARE)
        with stall.until_silent(qtbot, recorder):
            before_it_is_over = player.drop_outs
        wait_for(qtbot, session, session.position + 16_000)
        x = finish(qtbot, session, recorder)
    assert (
        player.drop_outs > before_it_is_over
    )  # a busy machine may add its own; how they count is tested in test_load.py
    _, *found = pieces(x, {"A": reference(session, Version.PHASE_AWARE)})
    assert len(found) >= 2, found
    for before, after in itertools.pairwise(found):
        assert after.place == before.place + before.stop - before.first, "no sample is lost or heard twice"
        assert not x[before.stop : after.first].any()


@pytest.fixture
def window(history_model: MaskModel, path: Path, server: SoundServer, qtbot: QtBot) -> Iterator[MainWindow]:
    """With the file open and rendered."""
    window = MainWindow(history_model)
    window.show()
    qtbot.waitExposed(window)
    assert window.open(path)
    qtbot.waitUntil(lambda: window.session.renderer is not None and window.session.renderer.done)
    yield window
    window.close()
    window.deleteLater()


def test_the_window_shows_drop_outs(
    window: MainWindow, server: SoundServer, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    stall = Stall(window.session.mixer, monkeypatch)
    with server.recorded() as recorder:
        window.toggle_play()
        qtbot.waitUntil(lambda: bool(recorder.samples().any()))
        before = window.player.drop_outs
        with stall.until_silent(qtbot, recorder):
            pass
    qtbot.waitUntil(lambda: window.player.drop_outs > before)
    qtbot.waitUntil(lambda: f"drop-outs {window.player.drop_outs} " in window.status.right.text())


def test_a_renderer_that_lags_is_shown_and_waited_for(
    history_model: MaskModel, path: Path, server: SoundServer, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    going, read = threading.Event(), ModelMasks.read

    def held(masks: ModelMasks, count: int) -> Frames:
        going.wait(PATIENCE)
        return read(masks, count)

    monkeypatch.setattr(ModelMasks, "read", held)
    window = MainWindow(history_model)
    window.show()
    assert window.open(path)
    window.session.select(Version.PHASE_AWARE)
    window.toggle_play()
    qtbot.waitUntil(lambda: "waiting for the renderer" in window.status.left.text())
    assert window.session.position == 0
    going.set()
    wait_for(qtbot, window.session, 16_000)
    qtbot.waitUntil(lambda: "waiting for the renderer" not in window.status.left.text())
    assert window.session.playing
    window.close()
    window.deleteLater()


def test_a_device_that_is_pulled_out_is_reported_and_playing_goes_on_by_itself(
    window: MainWindow, server: SoundServer, qtbot: QtBot
) -> None:
    session = window.session
    with server.recorded() as recorder:
        window.toggle_play()
        qtbot.waitUntil(lambda: bool(recorder.samples().any()))
    wait_for(qtbot, session, 24_000)
    server.control("unload-module", "module-null-sink")
    qtbot.waitUntil(lambda: "goes on when there is one" in window.message.label.text())
    assert window.message.isVisible()
    assert session.playing
    session.select(Version.REAL)
    stopped_at = session.position
    assert stopped_at >= 24_000
    assert session.export_job({}).recording is session.recording
    server.control("load-module", *SINK.split())
    with server.recorded() as recorder:
        qtbot.waitUntil(lambda: bool(recorder.samples().any()))
    wait_for(qtbot, session, stopped_at + 4800)
    assert session.playing
    assert session.heard is Version.REAL
    assert "goes on when" not in window.message.label.text()


def test_a_sound_server_that_dies_does_not_end_the_window_and_playing_goes_on(
    window: MainWindow, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = SoundServer(tmp_path)
    monkeypatch.setenv("PULSE_SERVER", own.address)
    session = window.session
    session.set_loop(0, 5 * 48_000)
    window.toggle_play()
    wait_for(qtbot, session, 4800)
    for again in (False, True):
        own.kill()
        if again:  # pressed at once, as somebody does who hears nothing
            window.toggle_play()
            window.toggle_play()
        qtbot.waitUntil(lambda: "goes on when there is one" in window.message.label.text())
        stopped_at = session.position
        own = SoundServer(tmp_path)
        with own.recorded() as recorder:
            qtbot.waitUntil(lambda: bool(recorder.samples().any()))
        assert session.playing
        assert session.position != stopped_at
        qtbot.waitUntil(lambda: "goes on when" not in window.message.label.text())
    window.toggle_play()
    own.close()


def test_another_device_can_be_chosen_while_it_plays(window: MainWindow, server: SoundServer, qtbot: QtBot) -> None:
    server.control(
        "load-module", "module-null-sink", "sink_name=second", "rate=48000", "format=float32le", "channels=2"
    )
    try:
        window.player.look_for_devices()
        qtbot.waitUntil(lambda: len(window.player.devices) == 2)
        entries = window.outputs.menu.actions()
        assert len(entries) == 3
        other = next(
            device for device in window.player.devices if "second" in bytes.fromhex(device.identifier).decode()
        )
        window.toggle_play()
        wait_for(qtbot, window.session, 4800)
        window.outputs.choose(*other)
        with server.recorded(source="second.monitor") as recorder:
            qtbot.waitUntil(lambda: bool(recorder.samples().any()))
        assert window.session.playing
        assert [entry.isChecked() for entry in window.outputs.menu.actions()].count(True) == 1
        window.toggle_play()
    finally:
        server.control("unload-module", "module-null-sink")
        server.control("load-module", *SINK.split())


def test_no_device_is_reported(session: Session, player: Player, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULSE_SERVER", "unix:/nonexistent")
    with qtbot.waitSignal(player.failed) as reported:
        player.start()
    assert "no sound device" in reported.args[0]
