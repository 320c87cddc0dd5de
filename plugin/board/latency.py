"""Latency of native plugins, which shows only as missing output.

It is looked for in a twin, a plugin of the same class and parameters: the plugin itself may be running, and a probe
would wait for it and take what it holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import pedalboard

from .describe import build_native, freeze, native_classes

__all__ = ["leaves", "measure", "native_latency", "silent_guard"]

_LONGEST = 1 << 22
_BLOCK = 512
_measured: WeakKeyDictionary[pedalboard.Plugin, int] = WeakKeyDictionary()


def leaves(plugin: pedalboard.Plugin | None) -> Iterator[pedalboard.Plugin]:
    """A native plugin, or the plugins in a native container."""
    if isinstance(plugin, pedalboard.PluginContainer):
        for child in plugin:
            yield from leaves(child)
    elif plugin is not None:
        yield plugin


def silent_guard(sample_rate: float, channels: int) -> pedalboard.Chain:
    """An empty chain that has seen which dimension are the channels: in front of a call, it decides."""
    guard = pedalboard.Chain([])
    guard.process(np.zeros((channels, channels + 1), np.float32), sample_rate)
    return guard


def native_latency(plugin: pedalboard.Plugin | None, sample_rate: float, channels: int) -> int:
    """Latency in samples. The plugin is neither waited for nor touched."""
    if isinstance(plugin, pedalboard.PluginContainer):
        of_children = [native_latency(child, sample_rate, channels) for child in plugin]
        return max(of_children, default=0) if isinstance(plugin, pedalboard.Mix) else sum(of_children)
    if plugin is None or isinstance(plugin, pedalboard.Convolution):
        return 0
    reported = getattr(plugin, "reported_latency_samples", None)
    if reported is not None:
        return int(reported)
    if not _has_twin(plugin):
        return _measured.get(plugin, 0)
    frozen: Any = freeze(plugin)
    return _twin_latency(frozen.kind, tuple(frozen.parameters.items()), sample_rate, channels)


def _has_twin(plugin: pedalboard.Plugin) -> bool:
    return type(plugin) is native_classes().get(type(plugin).__name__)


@lru_cache(maxsize=1024)
def _twin_latency(kind: str, parameters: tuple[tuple[str, Any], ...], sample_rate: float, channels: int) -> int:
    return _probe(build_native(kind, dict(parameters)), sample_rate, channels)


def measure(plugin: pedalboard.Plugin, sample_rate: float = 48_000, channels: int = 1, *, again: bool = False) -> None:
    """Probe those plugins that have no twin, as they do not tell their parameters. It resets them.

    Parameters
    ----------
    again : those too that were measured before, maybe in another format.
    """
    for leaf in leaves(plugin):
        tells = _has_twin(leaf) or hasattr(leaf, "reported_latency_samples")
        if not tells and not isinstance(leaf, pedalboard.Convolution) and (again or leaf not in _measured):
            _measured[leaf] = _probe(leaf, sample_rate, channels)
            leaf.reset()


def _probe(plugin: pedalboard.Plugin, sample_rate: float, channels: int) -> int:
    guard, fed, returned, size = silent_guard(sample_rate, channels), 0, 0, _BLOCK
    while not returned and fed < _LONGEST:
        silence = np.zeros((channels, size), np.float32)
        returned += pedalboard.process(silence, sample_rate, [guard, plugin], _BLOCK, False).shape[1]
        fed += size
        size = fed
    return fed - returned
