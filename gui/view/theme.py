"""Colours of the window: dark; A is blue and B is orange everywhere, which colour-blind people tell apart too."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from phaseaware.engine.limits import MaskName
from phaseaware.engine.versions import Version

__all__ = [
    "BACKGROUND",
    "BACKGROUND_RGB",
    "COLOURS",
    "EDGE",
    "FAINT",
    "HATCH",
    "LABELS",
    "LUTS",
    "PANEL",
    "STYLE",
    "TEXT",
    "WARNING",
    "caption",
]

BACKGROUND, PANEL, EDGE, TEXT, FAINT = "#101418", "#1a2027", "#39434f", "#e6eaef", "#9aa7b4"
WARNING, HATCH = "#ffd166", "#465260"
COLOURS = {version: version.colour("dark") for version in Version}


def caption(version: Version, *, removed_by: MaskName = "phase-aware", ideal: bool = False) -> str:
    """What a version is called where it begins a line.

    Examples
    --------
    >>> caption(Version.REAL, ideal=True)
    'Real mask (B) IDEAL'
    """
    title = version.title(removed_by=removed_by, ideal=ideal)
    return title[0].upper() + title[1:]


LABELS = {version: caption(version) for version in Version}
BACKGROUND_RGB = np.array([int(BACKGROUND[i : i + 2], 16) for i in (1, 3, 5)], np.float32)
Lut = NDArray[np.uint8]


def _between(*stops: tuple[float, str]) -> Lut:
    places, colours = zip(*stops, strict=True)
    rgb = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in colours], float)
    x = np.linspace(places[0], places[-1], 256)
    return np.stack([np.interp(x, places, rgb[:, i]) for i in range(3)], axis=1).round().astype(np.uint8)


LUTS: dict[str, Lut] = {
    "level": pg.colormap.get("inferno").getLookupTable(nPts=256, alpha=False).astype(np.uint8),
    # Where A is louder it is A's blue, where B is, B's orange; equal is as dark as the background.
    "difference": _between(
        (-1, "#ffe3bf"), (-0.55, "#ff9f40"), (-0.12, "#5c3a17"), (0, "#14181d"),
        (0.12, "#163a61"), (0.55, "#4da3ff"), (1, "#d3e8ff"),
    ),
    # Up to 0 dB a quiet grey-blue scale; what is amplified jumps out of it.
    "mask": _between(
        (-1, "#07090c"), (-0.5, "#1d2c40"), (-0.15, "#5a7088"), (0.02, "#b9c4cf"),
        (0.035, "#f4f062"), (0.3, "#ff5c8a"), (1, "#ff00e0"),
    ),
    # Cyclic, and a hue everywhere. Trained masks turn most cells by less than 30 degrees: half of the hues lie there.
    "rotation": _between(
        (-1, "#ffe45c"), (-0.5, "#ff7a45"), (-0.17, "#f04fd0"), (-0.05, "#8f6bf2"), (0, "#4b7bec"), (0.05, "#2aa5d8"),
        (0.17, "#19d3a2"), (0.5, "#8ee04e"), (1, "#ffe45c"),
    ),
}  # fmt: skip
"""Colour maps of 256 entries, RGB."""

STYLE = f"""
QWidget {{ background: {BACKGROUND}; color: {TEXT}; }}
QMainWindow::separator {{ width: 0; }}
QToolTip {{ background: {PANEL}; color: {TEXT}; border: 1px solid {EDGE}; padding: 3px; }}
QMenuBar, QMenu, QStatusBar, QStatusBar QLabel {{ background: {PANEL}; }}
QStatusBar::item {{ border: 0; }}
QMenuBar::item:selected, QMenu::item:selected {{ background: #2f4054; }}
QMenu::item:disabled {{ color: #66717d; }}
QFrame#panel {{ background: {PANEL}; border: 0; }}
QFrame#panel QLabel, QFrame#panel QCheckBox, QFrame#panel QWidget#row {{ background: {PANEL}; }}
QLabel#heading {{ color: {FAINT}; font-weight: bold; padding-top: 2px; }}
QLabel#faint {{ color: {FAINT}; }}
QPushButton, QComboBox, QToolButton {{
    background: #27303a; border: 1px solid {EDGE}; border-radius: 4px; padding: 3px 8px; min-height: 1.25em; }}
QFileDialog QToolButton {{ padding: 1px; }}
QPushButton:hover, QComboBox:hover, QToolButton:hover {{ border-color: #708092; }}
QPushButton:focus, QComboBox:focus, QSlider:focus, QCheckBox:focus, QToolButton:focus {{ border: 1px solid {TEXT}; }}
QPushButton:disabled, QComboBox:disabled, QCheckBox:disabled {{ color: #66717d; }}
QPushButton:checked {{ background: #3b4a5a; border-color: {TEXT}; }}
QComboBox QAbstractItemView {{ background: {PANEL}; selection-background-color: #2f4054; }}
QSlider {{ background: {PANEL}; border: 1px solid {PANEL}; min-height: 1.3em; }}
QSlider::groove:horizontal {{ height: 4px; background: {EDGE}; border-radius: 2px; }}
QSlider::sub-page:horizontal {{ background: #7f92a6; border-radius: 2px; }}
QSlider::handle:horizontal {{ width: 12px; margin: -6px 0; border-radius: 6px; background: {TEXT}; }}
QLineEdit#value {{ background: {PANEL}; border: 1px solid {PANEL}; color: {TEXT}; padding: 0; }}
QLineEdit#value:hover {{ border-color: {EDGE}; }}
QLineEdit#value:focus {{ background: #27303a; border-color: {TEXT}; }}
QScrollBar:vertical {{ background: {PANEL}; width: 10px; }}
QScrollBar::handle:vertical {{ background: {EDGE}; border-radius: 4px; min-height: 24px; margin: 0 1px; }}
QScrollBar::handle:vertical:hover {{ background: #708092; }}
QScrollBar::add-line, QScrollBar::sub-line {{ height: 0; width: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: {PANEL}; }}
QProgressBar {{ background: #27303a; border: 1px solid {EDGE}; border-radius: 3px; text-align: center; }}
QProgressBar::chunk {{ background: #3d6e9e; }}
QFrame#message {{ background: #4a3a12; }}
QFrame#message QLabel {{ background: #4a3a12; color: {WARNING}; }}
QFrame#note, QFrame#note QLabel {{ background: #22364a; }}
"""
