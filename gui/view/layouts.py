"""What the middle of the window can show: panes in columns."""

from __future__ import annotations

from .kinds import Kind

__all__ = ["COMPARE", "LAYOUTS", "SWIPE", "columns_of_layout"]

LAYOUTS = ("Spectrograms", "Masks", "Both", "Swipe A | B", "Compare masks")
SWIPE, COMPARE = LAYOUTS.index("Swipe A | B"), LAYOUTS.index("Compare masks")
_SPECTROGRAMS = (Kind.NOISY, Kind.PHASE_AWARE, Kind.REAL, Kind.DELTA)
_MASKS = (Kind.MASK_MAGNITUDE, Kind.MASK_ROTATION, Kind.MASK_REAL)
_COLUMNS: tuple[tuple[tuple[Kind, ...], ...], ...] = (
    (_SPECTROGRAMS,),
    (_MASKS,),
    (_SPECTROGRAMS, _MASKS),
    ((Kind.SWIPE,),),
    ((Kind.MASK_SWIPE, Kind.MASK_RATIO),),
)


def columns_of_layout(index: int, *, difference: Kind, has_clean: bool) -> list[list[Kind]]:
    """Columns of panes, from top to bottom.

    Parameters
    ----------
    index : into LAYOUTS.
    difference : what picture 1d is.
    has_clean : the clean speech is known, and shown below the spectrograms.
    """
    columns = [[difference if kind is Kind.DELTA else kind for kind in column] for column in _COLUMNS[index]]
    if has_clean and columns[0][0] is Kind.NOISY:
        columns[0].append(Kind.CLEAN)
    return columns
