"""The version of the distribution; ``phaseaware`` itself is a namespace package and holds none."""

from importlib.metadata import PackageNotFoundError, version

__all__ = ["__version__"]

try:
    __version__ = version("phaseaware")
except PackageNotFoundError:  # a source tree that is not installed
    __version__ = "0+unknown"
