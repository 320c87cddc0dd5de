"""What a user can do: one table, from which the menus, the keys and the help are made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import zip_longest

from phaseaware.engine.versions import Version

from .action import OUTPUT, RECENT, Action, Page, State, always, can_export, has_masks, has_stems, is_open

__all__ = ["ACTIONS", "MENU_ORDER", "help_rows"]

_FILE, _EDIT, _VIEW, _MOVE, _LISTEN, _HELP = "&File", "&Edit", "&View", "&Transport", "&Listen", "&Help"
_TRANSPORT = (Page.MAIN, Page.ABX)


def _heard(version: Version) -> str:
    if version.letter is not None:
        return f"{version.letter}: {version.label.lower()}"
    return version.label.lower() if version is Version.REMOVED else version.title()


def _rows(
    group: str, menu: str, *rows: tuple[str, str, str, str],
    begins_section: bool = False, pages: tuple[Page, ...] = (Page.MAIN,), when: Callable[[State], bool] = always,
    repeats: bool = False,
) -> tuple[Action, ...]:  # fmt: skip
    """Actions that share a group of the help and a menu; of each its name, keys, entry and help."""
    return tuple(
        Action(
            name=name, keys=tuple(keys.split()), group=group, help=text, menu=menu, entry=entry,
            begins_section=begins_section and not i, pages=pages, when=when, repeats=repeats,
        )
        for i, (name, keys, entry, text) in enumerate(rows)
    )  # fmt: skip


_MENUS = (
    *_rows(
        "Change", _FILE,
        ("open", "Ctrl+O", "&Open…", "open"),
        ("open stems", "Ctrl+Shift+O", "Open &stems (speech, then noise)…", "open speech and noise"),
    ),
    Action(name=RECENT, menu=_FILE, entry="&Recent", when=lambda state: state.has_recent),
    *_rows(
        "Change", _FILE,
        ("export heard", "Ctrl+E", "&Export what is heard…", "export what is heard"),
        ("export all", "Ctrl+Shift+E", "Export &all versions…", "export all versions"),
        ("export picture", "Ctrl+P", "Export the &picture…", "export the picture"),
        begins_section=True, when=can_export,
    ),
    *_rows(
        "Change", _FILE, ("copy script", "Ctrl+Shift+C", "&Copy as script", "copy as script"),
        when=lambda state: state.is_open and not state.has_stems,
    ),
    Action(name="quit", keys=("Ctrl+Q",), menu=_FILE, entry="&Quit", begins_section=True),
    *_rows("Change", _EDIT, ("undo", "Ctrl+Z", "&Undo", "undo"), when=lambda state: state.can_undo),
    *_rows("Change", _EDIT, ("redo", "Ctrl+Shift+Z", "&Redo", "redo"), when=lambda state: state.can_redo),
    *_rows("Change", _EDIT, ("save preset", "Ctrl+S", "&Save the controls as a preset…", "save a preset")),
    *_rows("Listen", _LISTEN, ("abx", "Ctrl+T", "&ABX listening test", "ABX listening test"), when=has_masks),
    *_rows("Listen", _LISTEN, ("live", "Ctrl+L", "&Live input…", "live input")),
    *_rows("Listen", _HELP, ("tour", "W", "&Why phase?", "why phase? begin, next step; with Shift back")),
    Action(name="keys", keys=("F1",), menu=_HELP, entry="&Keys"),
)  # fmt: skip

_LISTENING = (
    *_rows("Listen", _MOVE, ("play", "Space", "&Play or pause", "play, pause"), pages=_TRANSPORT),
    *(
        action
        for i, version in enumerate(Version, 1)
        for action in _rows(
            "Listen", _MOVE, (f"hear {version}", str(i), f"Hear &{i} {_heard(version)}", _heard(version)),
            begins_section=i == 1,
            when=has_masks if version.is_rendered else has_stems if version.needs_stems else is_open,
        )
    ),
    *_rows(
        "Listen", _MOVE,
        ("swap", "X", "Swap the &last two", "back to the version before"),
        ("bypass", "B", "&Bypass", "bypass"),
        when=has_masks,
    ),
    *_rows(
        "Listen", _MOVE,
        ("level match", "L", "Level &match", "level match"),
        ("delta gain", "G", "Next &gain of delta", "gain of delta and removed"),
    ),
)  # fmt: skip

_MOVING = (
    Action(name="back 1", keys=("Left",), group="Move", help="1 second; with Shift 5", pages=_TRANSPORT, repeats=True),
    Action(name="on 1", keys=("Right",), group="Move", help="1 second; with Shift 5", pages=_TRANSPORT, repeats=True),
    Action(name="back 5", keys=("Shift+Left",), repeats=True),
    Action(name="on 5", keys=("Shift+Right",), repeats=True),
    *_rows(
        "Move", _MOVE,
        ("beginning", "Home", "Go to the begi&nning", "beginning, end"),
        ("end", "End", "Go to the &end", "beginning, end"),
        ("loop start", "[ I", "Loop &starts here", "set the loop's ends"),
        ("loop stop", "] O", "Loop en&ds here", "set the loop's ends"),
        ("escape", "Esc", "&Clear loop and band", "close a message, clear the loop"),
        begins_section=True, pages=_TRANSPORT,
    ),
    *_rows(
        "Move", _VIEW,
        ("zoom in", "+ =", "Zoom &in", "zoom time; with Ctrl frequency"),
        ("zoom out", "- _", "Zoom &out", "zoom time; with Ctrl frequency"),
        repeats=True,
    ),
    Action(name="zoom in frequency", keys=("Ctrl++", "Ctrl+="), repeats=True),
    Action(name="zoom out frequency", keys=("Ctrl+-", "Ctrl+_"), repeats=True),
    Action(name="earlier", keys=("PgUp",), group="Move", help="move in time; with Ctrl in frequency", repeats=True),
    Action(name="later", keys=("PgDown",), group="Move", help="move in time; with Ctrl in frequency", repeats=True),
    Action(name="higher", keys=("Ctrl+PgUp",), repeats=True),
    Action(name="lower", keys=("Ctrl+PgDown",), repeats=True),
    Action(name=OUTPUT, menu=_MOVE, entry="&Output device", begins_section=True),
    *_rows("Move", _VIEW, ("fit", "F", "&Fit everything", "show everything")),
)  # fmt: skip

_SEEING = (
    *_rows(
        "See", _VIEW,
        ("next view", "V", "Next &view", "next view"),
        ("band", "Z", "&0 to 6 kHz", "0 to 6 kHz, or everything"),
        ("next difference", "D", "Next picture 1&d", "picture 1d: signal A − B, level, phase"),
        ("blink", "N", "&Blink A and B", "A and B take turns where they share a pane"),
        ("next scale", "S", "Next frequency &axis", "frequency axis: linear, log, mel"),
        begins_section=True,
    ),
    Action(name="swipe left", keys=(",",), group="See", help="move the swipe line", repeats=True),
    Action(name="swipe right", keys=(".",), group="See", help="move the swipe line", repeats=True),
    Action(name="next colours", keys=("C",), group="See", help="go to the next colour scale; there:"),
    Action(name="tour back", keys=("Shift+W",)),
    Action(name="reset", keys=("R",), group="Change", help="all controls to their defaults"),
)  # fmt: skip

_ABX = tuple(
    Action(name=name, keys=(key,), pages=(Page.ABX,))
    for name, key in (("abx A", "2"), ("abx B", "3"), ("abx X", "X"), ("abx say A", "A"), ("abx say B", "B"))
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
MENU_ORDER = (_FILE, _EDIT, _VIEW, _MOVE, _LISTEN, _HELP)
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
        rows: dict[str, list[list[str]]] = {}
        for action in ACTIONS:
            if action.group == group:
                shown = [_SHOWN.get(key, key) for key in action.keys if key not in _SAME_KEY]
                rows.setdefault(action.help, []).append(shown)
        yield group, [*((_together(keys), text) for text, keys in rows.items()), *_WIDGETS.get(group, ())]


def _together(keys: list[list[str]]) -> str:
    """Keys of several actions: the first ones of all, then what else they have.

    Examples
    --------
    >>> _together([["[", "I"], ["]", "O"]])
    '[ ] or I O'
    """
    return " or ".join(" ".join(filter(None, same)) for same in zip_longest(*keys, fillvalue=""))
