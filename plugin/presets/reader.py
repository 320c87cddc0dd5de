"""From the data of a preset to plugins; every error names the line."""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from typing import Any

import pedalboard
from phaseaware.engine.model import shipped_models

from ..board import Container, build_native, is_choice, native_classes, native_parameters
from ..board import container as board
from ..processor import PhaseAware
from .file import CONTAINERS, SCHEMA, PresetError, line_of
from .lines import Place
from .ranges import MOST_PLUGINS, check_impulse_response, range_of

__all__ = ["Reader"]

_LARGEST = 3.4e38  # natives keep their parameters in float32
_DEEPEST = 16
_TOP_KEYS = ("schema", "name", "description", "board", "processor")


class Reader:
    """Builds plugins from tables; every error says at which line of the file."""

    def __init__(self, path: Path, text: str) -> None:
        self._path, self._text = path, text
        self._count = 0

    def _error(self, place: Place, message: str) -> PresetError:
        return PresetError(f"{self._path}:{line_of(self._text, place)}: {message}")

    def document(self, data: dict[str, Any]) -> Any:
        """The board or the one processor of a whole file.

        Raises
        ------
        PresetError : it cannot be used.
        """
        self._check_top(data)
        if "board" in data:
            return self._container("Pedalboard", data["board"], ("board",))
        return self._plugin(data["processor"], ("processor",))

    def _check_top(self, data: dict[str, Any]) -> None:
        schema = data.get("schema")
        if type(schema) is not int or schema < 1:
            raise self._error(("schema",), f"{schema=} is not {SCHEMA}; a preset begins with: schema = {SCHEMA}")
        if schema > SCHEMA:
            raise self._error(
                ("schema",), f"{schema=} was made by a newer version of phaseaware; this one reads up to {SCHEMA}"
            )
        for key in data:
            if key not in _TOP_KEYS:
                raise self._error((key,), f"unknown key {key!r}{_nearest(key, _TOP_KEYS)}")
        for key in ("name", "description"):
            if not isinstance(data.get(key, "" if key == "description" else None), str):
                raise self._error((key,), f"{key} is missing or not a text")
        if ("board" in data) == ("processor" in data):
            raise self._error(("processor",), "a preset has either [[board]] tables or one [processor]")

    def _container(self, kind: str, tables: Any, place: Place) -> Container:
        if not isinstance(tables, list):
            raise self._error(place, f"{place[-1]} is not a list of tables; write [[{place[-1]}]]")
        if place.count("plugins") > _DEEPEST:
            raise self._error(place, f"containers are nested more than {_DEEPEST} deep")
        cls: type[Container] = getattr(board, kind)
        return cls([self._plugin(table, (*place, i)) for i, table in enumerate(tables)])

    def _plugin(self, table: Any, place: Place) -> Any:
        if not isinstance(table, dict):
            raise self._error(place, "not a table")
        self._count += 1
        if self._count > MOST_PLUGINS:
            raise self._error(place, f"more than {MOST_PLUGINS} plugins")
        kinds = ("PhaseAware", "Dry", *CONTAINERS, *native_classes())
        kind = table.get("plugin")
        if not isinstance(kind, str):
            raise self._error((*place, "plugin") if "plugin" in table else place, 'plugin = "NAME" is missing')
        if kind not in kinds:
            raise self._error((*place, "plugin"), f"unknown plugin {kind!r}{_nearest(kind, kinds)}")
        if kind in CONTAINERS:
            self._refuse_unknown(table, place, kind, ("plugins",))
            return self._container(kind, table.get("plugins", []), (*place, "plugins"))
        if kind == "Dry":
            self._refuse_unknown(table, place, kind, ())
            return None
        return self._phase_aware(table, place) if kind == "PhaseAware" else self._native(kind, table, place)

    def _refuse_unknown(self, table: dict[str, Any], place: Place, kind: str, known: tuple[str, ...]) -> None:
        for key in table:
            if key not in ("plugin", *known):
                raise self._error((*place, key), f"{kind} has no {key!r}{_nearest(key, known)}")

    def _phase_aware(self, table: dict[str, Any], place: Place) -> PhaseAware:
        values = {key: value for key, value in table.items() if key != "plugin"}
        model = values.pop("model", None)
        if model is not None and not (isinstance(model, str) and model in shipped_models()):
            model = self._file((*place, "model"), model)
        try:
            processor = PhaseAware(model=model)
        except (OSError, ValueError) as error:
            raise self._error((*place, "model") if model else place, str(error)) from error
        known = tuple(name for name in processor.settings() if name != "model")
        self._refuse_unknown(values, place, "PhaseAware", known)
        for key, value in values.items():
            try:
                setattr(processor, key, value)
            except (ValueError, TypeError) as error:
                raise self._error((*place, key), str(error)) from None
        return processor

    def _native(self, kind: str, table: dict[str, Any], place: Place) -> pedalboard.Plugin:
        known = native_parameters(kind)
        self._refuse_unknown(table, place, kind, known)
        values = {key: value for key, value in table.items() if key != "plugin"}
        if kind == "Convolution":
            if "impulse_response_filename" not in values:
                raise self._error(place, "Convolution needs impulse_response_filename")
            file = self._file((*place, "impulse_response_filename"), values["impulse_response_filename"])
            try:
                check_impulse_response(file)
            except ValueError as error:
                raise self._error((*place, "impulse_response_filename"), f"{file.name!r}: {error}") from None
            values["impulse_response_filename"] = str(file)
            if "mix" in values:
                self._check_number((*place, "mix"), kind, values["mix"])
        else:
            self._check_natives(kind, values, place)
        try:
            return build_native(kind, values)
        except Exception as error:  # natives raise whatever their libraries choose
            raise self._error(place, f"{kind}: {error}") from None

    def _check_natives(self, kind: str, values: dict[str, Any], place: Place) -> None:
        """One parameter at a time, so that the line is known."""
        defaults = native_classes()[kind]()
        for key, value in values.items():
            default = getattr(defaults, key)
            if isinstance(default, bool) and not isinstance(value, bool):
                raise self._error((*place, key), f"{key}={value!r} is not true or false")
            if not isinstance(default, bool) and not is_choice(default):
                self._check_number((*place, key), kind, value)
            try:
                build_native(kind, {key: value})
            except Exception as error:
                raise self._error((*place, key), str(error).splitlines()[0]) from None

    def _check_number(self, place: Place, kind: str, value: Any) -> None:
        key = str(place[-1])
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= _LARGEST:
            raise self._error(place, f"{key}={value!r} is not a finite number")
        low, high = range_of(kind, key)
        if key.endswith("_hz") and value <= 0:
            raise self._error(place, f"{key}={value!r} is not > 0")
        if not low <= value <= high:
            raise self._error(place, f"{key}={value!r} is not from {low:g} to {high:g}")

    def _file(self, place: Place, value: Any) -> Path:
        folder = Path(os.path.realpath(self._path.parent))
        if not isinstance(value, str) or not value or "\0" in value:
            raise self._error(place, f"{value!r} is not the name of a file")
        file = Path(os.path.realpath(folder / value))
        if Path(value).is_absolute() or not file.is_relative_to(folder):
            raise self._error(place, f"{value!r} lies outside the preset's folder; put the file beside the preset")
        if not os.path.isfile(file):  # unlike Path.is_file, of any name
            reason = "it is not a regular file" if os.path.exists(file) else "there is no such file beside the preset"
            raise self._error(place, f"{value!r}: {reason}")
        return file


def _nearest(word: str, known: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(word, known, 1)
    return f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(known)}" if known else ""
