"""The corpus: speech, noise and room responses as 16-bit memory maps with a table of clips.

``prepare`` writes, into one folder, a raw little-endian int16 file per kind and rate (``speech-48000.i16``, …) and
``clips.csv``. Full-band material is kept at 48 kHz, anything below 44.1 kHz at 16 kHz, so that the mixing knows that
its top is missing rather than silent.
"""

from __future__ import annotations

import csv
import logging
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import IO

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

__all__ = ["Clip", "Corpus", "folder_clips", "join", "prepare", "shard_clips"]

log = logging.getLogger(__name__)
FULL_BAND, NARROW_BAND = 48_000, 16_000
_FIELDS = ("kind", "rate", "start", "length", "who", "bandwidth")
_PEAK = 32767.0
_LOOKED_AT = 500


@dataclass(frozen=True)
class Clip:
    """A stretch of one memory map; start and length in samples at ``rate`` Hz, bandwidth in Hz."""

    kind: str
    rate: int
    start: int
    length: int
    who: str
    bandwidth: float


class Corpus:
    """Prepared recordings, opened read-only and lazily (it can be handed to worker processes)."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        table = self.folder / "clips.csv"
        if not table.exists():
            raise FileNotFoundError(f"{table} is missing; make it with `python -m phaseaware.engine.training prepare`")
        with table.open(newline="", encoding="utf-8") as f:
            self.clips = [
                Clip(r["kind"], int(r["rate"]), int(r["start"]), int(r["length"]), r["who"], float(r["bandwidth"]))
                for r in csv.DictReader(f)
            ]
        self._maps: dict[tuple[str, int], NDArray[np.int16]] = {}

    def __getstate__(self) -> dict[str, object]:
        return self.__dict__ | {"_maps": {}}

    def read(self, clip: Clip, start: int = 0, length: int | None = None) -> NDArray[np.float32]:
        """Samples of a clip as float32 in [-1, 1], at the clip's rate, ``length`` of them from ``start`` on."""
        key = clip.kind, clip.rate
        if key not in self._maps:
            self._maps[key] = np.memmap(self.folder / _file_name(*key), np.int16, "r")
        stop = clip.length if length is None else min(clip.length, start + length)
        return self._maps[key][clip.start + start : clip.start + stop].astype(np.float32) / _PEAK

    def look_for_silence(self) -> None:
        """Look at some hundred clips of each kind.

        A model learns from silent speech to take speech away, and no loss tells (the models' HISTORY.md has two such
        trials).

        Raises
        ------
        ValueError : more than a hundredth of them is silence.
        """
        for kind in sorted({clip.kind for clip in self.clips}):
            clips = [clip for clip in self.clips if clip.kind == kind]
            looked_at = clips[:: -(-len(clips) // _LOOKED_AT)]
            silent = [clip for clip in looked_at if not self.read(clip).any()]
            if len(silent) > len(looked_at) / 100:
                raise ValueError(
                    f"{self.folder}: of {len(looked_at)} clips of {kind} looked at, {len(silent)} are silence "
                    f"({silent[0].who} …); prepare it anew"
                )


def _file_name(kind: str, rate: int) -> str:
    return f"{kind}-{rate}.i16"


def bandwidth(x: NDArray[np.float32], rate: int) -> float:
    """Highest 250 Hz band of the long-term spectrum within 75 dB of the strongest band, in Hz.

    Lossy recordings end at their encoder's low-pass; this finds it.
    """
    n = 2048
    if len(x) < n:
        return rate / 2
    frames = np.lib.stride_tricks.sliding_window_view(x, n)[:: n // 2] * np.hanning(n)
    power = np.mean(np.abs(np.fft.rfft(frames)) ** 2, axis=0)
    width = max(1, round(250 / (rate / n)))
    bands = power[: len(power) // width * width].reshape(-1, width).mean(axis=1)
    loud = np.flatnonzero(bands > bands.max() * 10**-7.5)
    return float(min(rate / 2, (loud[-1] + 1) * width * rate / n)) if bands.max() > 0 else rate / 2


def shard_clips(folder: Path, exclude: Iterable[str] = ()) -> Iterator[tuple[str, str, int, NDArray[np.float32]]]:
    """Clips of a folder that holds ``index.csv`` (shard, start, length, kind, who) and one audio file a shard.

    Yields (kind, who, rate, samples); clips whose ``who`` stands in ``exclude`` are passed over.
    """
    excluded = set(exclude)
    with (folder / "index.csv").open(newline="", encoding="utf-8") as f:
        rows = [r for r in csv.DictReader(f) if r["who"] not in excluded]
    for shard in dict.fromkeys(r["shard"] for r in rows):
        path = next(p for p in sorted(folder.glob(f"{shard}.*")))
        log.info("decoding %s", path.name)
        with soundfile.SoundFile(path) as f:
            whole = f.read(dtype="float32", always_2d=True).mean(axis=1)
            rate = f.samplerate
        for r in rows:
            if r["shard"] == shard:
                start = int(r["start"])
                yield r["kind"], r["who"], rate, whole[start : start + int(r["length"])]


def folder_clips(
    kind: str, folder: Path, exclude: Iterable[str] = ()
) -> Iterator[tuple[str, str, int, NDArray[np.float32]]]:
    """Every audio file below a folder; the name of the file's own folder is taken as who speaks (or sounds).

    Clips whose ``who`` stands in ``exclude`` are passed over.
    """
    excluded = set(exclude)
    known = {"." + extension.lower() for extension in soundfile.available_formats()} | {".opus", ".mp3", ".oga", ".aif"}
    paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in known)
    if not paths:
        raise ValueError(f"{folder}: no audio files found")
    for path in (p for p in paths if p.parent.name not in excluded):
        x, rate = soundfile.read(path, dtype="float32", always_2d=True)
        yield kind, path.parent.name, rate, x.mean(axis=1)


def prepare(clips: Iterable[tuple[str, str, int, NDArray[np.float32]]], out: str | Path) -> int:
    """Write (kind, who, rate, samples) clips as a corpus folder; returns how many. ``kind``: speech, noise or rir."""
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    files = {}
    count = 0
    with (out / "clips.csv").open("w", newline="", encoding="utf-8") as table:
        rows = csv.writer(table)
        rows.writerow(_FIELDS)
        try:
            for kind, who, rate, samples in clips:
                stored = FULL_BAND if rate >= 44_100 or kind == "rir" else NARROW_BAND
                x = samples if rate == stored else soxr.resample(samples, rate, stored)
                if kind == "rir":
                    x = x / max(float(np.abs(x).max()), 1e-9)
                key = kind, stored
                if key not in files:
                    files[key] = (out / _file_name(*key)).open("wb")
                start = files[key].tell() // 2
                files[key].write((np.clip(x, -1, 1) * _PEAK).astype("<i2").tobytes())
                rows.writerow([kind, stored, start, len(x), who, f"{bandwidth(x, stored):.0f}"])
                count += 1
        finally:
            for f in files.values():
                f.close()
    return count


def join(folders: Sequence[Path], out: str | Path) -> int:
    """Write several corpora as one folder; returns how many clips. So parts of one can be prepared side by side."""
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    clips: list[Clip] = []
    with ExitStack() as stack:
        files: dict[tuple[str, int], IO[bytes]] = {}
        for corpus in map(Corpus, folders):
            first = {}
            for key in sorted({(clip.kind, clip.rate) for clip in corpus.clips}):
                if key not in files:
                    files[key] = stack.enter_context((out / _file_name(*key)).open("wb"))
                first[key] = files[key].tell() // 2
                with (corpus.folder / _file_name(*key)).open("rb") as part:
                    shutil.copyfileobj(part, files[key], 1 << 24)
            clips += [replace(clip, start=first[clip.kind, clip.rate] + clip.start) for clip in corpus.clips]
    with (out / "clips.csv").open("w", newline="", encoding="utf-8") as table:
        csv.writer(table).writerows([_FIELDS, *map(astuple, clips)])
    return len(clips)
