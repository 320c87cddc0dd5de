"""A recording on disk at 48 kHz: samples, waveform, spectrogram, loudness, filled while the file is being decoded."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from phaseaware.engine import SAMPLE_RATE
from phaseaware.engine.audio import AudioFileError, AudioInfo, AudioReader
from phaseaware.engine.errors import PhaseAwareError
from phaseaware.engine.rates import RateConverter
from phaseaware.engine.stft import BINS, FRAME_LENGTH, HOP, frame_count

from .codes import LEVEL_CODES
from .loudness import KWeighting, LoudnessTrack
from .pyramid import Pyramid
from .store import Coverage, DiskArray

__all__ = ["OpenError", "Recording", "SpectrogramWriter", "open_recording"]

Samples = NDArray[np.float32]
_BLOCK = SAMPLE_RATE * 2
_HANN = np.hanning(FRAME_LENGTH + 1)[:-1].astype(np.float32)
_FULL_SCALE = np.float32((2 / _HANN.sum()) ** 2)


class OpenError(PhaseAwareError, ValueError):
    """A file cannot be opened; the message says why and what to do."""


class SpectrogramWriter:
    """Writes the picture of samples that come piece by piece: frames of 1024 samples (Hann), hop 512.

    Column ``n`` is centred on sample ``512 n``. Channels are added up by power, halved for two, and so on.
    """

    def __init__(self, pyramid: Pyramid, start: int, before: Samples) -> None:
        """``start``: position of the first sample to come, a multiple of 512; ``before``: the 512 samples before it."""
        self._pyramid = pyramid
        self._column = start // HOP
        self._held = before

    def write(self, x: Samples) -> None:
        """Samples of shape (n, channels)."""
        x = np.concatenate([self._held, x])
        count = max(0, len(x) // HOP - 1)
        self._held = x[count * HOP :]
        if count:
            frames = np.lib.stride_tricks.sliding_window_view(x, FRAME_LENGTH, axis=0)[: (count - 1) * HOP + 1 : HOP]
            X = np.fft.rfft(frames * _HANN, axis=-1)  # (count, channels, bins)
            power = (X.real**2 + X.imag**2).mean(axis=1) * _FULL_SCALE
            self._pyramid.write(self._column, LEVEL_CODES.encode_power(power)[..., None])
            self._column += count

    def finish(self, end: int) -> None:
        """The column at the signal's last sample: it reaches beyond the end."""
        self.write(np.zeros((2 * HOP - end % HOP, self._held.shape[1]), np.float32))


class Recording:
    """What is known of a file; :meth:`fill` decodes it, in a thread of its own.

    Attributes
    ----------
    title : for people.
    file_samples, sample_rate : length and rate of the file.
    track : samples at 48 kHz, shape (samples, channels).
    coverage : which of them have been decoded.
    peaks : lowest and highest sample of each stretch of 512 samples, shape (n, 2).
    spectrogram, loudness : filled along.
    speech, noise : the stems, where the recording was made from them.
    sources : the files it was read from: the recording, or both stems.
    """

    def __init__(self, path: Path, *, file_samples: int, channels: int, sample_rate: int) -> None:
        self.path, self.file_samples, self.channels, self.sample_rate = path, file_samples, channels, sample_rate
        self.samples = samples = -(-file_samples * SAMPLE_RATE // sample_rate)
        self.track = DiskArray(samples, (channels,), np.float32)
        self.coverage = Coverage(samples)
        self.peaks = np.zeros((-(-samples // HOP), 2), np.float32)
        self.spectrogram = Pyramid(frame_count(samples), BINS)
        self.loudness = LoudnessTrack(samples)
        self.title = path.name
        self.sources: tuple[Path, ...] = (path,)
        self.speech: DiskArray | None = None
        self.noise: DiskArray | None = None

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.samples / SAMPLE_RATE

    def is_read_from(self, path: Path) -> bool:
        """The path leads to one of the files the recording was read from, by whatever name or link."""
        return path.exists() and any(source.exists() and path.samefile(source) for source in self.sources)

    def fill(self, blocks: Iterator[tuple[Samples, ...]], changed: Callable[[], None], stop: threading.Event) -> None:
        """Decode: ``blocks`` yields the mixture, or both stems, each of shape (n, channels); ``changed`` after each."""
        weighting = KWeighting(self.channels)
        picture = SpectrogramWriter(self.spectrogram, 0, np.zeros((HOP, self.channels), np.float32))
        position = 0
        for block in blocks:
            if stop.is_set():
                return
            if len(block) == 2 and self.speech is not None and self.noise is not None:
                self.speech.write(position, block[0])
                self.noise.write(position, block[1])
            x = sum(block[1:], start=block[0])[: self.samples - position]
            self._add(position, x, weighting, picture)
            position += len(x)
            changed()
        # Converted lengths are rounded: what a converter did not give is silence.
        if position < self.samples:
            self._add(position, np.zeros((self.samples - position, self.channels), np.float32), weighting, picture)
        picture.finish(self.samples)
        changed()

    def _add(self, position: int, x: Samples, weighting: KWeighting, picture: SpectrogramWriter) -> None:
        self.track.write(position, x)
        picture.write(x)
        self.loudness.add(position, weighting.process(x))
        first = position // HOP
        starts = np.arange(0, len(x), HOP)
        if len(x):
            mono = x if x.shape[1] == 1 else x[:, :2]
            self.peaks[first : first + len(starts), 0] = np.minimum.reduceat(mono.min(axis=1), starts)
            self.peaks[first : first + len(starts), 1] = np.maximum.reduceat(mono.max(axis=1), starts)
        self.coverage.add(position, position + len(x))


def open_recording(
    path: str | Path, noise_path: str | Path | None = None
) -> tuple[Recording, Callable[[Callable[[], None], threading.Event], None]]:
    """Look at a file, or at a pair of stems (speech and noise, whose sum is the noisy recording).

    Returns
    -------
    recording : empty as yet.
    fill : decodes it; call it with ``changed`` and ``stop`` (see :meth:`Recording.fill`) in a thread.

    Raises
    ------
    OpenError : what :class:`engine.audio.AudioReader` refuses, or stems that do not match.
    """
    paths = [Path(path)] + ([Path(noise_path)] if noise_path is not None else [])
    infos = [_look_at(p) for p in paths]
    rate, channels, length = infos[0].sample_rate, infos[0].channels, infos[0].frames
    if len(infos) == 2:
        other = infos[1]
        if (rate, channels) != (other.sample_rate, other.channels):
            raise OpenError(
                f"{paths[1].name} has {other.channels} channel(s) at {other.sample_rate} Hz, {paths[0].name} "
                f"{channels} at {rate} Hz: stems must match"
            )
        if length != other.frames:
            raise OpenError(
                f"{paths[1].name} has {other.frames} samples, {paths[0].name} {length}: stems must match; "
                "pad the shorter one with silence"
            )
    recording = Recording(paths[0], file_samples=length, channels=channels, sample_rate=rate)
    if len(paths) == 2:
        recording.title = f"{paths[0].name} + {paths[1].name}"
        recording.sources = tuple(paths)
        recording.speech = DiskArray(recording.samples, (channels,), np.float32)
        recording.noise = DiskArray(recording.samples, (channels,), np.float32)

    def fill(changed: Callable[[], None], stop: threading.Event) -> None:
        recording.fill(zip(*(_decoded(p, length) for p in paths), strict=True), changed, stop)

    return recording, fill


def _look_at(path: Path) -> AudioInfo:
    try:
        with AudioReader(path) as reader:
            return reader.info
    except AudioFileError as error:
        raise OpenError(str(error)) from None


def _decoded(path: Path, file_samples: int) -> Iterator[Samples]:
    """Blocks of shape (n, channels) at 48 kHz whose starts are multiples of 512; NaN and inf count as silence."""
    with AudioReader(path) as reader:
        converter = RateConverter(reader.info.sample_rate, SAMPLE_RATE, reader.info.channels)
        held = np.zeros((0, reader.info.channels), np.float32)
        left = file_samples
        for block in reader.blocks(_BLOCK):
            x = np.nan_to_num(block[:, :left], nan=0.0, posinf=0.0, neginf=0.0)
            left -= x.shape[1]
            held = np.concatenate([held, converter.process(x, last=not left).T])
            whole = len(held) if not left else len(held) // HOP * HOP
            yield held[:whole]
            held = held[whole:]
            if not left:
                return
