"""One damaged file each: what the product makes of it. ``TRIALS`` maps a kind of file to its trial."""

from __future__ import annotations

import io
import tempfile
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import soundfile
from phaseaware.engine import MaskModel, ModelError, Render, separate, shipped_models
from phaseaware.engine.audio import AudioReader
from phaseaware.plugin import PresetError, load_preset
from phaseaware.plugin.files import Job, process_all, separating
from phaseaware.plugin.presets import shipped_folder

from tests import fakes

from .graphs import wild_graph
from .mutate import damaged_bytes, damaged_model, damaged_text
from .variant_kinds import write_media

__all__ = ["TRIALS", "FaultError", "sound_file"]

FORMATS = {
    "wav": ("WAV", "PCM_16"), "float.wav": ("WAV", "FLOAT"), "flac": ("FLAC", "PCM_16"), "ogg": ("OGG", "VORBIS"),
    "opus": ("OGG", "OPUS"), "mp3": ("MP3", "MPEG_LAYER_III"), "aiff": ("AIFF", "PCM_24"), "caf": ("CAF", "PCM_16"),
    "w64": ("W64", "PCM_16"), "au": ("AU", "PCM_16"),
}  # fmt: skip
MEDIA = {"m4a": ("mp4", "aac"), "mka": ("matroska", "flac"), "mkv": ("matroska", "libopus")}
"""Read and written by PyAV."""
SECONDS = 0.4
RATE = 48_000


class FaultError(AssertionError):
    """The product did what it must not do."""


def _check(holds: bool, what: str) -> None:
    if not holds:
        raise FaultError(what)


# Sound files


@cache
def sound_file(name: str, seconds: float = SECONDS) -> bytes:
    """The content of a stereo file of noise, of one of FORMATS or MEDIA."""
    rng = np.random.default_rng(1)
    x = 0.1 * rng.standard_normal((int(seconds * RATE), 2))
    if name in MEDIA:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"x.{name}"
            write_media(path, *MEDIA[name], x.T.astype(np.float32), RATE)
            return path.read_bytes()
    format, subtype = FORMATS[name]
    file = io.BytesIO()
    soundfile.write(file, x, RATE, subtype, format=format)
    return file.getvalue()


@cache
def _passing(folder: Path) -> MaskModel:
    return MaskModel(fakes.constant_model(folder / "passing.onnx", masks={"mask_phase_aware": 1}))


def _audio(rng: np.random.Generator, folder: Path) -> tuple[str, str]:
    name = str(rng.choice([*FORMATS, *MEDIA]))
    whole = sound_file(name)
    kind, content = damaged_bytes(rng, whole)
    suffix = name.rpartition(".")[2]
    source, out = folder / f"in.{suffix}", folder / "out"
    source.write_bytes(content)
    treatment = separating(_passing(folder), Render(), "channels")
    (report,) = process_all([Job(source, out / f"y.{suffix}")], treatment)
    left = sorted(path.name for path in out.iterdir()) if out.exists() else []
    if report.error is not None:
        _check("unexpected" not in report.error, f"{name}: {report.error}")
        _check(left == [], f"{name}: refused, but {left} is left")
        return kind, "refused"
    _check(left == [f"y.{suffix}"], f"{name}: {left} is left")
    with AudioReader(source) as given, AudioReader(out / left[0]) as made:
        _check(given.info.frames == made.info.frames, f"{name}: length {given.info.frames} → {made.info.frames}")
        _check(given.info.channels == made.info.channels, f"{name}: channels")
        _check(given.info.sample_rate == made.info.sample_rate, f"{name}: rate")
        heard = sum(block.shape[1] for block in made.blocks())
        _check(heard == made.info.frames, f"{name}: the output's blocks hold {heard} samples")
        if kind == "truncated" and suffix not in ("ogg", "opus", "mp3") and name not in MEDIA:
            _check(given.info.frames >= SECONDS * RATE, f"{name}: a file that was cut is taken for whole")
    (out / left[0]).unlink()
    return kind, "processed"


# Presets


@cache
def _presets() -> tuple[str, ...]:
    return tuple(path.read_text(encoding="utf-8") for path in sorted(shipped_folder().glob("*.toml")))


def _preset(rng: np.random.Generator, folder: Path) -> tuple[str, str]:
    kind, content = damaged_text(rng, str(rng.choice(np.array(_presets(), object))))
    path = folder / "preset.toml"
    path.write_bytes(content)
    try:
        board = load_preset(path).board()
    except PresetError as error:
        _check(str(error).startswith(str(path)), f"the message does not name the file: {error}")
        return kind, "refused"
    x = (0.1 * rng.standard_normal((2, 4800))).astype(np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # what became NaN is muted, and told
        y = board(x, RATE)
        made = [board.process(block, RATE, reset=False) for block in np.split(x, 4, axis=1)]
        stream = np.concatenate([*made, board.flush()], axis=1)
    for sound in (y, stream):
        _check(sound.shape == x.shape, f"shape {sound.shape}")
        _check(bool(np.isfinite(sound).all()), "NaN or inf")
    _check(board.latency_samples >= 0, "latency")
    return kind, "processed"


# Models


@cache
def _models(folder: Path) -> tuple[bytes, ...]:
    history = fakes.history_model(folder / "history.onnx").read_bytes()
    constant = fakes.constant_model(folder / "constant.onnx").read_bytes()
    return history, constant, *(path.read_bytes() for path in shipped_models().values())


def _model(rng: np.random.Generator, folder: Path) -> tuple[str, str]:
    kind, content = damaged_model(rng, _models(folder)[int(rng.choice([0, 0, 1, 2]))])
    return _try_model(kind, content, folder)


def _graph(rng: np.random.Generator, folder: Path) -> tuple[str, str]:
    return _try_model("wild", wild_graph(rng), folder)


def _try_model(kind: str, content: bytes, folder: Path) -> tuple[str, str]:
    path = folder / "model.onnx"
    path.write_bytes(content)
    try:
        model = MaskModel(path)
    except ModelError as error:
        said = str(error)
        _check(said.startswith(path.name) and "\n" not in said, f"the message is not one line with the file: {said}")
        ended = "ends the process" in said or "takes" in said
        return kind, "refused, ended in its trial" if ended else "refused"
    x = (0.1 * np.random.default_rng(1).standard_normal((1, 9000))).astype(np.float32)
    made = separate(x, model, [Render(mask=mask) for mask in model.info.masks], sample_rate=48_000)
    _check(made.shape == (len(model.info.masks), *x.shape), f"shape {made.shape}")
    return kind, "processed"


TRIALS: dict[str, Callable[[np.random.Generator, Path], tuple[str, str]]] = {
    "sound files": _audio,
    "presets": _preset,
    "models": _model,
    "graphs": _graph,
}
"""A trial damages a file by the generator, in the folder; returns the kind of damage and what became of it.

Raises :class:`FaultError`, or whatever the product lets out, which is a fault too."""
