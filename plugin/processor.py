"""PhaseAware: noise reduction of speech as a pedalboard-style processor."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray
from phaseaware.engine.controls import (
    BYPASS,
    LINK,
    MASK,
    MIX,
    OUTPUT,
    REDUCTION_DB,
    STRENGTH_HIGH,
    STRENGTH_LOW,
    Render,
)
from phaseaware.engine.limits import MASK_NAMES, Link, MaskName, Output
from phaseaware.engine.model import MaskModel, ModelInfo, default_model, shipped_models
from phaseaware.engine.rates import AnyRateSeparator
from phaseaware.engine.separator import MaskStream, sane
from phaseaware.engine.stft import HOP, SAMPLE_RATE, bin_frequencies, frame_count

from .contract import Processor
from .controlled import Controlled, Controls, Settings
from .fades import Bypass, Exchangeable
from .layout import LayoutMemory, check_buffer_size, check_sample_rate

__all__ = ["MaskAnalysis", "PhaseAware"]

Samples = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class MaskAnalysis:
    """What the model hears and finds.

    Attributes
    ----------
    times : centres of the T frames, in s.
    frequencies : centres of the 513 bins, in Hz.
    spectrum : complex64, shape (channels, T, 513); of the noisy signal, at 48 kHz.
    masks : complex64, shape (channels, T, 513), for each mask that the model offers; as found, without the processor's
        controls (``engine.shape_mask`` applies those).

    Examples
    --------
    >>> found = PhaseAware().analyse(np.zeros((1, 4800), np.float32), 48_000)
    >>> found.masks["real"].shape == (1, len(found.times), len(found.frequencies))
    True
    """

    times: NDArray[np.float64]
    frequencies: NDArray[np.float64]
    spectrum: NDArray[np.complex64]
    masks: Mapping[MaskName, NDArray[np.complex64]]


class PhaseAware(Controls, Processor):
    """Removes noise from speech.

    Called like a native plugin of pedalboard; chained by :class:`Pedalboard`, :class:`Chain` and :class:`Mix` of this
    package. Any rate from 8 to 192 kHz, any number of channels. All controls may be set while sound runs, from any
    thread; a change fades in within about 10 ms (bypass and model within 480 samples).

    Parameters
    ----------
    mask, reduction_db, strength_low, strength_high, output, mix, link, bypass : the controls, which are properties too;
        those tell their values and units.
    model : an ONNX file that keeps the model contract, or the name of a shipped model; None: ``studio``, whose latency
        is 107 ms. For streams there is ``live``, with 32 ms.

    Raises
    ------
    ValueError : a control is out of range, or the model does not offer the mask.
    FileNotFoundError, phaseaware.engine.ModelError : the model is missing, or is not one.

    Examples
    --------
    >>> noisy = np.random.default_rng(0).standard_normal((2, 44_100)).astype(np.float32) / 10
    >>> denoise = PhaseAware(reduction_db=18)
    >>> denoise(noisy, 44_100).shape
    (2, 44100)
    >>> denoise.reduction = 12
    Traceback (most recent call last):
    ...
    AttributeError: PhaseAware has no control 'reduction'; did you mean 'reduction_db'?
    """

    def __init__(
        self,
        *,
        mask: MaskName = MASK.default,
        reduction_db: float | None = REDUCTION_DB.default,
        strength_low: float = STRENGTH_LOW.default,
        strength_high: float = STRENGTH_HIGH.default,
        output: Output = OUTPUT.default,
        mix: float = MIX.default,
        link: Link = LINK.default,
        bypass: bool = BYPASS.default,
        model: str | Path | None = None,
    ) -> None:
        Processor.__init__(self)
        self._bypass = Bypass()
        self._both = False
        self._stream: Exchangeable | None = None
        self._named_model = model
        self._model = _load(model)
        settings = Settings(
            mask=mask, reduction_db=reduction_db, strength_low=strength_low, strength_high=strength_high,
            output=output, mix=mix, link=link, bypass=bypass,
        )  # fmt: skip
        Controls.__init__(self, settings)

    # Controls

    mask = Controlled(MASK)
    reduction_db = Controlled(REDUCTION_DB)
    strength_low = Controlled(STRENGTH_LOW)
    strength_high = Controlled(STRENGTH_HIGH)
    output = Controlled(OUTPUT)
    mix = Controlled(MIX)
    link = Controlled(LINK)
    bypass = Controlled(BYPASS)

    def _check(self, settings: Settings) -> None:
        self._model.check_offers([settings.mask])

    @property
    def model(self) -> Path:
        """The model's file. A model of another latency starts a new stream; any other fades in."""
        return self._model.path

    @model.setter
    def model(self, model: str | Path | None) -> None:
        loaded = _load(model)
        with self._setting:
            loaded.check_offers([self._settings.mask])
            self._model, self._named_model = loaded, model

    @property
    def model_info(self) -> ModelInfo:
        """What the model says of itself."""
        return self._model.info

    def settings(self) -> dict[str, Any]:
        """All controls, as the keyword arguments that make another processor like this one."""
        return asdict(self._settings) | {"model": self._named_model}

    def __repr__(self) -> str:
        controls = ", ".join(f"{name}={str(v) if isinstance(v, Path) else v!r}" for name, v in self.settings().items())
        return f"<PhaseAware {controls}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.settings())

    # Processing

    def process_both(
        self, input_array: NDArray[Any], sample_rate: float, buffer_size: int = 8192, reset: bool = True
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The output of the phase-aware mask and that of the real mask, from one inference.

        The other controls hold for both. As :meth:`process`; in a stream, end with :meth:`flush_both`. Changing between
        the two methods starts a new stream.

        Raises
        ------
        ValueError : as :meth:`process`, or the model does not offer both masks.
        """
        self._model.check_offers(MASK_NAMES)
        sample_rate, buffer_size = check_sample_rate(sample_rate), check_buffer_size(buffer_size)
        with self._lock:
            self._make(both=True)
            made = self._process(input_array, sample_rate, buffer_size, reset)
            return (made[0], made[1]) if input_array.size else (made, made.copy())

    def flush_both(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The rest of a stream of :meth:`process_both`."""
        with self._lock:
            self._make(both=True)
            running = self._running is not None
            made = super().flush()
            return (made[0], made[1]) if running else (made, made.copy())

    def flush(self) -> NDArray[np.float32]:
        with self._lock:
            self._make(both=False)
            return super().flush()

    flush.__doc__ = Processor.flush.__doc__

    def _make(self, *, both: bool) -> None:
        if both != self._both:
            self._both, self._running = both, None

    def process(
        self, input_array: NDArray[Any], sample_rate: float, buffer_size: int = 8192, reset: bool = True
    ) -> NDArray[np.float32]:
        sample_rate, buffer_size = check_sample_rate(sample_rate), check_buffer_size(buffer_size)
        with self._lock:
            self._make(both=False)
            return self._process(input_array, sample_rate, buffer_size, reset)

    process.__doc__ = Processor.process.__doc__

    def analyse(self, input_array: NDArray[Any], sample_rate: float) -> MaskAnalysis:
        """Spectrum and masks of a whole signal, to plot them. Independent of any stream.

        Parameters
        ----------
        input_array : as for :meth:`process`. Signals of another rate are converted to 48 kHz first.
        sample_rate : Hz.

        Raises
        ------
        TypeError, ValueError : as :meth:`process`; or there are no samples.
        """
        sample_rate = check_sample_rate(sample_rate)
        x, _ = LayoutMemory().arrange(input_array)
        x = sane(x)
        if sample_rate != SAMPLE_RATE:
            x = soxr.resample(np.ascontiguousarray(x.T), sample_rate, SAMPLE_RATE).T
        model = self._model
        ahead, frames = model.info.lookahead_frames, frame_count(x.shape[1])
        stream = MaskStream(model, masks=model.info.masks, channels=len(x), link=self._settings.link)
        found = stream.process(np.pad(x, ((0, 0), (0, (frames + ahead) * HOP - x.shape[1]))))
        spectrum = found.spectrum[:, ahead:]
        return MaskAnalysis(
            times=np.arange(frames) * HOP / SAMPLE_RATE,
            frequencies=bin_frequencies(),
            spectrum=spectrum,
            masks={name: np.broadcast_to(found.masks[name][:, ahead:], spectrum.shape) for name in model.info.masks},
        )

    def _renders(self) -> tuple[Render, ...]:
        return self._settings.pair() if self._both else (self._settings,)

    def _separator(self, sample_rate: float, channels: int) -> AnyRateSeparator:
        renders, link = self._renders(), self._settings.link
        return AnyRateSeparator(self._model, renders, sample_rate=sample_rate, channels=channels, link=link)

    def _begin(self, sample_rate: float, channels: int) -> None:
        self._format = sample_rate, channels
        with self._setting:
            self._in_use = self._model, self._settings.link
            self._stream = Exchangeable(self._separator(sample_rate, channels))
        self._bypass.engaged = self._settings.bypass
        self._bypass.begin(channels)

    def _feed(self, x: Samples, buffer_size: int) -> Samples:
        self._follow_controls()
        assert self._stream is not None
        y = self._bypass.apply(x, self._audible(self._stream.process(x)))  # bypassed, it is the input that is heard
        return y if self._both else y[0]

    def _follow_controls(self) -> None:
        assert self._stream is not None
        self._bypass.engaged = self._settings.bypass
        with self._setting:
            if (self._model, self._settings.link) != self._in_use and not self._stream.is_fading:
                separator = self._separator(*self._format)
                self._in_use = self._model, self._settings.link
                if separator.latency_samples == self._stream.latency_samples:
                    self._stream.exchange(separator)
                else:
                    self._stream = Exchangeable(separator)
                    self._bypass.begin(self._format[1])
            if self._stream.newest.model is self._model and self._stream.newest.renders != self._renders():
                self._stream.newest.renders = self._renders()

    def _drain(self) -> Samples:
        assert self._stream is not None
        y = self._bypass.drain(self._audible(self._stream.flush()))
        return y if self._both else y[0]

    def _latency(self, sample_rate: float) -> int:
        stream = self._stream
        if stream is not None and self._running is not None:
            return stream.latency_samples
        if sample_rate == SAMPLE_RATE:
            return self._model.info.latency_samples
        return AnyRateSeparator(self._model, sample_rate=sample_rate).latency_samples


def _load(model: str | Path | None) -> MaskModel:
    """A model, shared by all processors that use the same file."""
    path = default_model() if model is None else Path(shipped_models().get(str(model), model)).absolute()
    changed = path.stat().st_mtime_ns if os.path.isfile(path) else 0  # a name may be too long for a file
    return _loaded(path, changed)


@lru_cache(maxsize=8)
def _loaded(path: Path, changed: int) -> MaskModel:
    return MaskModel(path)


def _rebuild(kind: type[PhaseAware], settings: dict[str, Any]) -> PhaseAware:
    return kind(**settings)
