"""Native plugins as plain data: their class and their parameters. For pickles, copies and presets."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import pedalboard

from ..contract import Processor

__all__ = ["Frozen", "build_native", "freeze", "is_choice", "native_classes", "native_parameters", "thaw"]

Value = bool | int | float | str
_NOT_PLAIN = (pedalboard.PluginContainer, pedalboard.ExternalPlugin, pedalboard.Convolution)


@dataclass(frozen=True)
class Frozen:
    """A native plugin as data; ``plugins`` for stock containers."""

    kind: str
    parameters: Mapping[str, Value]
    plugins: tuple[Any, ...] = ()


@cache
def native_classes() -> dict[str, type[pedalboard.Plugin]]:
    """The native effects that consist of their parameters, by class name."""
    found = {}
    for name, kind in inspect.getmembers(pedalboard, inspect.isclass):
        if issubclass(kind, pedalboard.Plugin) and not issubclass(kind, _NOT_PLAIN) and name == kind.__name__:
            try:
                kind()
            except Exception:  # abstract bases raise whatever pybind11 chooses
                continue
            found[name] = kind
    return found | {"Convolution": pedalboard.Convolution}


@cache
def native_parameters(kind: str) -> tuple[str, ...]:
    """Names of a native class's parameters."""
    if kind == "Convolution":
        return ("impulse_response_filename", "mix")
    members = inspect.getmembers(native_classes()[kind], lambda member: isinstance(member, property))
    return tuple(name for name, member in members if member.fset is not None)


def freeze(plugin: pedalboard.Plugin | Processor | None) -> Frozen | Processor | None:
    """A native plugin as data; anything else as it is.

    Raises
    ------
    TypeError : a native that does not tell what it consists of (VST3 plugins, impulse responses given as arrays, …).
    """
    if not isinstance(plugin, pedalboard.Plugin):
        return plugin
    kind = type(plugin).__name__
    if isinstance(plugin, pedalboard.PluginContainer):
        return Frozen(kind, {}, tuple(freeze(child) for child in plugin))
    if type(plugin) is not native_classes().get(kind):
        raise TypeError(f"{plugin!r} cannot be copied, pickled or saved: its settings cannot be read completely")
    values = {name: _plain(getattr(plugin, name)) for name in native_parameters(kind)}
    if values.get("impulse_response_filename", "") is None:
        raise TypeError(
            f"{plugin!r} cannot be copied, pickled or saved: its impulse response was given as an array; give a file"
        )
    return Frozen(kind, values)


def _plain(value: Any) -> Any:
    return value.name if is_choice(value) else value


def is_choice(value: object) -> bool:
    """An enumeration's member; those of natives are none of Python's own."""
    return hasattr(type(value), "__members__")


def thaw(frozen: Any) -> Any:
    """The reverse of :func:`freeze`."""
    if not isinstance(frozen, Frozen):
        return frozen
    if frozen.kind in ("Pedalboard", "Chain", "Mix"):
        return getattr(pedalboard, frozen.kind)([thaw(child) for child in frozen.plugins])
    return build_native(frozen.kind, frozen.parameters)


def build_native(kind: str, parameters: Mapping[str, Any]) -> pedalboard.Plugin:
    """A native plugin from the name of its class and its parameters.

    Raises
    ------
    KeyError : no such class.
    ValueError, TypeError : a parameter is refused.
    """
    cls = native_classes()[kind]
    if kind == "Convolution":
        return cls(**parameters)
    plugin = cls()
    for name, value in parameters.items():
        default = getattr(plugin, name)
        if is_choice(default):
            choices = type(default).__members__
            if value not in choices:
                raise ValueError(f"{name}={value!r} is not one of {', '.join(map(repr, choices))}")
            value = choices[value]
        setattr(plugin, name, value)
    return plugin
