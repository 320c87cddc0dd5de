"""The engine's controls as typed properties of a processor."""

from __future__ import annotations

import difflib
import threading
from dataclasses import dataclass, replace
from typing import Any, Generic, Self, TypeVar, overload

from phaseaware.engine.controls import BYPASS, LINK, Control, Render
from phaseaware.engine.limits import Link

__all__ = ["Controlled", "Controls", "Settings"]

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Settings(Render):
    """The values of all controls: what is made of a mask, and how sound passes the processor."""

    link: Link = LINK.default
    bypass: bool = BYPASS.default


class Controls:
    """Base of a processor with controls, which are replaced as a whole: any thread sees values that belong together."""

    def __init__(self, settings: Settings) -> None:
        self._check(settings)
        self._setting = threading.Lock()
        self._settings = settings

    def __setattr__(self, name: str, value: object) -> None:
        if not name.startswith("_") and not hasattr(type(self), name):
            near = difflib.get_close_matches(name, dir(type(self)), 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise AttributeError(f"{type(self).__name__} has no control {name!r}{hint}", name=name, obj=self)
        super().__setattr__(name, value)

    def _check(self, settings: Settings) -> None:
        """Raise a ValueError where the processor cannot do that."""

    def _set(self, **change: Any) -> None:
        with self._setting:
            settings = replace(self._settings, **change)
            self._check(settings)
            self._settings = settings


class Controlled(Generic[T]):
    """A property that reads and sets one control."""

    def __init__(self, control: Control[T]) -> None:
        self._name = control.name
        self.__doc__ = f"{control.about[0].upper()}{control.about[1:]}."

    @overload
    def __get__(self, processor: None, kind: type[Controls]) -> Self: ...
    @overload
    def __get__(self, processor: Controls, kind: type[Controls]) -> T: ...
    def __get__(self, processor: Controls | None, kind: type[Controls]) -> Self | T:
        if processor is None:
            return self
        value: T = getattr(processor._settings, self._name)
        return value

    def __set__(self, processor: Controls, value: T) -> None:
        processor._set(**{self._name: value})
