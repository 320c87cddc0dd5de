"""Live sound: the session alone, and end to end on a sound server of the tests' own."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pedalboard
import pytest
from phaseaware.engine.model import default_model, shipped_models
from phaseaware.plugin import Pedalboard, PhaseAware, live
from phaseaware.plugin.board import members
from phaseaware.plugin.command import live as live_command
from phaseaware.plugin.command import main
from scipy.signal import correlate

from tests.plugin.helpers import RATE, Samples, blocks, noise
from tests.signals import voice_like

from . import live_child

FLOAT = ["--rate=48000", "--format=float32le", "--channels=1"]


def _run(session: live.LiveSession, x: Samples, size: int = 512) -> Samples:
    return np.concatenate([session.process(block) for block in blocks(x, [size])], axis=1)


@pytest.mark.parametrize("channels", [1, 2, 20])
@pytest.mark.parametrize("size", [16, 512, 5000])
def test_a_session_gives_the_offline_result_later(
    size: int, channels: int, history: Path, rng: np.random.Generator
) -> None:
    x = noise(rng, channels, 9000)
    board = Pedalboard([pedalboard.HighpassFilter(80), PhaseAware(model=history)])
    expected = board(x.T if channels == 20 else x, RATE)
    y = _run(live.LiveSession(board, sample_rate=RATE), x, size)
    assert y.shape == x.shape
    late = max(1536, 0)
    assert not y[:, :late].any()
    np.testing.assert_allclose(y[:, late:], (expected.T if channels == 20 else expected)[:, :-late], atol=1e-6)


def test_versions_are_switched_without_a_shift(history: Path, rng: np.random.Generator) -> None:
    x = noise(rng, 2, 48_000)
    clean = PhaseAware(model=history)
    alone = [x, *(PhaseAware(model=history, mask=mask)(x, RATE) for mask in ("phase-aware", "real"))]
    session, made = live.LiveSession(Pedalboard([clean]), sample_rate=RATE), []
    assert session.version == "A"
    for version, block in zip(("A", "B", "bypass", "A"), blocks(x, [12_000]), strict=True):
        session.version = version
        assert session.version == version
        made.append(session.process(block)[:, -8000:])
    for i, which in enumerate((1, 2, 0, 1)):
        end = 12_000 * (i + 1) - 1536
        np.testing.assert_allclose(made[i], alone[which][:, end - 8000 : end], atol=1e-6)
    session.version = "B"
    session.version = "bypass"
    assert session.mask_version == "B"
    with pytest.raises(ValueError, match="version"):
        session.version = "C"


def test_meters(history: Path) -> None:
    session = live.LiveSession(Pedalboard([PhaseAware(model=history, mix=0)]), sample_rate=RATE)
    assert session.look().output_db == -np.inf
    session.process(np.full((1, 4800), 0.1, np.float32))
    meters = session.look()
    assert meters.input_db == pytest.approx(-20)
    assert meters.output_db == pytest.approx(-20, abs=0.1)
    assert meters.seconds == pytest.approx(0.1)
    assert meters.load > 0
    assert session.look().input_db == -np.inf
    line = live_command._line(session, meters)
    assert line.startswith("phase-aware (A)")
    assert "-20.0 dB" in line
    assert "drop-outs 0" in line


def test_a_session_tells_that_no_sound_comes(history: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = live.LiveSession(Pedalboard([PhaseAware(model=history)]), sample_rate=RATE)
    now = time.perf_counter()
    monkeypatch.setattr(time, "perf_counter", lambda: now)
    for after, starved in ((0.1, False), (1.5, True), (3.0, True), (0.5, False)):
        session.process(np.zeros((1, 480), np.float32))
        now += after
        meters = session.look()
        assert meters.waited_seconds == pytest.approx(after)
        assert meters.starved is starved
        assert ("NO SOUND" in live_command._line(session, meters)) is starved


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (("--preset", "nonesuch"), "no preset 'nonesuch'"),
        (("--model", "nonesuch.onnx"), "no such model file"),
        (("--preset", "neutral", "--model", "x.onnx"), "not allowed with argument --preset"),
    ],
)
def test_wrong_arguments_end_with_one_line(
    given: tuple[str, ...], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["live", *given]) == 2
    printed = capsys.readouterr().err
    assert printed.startswith("phaseaware")
    assert printed.count("\n") == 1
    assert says in printed


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--block", "15"),
        ("--rate", "0"),
        ("--channels", "0"),
        ("--seconds", "-1"),
        ("--reduction-db", "101"),
        ("--latency", "soon"),
        ("--latency", "nan"),
        ("--latency", "-1"),
    ],
)
def test_numbers_out_of_range_are_refused(option: str, value: str, capsys: pytest.CaptureFixture[str]) -> None:
    """0 Hz, for one, is not the default."""
    assert main(["live", option, value]) == 2
    assert f"argument {option}: {value!r} is not a" in capsys.readouterr().err


def test_ctrl_c_ends_with_its_own_status(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(live, "run", interrupted)
    assert main(["live"]) == 130
    assert capsys.readouterr().err == ""


def test_arguments_reach_the_board(history: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    boards: list[Pedalboard] = []

    def run(board: Pedalboard, **_: object) -> None:
        boards.append(board)
        raise KeyboardInterrupt

    monkeypatch.setattr(live, "run", run)
    main(["live", "--model", str(history), "--mask", "real", "--reduction-db", "12"])
    ((clean,),) = boards
    assert (clean.mask, clean.reduction_db, clean.model) == ("real", 12, history)


@dataclass
class Server:
    """A PulseAudio daemon with a sink ``speaker`` and a microphone that hears what is played to the sink ``mic``."""

    process: subprocess.Popen[str]
    env: dict[str, str]

    def live(self, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "tests.plugin.live.live_child", *arguments]
        return subprocess.Popen(
            command, env=self.env, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """Ends with the test."""
    if missing := [tool for tool in ("pulseaudio", "parec", "pacat") if shutil.which(tool) is None]:
        pytest.skip(f"{missing[0]} is not installed: no sound server to test with")
    pytest.importorskip(
        "sounddevice", reason="sounddevice and PortAudio are not installed", exc_type=(ImportError, OSError)
    )
    socket = tmp_path / "pulse.socket"
    modules = [
        *(f"module-null-sink sink_name={name} rate={RATE} channels=1 format=float32le" for name in ("speaker", "mic")),
        f"module-native-protocol-unix auth-anonymous=1 socket={socket}",
    ]
    env = os.environ | {
        "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path), "PULSE_RUNTIME_PATH": str(tmp_path / "pulse"),
        "PULSE_SERVER": f"unix:{socket}", "PULSE_SINK": "speaker", "PULSE_SOURCE": "mic.monitor",
        "XDG_CONFIG_HOME": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[3]),
    }  # fmt: skip
    command = ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--disable-shm=yes"]
    process = subprocess.Popen(
        [*command, "--log-level=info", *(f"--load={module}" for module in modules)],
        env=env, text=True, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr is not None
    for line in process.stderr:
        if "startup complete" in line:
            break
    else:
        pytest.skip("pulseaudio does not start here")
    yield Server(process, env)
    process.terminate()
    process.communicate()


def _begun(child: subprocess.Popen[str]) -> None:
    assert child.stdout is not None
    if "keys:" not in child.stdout.readline():
        printed = child.communicate()[1]
        if "no default input device" in printed:
            pytest.skip("ALSA's PulseAudio plugin is not installed: PortAudio does not see the server")
        raise AssertionError(printed)


def _send(child: subprocess.Popen[str], key: str) -> str:
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(key)
    child.stdin.flush()
    return child.stdout.readline().strip()


def _place(found: Samples, wanted: Samples) -> int:
    return int(np.argmax(correlate(found, wanted, "valid")))


def _once(server: Server, history: Path, folder: Path, x: Samples) -> tuple[Samples, Samples, int]:
    """What came in, what went out, and how often the devices lost samples."""
    silence = np.zeros(RATE // 2, np.float32)
    played = np.concatenate([silence, x, silence, silence])
    record = subprocess.Popen(
        ["parec", "-d", "speaker.monitor", *FLOAT], env=server.env, stdout=(folder / "out").open("wb")
    )
    child = server.live(str(history), str(folder / "in.npy"), "--channels", "1", "--latency", "0.5")
    try:
        _begun(child)
        subprocess.run(["pacat", "-d", "mic", *FLOAT], env=server.env, input=played.tobytes(), check=True)
        assert _send(child, "b") == "B"
        assert _send(child, " ") == "bypass"
        assert _send(child, " ") == "B"
        printed = _send(child, "q")
        child.communicate()
    finally:
        child.kill()
        record.terminate()
        record.wait()
    assert child.returncode == 0
    return np.load(folder / "in.npy")[0], np.fromfile(folder / "out", np.float32), int(printed.split()[-2])


def test_end_to_end_equals_offline(server: Server, history: Path, tmp_path: Path, rng: np.random.Generator) -> None:
    x = voice_like(rng, RATE)
    x *= 0.5 / np.abs(x).max()  # devices clip at full scale
    for _ in range(4):
        heard, out, drop_outs = _once(server, history, tmp_path, x)
        start = _place(heard, x)
        expected = live_child.board(str(history))(heard, RATE)[start : start + len(x)]
        assert np.abs(expected - x).max() > 0.03  # the model does something
        place = _place(out, expected)
        differences = [
            np.abs(heard[start : start + len(x)] - x).max(),
            np.abs(out[place : place + len(x)] - expected).max(),
        ]
        if max(differences) < 1e-5:
            return
        assert drop_outs, f"no drop-out was counted, but the sound differs by {differences}"
    pytest.skip("the machine is too busy for live sound: drop-outs in each of four runs")


def test_a_device_that_vanishes_ends_with_a_message(server: Server, history: Path, tmp_path: Path) -> None:
    child = server.live(str(history), str(tmp_path / "in.npy"), "--channels", "1", "--latency", "0.5")
    try:
        _begun(child)
        server.process.terminate()
        _, printed = child.communicate(timeout=60)
    finally:
        child.kill()
    assert child.returncode == 1
    assert "phaseaware: the sound devices" in printed
    assert "unplugged" in printed


def test_devices_are_listed_and_unknown_ones_refused(server: Server, history: Path, tmp_path: Path) -> None:
    child = server.live(str(history), "", "--devices")
    listed, _ = child.communicate()
    if not listed:
        pytest.skip("ALSA's PulseAudio plugin is not installed: PortAudio does not see the server")
    assert child.returncode == 0
    assert "in" in listed
    for way in ("input", "output"):
        child = server.live(str(history), "", f"--{way}", "trumpet")
        _, printed = child.communicate()
        assert child.returncode == 1
        assert f"no {way} device like 'trumpet'" in printed


@pytest.mark.parametrize(
    ("options", "model"),
    [
        ([], "live"),
        (["--preset", "neutral"], "live"),
        (["--model", "studio"], "studio"),
        (["--preset", "OWN"], "studio"),
    ],
)
def test_live_takes_the_quick_model_where_nobody_chose_one(options: list[str], model: str, tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text('schema = 1\nname = "Own"\n[processor]\nplugin = "PhaseAware"\nmodel = "studio"\n')
    commands = argparse.ArgumentParser()
    live_command.add(commands.add_subparsers())
    arguments = commands.parse_args(["live", *(str(own) if option == "OWN" else option for option in options)])
    (processor,) = (member for member in members(live_command._board(arguments)) if isinstance(member, PhaseAware))
    assert processor.model == shipped_models()[model]
    assert PhaseAware().model == default_model()
