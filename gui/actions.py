"""What a user can do: one table, from which the menus, the keys and the help are made."""

from __future__ import annotations

from collections.abc import Iterator

from phaseaware.engine.versions import Version

from .action import OUTPUT, RECENT, Action, Page, can_export, has_masks, has_stems, is_open

__all__ = ["ACTIONS", "MENU_ORDER", "help_rows"]

_FILE, _EDIT, _VIEW, _MOVE, _LISTEN, _HELP = "&File", "&Edit", "&View", "&Transport", "&Listen", "&Help"
_TRANSPORT = (Page.MAIN, Page.ABX)
_HEARD = {
    Version.NOISY: "noisy", Version.PHASE_AWARE: "A: phase-aware", Version.REAL: "B: real mask",
    Version.DELTA: "delta A − B", Version.REMOVED: "removed", Version.CLEAN: "clean speech",
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
        menu=_FILE, entry="&Export what is heard…", begins_section=True, when=can_export,
    ),
    Action(
        name="export all", keys=("Ctrl+Shift+E",), group="Change", help="export all versions",
        menu=_FILE, entry="Export &all versions…", when=can_export,
    ),
    Action(
        name="export picture", keys=("Ctrl+P",), group="Change", help="export the picture",
        menu=_FILE, entry="Export the &picture…", when=can_export,
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
        menu=_LISTEN, entry="&ABX listening test", when=has_masks,
    ),
    Action(name="live", keys=("Ctrl+L",), group="Listen", help="live input", menu=_LISTEN, entry="&Live input…"),
    Action(name="tour", keys=("W",), group="Listen", help="why phase? begin, next step; with Shift back",
           menu=_HELP, entry="&Why phase?"),
    Action(name="keys", keys=("F1",), menu=_HELP, entry="&Keys"),
)  # fmt: skip

_LISTENING = (
    Action(
        name="play",
        menu=_MOVE,
        entry="&Play or pause",
        keys=("Space",),
        group="Listen",
        help="play, pause",
        pages=_TRANSPORT,
    ),
    *(
        Action(
            name=f"hear {version}",
            keys=(str(i),),
            group="Listen",
            help=_HEARD[version],
            menu=_MOVE,
            entry=f"Hear &{i} {_HEARD[version]}",
            begins_section=i == 1,
            when=has_masks if version.is_rendered else has_stems if version.needs_stems else is_open,
        )
        for i, version in enumerate(Version, 1)
    ),
    Action(
        name="swap",
        menu=_MOVE,
        entry="Swap the &last two",
        keys=("X",),
        group="Listen",
        help="back to the version before",
        when=has_masks,
    ),
    Action(name="bypass", menu=_MOVE, entry="&Bypass", keys=("B",), group="Listen", help="bypass", when=has_masks),
    Action(name="level match", menu=_MOVE, entry="Level &match", keys=("L",), group="Listen", help="level match"),
    Action(
        name="delta gain",
        menu=_MOVE,
        entry="Next &gain of delta",
        keys=("G",),
        group="Listen",
        help="gain of delta and removed",
    ),
)

_MOVING = (
    Action(name="back 1", keys=("Left",), group="Move", help="1 second; with Shift 5", pages=_TRANSPORT, repeats=True),
    Action(name="on 1", keys=("Right",), group="Move", help="1 second; with Shift 5", pages=_TRANSPORT, repeats=True),
    Action(name="back 5", keys=("Shift+Left",), repeats=True),
    Action(name="on 5", keys=("Shift+Right",), repeats=True),
    Action(
        name="beginning",
        menu=_MOVE,
        entry="Go to the begi&nning",
        begins_section=True,
        keys=("Home",),
        group="Move",
        help="beginning, end",
        pages=_TRANSPORT,
    ),
    Action(
        name="end",
        menu=_MOVE,
        entry="Go to the &end",
        keys=("End",),
        group="Move",
        help="beginning, end",
        pages=_TRANSPORT,
    ),
    Action(
        name="loop start",
        menu=_MOVE,
        entry="Loop &starts here",
        keys=("[", "I"),
        group="Move",
        help="set the loop's ends",
        pages=_TRANSPORT,
    ),
    Action(
        name="loop stop",
        menu=_MOVE,
        entry="Loop en&ds here",
        keys=("]", "O"),
        group="Move",
        help="set the loop's ends",
        pages=_TRANSPORT,
    ),
    Action(
        name="escape",
        menu=_MOVE,
        entry="&Clear loop and band",
        keys=("Esc",),
        group="Move",
        help="close a message, clear the loop",
        pages=_TRANSPORT,
    ),
    Action(
        name="zoom in",
        menu=_VIEW,
        entry="Zoom &in",
        keys=("+", "="),
        group="Move",
        help="zoom time; with Ctrl frequency",
        repeats=True,
    ),
    Action(
        name="zoom out",
        menu=_VIEW,
        entry="Zoom &out",
        keys=("-", "_"),
        group="Move",
        help="zoom time; with Ctrl frequency",
        repeats=True,
    ),
    Action(name="zoom in frequency", keys=("Ctrl++", "Ctrl+="), repeats=True),
    Action(name="zoom out frequency", keys=("Ctrl+-", "Ctrl+_"), repeats=True),
    Action(name="earlier", keys=("PgUp",), group="Move", help="move in time; with Ctrl in frequency", repeats=True),
    Action(name="later", keys=("PgDown",), group="Move", help="move in time; with Ctrl in frequency", repeats=True),
    Action(name="higher", keys=("Ctrl+PgUp",), repeats=True),
    Action(name="lower", keys=("Ctrl+PgDown",), repeats=True),
    Action(name=OUTPUT, menu=_MOVE, entry="&Output device", begins_section=True),
    Action(name="fit", menu=_VIEW, entry="&Fit everything", keys=("F",), group="Move", help="show everything"),
)

_SEEING = (
    Action(
        name="next view",
        menu=_VIEW,
        entry="Next &view",
        begins_section=True,
        keys=("V",),
        group="See",
        help="next view",
    ),
    Action(name="band", menu=_VIEW, entry="&0 to 6 kHz", keys=("Z",), group="See", help="0 to 6 kHz, or everything"),
    Action(
        name="next difference",
        menu=_VIEW,
        entry="Next picture 1&d",
        keys=("D",),
        group="See",
        help="picture 1d: signal A − B, level, phase",
    ),
    Action(
        name="blink",
        menu=_VIEW,
        entry="&Blink A and B",
        keys=("N",),
        group="See",
        help="A and B take turns where they share a pane",
    ),
    Action(
        name="next scale",
        menu=_VIEW,
        entry="Next frequency &axis",
        keys=("S",),
        group="See",
        help="frequency axis: linear, log, mel",
    ),
    Action(name="swipe left", keys=(",",), group="See", help="move the swipe line", repeats=True),
    Action(name="swipe right", keys=(".",), group="See", help="move the swipe line", repeats=True),
    Action(name="next colours", keys=("C",), group="See", help="go to the next colour scale; there:"),
    Action(name="tour back", keys=("Shift+W",)),
    Action(name="reset", keys=("R",), group="Change", help="all controls to their defaults"),
)

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
        rows: dict[str, list[str]] = {}
        for action in ACTIONS:
            if action.group == group:
                shown = (_SHOWN.get(key, key) for key in action.keys if key not in _SAME_KEY)
                rows.setdefault(action.help, []).extend(shown)
        yield group, [*((" ".join(keys), text) for text, keys in rows.items()), *_WIDGETS.get(group, ())]
