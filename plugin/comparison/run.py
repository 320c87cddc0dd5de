"""Both masks on one file: sounds, pictures, figures. Memory does not grow with the file's length."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from phaseaware.engine.audio import AudioFileError, AudioInfo, AudioReader, AudioWriter
from phaseaware.engine.controls import LINK, Render
from phaseaware.engine.errors import UsageError
from phaseaware.engine.limits import MASK_NAMES, Link
from phaseaware.engine.model import MaskModel
from phaseaware.engine.versions import Version

from .drawing import about_delta, draw, picture_names
from .ideal import IDEALS
from .overview import MaskOverview
from .page import PAGE_NAMES, write_page
from .page_sound import LONGEST_SECONDS
from .progress import Progress, Steps
from .result import Comparison, Measured
from .scores import SCORED, measure
from .sounds import Sounds, Track
from .sources import Sources, beginning
from .tables import tables
from .titles import IDEAL_TITLES, TITLES, ideal_name

__all__ = ["compare"]


def compare(
    path: str | Path,
    folder: str | Path,
    *,
    speech: str | Path | None = None,
    noise: str | Path | None = None,
    model: str | Path | None = None,
    link: Link = LINK.default,
    render: Render | None = None,
    force: bool = False,
    progress: Progress = lambda step, share: None,
) -> Comparison:
    """Write ``path`` as it is, through both masks, their difference and what A removed; pictures of it, and a page.

    Parameters
    ----------
    path : a sound file.
    folder : for the results; made if it is not there.
    speech, noise : stems of ``path``; with one of them also the ideal masks and the figures of merit.
    model : see :class:`MaskModel`; it must offer both masks.
    link : see :class:`AnyRateSeparator`.
    render : settings for both masks; its own mask counts for nothing.
    force : overwrite.
    progress : called with what is being made, and the share of the whole done since the last call.

    Raises
    ------
    FileNotFoundError, FileExistsError, AudioFileError, ModelError, UsageError : with one line that says what to do.
        Nothing is overwritten, and no half-written file stays.

    Examples
    --------
    >>> import tempfile, numpy, soundfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     noisy = Path(folder, "noisy.wav")
    ...     soundfile.write(noisy, numpy.random.default_rng(0).standard_normal(4800) / 10, 48_000)
    ...     result = compare(noisy, Path(folder, "results"))
    >>> print(*(path.stem for path in result.files))
    noisy phase-aware real delta removed spectrograms masks masks-below-6-khz difference index
    """
    path, result = Path(path), Comparison(Path(folder))
    stems = {name: Path(stem) for name, stem in (("speech", speech), ("noise", noise)) if stem is not None}
    targets, drawings = _targets(result, has_stems=bool(stems))
    _check_targets(result, [path, *stems.values()], force=force)
    loaded = MaskModel(model)
    loaded.check_offers(MASK_NAMES)
    sources = Sources(path, stems)
    steps = Steps(sources.info.seconds, pictures=len(drawings), scored=len(SCORED) if stems else 0, tell=progress)
    _make_folder(result.folder)
    with _tracks(targets, sources.info, force=force) as tracks:
        sounds = Sounds(loaded, render or Render(), info=sources.info, link=link, tracks=tracks)
        _separate(sources, sounds, steps)
    result.remarks += sources.remarks
    result.left_out = sources.left_out
    result.versions = _measured(tracks, sounds)
    result.about_delta = about_delta(sounds)
    result.remarks += draw(drawings, sources, sounds, steps)
    if stems:
        result.scores = measure(sources, targets, result.remarks, steps)
    _write_page(result, sources, sounds, targets, steps)
    return result


def _separate(sources: Sources, sounds: Sounds, steps: Steps) -> None:
    """Block by block, from the first to the last."""
    for noisy, known in sources.blocks():
        sounds.process(noisy, known)
        steps.advance("sounds", noisy.shape[1] / sources.info.frames)
    sounds.flush()


def _write_page(
    result: Comparison, sources: Sources, sounds: Sounds, targets: Mapping[str, Path], steps: Steps
) -> None:
    """Of the files' beginnings, as they were written."""
    info = sources.info
    samples = min(info.frames, LONGEST_SECONDS * info.sample_rate)
    heard = {}
    for name in PAGE_NAMES:
        if name in targets:
            with AudioReader(targets[name]) as reader:
                heard[name] = beginning(reader.blocks(), samples)
    if sources.stems:
        heard[Version.CLEAN] = sources.first(samples)
    masks = dict(sounds.page_masks.masks)
    if sounds.ideal is not None:
        masks |= {ideal_name(name): M for name, M in sounds.ideal.page_overview.masks.items()}
    write_page(
        result.page, heard, masks, sample_rate=info.sample_rate, title=sources.path.stem,
        about_delta=result.about_delta, tables=tables(result), remarks=result.remarks, overwrite=True,
        progress=lambda share: steps.advance("page", share),
    )  # fmt: skip


def _targets(result: Comparison, *, has_stems: bool) -> tuple[dict[str, Path], dict[str, Path]]:
    """Files of the sounds and of the pictures, by name."""
    names = [*TITLES, *IDEAL_TITLES] if has_stems else [*TITLES]
    targets = {name: result.folder / f"{name}.wav" for name in names}
    drawings = {name: result.folder / f"{name}.png" for name in picture_names(has_ideals=has_stems)}
    result.files = [*targets.values(), *drawings.values(), result.page]
    return targets, drawings


@contextmanager
def _tracks(targets: Mapping[str, Path], info: AudioInfo, *, force: bool) -> Iterator[dict[str, Track]]:
    """Float WAV files, which are there in the end unless something goes wrong."""
    made = replace(info, format="WAV", subtype="FLOAT", tags={})
    with ExitStack() as stack:
        yield {
            name: Track(stack.enter_context(AudioWriter(path, made.for_name(path), overwrite=force)))
            for name, path in targets.items()
        }


def _check_targets(result: Comparison, sources: list[Path], *, force: bool) -> None:
    if result.folder.exists() and not result.folder.is_dir():
        raise UsageError(f"{result.folder} is a file; name a folder for the results")
    there = [target for target in result.files if target.exists()]
    if there and not force:
        raise FileExistsError(
            f"{result.folder} holds {there[0].name} already: name another folder, or overwrite with --force"
        )
    for source in sources:
        if any(source.exists() and source.samefile(target) for target in there):
            raise UsageError(f"{source} would be overwritten by a result of the same name: name another folder")


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AudioFileError(folder, f"cannot be made ({error.strerror})") from None


def _measured(tracks: Mapping[str, Track], sounds: Sounds) -> list[Measured]:
    overviews: dict[str, tuple[MaskOverview, str]] = {name: (sounds.masks, name) for name in MASK_NAMES}
    if sounds.ideal is not None:
        overviews |= {ideal_name(name): (sounds.ideal.overview, name) for name in IDEALS}
    titles = TITLES | IDEAL_TITLES
    versions = []
    for name, track in tracks.items():
        mask: tuple[float | None, float | None, float | None] = (None, None, None)
        if name in overviews:
            overview, key = overviews[name]
            mask = (overview.above_one(key), overview.largest_gain_db(key), overview.mean_rotation(key))
        versions.append(Measured(titles[name], track.rms_db, track.peak_db, *mask))
    return versions
