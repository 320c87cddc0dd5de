"""What the window remembers until the next time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PyQt6.QtCore import QByteArray, QSettings

from .model.spectra import SpectrumSettings
from .panels import SidePanel
from .player import Player
from .view import DIFFERENCES, LAYOUTS, FrequencyScale, Kind

__all__ = ["keep_in", "recall_view", "recalled_geometry", "remember", "stored"]


def stored() -> QSettings:
    """The settings of the program."""
    return QSettings(QSettings.defaultFormat(), QSettings.Scope.UserScope, "phaseaware", "phaseaware")


def keep_in(folder: Path) -> None:
    """Remember in a folder from now on: pictures and measurements of windows leave the user's settings alone."""
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(folder))


def recalled_geometry() -> QByteArray | None:
    """Where the window was."""
    value = stored().value("geometry")
    return value if isinstance(value, QByteArray) else None


def recall_view(side: SidePanel, player: Player) -> None:
    """View, axis, picture 1d, frames and device as they were; what cannot be read is left as it is."""
    settings, viewing = stored(), side.viewing
    layout = _one_of(settings.value("layout"), LAYOUTS)
    scale = _one_of(settings.value("scale"), list(FrequencyScale))
    difference = _one_of(settings.value("difference"), DIFFERENCES)
    if layout is not None:
        viewing.layouts.setCurrentIndex(layout)
    if scale is not None:
        viewing.scale.setCurrentIndex(viewing.scale.findData(list(FrequencyScale)[scale]))
    if difference is not None:
        viewing.difference.setCurrentIndex(difference)
    try:
        spectrum = SpectrumSettings(
            frame_length=int(settings.value("frame length", SpectrumSettings().frame_length)),
            window=str(settings.value("window", SpectrumSettings().window)),  # type: ignore[arg-type]
        )
    except (TypeError, ValueError):
        spectrum = SpectrumSettings()
    viewing.show_spectrum(spectrum)
    player.device = str(settings.value("output", ""))


def remember(geometry: QByteArray, side: SidePanel, player: Player) -> None:
    """Keep all that."""
    settings, viewing = stored(), side.viewing
    settings.setValue("geometry", geometry)
    settings.setValue("layout", LAYOUTS[viewing.layouts.currentIndex()])
    settings.setValue("scale", str(viewing.scale.currentData()))
    settings.setValue("difference", str(Kind(viewing.difference.currentData())))
    settings.setValue("frame length", viewing.spectrum.frame_length)
    settings.setValue("window", viewing.spectrum.window)
    settings.setValue("output", player.device)


def _one_of(value: Any, choices: Any) -> int | None:
    names = [str(choice) for choice in choices]
    return names.index(str(value)) if value is not None and str(value) in names else None
