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
from phaseaware.engine.stft import HOP

from .sound import Sound
from .store import Coverage, DiskArray

__all__ = ["OpenError", "Recording", "open_recording"]

Samples = NDArray[np.float32]
_BLOCK = SAMPLE_RATE * 2


class OpenError(PhaseAwareError, ValueError):
    """A file cannot be opened; the message says why and what to do."""


class Recording:
    """What is known of a file; :meth:`fill` decodes it, in a thread of its own.

    Attributes
    ----------
    title : for people.
    file_samples, sample_rate : length and rate of the file.
    noisy : the recording's sound at 48 kHz; ``track``, ``spectrogram`` and ``loudness`` are its.
    coverage : which samples have been decoded.
    clean : the speech, where the recording was made from stems; its samples are ``speech``.
    noise : the other stem.
    sources : the files it was read from: the recording, or both stems.
    """

    def __init__(self, path: Path, *, file_samples: int, channels: int, sample_rate: int) -> None:
        self.path, self.file_samples, self.channels, self.sample_rate = path, file_samples, channels, sample_rate
        self.samples = samples = -(-file_samples * SAMPLE_RATE // sample_rate)
        self.noisy = Sound(samples, channels)
        self.track, self.spectrogram, self.loudness = self.noisy.track, self.noisy.spectrogram, self.noisy.loudness
        self.coverage = Coverage(samples)
        self.title = path.name
        self.sources: tuple[Path, ...] = (path,)
        self.clean: Sound | None = None
        self.noise: DiskArray | None = None

    @property
    def speech(self) -> DiskArray | None:
        """Samples of the speech, where the stems are known."""
        return self.clean.track if self.clean is not None else None

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.samples / SAMPLE_RATE

    def is_read_from(self, path: Path) -> bool:
        """The path leads to one of the files the recording was read from, by whatever name or link."""
        return path.exists() and any(source.exists() and path.samefile(source) for source in self.sources)

    def fill(self, blocks: Iterator[tuple[Samples, ...]], changed: Callable[[], None], stop: threading.Event) -> None:
        """Decode: ``blocks`` yields the mixture, or both stems, each of shape (n, channels); ``changed`` after each."""
        position = 0
        for block in blocks:
            if stop.is_set():
                return
            x = sum(block[1:], start=block[0])[: self.samples - position]
            self._add(position, x, block)
            position += len(x)
            changed()
        # Converted lengths are rounded: what a converter did not give is silence.
        if position < self.samples:
            nothing = np.zeros((self.samples - position, self.channels), np.float32)
            self._add(position, nothing, (nothing, nothing))
        for sound in (self.noisy, self.clean):
            if sound is not None:
                sound.finish(self.samples)
        changed()

    def _add(self, position: int, x: Samples, stems: tuple[Samples, ...]) -> None:
        if self.clean is not None and self.noise is not None:
            self.clean.add(position, stems[0][: len(x)])
            self.noise.write(position, stems[1][: len(x)])
        self.noisy.add(position, x)
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
        recording.clean = Sound(recording.samples, channels)
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
