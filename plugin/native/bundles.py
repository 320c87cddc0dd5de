"""Bundles of the native plugin: folders ``NAME.vst3``, one for stereo and one for mono.

A bundle works where its ``Contents/Resources`` holds ``model.onnx`` and ``libonnxruntime.so``. The wheel
``phaseaware-native`` carries bundles that find onnxruntime in the package beside them; ``make native`` leaves some in
``build/native`` that link to both; :func:`install` makes ones that stand alone.
"""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec
from pathlib import Path

__all__ = ["NAMES", "install", "vst3_folder", "vst3_path"]

NAMES = {1: "PhaseAwareMono.vst3", 2: "PhaseAware.vst3"}
"""Bundles by the number of channels they are built for."""
_BUILD = Path(__file__).absolute().parents[2] / "build" / "native" / "bin"
_WHEEL = "phaseaware_native"


def vst3_path(channels: int = 2) -> str:
    """Path of the native plugin, for ``pedalboard.load_plugin`` and other hosts.

    Parameters
    ----------
    channels : 1 or 2; stock pedalboard takes as many channels of sound as that, no more and no less.

    Returns
    -------
    An absolute path; a ``str``, as pedalboard wants one.

    Raises
    ------
    ValueError : channels is neither 1 nor 2.
    FileNotFoundError : it is not built; the message says how to get it.

    Examples
    --------
    >>> from pedalboard import Pedalboard, load_plugin
    >>> from phaseaware.plugin import vst3_path
    >>> board = Pedalboard([load_plugin(vst3_path())])  # doctest: +SKIP
    >>> vst3_path(channels=3)
    Traceback (most recent call last):
        ...
    ValueError: channels=3 is not 1 or 2
    """
    if channels not in NAMES:
        raise ValueError(f"{channels=} is not 1 or 2")
    wheel = find_spec(_WHEEL)
    folders = [_BUILD, *(Path(place) for place in (wheel and wheel.submodule_search_locations) or ())]
    for folder in folders:
        if (folder / NAMES[channels]).is_dir():
            return str(folder / NAMES[channels])
    raise FileNotFoundError(
        "the native plugin is not built: run `make native` in the project's folder, or `pip install phaseaware-native`"
    )


def vst3_folder() -> Path:
    """Where hosts look for a user's VST3 plugins: ``~/.vst3``, as on all of Linux."""
    return Path.home() / ".vst3"


def install(folder: Path | None = None, *, model: str | Path | None = None) -> list[Path]:
    """Put bundles that stand alone, with model and onnxruntime inside, where hosts look.

    Bundles of an earlier installation are replaced; nothing half-written ever has a bundle's name.

    Parameters
    ----------
    folder : made if need be; default: :func:`vst3_folder`.
    model : an ONNX file, or the name of a shipped model, for the bundles; its look-ahead decides their latency.
        Default: the model that they are built with.

    Returns
    -------
    The bundles' paths.

    Raises
    ------
    FileNotFoundError : the plugin is not built, or there is no such model.
    phaseaware.engine.ModelError : the model is refused.
    OSError : the folder cannot be written.
    """
    from phaseaware.engine import MaskModel  # the rest needs no model

    folder = vst3_folder() if folder is None else folder
    sources = [Path(vst3_path(channels)) for channels in NAMES]
    chosen = None if model is None else MaskModel(model).path
    folder.mkdir(parents=True, exist_ok=True)
    library, *papers = runtime()
    made: list[Path] = []
    for source in sources:
        unfinished = folder / f".{source.name}.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.copytree(source, unfinished, ignore=shutil.ignore_patterns("libonnxruntime.so*"))
        resources = unfinished / "Contents" / "Resources"
        if chosen is not None:
            shutil.copyfile(chosen, resources / "model.onnx")
        if made:  # 35 MB that both can share, each of them whole
            os.link(made[0] / "Contents" / "Resources" / "libonnxruntime.so", resources / "libonnxruntime.so")
        else:
            shutil.copyfile(library, resources / "libonnxruntime.so")
        for paper in papers:
            shutil.copyfile(paper, resources / f"onnxruntime-{paper.name}")
        target = folder / source.name
        shutil.rmtree(target, ignore_errors=True)
        unfinished.rename(target)
        made.append(target)
    return made


def runtime() -> list[Path]:
    """onnxruntime's library in the installed package, and its licence."""
    import onnxruntime

    package = Path(onnxruntime.__file__).parent
    libraries = sorted((package / "capi").glob("libonnxruntime.so*"))
    if not libraries:
        raise FileNotFoundError(f"{package} holds no libonnxruntime.so: `pip install --upgrade onnxruntime`")
    return [libraries[0], *(path for name in ("LICENSE", "ThirdPartyNotices.txt") if (path := package / name).exists())]
