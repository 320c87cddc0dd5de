"""What an action is, and when it can be done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

__all__ = [
    "OUTPUT",
    "RECENT",
    "Action",
    "Handlers",
    "Page",
    "State",
    "always",
    "can_export",
    "has_masks",
    "has_stems",
    "is_open",
]

Handlers = Mapping[str, Callable[[], object]]
"""What is called for each action, by its name."""
RECENT = "recent"
"""The entry of the File menu that is a menu itself."""
OUTPUT = "output"
"""The entry of the Transport menu that is one."""


class Page(StrEnum):
    """What the middle of the window is for."""

    MAIN = "main"
    ABX = "abx"
    LIVE = "live"


@dataclass(frozen=True, kw_only=True)
class State:
    """What decides which actions can be done now.

    Attributes
    ----------
    is_open : a recording is.
    has_masks : there is something that renders A and B.
    has_stems : the recording was opened as speech and noise.
    has_recent : there are files opened before.
    """

    page: Page = Page.MAIN
    is_open: bool = False
    has_masks: bool = False
    has_stems: bool = False
    has_recent: bool = False
    is_exporting: bool = False
    can_undo: bool = False
    can_redo: bool = False


def always(_: State) -> bool:
    """At any time."""
    return True


def is_open(state: State) -> bool:
    """A recording is open."""
    return state.is_open


def has_masks(state: State) -> bool:
    """A and B are rendered."""
    return state.has_masks


def has_stems(state: State) -> bool:
    """Speech and noise are known."""
    return state.has_stems


def can_export(state: State) -> bool:
    """There is something to export, and no export under way."""
    return state.is_open and not state.is_exporting


@dataclass(frozen=True, kw_only=True)
class Action:
    """Something that a user can do.

    Attributes
    ----------
    name : unique; the window has a handler for it.
    keys : key combinations that do it, as Qt writes them; those of entries of a menu are the menu's shortcuts.
    group, help : where and how it is explained; without a group it is not.
    menu, entry : the menu and what it says there, with & before the letter for the keyboard; without it is in none.
    begins_section : a line is drawn above the entry.
    pages : where the keys mean it.
    when : whether it can be done now.
    repeats : goes on while the key is held. All else happens once: a held key must not
        answer one trial after the other.
    """

    name: str
    keys: tuple[str, ...] = ()
    group: str = ""
    help: str = ""
    menu: str = ""
    entry: str = ""
    begins_section: bool = False
    pages: tuple[Page, ...] = (Page.MAIN,)
    when: Callable[[State], bool] = always
    repeats: bool = False

    @property
    def is_shortcut(self) -> bool:
        """Its keys are those of its menu's entry, not the window's: they are none that a text field needs."""
        return bool(self.menu) and all(key.startswith(("Ctrl+", "F")) and len(key) > 1 for key in self.keys)
