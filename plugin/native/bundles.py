"""Bundles of the native plugin: folders ``NAME.vst3`` and ``NAME.lv2``, one for stereo and one for mono.

A bundle works where its ``Resources`` hold ``model.onnx`` and ``libonnxruntime.so``. The wheel ``phaseaware-native``
carries bundles that find onnxruntime in the package beside them; ``make native`` leaves some in ``build/native`` that
link to both; :func:`install` makes ones that stand alone.
"""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, get_args

__all__ = ["FORMATS", "NAMES", "PluginFormat", "bundle_path", "install", "resources_of", "runtime", "vst3_path"]

NAMES = {1: "PhaseAwareMono", 2: "PhaseAware"}
"""Of bundles, by the number of channels that they are built for."""
PluginFormat = Literal["vst3", "lv2"]
FORMATS: tuple[PluginFormat, ...] = get_args(PluginFormat)
"""Also the names, after a dot, of the folders in a user's home where hosts look, as on all of Linux."""
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
    return str(bundle_path(channels, "vst3"))


def bundle_path(channels: int, plugin_format: PluginFormat) -> Path:
    """As :func:`vst3_path`, for any format."""
    if channels not in NAMES:
        raise ValueError(f"{channels=} is not 1 or 2")
    name = f"{NAMES[channels]}.{plugin_format}"
    wheel = find_spec(_WHEEL)
    for folder in (_BUILD, *(Path(place) for place in (wheel and wheel.submodule_search_locations) or ())):
        if (folder / name).is_dir():
            return folder / name
    raise FileNotFoundError(
        "the native plugin is not built: run `make native` in the project's folder, or `pip install phaseaware-native`"
    )


def resources_of(bundle: Path) -> Path:
    """The folder of a bundle that holds its model and its onnxruntime."""
    return bundle / "Contents" / "Resources" if bundle.suffix == ".vst3" else bundle / "Resources"


def install(
    folder: Path | None = None, *, plugin_format: PluginFormat = "vst3", model: str | Path | None = None
) -> list[Path]:
    """Put bundles that stand alone, with model and onnxruntime inside, where hosts look.

    Bundles of an earlier installation are replaced; nothing half-written ever has a bundle's name.

    Parameters
    ----------
    folder : made if need be; default: ``.vst3`` or ``.lv2`` in the user's home.
    plugin_format : one of :data:`FORMATS`.
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

    sources = [bundle_path(channels, plugin_format) for channels in NAMES]
    chosen = None if model is None else MaskModel(model).path
    folder = Path.home() / f".{plugin_format}" if folder is None else folder
    folder.mkdir(parents=True, exist_ok=True)
    library, *papers = runtime()
    made: list[Path] = []
    for source in sources:
        unfinished = folder / f".{source.name}.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.copytree(source, unfinished, ignore=shutil.ignore_patterns("libonnxruntime.so*"))
        resources = unfinished / resources_of(source).relative_to(source)
        if chosen is not None:
            shutil.copyfile(chosen, resources / "model.onnx")
        if made:  # 35 MB that both can share, each of them whole
            os.link(resources_of(made[0]) / "libonnxruntime.so", resources / "libonnxruntime.so")
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
    from phaseaware.engine.runtime import onnxruntime

    package = Path(onnxruntime.__file__).parent
    libraries = sorted((package / "capi").glob("libonnxruntime.so*"))
    if not libraries:
        raise FileNotFoundError(f"{package} holds no libonnxruntime.so: `pip install --upgrade onnxruntime`")
    return [libraries[0], *(path for name in ("LICENSE", "ThirdPartyNotices.txt") if (path := package / name).exists())]
