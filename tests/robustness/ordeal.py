"""Hours of sound through boards into which faults are put, one after the other; nothing may outlive its fault.

Each round takes a board, plays sound, does one thing that goes wrong or is asked for at a bad moment, and plays on.
Whatever happens, finite samples come out, as many as went in unless the fault begins a new stream; only documented
errors are raised; and after a reset the board gives the very samples of a fresh one. Another thread looks at latency,
levels and controls all the time.
"""

from __future__ import annotations

import copy
import tempfile
import threading
import time
import warnings
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pedalboard
from numpy.typing import NDArray
from phaseaware.engine import ModelError
from phaseaware.engine.audio import AudioFileError, AudioReader
from phaseaware.plugin import Chain, Mix, Pedalboard, PhaseAware, PresetError, load_preset
from phaseaware.plugin.contract import StreamTakenError
from phaseaware.plugin.live import LiveSession

from tests import fakes
from tests.signals import voice_like

from .faults import FORMATS, sound_file
from .mutate import damaged_bytes, damaged_model, damaged_text
from .soak import settled_mb

__all__ = ["INJECTIONS", "Ordeal", "ordeal"]

Samples = NDArray[np.float32]
RATE = 48_000
BLOCK = 512
_ROUND = 20 * BLOCK
_PATTERNS = (np.nan, np.inf, -np.inf, 3e38, 1e-40, 0.0, 1.0)


@dataclass
class Ordeal:
    """What became of it.

    Attributes
    ----------
    seconds : of sound that was played.
    injected : how often each kind of fault was put in.
    muted_seconds : of sound that was silence instead of NaN or inf.
    grown_mb : memory in use (see :func:`settled_mb`) at the end less that after the first tenth, or the first 107 s.
    looks : how often the other thread has looked.
    faults : of ours; there should be none.
    """

    seconds: float = 0.0
    injected: Counter[str] = field(default_factory=Counter)
    muted_seconds: float = 0.0
    grown_mb: float = 0.0
    looks: int = 0
    faults: list[str] = field(default_factory=list)


class _Stage:
    """The board in its present state, and all that a fault needs."""

    def __init__(self, folder: Path, model: Path, rng: np.random.Generator) -> None:
        self.folder, self.rng = folder, rng
        self.models = [model, fakes.history_model(folder / "history.onnx"), fakes.constant_model(folder / "half.onnx")]
        self.broken = fakes.constant_model(folder / "nan.onnx", masks={"mask_phase_aware": 3e38, "mask_real": 3e38})
        self.cleaner = PhaseAware(model=model)
        self.board = self.fresh()

    def fresh(self) -> Pedalboard:
        """A new board around the one processor."""
        self.cleaner = PhaseAware(model=self.models[0])
        return Pedalboard(
            [
                pedalboard.HighpassFilter(80),
                Mix([None, Chain([pedalboard.Gain(-6), self.cleaner])]),
                pedalboard.Compressor(-20, 3),
            ]
        )


def _pieces(stage: _Stage) -> None:
    """A native effect comes or goes, or two change places."""
    board, rng = stage.board, stage.rng
    kinds = (pedalboard.Reverb, pedalboard.Delay, pedalboard.BrickwallLimiter, pedalboard.PeakFilter)
    if len(board) < 6 and rng.random() < 0.6:
        board.insert(int(rng.integers(len(board) + 1)), kinds[int(rng.integers(len(kinds)))]())
    elif len(board) > 3:
        del board[int(rng.choice([i for i, plugin in enumerate(board) if not isinstance(plugin, Mix)]))]
    else:
        board.reverse()


def _branches(stage: _Stage) -> None:
    """A branch of the mix comes or goes."""
    mix: Any = next(plugin for plugin in stage.board if isinstance(plugin, Mix))
    if len(mix) > 2:
        del mix[-1]
    else:
        mix.append(Chain([pedalboard.Gain(-20), PhaseAware(model=stage.models[1])]))


def _controls(stage: _Stage) -> None:
    """All controls at once, some out of range or misspelt."""
    rng = stage.rng
    wanted = {"strength_low": rng.uniform(-1, 3), "mix": rng.uniform(-0.5, 1.5), "reduction_db": rng.uniform(-20, 120)}
    wanted |= {"link": rng.choice(["auto", "channels", "x"]), "mask": rng.choice(["real", "phase-aware", "y"])}
    wanted |= {"mixx": 1}
    for name, value in wanted.items():
        with suppress(ValueError, TypeError, AttributeError):
            setattr(stage.cleaner, name, str(value) if name in ("link", "mask") else float(value))


def _model(stage: _Stage) -> None:
    """Another model, or a damaged one, which is refused."""
    rng = stage.rng
    if rng.random() < 0.5:
        stage.cleaner.model = stage.models[int(rng.integers(len(stage.models)))]
        return
    path = stage.folder / "damaged.onnx"
    path.write_bytes(damaged_model(rng, stage.models[1].read_bytes())[1])
    with suppress(ModelError, OSError, ValueError):
        PhaseAware(model=path)


def _astray(stage: _Stage) -> None:
    """A model that makes inf of sound, for a moment."""
    before = stage.cleaner.model
    stage.cleaner.model = stage.broken
    _play(stage, 8 * BLOCK)
    stage.cleaner.model = before


def _blown(stage: _Stage) -> None:
    """A native effect that makes inf, and a filter behind it that would keep it."""
    stage.board[0:0] = [pedalboard.Gain(400), pedalboard.Gain(400), pedalboard.HighpassFilter(100)]
    _play(stage, 4 * BLOCK)
    del stage.board[0:3]


def _taken(stage: _Stage) -> None:
    """Somebody else uses the processor that streams."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        stage.cleaner(_sound(stage, 3000, 2), RATE)
    try:
        stage.board.process(_sound(stage, BLOCK, 2), RATE, reset=False)
    except StreamTakenError:
        return
    raise AssertionError("nobody noticed that the processor was used elsewhere")


def _files(stage: _Stage) -> None:
    """A damaged sound file and a damaged preset are opened."""
    rng = stage.rng
    path = stage.folder / "x.wav"
    path.write_bytes(damaged_bytes(rng, sound_file(str(rng.choice(list(FORMATS))), 0.05))[1])
    with suppress(AudioFileError), AudioReader(path) as reader:
        for _ in reader.blocks():
            pass
    path = stage.folder / "x.toml"
    path.write_bytes(damaged_text(rng, 'schema = 1\nname = "x"\n[[board]]\nplugin = "Gain"\ngain_db = 3\n')[1])
    with suppress(PresetError):
        load_preset(path)


def _arguments(stage: _Stage) -> None:
    """Arrays and rates that are refused amid a stream."""
    for x, rate in (([1.0], RATE), (np.zeros((2, 2, 2)), RATE), (np.zeros(9, np.int16), RATE), (np.zeros(9), -1.0)):
        with suppress(TypeError, ValueError):
            stage.board.process(x, rate, reset=False)  # type: ignore[arg-type]


def _format(stage: _Stage) -> None:
    """Another rate and channel count, which begin a new stream, and back."""
    rng = stage.rng
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        rate, channels = int(rng.choice([8000, 44_100, 96_000])), int(rng.choice([1, 2, 3]))
        stage.board.process(_sound(stage, 2000, channels), rate, reset=False)


def _live(stage: _Stage) -> None:
    session = LiveSession(stage.board, sample_rate=RATE)
    for number in range(30):
        session.version = ("A", "B", "bypass")[number % 3]  # type: ignore[assignment]
        y = session.process(_sound(stage, BLOCK, 2, extreme=number % 7 == 0))
        assert y.shape == (2, BLOCK), "a block of another length"
        assert np.isfinite(y).all(), "NaN or inf in live sound"
    session.look()


INJECTIONS: dict[str, Callable[[_Stage], None]] = {
    "effects come and go": _pieces, "branches come and go": _branches, "controls": _controls, "models": _model,
    "model that makes inf": _astray, "effect that makes inf": _blown, "processor used elsewhere": _taken,
    "damaged files": _files, "arguments": _arguments, "rate and channels": _format,
    "NaN, inf and extremes": lambda stage: None, "live sound": _live,
}  # fmt: skip
_BEGIN_ANEW = (
    "models", "model that makes inf", "effect that makes inf", "processor used elsewhere", "rate and channels",
    "live sound",
)  # fmt: skip


def _sound(stage: _Stage, samples: int, channels: int, *, extreme: bool = False) -> Samples:
    x = stage.rng.normal(0, 0.1, (channels, samples)).astype(np.float32)
    if extreme:
        start = int(stage.rng.integers(samples))
        x[:, start : start + int(stage.rng.integers(1, 900))] = stage.rng.choice(np.array(_PATTERNS, np.float32))
    return x


def _play(stage: _Stage, samples: int, *, extreme: bool = False) -> int:
    """Sound through the board in blocks of any size; returns the samples that went in less those that came out."""
    x, start, returned = _sound(stage, samples, 2, extreme=extreme), 0, 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # what became NaN is muted, and told
        while start < samples:
            size = int(stage.rng.choice([3, 64, 480, 512, 2000]))
            block = x[:, start : start + max(3, min(size, samples - start))]
            if block.shape[1] < 3:
                break
            y = stage.board.process(block, RATE, reset=False)
            assert np.isfinite(y).all(), "NaN or inf came out"
            assert y.shape[1] <= block.shape[1], "more came out than went in"
            start, returned = start + block.shape[1], returned + y.shape[1]
    return start - returned


def _is_as_fresh(stage: _Stage) -> bool:
    """After a reset, what the board gives is what a copy gives that has never heard anything."""
    stage.board.reset()
    x = (voice_like(np.random.default_rng(1), _ROUND)[None] * np.ones((2, 1))).astype(np.float32)
    twin = copy.deepcopy(stage.board)
    return np.array_equal(stage.board(x, RATE), twin(x, RATE))


def ordeal(model: Path, *, seconds: float, seed: int = 0) -> Ordeal:
    """Play that many seconds of sound, with a fault in each fifth of a second; Ctrl-C ends it sooner."""
    found, stop = Ordeal(), threading.Event()
    with tempfile.TemporaryDirectory() as name:
        stage = _Stage(Path(name), model, np.random.default_rng(seed))
        watcher = threading.Thread(target=_watch, args=(stage, stop, found), daemon=True)
        watcher.start()
        first_mb = None
        rounds = max(10, int(seconds * RATE / _ROUND))
        with suppress(KeyboardInterrupt):
            for number in range(rounds):
                kind = str(stage.rng.choice(list(INJECTIONS)))
                found.injected[kind] += 1
                muted = stage.board.muted_samples
                try:
                    _round(stage, kind)
                except Exception as error:
                    found.faults.append(f"round {number}, {kind}: {type(error).__name__}: {error}"[:300])
                    stage.board = stage.fresh()
                found.seconds += _ROUND / RATE
                found.muted_seconds += max(0, stage.board.muted_samples - muted) / RATE
                if number % 50 == 49:
                    if not _is_as_fresh(stage):
                        found.faults.append(f"round {number}: the board is not as a fresh one after a reset")
                    stage.board = stage.fresh()
                if number == min(rounds // 10, 500):
                    first_mb = settled_mb()
        stop.set()
        watcher.join()
        found.grown_mb = settled_mb() - (first_mb or 0.0)
    return found


def _round(stage: _Stage, kind: str) -> None:
    held = _play(stage, _ROUND // 2)
    INJECTIONS[kind](stage)
    held += _play(stage, _ROUND // 2, extreme=kind == "NaN, inf and extremes")
    rest = stage.board.flush().shape[-1]
    assert rest == held or kind in _BEGIN_ANEW, f"{held} samples were held, {rest} came"


def _watch(stage: _Stage, stop: threading.Event, found: Ordeal) -> None:
    while not stop.wait(0.002):
        try:
            board = stage.board
            assert board.latency_samples >= 0
            assert board.muted_samples >= 0
            repr(board)
            stage.cleaner.settings()
            found.looks += 1
        except Exception as error:
            found.faults.append(f"the other thread: {type(error).__name__}: {error}"[:300])
            time.sleep(0.1)
