"""What the sounds of a comparison are called: name of the file to title for people."""

from __future__ import annotations

from phaseaware.engine.versions import Version

from .ideal import IDEALS

__all__ = ["IDEAL_TITLES", "TITLES"]

TITLES: dict[str, str] = {
    str(version): f"{version.label.lower()} ({version.letter})" if version.mask else version.label.lower()
    for version in Version
}
TITLES[Version.DELTA] += " A − B"
TITLES[Version.REMOVED] += " by A"
IDEAL_TITLES: dict[str, str] = {f"ideal-{name}": ideal.title for name, ideal in IDEALS.items()}
