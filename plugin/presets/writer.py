"""From plugins to the data of a preset."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tomli_w
from phaseaware.engine.model import shipped_models

from ..board import Frozen, build_native, freeze
from ..board import container as board
from ..contract import Processor
from ..processor import PhaseAware
from .file import CONTAINERS, SCHEMA, PresetError
from .ranges import range_of

__all__ = ["Writer"]

_FILE_KEYS = ("model", "impulse_response_filename")


class Writer:
    """Turns plugins into tables."""

    def __init__(self, path: Path) -> None:
        self._folder = path.parent.resolve()

    def text(self, plugin: Any, title: str, description: str) -> str:
        """The text of a whole file.

        Raises
        ------
        PresetError : a plugin cannot be written in a preset.
        """
        return tomli_w.dumps(self._document(plugin, title, description))

    def _document(self, plugin: Any, title: str, description: str) -> dict[str, Any]:
        head = {"schema": SCHEMA, "name": title, "description": description}
        if type(plugin) is board.Pedalboard:
            return head | {"board": [self._table(child) for child in plugin]}
        return head | {"processor": self._table(plugin)}

    def _table(self, plugin: Any) -> dict[str, Any]:
        if plugin is None:
            return {"plugin": "Dry"}
        kind = type(plugin).__name__
        if type(plugin) in (board.Chain, board.Mix, board.Pedalboard):
            return {"plugin": kind, "plugins": [self._table(child) for child in plugin]}
        if type(plugin) is PhaseAware:
            return {"plugin": kind} | dict(self._phase_aware(plugin))
        return self._native(plugin)

    def _phase_aware(self, processor: Any) -> Iterator[tuple[str, Any]]:
        for key, value in processor.settings().items():
            if key == "model" and value is not None and str(value) not in shipped_models():
                yield key, self._relative(processor.model)
            elif value is not None:
                yield key, value

    def _native(self, plugin: Any) -> dict[str, Any]:
        try:
            frozen = freeze(plugin)
        except TypeError as error:
            raise PresetError(str(error)) from None
        if isinstance(frozen, Processor):
            raise PresetError(f"{plugin!r}: presets hold PhaseAware, boards and pedalboard's effects")
        assert isinstance(frozen, Frozen)
        if frozen.plugins or frozen.kind in CONTAINERS:
            raise PresetError(f"{plugin!r} is a stock container; use phaseaware.plugin.{frozen.kind} instead")
        table: dict[str, Any] = {"plugin": frozen.kind}
        for key, value in frozen.parameters.items():
            table[key] = self._relative(Path(str(value))) if key in _FILE_KEYS else _short(frozen.kind, key, value)
            low, high = range_of(frozen.kind, key)
            if isinstance(value, float) and not low <= table[key] <= high:
                raise PresetError(f"{plugin!r}: {key}={table[key]!r} is not from {low:g} to {high:g}, as presets allow")
        return table

    def _relative(self, file: Path) -> str:
        resolved = file.resolve()
        if not resolved.is_relative_to(self._folder):
            raise PresetError(f"{file} lies outside the preset's folder {self._folder}; put it there")
        return resolved.relative_to(self._folder).as_posix()


def _short(kind: str, key: str, value: Any) -> Any:
    """The shortest decimal that natives, which keep most parameters in float32, turn into the same value."""
    if not isinstance(value, float) or kind == "Convolution":
        return value
    short = float(f"{value:.7g}")
    return short if getattr(build_native(kind, {key: short}), key) == value else value
