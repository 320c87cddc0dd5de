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

A file is data from anywhere: onnxruntime gets only what :func:`model_check.vetted` has accepted, and runs it with
numbers of frames that were tried there (:data:`MOST_FRAMES` at most). The cost of a frame cannot depend on the sound.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .errors import ExitStatus, PhaseAwareError
from .limits import MaskName
from .model_check import CONTRACT, INPUT, LARGEST_FILE, RUN_LENGTHS, RefusedError, output_name, read_contract, vetted
from .runtime import quiet_run, start_session
from .stft import BINS, FRAME_LENGTH, HOP

__all__ = [
    "CONTRACT",
    "DEFAULT_MODELS",
    "MOST_FRAMES",
    "MaskModel",
    "ModelError",
    "ModelInfo",
    "State",
    "default_model",
    "shipped_models",
]

State = Mapping[str, NDArray[np.float32]]
MOST_FRAMES = RUN_LENGTHS[0]  # of one run
DEFAULT_MODELS = {"recording": "studio", "stream": "live"}


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

    Examples
    --------
    >>> info = MaskModel().info
    >>> info.latency_samples == 1024 + 512 * info.lookahead_frames
    True
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
    """Models that come with the package, by name.

    Examples
    --------
    >>> default_model() in shipped_models().values()
    True
    """
    folder = Path(str(resources.files("phaseaware.engine.models")))
    return {path.stem: path for path in sorted(folder.glob("*.onnx"))}


def default_model(sound: Literal["recording", "stream"] = "recording") -> Path:
    """The model used where none is named: ``studio`` for whole recordings, ``live`` for streams.

    Raises
    ------
    ModelError : the package lacks it (a source tree before its first export).
    """
    name = DEFAULT_MODELS[sound]
    if (path := shipped_models().get(name)) is None:
        raise ModelError(f"no model {name} is installed; export one with `python -m phaseaware.engine.training`")
    return path


class MaskModel:
    """A model file, checked and ready to run. Holds no stream: the state is handed in and out.

    Parameters
    ----------
    path : an ONNX file, or the name of a shipped model; default: :func:`default_model`.

    Raises
    ------
    FileNotFoundError : there is no such file.
    ModelError : the file does not keep the contract, or holds what a model must not hold, or takes too much time or
        memory when it is tried (see :mod:`model_check`); the message names what is wrong.

    Examples
    --------
    >>> model = MaskModel()
    >>> model.info.masks
    ('phase-aware', 'real')
    >>> masks, state = model.run(np.zeros((3, 513), np.complex64), model.initial_state(), ["real"])
    >>> masks["real"].shape
    (3, 513)
    """

    def __init__(self, path: str | Path | None = None) -> None:
        self.path = Path(shipped_models().get(str(path), path)) if path is not None else default_model()
        if not os.path.isfile(self.path):  # False for names that no file can have, too
            if os.path.exists(self.path):  # a pipe, a device: reading it might never end
                raise FileNotFoundError(f"{self.path}: is not a regular file")
            known = ", ".join(shipped_models()) or "none"
            raise FileNotFoundError(f"{self.path}: no such model file (shipped models: {known})")
        content = self._read()
        try:
            self._session = start_session(vetted(content))
            contract = read_contract(self._session)
        except RefusedError as error:
            raise ModelError(f"{self.path.name}: {error}") from None
        except Exception as error:  # onnxruntime's exceptions share no base class but Exception
            raise ModelError(f"{self.path.name}: cannot be loaded ({error})") from error
        self._run_options = quiet_run()
        self._state_names = tuple(contract.state_shapes)
        self.info = ModelInfo(
            path=self.path, masks=contract.masks, seam_hz=contract.seam_hz, size_bytes=len(content),
            lookahead_frames=contract.lookahead_frames, state_shapes=contract.state_shapes, metadata=contract.metadata,
            **{key: contract.metadata[key] for key in ("name", "version", "training_data", "licence")},
        )  # fmt: skip

    def _read(self) -> bytes:
        """The file's bytes, read once: what is checked is what is loaded."""
        try:
            with open(self.path, "rb") as file:
                content = file.read(LARGEST_FILE + 1)
        except OSError as error:
            raise ModelError(f"{self.path.name}: cannot be read ({error.strerror})") from None
        if len(content) > LARGEST_FILE:
            raise ModelError(f"{self.path.name}: larger than {LARGEST_FILE >> 20} MB, the most that is read")
        return content

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

        Raises
        ------
        ModelError : the graph fails on what is heard.
        """
        lengths = list(_run_lengths(len(spectrum)))
        if len(lengths) == 1:
            return self._run_once(spectrum, state, masks)
        parts, start = [], 0
        for length in lengths:
            found, state = self._run_once(spectrum[start : start + length], state, masks)
            parts.append(found)
            start += length
        return {mask: np.concatenate([part[mask] for part in parts]) for mask in masks}, state

    def _run_once(
        self, spectrum: NDArray[np.complex64], state: State, masks: Sequence[MaskName]
    ) -> tuple[dict[MaskName, NDArray[np.complex64]], State]:
        frames = np.ascontiguousarray(spectrum, np.complex64).view(np.float32).reshape(1, -1, BINS, 2)
        names = [output_name(mask) for mask in masks] + [f"next_{name}" for name in self._state_names]
        try:
            values = self._session.run(names, {INPUT: frames, **state}, self._run_options)
        except Exception as error:  # an index that depends on what is heard, say, may lead out of its table
            raise ModelError(f"{self.path.name}: fails on this sound ({error})") from error
        found = {mask: value.view(np.complex64)[0, ..., 0] for mask, value in zip(masks, values, strict=False)}
        return found, dict(zip(self._state_names, values[len(masks) :], strict=True))

    def __repr__(self) -> str:
        return f"MaskModel({str(self.path)!r})"

    def __reduce__(self) -> tuple[type[MaskModel], tuple[str]]:
        return MaskModel, (str(self.path),)


def _run_lengths(count: int) -> Iterator[int]:
    """Lengths of :data:`RUN_LENGTHS` that add up to ``count``, longest first."""
    for length in RUN_LENGTHS:
        yield from [length] * (count // length)
        count %= length
