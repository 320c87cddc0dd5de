"""Hosts beyond a script: Ardour's scanner, and sound that plays through pedalboard's AudioStream."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from numpy.typing import NDArray
from phaseaware.plugin.native import vst3_path
from phaseaware.plugin.native.bundles import NAMES, install
from scipy.signal import correlate

from .conftest import LATENCIES, speechlike

RATE = 48_000
SCANNERS = sorted(Path("/usr/lib").glob("ardour*/ardour-vst3-scanner"))
# pedalboard brings an ALSA of its own, which does not know where Debian has ALSA's plugins.
ALSA_PLUGINS = next(Path("/usr/lib").glob("*/alsa-lib/libasound_module_pcm_pulse.so"), None)
ARDOUR = sorted(Path("/usr/bin").glob("ardour*-lua"))
TOOLS = ("pulseaudio", "parec", "pacat")
FORMAT = ["--format=float32le", f"--rate={RATE}", "--channels=2"]
TRIES = 3


@pytest.mark.skipif(not SCANNERS, reason="Ardour is not installed (package ardour)")
@pytest.mark.parametrize("channels", NAMES)
def test_ardour_accepts_it(channels: int, tmp_path: Path) -> None:
    scanner = SCANNERS[0]
    environment = os.environ | {"HOME": str(tmp_path), "LD_LIBRARY_PATH": str(scanner.parent)}
    environment.pop("XDG_CACHE_HOME", None)
    subprocess.run([scanner, "-f", "-q", vst3_path(channels)], env=environment, check=True, timeout=120)
    (cache,) = tmp_path.rglob("*.v3i")
    info = ElementTree.parse(cache).find("VST3Info")
    assert info is not None
    assert (info.get("n_inputs"), info.get("n_outputs")) == (str(channels), str(channels))
    assert info.get("name") == ("PhaseAware" if channels == 2 else "PhaseAware Mono")


@pytest.mark.skipif(not (SCANNERS and ARDOUR), reason="Ardour is not installed (package ardour)")
@pytest.mark.parametrize("rate", [44_100, 48_000])
def test_ardour_puts_it_on_a_track_and_knows_its_latency(rate: int, tmp_path: Path) -> None:
    (bundle,) = (path for path in install(tmp_path / ".vst3") if path.stem == NAMES[2])
    environment = os.environ | {"HOME": str(tmp_path)}
    environment = {key: value for key, value in environment.items() if not key.startswith("XDG_")}
    libraries = environment | {"LD_LIBRARY_PATH": str(SCANNERS[0].parent)}
    subprocess.run([SCANNERS[0], "-f", "-q", bundle], env=libraries, check=True, timeout=120)
    script = f"""
        AudioEngine:set_backend("None (Dummy)", "", "")
        session = create_session("{tmp_path}/session", "voice", {rate})
        order, mode = ARDOUR.PresentationInfo.max_order, ARDOUR.TrackMode.Normal
        track = session:new_audio_track(2, 2, nil, 1, "voice", order, mode, true):front()
        plugin = ARDOUR.LuaAPI.new_plugin(session, "PhaseAware", ARDOUR.PluginType.VST3, "")
        print("added", track:add_processor_by_index(plugin, 0, nil, true))
        print("latency", plugin:to_plugininsert():signal_latency())
        close_session()
        quit()
    """
    lines = "\n".join(line.strip() for line in script.strip().splitlines()) + "\n"  # it reads line by line
    done = subprocess.run(
        [ARDOUR[0]], input=lines, env=environment, capture_output=True, text=True, timeout=120, check=True
    )
    values = dict(line.split() for line in done.stdout.splitlines() if len(line.split()) == 2)
    assert values["added"] == "0"
    assert int(values["latency"]) == LATENCIES[rate]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A PulseAudio daemon with a sink ``speaker`` and a microphone that hears the sink ``mic``; yields what to set."""
    if missing := [tool for tool in TOOLS if shutil.which(tool) is None]:
        pytest.skip(f"{missing[0]} is not installed: no sound server to test with")
    if ALSA_PLUGINS is None:
        pytest.skip("ALSA's PulseAudio plugin is not installed (package libasound2-plugins)")
    socket = tmp_path / "pulse.socket"
    environment = os.environ | {
        "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path), "PULSE_RUNTIME_PATH": str(tmp_path / "pulse"),
        "XDG_CONFIG_HOME": str(tmp_path), "PULSE_SERVER": f"unix:{socket}", "PULSE_SINK": "speaker",
        "PULSE_SOURCE": "mic.monitor", "ALSA_PLUGIN_DIR": str(ALSA_PLUGINS.parent),
        "PYTHONPATH": str(Path(__file__).parents[3]),
    }  # fmt: skip
    modules = [
        *(f"module-null-sink sink_name={name} rate={RATE} channels=2 format=float32le" for name in ("speaker", "mic")),
        f"module-native-protocol-unix auth-anonymous=1 socket={socket}",
    ]
    command = ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--disable-shm=yes"]
    daemon = subprocess.Popen(
        [*command, "--log-level=info", *(f"--load={module}" for module in modules)],
        env=environment, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert daemon.stderr is not None
    if not any("startup complete" in line for line in daemon.stderr):
        pytest.skip("pulseaudio does not start here")
    yield environment
    daemon.terminate()
    daemon.communicate()


def largest_error(server: dict[str, str], x: NDArray[np.float32], folder: Path, *plugins: str) -> float:
    """Of what comes out of the speaker while ``x`` goes into the microphone: a frame dropped is as large as ``x``."""
    silence = np.zeros((2, RATE // 2), np.float32)
    with (folder / "out").open("wb") as out:
        record = subprocess.Popen(["parec", "-d", "speaker.monitor", *FORMAT], env=server, stdout=out)
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.plugin.native.stream_child", *plugins],
        env=server, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert child.stdout is not None
        line = child.stdout.readline()
        assert line == "running\n", line + child.communicate()[1]
        played = np.concatenate([silence, x, *[silence] * 10], axis=1).T.tobytes()  # as long as servers keep sound
        subprocess.run(["pacat", "-d", "mic", *FORMAT], env=server, input=played, check=True)
        assert child.communicate("end\n") == ("0\n", "")
    finally:
        child.kill()
        record.terminate()
        record.wait()
    y = np.fromfile(folder / "out", np.float32).reshape(-1, 2).T
    start = int(np.argmax(correlate(y[0], x[0, :RATE], "valid")))
    heard = y[:, start : start + x.shape[1]]
    return float(np.abs(heard - x).max()) if heard.shape == x.shape else np.inf


def test_audio_stream_drops_no_frame(server: dict[str, str], tmp_path: Path, rng: np.random.Generator) -> None:
    x = speechlike(rng, 2, 2 * RATE)
    errors = []
    for _ in range(TRIES):
        errors.append(largest_error(server, x, tmp_path, vst3_path()))
        if errors[-1] < 1e-5:
            return
    if largest_error(server, x, tmp_path) > 1e-5:
        pytest.skip("the machine is too busy for live sound: an empty board drops frames, too")
    raise AssertionError(f"frames were dropped or changed: {errors}")
