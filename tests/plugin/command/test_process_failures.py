"""What `phaseaware process` does where something is wrong, or interrupts it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from phaseaware.plugin.files import Job, Report, Treatment, batch, one_file

from tests import fakes

from .running import Command, put, tones, tree


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "the following arguments are required"),
        (["{folder}/none.wav", "-o", "{folder}/y.wav"], "none.wav: no such file"),
        (["{x}", "-o", "{folder}/y.wav", "--mask", "imaginary"], "--mask"),
        (["{x}", "-o", "{folder}/y.wav", "--reduction-db", "loud"], "'loud' is not a number from 0 to 100"),
        (["{x}", "-o", "{folder}/y.wav", "--strength-low", "3"], "'3' is not a number from 0 to 2"),
        (["{x}", "-o", "{folder}/y.wav", "--mix", "nan"], "'nan' is not a number from 0 to 1"),
        (["{x}", "-o", "{folder}/y.wav", "--jobs", "0"], "'0' is not a whole number"),
        (["{x}", "-o", "{folder}/y.wav", "--forse"], "--forse"),
        (["{x}", "-o", "{folder}/y.wav", "--model", "{folder}/none.onnx"], "none.onnx: no such model"),
        (["{x}", "-o", "{folder}/y.wav", "--preset", "none"], "no preset 'none'"),
        (
            ["{x}", "-o", "{folder}/y.wav", "--preset", "neutral", "--model", "{x}"],
            "not allowed with argument --preset",
        ),
        (["{folder}/void", "-o", "{folder}/out"], "no sound files"),
        (["{folder}/void", "-o", "{x}"], "is a file"),
        (["{x}", "-o", os.devnull], "is a pipe or a device; -o names a file"),
        (["{x}", "-o", "{folder}/y.wva"], "no sound format has the suffix '.wva'"),
        (["{x}", "-o", "{folder}/v1.2"], "If a folder is meant, let it end with /"),
        (["{folder}/none.wav", "-o", "{folder}/new/"], "none.wav: no such file"),
        (["-", "{x}", "-o", "{folder}/out"], "the standard input is read alone"),
        (["{x}", "{x}", "-o", "-"], "the standard output takes one file"),
    ],
)
def test_wrong_use_is_one_line(tmp_path: Path, phaseaware: Command, arguments: list[str], said: str) -> None:
    x = put(tmp_path / "x.wav", tones(100, 1, 48_000))
    (tmp_path / "void").mkdir()
    before = sorted(tmp_path.rglob("*"))
    ran = phaseaware("process", *(argument.format(x=x, folder=tmp_path) for argument in arguments))
    ran.failed_with(2, said)
    assert sorted(tmp_path.rglob("*")) == before


def test_broken_input_leaves_no_output(tmp_path: Path, phaseaware: Command, passing: Path) -> None:
    whole = put(tmp_path / "x.flac", tones(100_000, 1, 48_000), subtype="PCM_16").read_bytes()
    (tmp_path / "cut.flac").write_bytes(whole[: len(whole) * 2 // 3])
    ran = phaseaware("process", tmp_path / "cut.flac", "-o", tmp_path / "out" / "y.flac", "--model", passing)
    ran.failed_with(1, "cut.flac: ends early")
    assert tree(tmp_path / "out") == []


def test_output_that_cannot_be_written(tmp_path: Path, phaseaware: Command, passing: Path) -> None:
    x = put(tmp_path / "x.wav", tones(100, 1, 48_000))
    phaseaware("process", x, "-o", x / "y.wav", "--model", passing).failed_with(1, "cannot be made")
    assert tree(tmp_path) == ["x.wav"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"metadata": {"sample_rate": "16000"}}, "sample_rate=16000"),
        ({"metadata": {"licence": None}}, "'licence' is missing"),
        ({"bins": 257}, "257"),
        ({"masks": {"other": 1}}, "mask_phase_aware"),
    ],
)
def test_wrong_models_are_refused(tmp_path: Path, phaseaware: Command, changes: dict[str, Any], said: str) -> None:
    x = put(tmp_path / "x.wav", tones(100, 1, 48_000))
    model = fakes.constant_model(tmp_path / "m.onnx", **changes)
    phaseaware("process", x, "-o", tmp_path / "y.wav", "--model", model).failed_with(2, said)
    assert not (tmp_path / "y.wav").exists()


def test_models_that_are_none_or_lack_a_state(tmp_path: Path, phaseaware: Command) -> None:
    x = put(tmp_path / "x.wav", tones(100, 1, 48_000))
    phaseaware("process", x, "-o", tmp_path / "y.wav", "--model", x).failed_with(2, "not an ONNX model")
    model = fakes.history_model(tmp_path / "m.onnx", keep_state_output=False)
    phaseaware("process", x, "-o", tmp_path / "y.wav", "--model", model).failed_with(2, "next_state_previous")


def test_mask_that_the_model_lacks(tmp_path: Path, phaseaware: Command) -> None:
    x = put(tmp_path / "x.wav", tones(2000, 1, 48_000))
    model = fakes.constant_model(tmp_path / "m.onnx", masks={"mask_real": 0.5})
    ran = phaseaware("process", x, "-o", tmp_path / "y.wav", "--model", model, "--mask", "phase-aware")
    ran.failed_with(2, "offers no mask 'phase-aware'")
    assert phaseaware("process", x, "-o", tmp_path / "y.wav", "--model", model).status == 0  # the one it has


@pytest.fixture
def handlers() -> Iterator[None]:
    """Those of signals are afterwards as before."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("handlers")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interruption_leaves_no_half_written_file(
    tmp_path: Path, phaseaware: Command, passing: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    """The signal comes while the second of three files is being written; the thread that writes it is told."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # started in a shell's background, it would be ignored
    for name in "abc":
        put(tmp_path / "in" / f"{name}.wav", tones(100_000, 1, 48_000))
    whole = batch.process_file
    seen: list[list[str]] = []
    noticed: list[bool] = []

    def interrupted(
        job: Job, treatment: Treatment, *, progress: Callable[[float], None], stop: threading.Event, **more: Any
    ) -> batch.Report:
        def strike(seconds: float) -> None:
            progress(seconds)
            if job.source.name == "b.wav" and not noticed:
                seen.append(tree(tmp_path / "out"))
                signal.pthread_kill(threading.get_ident(), number)
                noticed.append(stop.wait(10))

        return whole(job, treatment, progress=strike, stop=stop, **more)

    monkeypatch.setattr(batch, "process_file", interrupted)
    command = ["process", tmp_path / "in", "-o", tmp_path / "out", "--model", passing, "--jobs", 1]
    if number is signal.SIGINT:
        ran = phaseaware(*command)
        ran.failed_with(130, "stopped")
        assert "1 of 3 files done, then stopped" in ran.out
    else:
        with pytest.raises(SystemExit) as ended:
            phaseaware(*command)
        assert ended.value.code == 143
    assert noticed == [True]
    assert len(seen[0]) == 2  # the strike came in the middle of a file
    assert tree(tmp_path / "out") == ["a.wav"]
    os.kill(os.getpid(), number)  # once more, while the program ends: it breaks nothing off


_LIMITED = """
import resource, sys
from phaseaware.plugin.command.main import main
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
sys.exit(main(sys.argv[1:]))
"""


def test_what_runs_is_stopped_with_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interruption does not wait for the end of an hour of sound."""
    stopped: list[bool] = []

    def work(job: Job, treatment: object, *, stop: threading.Event, **_: object) -> Report:
        if job.source.name == "long.wav":
            stopped.append(stop.wait(10))
            raise one_file.Stopped
        return Report(job)

    monkeypatch.setattr(batch, "process_file", work)
    jobs = [Job(Path(name), tmp_path / name) for name in ("short.wav", "long.wav")]
    nothing = Treatment(stream=lambda rate, channels: None, maker="", settings={})  # type: ignore[arg-type,return-value]
    running = batch.process_all(jobs, nothing, workers=2)
    assert next(running).job is jobs[0]
    running.close()
    assert stopped == [True]


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are those of POSIX")
def test_full_disk(tmp_path: Path, passing: Path) -> None:
    """The limit of a file's size stands for a full disk: the first file does not fit, the second does."""
    put(tmp_path / "in" / "large.wav", tones(100_000, 1, 48_000))
    put(tmp_path / "in" / "small.wav", tones(1000, 1, 48_000))
    command = [sys.executable, "-c", _LIMITED, "process", tmp_path / "in", "-o", tmp_path / "out", "--model", passing]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert "large.wav" in ran.stderr
    assert "disk full" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert tree(tmp_path / "out") == ["small.wav"]
