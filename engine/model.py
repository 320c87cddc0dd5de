"""One ONNX file: its contract, its metadata, its state; frames in, masks out.

The contract
------------
Inputs
    ``spectrum``: float32 ``[1, T, 513, 2]``, T dynamic, real and imaginary part of the noisy spectrum as
    :class:`stft.Analysis` makes it; and any number of float32 states ``state_NAME`` of fixed shape.
Outputs
    ``mask_phase_aware`` and/or ``mask_real``: float32 ``[1, T, 513, 2]``; and ``next_state_NAME`` for every state.
    ``mask[t]`` belongs to frame ``t - lookahead_frames``.
Metadata
    ``phaseaware_contract`` = 1, ``sample_rate``, ``frame_length``, ``hop``, ``seam_hz``, ``lookahead_frames``,
    ``name``, ``version``, ``training_data``, ``licence``.

States of zeros start a stream. Features (phase convention, compression) are the graph's own business.

A file is data from anywhere: onnxruntime gets only what :mod:`graph` has checked, all runs together may take
:data:`MOST_MEMORY`, and loading ends after :data:`LONGEST_LOAD_SECONDS`, a trial run of :data:`MOST_FRAMES` frames
included. No later run has more frames, and the cost of a frame cannot depend on the sound, so none takes longer.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from .errors import ExitStatus, PhaseAwareError
from .graph import LARGEST_FILE, GraphError, checked_graph
from .limits import MASK_NAMES, MaskName
from .stft import BINS, FRAME_LENGTH, HOP, SAMPLE_RATE

__all__ = ["MaskModel", "ModelError", "ModelInfo", "State", "default_model", "shipped_models"]

State = Mapping[str, NDArray[np.float32]]
CONTRACT = "1"
MAX_LOOKAHEAD = 8
MOST_FRAMES = 256  # of one run: bounds its memory however long the signal
MOST_STATE = 1 << 24
MOST_MEMORY = 4 << 30
LONGEST_LOAD_SECONDS = 30.0
_INPUT = "spectrum"
_REQUIRED = {"sample_rate": SAMPLE_RATE, "frame_length": FRAME_LENGTH, "hop": HOP}
_TEXTS = ("name", "version", "training_data", "licence")


class ModelError(PhaseAwareError, ValueError):
    """A file is not a model that keeps the contract, or lacks what is asked of it; the message says what is wrong."""

    exit_status = ExitStatus.USAGE


@dataclass(frozen=True, kw_only=True)
class ModelInfo:
    """What a model file says of itself.

    Attributes
    ----------
    masks : those it offers.
    seam_hz : below it the phase-aware mask is complex, above it a gain.
    lookahead_frames : frames after a frame that its mask is computed from.
    state_shapes : shape of each state by name.
    """

    path: Path
    name: str
    version: str
    training_data: str
    licence: str
    masks: tuple[MaskName, ...]
    seam_hz: float
    lookahead_frames: int
    size_bytes: int
    state_shapes: Mapping[str, tuple[int, ...]]
    metadata: Mapping[str, str]
    """All entries of the file's metadata; more than the contract asks for, if there is more."""

    @property
    def latency_samples(self) -> int:
        """Delay of a stream at 48 kHz: one frame and the look-ahead."""
        return FRAME_LENGTH + self.lookahead_frames * HOP


def shipped_models() -> dict[str, Path]:
    """Models that come with the package, by name."""
    folder = Path(str(resources.files("phaseaware.engine.models")))
    return {path.stem: path for path in sorted(folder.glob("*.onnx"))}


def default_model() -> Path:
    """The model used where none is named.

    Raises
    ------
    ModelError : the package holds no model (a source tree before its first export).
    """
    models = shipped_models()
    if not models:
        raise ModelError("no model is installed; name one, or export one with `python -m phaseaware.engine.training`")
    return models.get("phaseaware", next(iter(models.values())))


def _one_quiet_thread() -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 4
    return options


@cache
def _bound_memory() -> None:
    """Give all models of this process one arena of limited size; a run that wants more fails, and nothing else does."""
    kinds = onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, onnxruntime.OrtMemType.DEFAULT
    memory = onnxruntime.OrtMemoryInfo("Cpu", kinds[0], 0, kinds[1])
    onnxruntime.create_and_register_allocator(memory, onnxruntime.OrtArenaCfg({"max_mem": MOST_MEMORY}))


class MaskModel:
    """A model file, checked and ready to run. Holds no stream: the state is handed in and out.

    Parameters
    ----------
    path : an ONNX file, or the name of a shipped model; default: :func:`default_model`.
    session_options : for onnxruntime; default: one thread, sequential, no spinning.

    Raises
    ------
    FileNotFoundError : there is no such file.
    ModelError : the file does not keep the contract, or holds what a model must not hold (see :mod:`graph`), or takes
        too much time or memory; the message names what is wrong.
    """

    def __init__(
        self, path: str | Path | None = None, *, session_options: onnxruntime.SessionOptions | None = None
    ) -> None:
        self.path = Path(shipped_models().get(str(path), path)) if path is not None else default_model()
        if not self.path.is_file():
            known = ", ".join(shipped_models()) or "none"
            raise FileNotFoundError(f"{self.path}: no such model file (shipped models: {known})")
        self._run_options = onnxruntime.RunOptions()
        self._run_options.log_severity_level = 4
        content, options = self._read(), session_options or _one_quiet_thread()
        _bound_memory()
        self._in_time(lambda: self._load(content, options))

    def _read(self) -> bytes:
        if self.path.stat().st_size > LARGEST_FILE:
            raise self._refuse(f"larger than {LARGEST_FILE >> 20} MB, the most that is read")
        try:
            return checked_graph(self.path.read_bytes())
        except GraphError as error:
            raise self._refuse(str(error)) from None
        except OSError as error:
            raise self._refuse(f"cannot be read ({error.strerror})") from None

    def _load(self, content: bytes, options: onnxruntime.SessionOptions) -> None:
        if self.path not in shipped_models().values():
            # As it stands, first: that can be interrupted between two operators. Optimising a graph computes what is
            # constant in it, which cannot be, but does not take longer than this run has.
            plain = _one_quiet_thread()
            plain.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
            self._start(content, plain)
        self._start(content, options)

    def _start(self, content: bytes, options: onnxruntime.SessionOptions) -> None:
        # Content that looks like onnxruntime's own format would otherwise be taken for it.
        options.add_session_config_entry("session.load_model_format", "ONNX")
        options.add_session_config_entry("session.use_env_allocators", "1")
        try:
            self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's exceptions share no base class but Exception
            raise self._refuse(f"not an ONNX model that onnxruntime can load ({_first_line(error)})") from error
        self.info = self._inspect()
        self._try_out()

    def _in_time(self, work: Callable[[], None]) -> None:
        """Do it in a thread, which is given up when it takes too long, as one operator cannot be interrupted."""
        done: Future[None] = Future()

        def run() -> None:
            try:
                work()
                done.set_result(None)
            except BaseException as error:
                done.set_exception(error)

        threading.Thread(target=run, daemon=True).start()
        try:
            done.result(LONGEST_LOAD_SECONDS)
        except TimeoutError:
            self._run_options.terminate = True
            raise self._refuse(
                f"loading it and running {MOST_FRAMES} frames takes more than {LONGEST_LOAD_SECONDS:g} s"
            ) from None

    @cached_property
    def _state_names(self) -> tuple[str, ...]:
        return tuple(i.name for i in self._session.get_inputs() if i.name != _INPUT)

    def _refuse(self, why: str) -> ModelError:
        return ModelError(f"{self.path.name}: {why}")

    def _inspect(self) -> ModelInfo:
        meta = self._session.get_modelmeta().custom_metadata_map
        if meta.get("phaseaware_contract") != CONTRACT:
            raise self._refuse(f"metadata phaseaware_contract={meta.get('phaseaware_contract')!r} is not {CONTRACT!r}")
        if missing := [key for key in (*_REQUIRED, "seam_hz", "lookahead_frames", *_TEXTS) if key not in meta]:
            raise self._refuse(f"metadata {missing[0]!r} is missing")
        for key, value in _REQUIRED.items():
            if meta[key] != str(value):
                raise self._refuse(f"{key}={meta[key]} is not {value}, the only one supported")
        try:
            lookahead, seam_hz = int(meta["lookahead_frames"]), float(meta["seam_hz"])
        except ValueError as error:
            raise self._refuse(f"metadata: {error}") from None
        if not 0 <= lookahead <= MAX_LOOKAHEAD:
            raise self._refuse(f"lookahead_frames={lookahead} is not from 0 to {MAX_LOOKAHEAD}")
        if not 0 <= seam_hz <= SAMPLE_RATE / 2:
            raise self._refuse(f"seam_hz={seam_hz:g} is not from 0 to {SAMPLE_RATE // 2}")

        ends = self._session.get_inputs(), self._session.get_outputs()
        inputs, outputs = ({node.name: node for node in nodes} for nodes in ends)
        if _INPUT not in inputs:
            raise self._refuse(f"input {_INPUT!r} is missing (inputs: {', '.join(inputs)})")
        self._check_frames(_INPUT, inputs[_INPUT])
        masks = tuple(mask for mask in MASK_NAMES if _output_name(mask) in outputs)
        if not masks:
            raise self._refuse(f"none of the outputs {', '.join(map(_output_name, MASK_NAMES))} is there")
        for mask in masks:
            self._check_frames(_output_name(mask), outputs[_output_name(mask)])
        shapes: dict[str, tuple[int, ...]] = {}
        for name in self._state_names:
            shape = inputs[name].shape
            if not name.startswith("state_"):
                raise self._refuse(f"input {name!r} is neither {_INPUT!r} nor a state_…")
            if inputs[name].type != "tensor(float)" or not all(isinstance(d, int) for d in shape):
                raise self._refuse(f"{name}: states are float32 of fixed shape, not {inputs[name].type} {shape}")
            if f"next_{name}" not in outputs:
                raise self._refuse(f"state {name!r} has no output 'next_{name}'")
            shapes[name] = tuple(shape)
        sizes = [math.prod(shape) for shape in shapes.values()]
        if sum(sizes) > MOST_STATE or min(sizes, default=1) < 1:
            raise self._refuse(f"states of shapes {list(shapes.values())} are not 1 to {MOST_STATE} numbers")
        for name in outputs:
            if name.startswith("next_") and name.removeprefix("next_") not in inputs:
                raise self._refuse(f"output {name!r} has no input {name.removeprefix('next_')!r}")
        return ModelInfo(
            path=self.path, masks=masks, seam_hz=seam_hz, lookahead_frames=lookahead,
            size_bytes=self.path.stat().st_size, state_shapes=shapes, metadata=meta,
            **{key: meta[key] for key in _TEXTS},
        )  # fmt: skip

    def _check_frames(self, name: str, node: onnxruntime.NodeArg) -> None:
        shape = node.shape
        if node.type != "tensor(float)" or len(shape) != 4:
            raise self._refuse(f"{name}: {node.type} {shape} is not float32 [1, T, {BINS}, 2]")
        fixed = [(0, 1), (2, BINS), (3, 2)]
        if any(isinstance(shape[axis], int) and shape[axis] != size for axis, size in fixed):
            raise self._refuse(f"{name}: shape {shape} is not [1, T, {BINS}, 2]")
        if name == _INPUT and isinstance(shape[1], int):
            raise self._refuse(f"{name}: T is fixed at {shape[1]}; it must be dynamic")

    def _try_out(self) -> None:
        """A run of silence: what the declared shapes leave open shows here rather than in the middle of a file."""
        silence = np.zeros((MOST_FRAMES, BINS), np.complex64)
        try:
            masks, state = self.run(silence, self.initial_state(), self.info.masks)
        except Exception as error:
            raise self._refuse(f"a run on {MOST_FRAMES} silent frames fails ({_first_line(error)})") from error
        for mask, M in masks.items():
            if M.shape != silence.shape:
                raise self._refuse(
                    f"{_output_name(mask)}: {MOST_FRAMES} frames in, shape {M.shape} out instead of {silence.shape}"
                )
            if not np.isfinite(M).all():
                raise self._refuse(f"{_output_name(mask)}: not finite for silence")
        for name, shape in self.info.state_shapes.items():
            if state[name].shape != shape:
                raise self._refuse(f"next_{name}: shape {state[name].shape} is not {name}'s {shape}")

    def initial_state(self) -> State:
        """The state at the start of a stream."""
        return {name: np.zeros(shape, np.float32) for name, shape in self.info.state_shapes.items()}

    def check_offers(self, masks: Iterable[MaskName]) -> None:
        """Raise a ModelError that names the first of ``masks`` that the model lacks, and those that it has."""
        for mask in masks:
            if mask not in self.info.masks:
                has = ", ".join(map(repr, self.info.masks))
                raise ModelError(f"{self.path.name} offers no mask {mask!r}; it has {has}")

    def run(
        self, spectrum: NDArray[np.complex64], state: State, masks: Sequence[MaskName]
    ) -> tuple[dict[MaskName, NDArray[np.complex64]], State]:
        """Masks of one channel's next frames.

        Parameters
        ----------
        spectrum : complex64, shape (T, 513), T >= 1.
        state : from :meth:`initial_state` or the previous call.
        masks : which to return. The graph computes all its heads: onnxruntime's ``only_execute_path_to_fetches`` does
            nothing in builds for inference (seen in its profile, 1.32).

        Returns
        -------
        masks : complex64 of shape (T, 513) each; ``mask[t]`` belongs to frame ``t - lookahead_frames``.
        state : for the next call.
        """
        if len(spectrum) > MOST_FRAMES:
            return self._run_in_parts(spectrum, state, masks)
        frames = np.ascontiguousarray(spectrum, np.complex64).view(np.float32).reshape(1, -1, BINS, 2)
        names = [_output_name(mask) for mask in masks] + [f"next_{name}" for name in self._state_names]
        values = self._session.run(names, {_INPUT: frames, **state}, self._run_options)
        found = {mask: value.view(np.complex64)[0, ..., 0] for mask, value in zip(masks, values, strict=False)}
        return found, dict(zip(self._state_names, values[len(masks) :], strict=True))

    def _run_in_parts(
        self, spectrum: NDArray[np.complex64], state: State, masks: Sequence[MaskName]
    ) -> tuple[dict[MaskName, NDArray[np.complex64]], State]:
        parts = []
        for start in range(0, len(spectrum), MOST_FRAMES):
            found, state = self.run(spectrum[start : start + MOST_FRAMES], state, masks)
            parts.append(found)
        return {mask: np.concatenate([part[mask] for part in parts]) for mask in masks}, state

    def __repr__(self) -> str:
        return f"MaskModel({str(self.path)!r})"

    def __reduce__(self) -> tuple[type[MaskModel], tuple[str]]:
        return MaskModel, (str(self.path),)


def _output_name(mask: MaskName) -> str:
    return "mask_" + mask.replace("-", "_")


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
