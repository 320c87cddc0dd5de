"""Both masks on one file: sounds, pictures, figures. Memory does not grow with the file's length."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from phaseaware.engine.files import AudioFileError, AudioInfo, AudioReader, AudioWriter
from phaseaware.engine.frames import Frames
from phaseaware.engine.limits import MASK_NAMES, Link
from phaseaware.engine.masks import IdealMask, Render
from phaseaware.engine.model import MaskModel
from phaseaware.engine.rates import AnyRateSeparator
from phaseaware.engine.stft import HOP, SAMPLE_RATE, frame_count
from phaseaware.engine.versions import Version

from . import figures
from .ideal import IDEALS, IdealSeparator
from .overview import LevelOverview, MaskOverview
from .scores import finite, measure
from .titles import IDEAL_TITLES, TITLES

__all__ = ["Comparison", "Measured", "compare", "duration"]

Samples = NDArray[np.float32]
_STEM_ERROR_DB = -30.0  # speech + noise may differ from IN by so much: lossy files, 8 bit


@dataclass(frozen=True)
class Measured:
    """One sound: levels of its file in dBFS; share above one, largest gain and mean |angle| of its mask below 6 kHz."""

    title: str
    rms_db: float
    peak_db: float
    above_one: float | None = None
    largest_gain_db: float | None = None
    mean_rotation: float | None = None


@dataclass
class Comparison:
    """What was written and measured.

    Attributes
    ----------
    files : sounds, then pictures.
    scores : title to figure of merit to value (NaN where it cannot be told); empty without stems.
    remarks : sentences for the user.
    """

    folder: Path
    files: list[Path] = field(default_factory=list)
    versions: list[Measured] = field(default_factory=list)
    scores: dict[str, dict[str, float]] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)


def _inspect(path: Path) -> AudioInfo:
    with AudioReader(path) as reader:
        return reader.info


def _as_float(info: AudioInfo, path: Path) -> AudioInfo:
    """What to write under a name: float32."""
    return replace(info, format="WAV", subtype="FLOAT", tags={}).for_name(path)


class _Level:
    """RMS and peak of a stream."""

    def __init__(self) -> None:
        self._energy, self._count, self._peak = 0.0, 0, 0.0

    def add(self, x: Samples) -> None:
        if x.size:
            self._energy += float(np.sum(x.astype(np.float64) ** 2))
            self._count += x.size
            self._peak = max(self._peak, float(np.abs(x).max()))

    @property
    def rms_db(self) -> float:
        return _decibels(math.sqrt(self._energy / max(1, self._count)))

    @property
    def peak_db(self) -> float:
        return _decibels(self._peak)


def _decibels(amplitude: float) -> float:
    return 20 * math.log10(amplitude) if amplitude > 0 else -math.inf


class _Track:
    """One output file with its level."""

    def __init__(self, writer: AudioWriter) -> None:
        self._writer, self.level = writer, _Level()

    def write(self, x: Samples) -> None:
        self._writer.write(x)
        self.level.add(x)


def compare(
    path: str | Path,
    folder: str | Path,
    *,
    speech: str | Path | None = None,
    noise: str | Path | None = None,
    model: str | Path | None = None,
    link: Link = "channels",
    controls: Mapping[str, float] | None = None,
    force: bool = False,
    progress: Callable[[float], object] | None = None,
) -> Comparison:
    """Write ``path`` as it is, through both masks, their difference and what A removed, and pictures of it.

    Parameters
    ----------
    path : a sound file.
    folder : for the results; made if it is not there.
    speech, noise : stems of ``path``; with one of them also the ideal masks and the figures of merit.
    model : see :class:`MaskModel`; it must offer both masks.
    link : see :class:`AnyRateSeparator`.
    controls : of :class:`Render`, for both masks.
    force : overwrite.
    progress : called with the seconds of sound done since the last call.

    Raises
    ------
    FileNotFoundError, FileExistsError, AudioFileError, ModelError, ValueError : with one line that says what to do.
        Nothing is overwritten, and no half-written file stays.
    """
    path, result = Path(path), Comparison(Path(folder))
    stems = {name: Path(stem) for name, stem in (("speech", speech), ("noise", noise)) if stem is not None}
    names = [*TITLES, *(IDEAL_TITLES if stems else ())]
    sounds = {name: result.folder / f"{name}.wav" for name in names}
    images = ["spectrograms", "masks", *(["ideal-masks"] if stems else [])]
    drawings = {name: result.folder / f"{name}.png" for name in images}
    result.files = [*sounds.values(), *drawings.values()]
    _check_targets(result, [path, *stems.values()], force=force)

    loaded = MaskModel(model)
    loaded.check_offers(MASK_NAMES)
    renders = Render(**(controls or {})).pair()  # type: ignore[arg-type]

    info = _inspect(path)
    _check_stems(path, info, stems)
    with ExitStack() as stack:
        reader = stack.enter_context(AudioReader(path))
        stem_readers = {name: stack.enter_context(AudioReader(stem)) for name, stem in stems.items()}
        frames_48k = frame_count(-(-info.frames * SAMPLE_RATE // info.sample_rate))
        masks = MaskOverview(MASK_NAMES, frames_48k)

        def observe(frames: Frames) -> None:
            heard = frames.spectrum.mean(axis=0) if link == "stereo" else frames.spectrum[0]
            masks.add(heard, {r.mask: M[0] for r, M in zip(renders, frames.applied(renders), strict=True)})

        separator = AnyRateSeparator(
            loaded, renders, sample_rate=info.sample_rate, channels=info.channels, link=link, observer=observe
        )
        ideal = IdealSeparator(info.sample_rate, info.channels, info.frames, frames_48k=frames_48k) if stems else None
        levels = {name: LevelOverview(info.frames, info.sample_rate) for name in ("noisy", "phase-aware", "real")}

        _make_folder(result.folder)
        tracks = {
            name: _Track(stack.enter_context(AudioWriter(target, _as_float(info, target), overwrite=force)))
            for name, target in sounds.items()
        }
        waiting = np.empty((info.channels, 0), np.float32)

        def put(noisy: Samples, made: Samples) -> None:
            parts = {Version.NOISY: noisy, **{Version.of_mask(r.mask): x for r, x in zip(renders, made, strict=True)}}
            for version in Version:
                x = version.of(parts.__getitem__)
                tracks[version].write(x)
                if version in levels:
                    levels[version].feed(x[0])

        stem_blocks = {name: r.blocks() for name, r in stem_readers.items()}
        for block in reader.blocks():
            x = finite(block)
            made = separator.process(x)
            waiting = np.concatenate([waiting, x], axis=1)
            put(waiting[:, : made.shape[2]], made)
            waiting = waiting[:, made.shape[2] :]
            if ideal:
                parts = {name: finite(next(blocks)) for name, blocks in stem_blocks.items()}
                s = parts["speech"] if "speech" in parts else x - parts["noise"]
                for name, y in ideal.process(s, x - s).items():
                    tracks[f"ideal-{name}"].write(y)
            if progress:
                progress(block.shape[1] / info.sample_rate)
        put(waiting, separator.flush())
        for overview in levels.values():
            overview.feed(np.empty(0, np.float32), last=True)
        if ideal:
            for name, y in ideal.flush().items():
                tracks[f"ideal-{name}"].write(y)

    if reader.not_finite:
        result.remarks.append(f"{reader.not_finite} samples of {path.name} are NaN or infinite; they count as silence.")
    result.versions = _measured(tracks, masks, ideal)
    _draw(drawings, info, path, levels, masks, ideal, result)
    if ideal:
        result.scores = measure(path, stems, sounds, info, result.remarks)
    return result


def _check_targets(result: Comparison, sources: list[Path], *, force: bool) -> None:
    if result.folder.exists() and not result.folder.is_dir():
        raise ValueError(f"{result.folder} is a file; name a folder for the results")
    there = [target for target in result.files if target.exists()]
    if there and not force:
        raise FileExistsError(
            f"{result.folder} holds {there[0].name} already: name another folder, or overwrite with --force"
        )
    for source in sources:
        if any(source.exists() and source.samefile(target) for target in there):
            raise ValueError(f"{source} would be overwritten by a result of the same name: name another folder")


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AudioFileError(folder, f"cannot be made ({error.strerror})") from None


def _check_stems(path: Path, info: AudioInfo, stems: Mapping[str, Path]) -> None:
    for stem in stems.values():
        found = _inspect(stem)
        for what, have, want in (
            ("Hz", found.sample_rate, info.sample_rate),
            ("channels", found.channels, info.channels),
            ("samples", found.frames, info.frames),
        ):
            if have != want:
                raise AudioFileError(stem, f"this stem has {have} {what}, {path} has {want}; they must be equal")
    if len(stems) < 2:
        return
    error = energy = 0.0
    with AudioReader(path) as mixed, AudioReader(stems["speech"]) as speech, AudioReader(stems["noise"]) as noise:
        for x, s, v in zip(mixed.blocks(), speech.blocks(), noise.blocks(), strict=True):
            x, s, v = finite(x), finite(s), finite(v)
            energy += float(np.sum(x.astype(np.float64) ** 2))
            error += float(np.sum((x - s - v).astype(np.float64) ** 2))
    if error > energy * 10 ** (_STEM_ERROR_DB / 10):
        apart = f" (they are {10 * math.log10(error / energy):.0f} dB apart)" if energy > 0 else ""
        raise AudioFileError(
            path, f"is not {stems['speech']} + {stems['noise']}{apart}; give the one stem that belongs to it"
        )


def _measured(tracks: Mapping[str, _Track], masks: MaskOverview, ideal: IdealSeparator | None) -> list[Measured]:
    overviews = {name: (masks, name) for name in ("phase-aware", "real")}
    if ideal:
        overviews |= {f"ideal-{name}": (ideal.overview, name) for name in IDEALS}
    titles = TITLES | IDEAL_TITLES
    versions = []
    for name, track in tracks.items():
        mask: tuple[float | None, float | None, float | None] = (None, None, None)
        if name in overviews:
            overview, key = overviews[name]
            mask = (overview.above_one(key), overview.largest_gain_db(key), overview.mean_rotation(key))
        versions.append(Measured(titles[name], track.level.rms_db, track.level.peak_db, *mask))
    return versions


def _draw(
    drawings: Mapping[str, Path], info: AudioInfo, path: Path, levels: Mapping[str, LevelOverview],
    masks: MaskOverview, ideal: IdealSeparator | None, result: Comparison,
) -> None:  # fmt: skip
    noisy, a, b = (figures.decibels(levels[name].power) for name in ("noisy", "phase-aware", "real"))
    heard = figures.decibels(masks.power)
    highest = info.sample_rate / 2
    channel = " (first channel)" if info.channels > 1 else ""
    title = f"{path.stem}{channel}"
    draw_masks = partial(figures.mask_figure, noisy=heard, seconds=info.seconds, highest_hz=highest)
    drawn: dict[str, Callable[[], Figure]] = {
        "spectrograms": lambda: figures.spectrogram_figure(
            noisy, a, b, title=title, seconds=info.seconds, highest_hz=highest
        ),
        "masks": lambda: draw_masks(masks.masks["phase-aware"], masks.masks["real"], title=f"{title}: the masks"),
    }
    if ideal:
        shown = ideal.overview.masks
        drawn["ideal-masks"] = lambda: draw_masks(
            shown["hybrid"], shown[IdealMask.PSM.value], title=f"{title}: the ideal masks",
            names=("ideal phase-aware (A)", "ideal real, PSM (B)"),
        )  # fmt: skip
    for name, draw in drawn.items():  # one at a time, as each takes tens of megabytes
        figure = draw()
        figures.save_figure(figure, drawings[name])
        figure.clear()
    if channel:
        result.remarks.append("The pictures and the shares show the first channel.")
    if masks.frames_per_column > 1:
        seconds = masks.frames_per_column * HOP / SAMPLE_RATE
        result.remarks.append(
            f"The pictures show the whole file; a column is {seconds:.2g} s: spectrograms have its loudest level, "
            "masks are those of the frame in which the noisy sound is loudest."
        )


def duration(path: str | Path) -> float:
    """Seconds of a sound file. Raises AudioFileError."""
    return _inspect(Path(path)).seconds
