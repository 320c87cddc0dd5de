"""A file cleaned by one call."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from phaseaware.engine import MaskModel, Render
from phaseaware.engine.controls import CONTROLS, LINK

from .one_file import OutputSettings, process_file
from .plan import plan
from .preset_stream import from_preset
from .report import Report
from .streams import Treatment, separating

__all__ = ["clean", "treatment_of"]


def treatment_of(
    controls: dict[str, Any], *, model: str | Path | None = None, preset: str | Path | None = None
) -> Treatment:
    """What the controls, a model or a preset do to files.

    Parameters
    ----------
    controls : as of :class:`PhaseAware`, those that were given; with a preset they replace its own.
    model, preset : as for :func:`clean`.

    Raises
    ------
    FileNotFoundError, ModelError, PresetError, UsageError, ValueError, TypeError : it cannot be done as asked.
    """
    for name in controls:
        if name not in CONTROLS or name == "bypass":
            known = ", ".join(name for name in CONTROLS if name != "bypass")
            raise TypeError(f"{name!r} is no control of a file; there are {known}")
    if preset is not None:
        return from_preset(preset, controls)
    loaded, given = MaskModel(model), dict(controls)
    link = LINK.checked(given.pop("link", LINK.default))
    render = Render(**({"mask": loaded.info.masks[0]} | given))
    loaded.check_offers([render.mask])
    return separating(loaded, render, link)


def clean(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str] | None = None,
    *,
    overwrite: bool = False,
    model: str | Path | None = None,
    preset: str | Path | None = None,
    bitrate: int | None = None,
    lufs: float | None = None,
    true_peak: float = -1.0,
    **controls: Any,
) -> Report:
    """Clean a file as ``phaseaware process`` does, in memory that does not grow with its length.

    Parameters
    ----------
    source : a sound file, or a video.
    target : what to write, in the format that its name says; default: ``NAME-clean`` beside the source.
    overwrite : replace a file of that name.
    model, preset : an ONNX file or the name of a shipped model; a preset's name or file. One of them at most.
    bitrate : of lossy formats, bit/s; default: the source's if the codec stays, else a high one.
    lufs : integrated loudness of the output (ITU-R BS.1770); default: the level stays.
    true_peak : in dBTP; peaks above it are limited where the loudness brings them there.
    **controls : as of :class:`PhaseAware`: ``mask``, ``reduction_db``, ``strength_low``, ``strength_high``, ``output``,
        ``mix``, ``link``.

    Returns
    -------
    What became of it: levels, clipped samples, and notes on what is odd about the source or could not be kept.

    Raises
    ------
    FileNotFoundError : there is no such source, model or preset.
    AudioFileError : not readable, or not writable; nothing is left behind.
    ModelError, PresetError, UsageError : it cannot be done as asked.
    TypeError, ValueError : no such control, or a value out of its range.

    Examples
    --------
    >>> import tempfile, numpy, soundfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     noisy = Path(folder, "noisy.wav")
    ...     soundfile.write(noisy, numpy.random.default_rng(0).standard_normal(48_000) / 10, 48_000)
    ...     report = clean(noisy, reduction_db=18)
    >>> report.job.target.name, report.seconds, report.level_before - report.level_after > 10
    ('noisy-clean.wav', 1.0, True)
    """
    if model is not None and preset is not None:
        raise ValueError(f"{model=} and {preset=} exclude each other: a preset says which model it uses")
    output = OutputSettings(bitrate=bitrate, lufs=lufs, true_peak=true_peak)
    path = Path(source)
    found = plan([path], None if target is None else Path(target))
    if found.is_batch:
        raise ValueError(f"source={str(source)!r} is a folder; clean its files one by one")
    return process_file(
        found.jobs[0], treatment_of(controls, model=model, preset=preset), output=output, overwrite=overwrite
    )
