"""What must be the same on all machines, for them to make the same bytes."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version

__all__ = ["difference", "versions"]

_PACKAGES = ("phaseaware", "distributed", "numpy", "onnxruntime", "soundfile", "soxr", "pedalboard", "av")


@cache
def versions() -> Mapping[str, str]:
    """Of Python, of libsndfile, and of the packages that decide.

    Examples
    --------
    >>> difference(versions(), versions()) is None
    True
    >>> difference({"numpy": "2.1"}, {"numpy": "2.2"})
    'has numpy 2.1, and this machine 2.2'
    """
    import soundfile

    found = {"Python": ".".join(platform.python_version_tuple()[:2]), "libsndfile": soundfile.__libsndfile_version__}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "none"
    return found


def difference(theirs: Mapping[str, str], ours: Mapping[str, str]) -> str | None:
    """The first difference, in words that follow a machine's name; None: there is none."""
    for name in ours:
        if theirs.get(name) != ours[name]:
            return f"has {name} {theirs.get(name, 'none')}, and this machine {ours[name]}"
    return None
