"""The streaming processor: samples → frames → masks → frames → samples.

:class:`MaskStream` finds the masks; :class:`Separator` makes the versions. Both take blocks of any length.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .controls import Render
from .frames import Frames, MaskSynthesis
from .limits import LINKS, MOST_CHANNELS, Link, MaskName
from .model import MaskModel
from .stft import BINS, HOP, Analysis

__all__ = ["PREROLL", "MaskStream", "Separator", "check_block", "mid", "sane"]

Samples = NDArray[np.float32]
_LONGEST_PIECE = 128 * HOP  # samples processed at once: fits into caches
_LARGEST_PIECE = 1 << 22  # samples of all channels; their spectra and masks take many times as much
PREROLL = 470 * HOP
"""Samples at 48 kHz, five seconds, that a stream may hear of its own beginning before it begins: an even number of
frames, as the phase convention's sign of a frame depends on whether its number is odd."""
_LOUDEST = np.float32(1e5)  # +100 dBFS: beyond any audio, and its spectrum's square still fits float32
_CANCELLED = 1e-3  # of the channels' mean power
_QUIETEST = np.float32(1e-15)  # -300 dBFS: below any audio, and its square is still a normal number


def check_block(block: Samples, channels: int) -> None:
    """Whether it is a block of sound.

    Raises
    ------
    TypeError : not float32 or float64; integers would be taken for a sound 90 dB above full scale.
    ValueError : not of shape (channels, n).
    """
    if block.ndim != 2 or block.shape[0] != channels:
        raise ValueError(f"{block.shape=} is not ({channels=}, samples)")
    if block.dtype not in (np.float32, np.float64):
        raise TypeError(f"{block.dtype=} is not float32 or float64; scale integers to [-1, 1]")


def sane(block: Samples) -> Samples:
    """A copy in which nothing can harm a later sample: no NaN, no inf, no absurd or denormal values."""
    with np.errstate(over="ignore"):
        x = block.astype(np.float32)
    magnitude = np.abs(x)
    if not magnitude.max() <= _LOUDEST:  # also for NaN
        x = np.nan_to_num(block, nan=0.0, posinf=0.0, neginf=0.0)
        x = np.clip(x, -_LOUDEST, _LOUDEST).astype(np.float32)
    x[magnitude < _QUIETEST] = 0
    return x


def pieces(x: Samples) -> Iterator[Samples]:
    """A block (channels, n) in blocks that take a bounded memory, however long it is and whatever the channels."""
    size = min(_LONGEST_PIECE, max(HOP, _LARGEST_PIECE // max(1, len(x))))
    for start in range(0, x.shape[1], size):
        yield x[:, start : start + size]


def mid(X: NDArray[np.complex64]) -> NDArray[np.complex64]:
    """Spectrum (T, 513) that channels (channels, T, 513) share a mask from: their mean, as the transform is linear.

    Frames in which they cancel (30 dB below their mean power, as where one is the other turned upside down) are those
    of one channel, the first that is not much below the mean.
    """
    mean = X.mean(axis=0)
    power = np.square(np.abs(X)).sum(axis=2)
    cancelled = np.flatnonzero(np.square(np.abs(mean)).sum(axis=1) < _CANCELLED * power.mean(axis=0))
    if len(cancelled):
        power = power[:, cancelled]
        mean[cancelled] = X[np.argmax(power >= power.mean(axis=0) / 2, axis=0), cancelled]
    return mean


def _is_finite(masks: Iterable[NDArray[np.complex64]]) -> bool:
    # A sum is finite if all its terms are, unless it overflows: one cheap pass for the usual case.
    with np.errstate(over="ignore", invalid="ignore"):
        return all(np.isfinite(M.sum()) or bool(np.isfinite(M).all()) for M in masks)


class MaskStream:
    """Blocks of samples in, frames with their masks out.

    The model's look-ahead is compensated: the masks returned belong to the spectra returned beside them. The first
    ``lookahead_frames`` frames returned lie before the stream's start.

    Parameters
    ----------
    model : shared by any number of streams.
    masks : which masks to compute.
    channels : number of channels.
    link : see :data:`limits.Link`.

    Raises
    ------
    ValueError : the model does not offer a mask, channels outside 1 to 1024, or an unknown link.

    Examples
    --------
    >>> from phaseaware.engine import MaskModel
    >>> stream = MaskStream(MaskModel(), masks=["real"], channels=2)
    >>> frames = stream.process(np.zeros((2, 4096), np.float32))
    >>> frames.spectrum.shape, frames.masks["real"].shape  # two channels share a mask
    ((2, 8, 513), (1, 8, 513))
    """

    def __init__(self, model: MaskModel, *, masks: Sequence[MaskName], channels: int = 1, link: Link = "auto") -> None:
        if not 1 <= channels <= MOST_CHANNELS:
            raise ValueError(f"{channels=} is not an integer from 1 to {MOST_CHANNELS}")
        if link not in LINKS:
            raise ValueError(f"{link=} is not one of {', '.join(map(repr, LINKS))}")
        model.check_offers(masks)
        self.model, self.channels, self.link = model, channels, link
        self._shares = channels > 1 if link == "stereo" else channels == 2 and link == "auto"
        self.masks = tuple(dict.fromkeys(masks))
        self.reset()

    def reset(self) -> None:
        """Start a new stream."""
        self._analysis = Analysis(self.channels)
        self._states = [self.model.initial_state() for _ in range(1 if self._shares else self.channels)]
        self._waiting = np.zeros((self.channels, self.model.info.lookahead_frames, BINS), np.complex64)

    @property
    def state(self) -> dict[str, NDArray[Any]]:
        """What a stream of the same model, channels and link needs to go on from here: arrays by name. May be set."""
        model = {f"{i} {name}": value for i, state in enumerate(self._states) for name, value in state.items()}
        return {"tail": self._analysis.tail, "waiting": self._waiting, **model}

    @state.setter
    def state(self, state: Mapping[str, NDArray[Any]]) -> None:
        self._analysis.tail, self._waiting = state["tail"], state["waiting"]
        self._states = [{name: state[f"{i} {name}"] for name in names} for i, names in enumerate(self._states)]

    def preroll(self, beginning: Samples) -> None:
        """Hear a recording's beginning backwards before it begins: the model then knows voice and noise from the start.

        Parameters
        ----------
        beginning : the samples of shape (channels, n) that will be processed next; :data:`PREROLL` + 1 of them are
            enough, of fewer as many whole pairs of frames are heard as there are.
        """
        count = min(PREROLL, max(0, beginning.shape[1] - 1) // (2 * HOP) * (2 * HOP))
        for piece in pieces(beginning[:, count:0:-1]):
            self.process(piece)

    def process(self, block: Samples) -> Frames:
        """Samples at 48 kHz of shape (channels, n) in, float32 and finite; the frames that have become complete out."""
        X = self._analysis.process(block)
        T = X.shape[1]
        found: dict[MaskName, list[NDArray[np.complex64]]] = {mask: [] for mask in self.masks}
        heard = mid(X)[None] if self._shares else X
        for i, spectrum in enumerate(heard):
            if T:
                masks, state = self.model.run(spectrum, self._states[i], self.masks)
                # A model that has gone astray would stay there; it begins anew.
                self._states[i] = state if _is_finite(masks.values()) else self.model.initial_state()
            else:
                masks = dict.fromkeys(self.masks, np.empty((0, BINS), np.complex64))
            for mask, M in masks.items():
                found[mask].append(M)
        if self._waiting.shape[1]:
            X = np.concatenate([self._waiting, X], axis=1)
            X, self._waiting = X[:, :T], X[:, T:]
        return Frames(X, {mask: np.stack(Ms) if len(Ms) > 1 else Ms[0][None] for mask, Ms in found.items()})


class Separator:
    """Streaming noise reduction at 48 kHz; several versions of the output from one inference.

    Feed blocks of any length to :meth:`process`. After ``n`` samples have been fed, ``max(0, n - latency_samples)``
    have come out, and output sample ``i`` belongs to input sample ``i``; :meth:`flush` gives the rest. How the stream
    is cut into blocks does not change the samples (beyond float32 rounding inside the model).

    NaN and inf in a block count as silence.

    A model that begins with the first sample is unsure for some seconds: it has heard nothing yet. A recording may
    begin ``warm``, live sound cannot.

    Parameters
    ----------
    model : from :class:`model.MaskModel`.
    renders : one or several :class:`controls.Render`; may be replaced while running; a change fades in over one
        frame.
    channels : number of channels.
    link : see :data:`limits.Link`.
    warm : hear the beginning backwards before it begins (:meth:`MaskStream.preroll`). Nothing comes out before five
        seconds have been fed, or :meth:`flush` called; after that all that is due.
    observer : called with the frames that were just rendered, in order from the stream's first on.

    Raises
    ------
    ValueError : there are no renders, one asks for a mask that the model does not offer, channels outside 1 to 1024, or
        an unknown link.

    Examples
    --------
    >>> from phaseaware.engine import MaskModel, Render
    >>> separator = Separator(MaskModel(), Render().pair())
    >>> made = [separator.process(block) for block in np.zeros((10, 1, 700), np.float32)]
    >>> np.concatenate([*made, separator.flush()], axis=2).shape
    (2, 1, 7000)
    """

    def __init__(
        self,
        model: MaskModel,
        renders: Render | Sequence[Render] | None = None,
        *,
        channels: int = 1,
        link: Link = "auto",
        warm: bool = False,
        observer: Callable[[Frames], object] | None = None,
    ) -> None:
        renders = Render() if renders is None else renders
        self._renders = (renders,) if isinstance(renders, Render) else tuple(renders)
        if not self._renders:
            raise ValueError("renders is empty; name at least one")
        self._warm, self._observer = warm, observer
        self._stream = MaskStream(model, masks=[r.mask for r in self._renders], channels=channels, link=link)
        self.reset()

    @property
    def model(self) -> MaskModel:
        """The model in use."""
        return self._stream.model

    @property
    def channels(self) -> int:
        """Number of channels."""
        return self._stream.channels

    @property
    def latency_samples(self) -> int:
        """Samples that must be fed beyond a sample before it comes out: 1536 (32 ms) with one frame of look-ahead."""
        return self.model.info.latency_samples

    @property
    def renders(self) -> tuple[Render, ...]:
        """The versions made. Replaceable by as many others whose masks the model offers."""
        return self._renders

    @renders.setter
    def renders(self, renders: Sequence[Render]) -> None:
        if len(renders) != len(self._renders):
            raise ValueError(f"{len(renders)} renders do not replace {len(self._renders)}")
        self.model.check_offers(r.mask for r in renders)
        self._stream.masks = tuple(dict.fromkeys(r.mask for r in renders))
        self._renders = tuple(renders)

    def reset(self) -> None:
        """Forget the stream; the settings stay."""
        self._stream.reset()
        self._synthesis = MaskSynthesis(len(self._renders), self.channels)
        self._ready: list[Samples] = []
        self._fed = self._returned = 0
        self._beginning: list[Samples] | None = [] if self._warm else None
        # The look-ahead's frames, and the hop with which synthesis starts, lie before the stream: see MaskStream and
        # stft.Synthesis.
        self._early = self.model.info.lookahead_frames
        self._surplus = HOP * (1 + self._early)

    def process(self, block: Samples) -> Samples:
        """Feed a block.

        Parameters
        ----------
        block : float32 or float64, shape (channels, n).

        Returns
        -------
        float32, shape (renders, channels, m), with m from 0 to n.

        Raises
        ------
        TypeError, ValueError : it is not such a block.
        """
        check_block(block, self.channels)
        for piece in pieces(block):
            x = sane(piece)
            self._fed += x.shape[1]
            self._feed(x)
        return self._take(max(0, self._fed - self.latency_samples) - self._returned)

    def flush(self) -> Samples:
        """The last ``latency_samples`` of the stream (fewer if fewer were fed); then a new stream begins."""
        self._begin()
        self._push(np.zeros((self.channels, self.latency_samples), np.float32))
        rest = self._take(self._fed - self._returned)
        self.reset()
        return rest

    def _feed(self, x: Samples) -> None:
        if self._beginning is None:
            self._push(x)
            return
        self._beginning.append(x)
        if self._fed > PREROLL:
            self._begin()

    def _begin(self) -> None:
        """Where the beginning was waited for: it is there."""
        if self._beginning:
            beginning = np.concatenate(self._beginning, axis=1)
            self._stream.preroll(beginning)
            for piece in pieces(beginning):
                self._push(piece)
        self._beginning = None

    def _push(self, x: Samples) -> None:
        frames = self._stream.process(x)
        if self._observer is not None:
            self._observer(frames.from_frame(self._early))
            self._early = max(0, self._early - len(frames))
        made = self._synthesis.process(frames.spectrum, frames.applied(self._renders))
        cut = min(self._surplus, made.shape[2])
        self._surplus -= cut
        if made.shape[2] > cut:
            self._ready.append(made[:, :, cut:])

    def _take(self, count: int) -> Samples:
        if not self._ready:
            return np.empty((len(self._renders), self.channels, 0), np.float32)
        have = self._ready[0] if len(self._ready) == 1 else np.concatenate(self._ready, axis=2)
        taken, rest = have[:, :, :count], have[:, :, count:]
        self._ready = [rest]
        self._returned += taken.shape[2]
        return taken
