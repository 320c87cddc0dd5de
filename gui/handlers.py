"""What the keys do with a session, its pictures and the pages: handlers for actions, by name; and when they may."""

from __future__ import annotations

from functools import partial

from phaseaware.engine import SAMPLE_RATE
from phaseaware.engine.versions import Version
from PyQt6.QtWidgets import QComboBox

from .action import Handlers, Page, State
from .model import Session
from .model.levels import DELTA_GAINS_DB
from .panels import AbxPanel, LivePanel, SidePanel
from .view import DIFFERENCES, LAYOUTS, FrequencyScale, ViewArea

__all__ = ["abx_handlers", "listening_handlers", "live_handlers", "state_of", "viewing_handlers"]

_SWIPE_STEP = 0.02


def listening_handlers(session: Session) -> Handlers:
    """What is heard, and where."""

    def step(seconds: int) -> None:
        session.seek(session.position + seconds * SAMPLE_RATE)

    def next_gain() -> None:
        following = DELTA_GAINS_DB.index(session.delta_gain_db) + 1
        session.set_delta_gain(DELTA_GAINS_DB[following % len(DELTA_GAINS_DB)])

    return {f"hear {version}": partial(session.select, version) for version in Version} | {
        "swap": session.swap,
        "bypass": session.toggle_bypass,
        "level match": lambda: session.set_level_match(not session.level_match),
        "delta gain": next_gain,
        "back 1": partial(step, -1),
        "on 1": partial(step, 1),
        "back 5": partial(step, -5),
        "on 5": partial(step, 5),
        "beginning": lambda: session.seek(0),
        "end": lambda: session.seek(session.recording.samples if session.recording is not None else 0),
        "loop start": lambda: session.set_loop_start(session.position),
        "loop stop": lambda: session.set_loop_stop(session.position),
    }


def viewing_handlers(session: Session, side: SidePanel, views: ViewArea) -> Handlers:
    """What is shown; with Ctrl what zooms and moves in time does so in frequency, as with the wheel."""

    def next_of(box: QComboBox, count: int) -> None:
        box.setCurrentIndex((box.currentIndex() + 1) % count)

    return {
        "zoom in": lambda: views.zoom(0.5, session.position),
        "zoom out": lambda: views.zoom(2, session.position),
        "zoom in frequency": lambda: views.zoom_frequency(0.5),
        "zoom out frequency": lambda: views.zoom_frequency(2),
        "earlier": lambda: views.pan(-0.5),
        "later": lambda: views.pan(0.5),
        "higher": lambda: views.pan_frequency(0.5),
        "lower": lambda: views.pan_frequency(-0.5),
        "fit": views.fit,
        "band": views.show_band,
        "next view": lambda: next_of(side.layouts, len(LAYOUTS)),
        "next scale": lambda: next_of(side.scale, len(FrequencyScale)),
        "next difference": lambda: next_of(side.viewing.difference, len(DIFFERENCES)),
        "swipe left": partial(views.move_swipe, -_SWIPE_STEP),
        "swipe right": partial(views.move_swipe, _SWIPE_STEP),
        "blink": views.blink,
        "next colours": views.focus_next_bar,
        "reset": side.reduction.reset.click,
        "live reset": side.reduction.reset.click,
        "undo": side.reduction.undo.click,
        "redo": side.reduction.redo.click,
    }


def abx_handlers(abx: AbxPanel) -> Handlers:
    """A listening test's page."""
    return {
        "abx A": lambda: abx.listen("A"),
        "abx B": lambda: abx.listen("B"),
        "abx X": lambda: abx.listen("X"),
        "abx say A": lambda: abx.answer("A"),
        "abx say B": lambda: abx.answer("B"),
    }


def live_handlers(live: LivePanel) -> Handlers:
    """The page for live input."""
    return {
        "live play": live.toggle,
        "live noisy": lambda: live.select("bypass"),
        "live A": lambda: live.select("A"),
        "live B": lambda: live.select("B"),
        "live swap": live.swap,
        "live bypass": live.toggle_bypass,
        "live refresh": live.refresh,
        "live leave": live.finish,
    }


def state_of(session: Session, page: Page, *, is_exporting: bool, has_recent: bool) -> State:
    """What decides which actions can be done."""
    recording = session.recording
    return State(
        page=page,
        is_open=recording is not None,
        has_masks=session.renderer is not None,
        has_stems=recording is not None and recording.speech is not None,
        has_recent=has_recent,
        is_exporting=is_exporting,
        can_undo=session.history.can_undo,
        can_redo=session.history.can_redo,
    )
