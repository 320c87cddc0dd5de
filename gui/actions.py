"""What a user can do: one table, from which the menus, the keys and the help are made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from phaseaware.engine.versions import Version

__all__ = ["ACTIONS", "RECENT", "Action", "Handlers", "Page", "State", "help_rows"]

Handlers = Mapping[str, Callable[[], object]]
"""What is called for each action, by its name."""
RECENT = "recent"
"""The entry of the File menu that is a menu itself."""


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


def _always(_: State) -> bool:
    return True


def _is_open(state: State) -> bool:
    return state.is_open


def _has_masks(state: State) -> bool:
    return state.has_masks


def _can_export(state: State) -> bool:
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
    when: Callable[[State], bool] = _always
    repeats: bool = False


_FILE, _EDIT, _LISTEN, _HELP = "&File", "&Edit", "&Listen", "&Help"
_TRANSPORT = (Page.MAIN, Page.ABX)
_HEARD = {
    Version.NOISY: "noisy", Version.PHASE_AWARE: "A: phase-aware", Version.REAL: "B: real mask",
    Version.DELTA: "delta A − B", Version.REMOVED: "removed",
}  # fmt: skip

_MENUS = (
    Action(name="open", keys=("Ctrl+O",), group="Change", help="open", menu=_FILE, entry="&Open…"),
    Action(
        name="open stems", keys=("Ctrl+Shift+O",), group="Change", help="open speech and noise",
        menu=_FILE, entry="Open &stems (speech, then noise)…",
    ),
    Action(name=RECENT, menu=_FILE, entry="&Recent", when=lambda state: state.has_recent),
    Action(
        name="export heard", keys=("Ctrl+E",), group="Change", help="export what is heard",
        menu=_FILE, entry="&Export what is heard…", begins_section=True, when=_can_export,
    ),
    Action(
        name="export all", keys=("Ctrl+Shift+E",), group="Change", help="export all versions",
        menu=_FILE, entry="Export &all versions…", when=_can_export,
    ),
    Action(
        name="export picture", keys=("Ctrl+P",), group="Change", help="export the picture",
        menu=_FILE, entry="Export the &picture…", when=_can_export,
    ),
    Action(
        name="copy script", keys=("Ctrl+Shift+C",), group="Change", help="copy as script",
        menu=_FILE, entry="&Copy as script", when=lambda state: state.is_open and not state.has_stems,
    ),
    Action(name="quit", keys=("Ctrl+Q",), menu=_FILE, entry="&Quit", begins_section=True),
    Action(
        name="undo", keys=("Ctrl+Z",), group="Change", help="undo",
        menu=_EDIT, entry="&Undo", when=lambda state: state.can_undo,
    ),
    Action(
        name="redo", keys=("Ctrl+Shift+Z",), group="Change", help="redo",
        menu=_EDIT, entry="&Redo", when=lambda state: state.can_redo,
    ),
    Action(
        name="save preset", keys=("Ctrl+S",), group="Change", help="save a preset",
        menu=_EDIT, entry="&Save the controls as a preset…",
    ),
    Action(
        name="abx", keys=("Ctrl+T",), group="Listen", help="ABX listening test",
        menu=_LISTEN, entry="&ABX listening test", when=_has_masks,
    ),
    Action(name="live", keys=("Ctrl+L",), group="Listen", help="live input", menu=_LISTEN, entry="&Live input…"),
    Action(name="keys", keys=("F1",), menu=_HELP, entry="&Keys"),
)  # fmt: skip

_LISTENING = (
    Action(name="play", keys=("Space",), group="Listen", help="play, pause", pages=_TRANSPORT),
    *(
        Action(
            name=f"hear {version}", keys=(str(i),), group="Listen", help=_HEARD[version],
            when=_has_masks if version.is_rendered else _is_open,
        )
        for i, version in enumerate(Version, 1)
    ),
    Action(name="swap", keys=("X",), group="Listen", help="back to the version before", when=_has_masks),
    Action(name="bypass", keys=("B",), group="Listen", help="bypass", when=_has_masks),
    Action(name="level match", keys=("L",), group="Listen", help="level match"),
    Action(name="delta gain", keys=("G",), group="Listen", help="gain of delta and removed"),
)  # fmt: skip

_MOVING = (
    Action(name="back 1", keys=("Left",), group="Move", help="1 second; with Shift 5", pages=_TRANSPORT, repeats=True),
    Action(name="on 1", keys=("Right",), group="Move", help="1 second; with Shift 5", pages=_TRANSPORT, repeats=True),
    Action(name="back 5", keys=("Shift+Left",), repeats=True),
    Action(name="on 5", keys=("Shift+Right",), repeats=True),
    Action(name="beginning", keys=("Home",), group="Move", help="beginning, end", pages=_TRANSPORT),
    Action(name="end", keys=("End",), group="Move", help="beginning, end", pages=_TRANSPORT),
    Action(name="loop start", keys=("[", "I"), group="Move", help="set the loop's ends", pages=_TRANSPORT),
    Action(name="loop stop", keys=("]", "O"), group="Move", help="set the loop's ends", pages=_TRANSPORT),
    Action(name="escape", keys=("Esc",), group="Move", help="close a message, clear the loop", pages=_TRANSPORT),
    Action(name="zoom in", keys=("+", "="), group="Move", help="zoom time; with Ctrl frequency", repeats=True),
    Action(name="zoom out", keys=("-", "_"), group="Move", help="zoom time; with Ctrl frequency", repeats=True),
    Action(name="zoom in frequency", keys=("Ctrl++", "Ctrl+="), repeats=True),
    Action(name="zoom out frequency", keys=("Ctrl+-", "Ctrl+_"), repeats=True),
    Action(name="earlier", keys=("PgUp",), group="Move", help="move in time; with Ctrl in frequency", repeats=True),
    Action(name="later", keys=("PgDown",), group="Move", help="move in time; with Ctrl in frequency", repeats=True),
    Action(name="higher", keys=("Ctrl+PgUp",), repeats=True),
    Action(name="lower", keys=("Ctrl+PgDown",), repeats=True),
    Action(name="fit", keys=("F",), group="Move", help="show everything"),
)

_SEEING = (
    Action(name="next view", keys=("V",), group="See", help="next view"),
    Action(name="next scale", keys=("S",), group="See", help="frequency axis: linear, log, mel"),
    Action(name="swipe left", keys=(",",), group="See", help="move the swipe line", repeats=True),
    Action(name="swipe right", keys=(".",), group="See", help="move the swipe line", repeats=True),
    Action(name="next colours", keys=("C",), group="See", help="go to the next colour scale; there:"),
    Action(name="reset", keys=("R",), group="Change", help="all controls to their defaults"),
)

_ABX = tuple(
    Action(name=name, keys=(key,), pages=(Page.ABX,))
    for name, key in (("abx A", "1"), ("abx B", "2"), ("abx X", "3"), ("abx say A", "A"), ("abx say B", "B"))
)
"""The page itself says what its keys do."""

_LIVE = (
    *(
        Action(name=name, keys=(key,), pages=(Page.LIVE,))
        for name, key in (
            ("live play", "Space"), ("live noisy", "1"), ("live A", "2"), ("live B", "3"), ("live swap", "X"),
            ("live bypass", "B"), ("live reset", "R"), ("live leave", "Esc"),
        )
    ),
    Action(name="live refresh", keys=("F5",), group="Listen", help="live input: look for devices", pages=(Page.LIVE,)),
)  # fmt: skip

ACTIONS: tuple[Action, ...] = (*_LISTENING, *_MOVING, *_SEEING, *_MENUS, *_ABX, *_LIVE)
"""All of them, in the order of the help and of the menus."""

_WIDGETS = {
    "See": (
        ("↑ ↓", "shift its range"), ("Shift+↑ ↓", "its upper end"), ("Ctrl+↑ ↓", "its lower end"),
        ("Del", "its default range"),
    ),
    "Change": (("Tab", "next control; ↑ ↓ changes it, Enter presses it"),),
}  # fmt: skip
"""Keys of what has the focus: no actions of the window."""
_SAME_KEY = ("=", "_")
"""The other signs on the keys of + and -."""
_SHOWN = {"Left": "←", "Right": "→", "-": "−", "PgUp": "Page Up", "PgDown": "Page Down"}


def help_rows() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Groups of keys and what they do; keys of which the same is said share a row.

    Examples
    --------
    >>> dict((text, keys) for keys, text in dict(help_rows())["Move"])["1 second; with Shift 5"]
    '← →'
    """
    for group in ("Listen", "Move", "See", "Change"):
        rows: dict[str, list[str]] = {}
        for action in ACTIONS:
            if action.group == group:
                shown = (_SHOWN.get(key, key) for key in action.keys if key not in _SAME_KEY)
                rows.setdefault(action.help, []).extend(shown)
        yield group, [*((" ".join(keys), text) for text, keys in rows.items()), *_WIDGETS.get(group, ())]
