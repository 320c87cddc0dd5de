"""What the sounds of a comparison are called: name of the file to title for people."""

from __future__ import annotations

from phaseaware.engine.versions import Version

from .ideal import IDEALS

__all__ = ["IDEAL_TITLES", "PICTURED", "TITLES", "WRITTEN", "ideal_name"]

WRITTEN = (Version.NOISY, Version.PHASE_AWARE, Version.REAL, Version.DELTA, Version.REMOVED)
"""What is known of every recording; each is a file."""
PICTURED = (Version.NOISY, Version.PHASE_AWARE, Version.REAL, Version.DELTA)
"""What spectrograms are shown of."""


def ideal_name(mask: str) -> str:
    """Name of the sound that an ideal mask makes."""
    return f"ideal-{mask}"


TITLES: dict[str, str] = {str(version): version.title() for version in WRITTEN}
IDEAL_TITLES: dict[str, str] = {ideal_name(mask): ideal.title for mask, ideal in IDEALS.items()}
