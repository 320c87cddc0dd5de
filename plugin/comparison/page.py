"""A comparison as one HTML file that needs nothing else: a player with a switch, pictures, and tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from numpy.typing import NDArray
from phaseaware.engine.audio import printable, whole_file
from phaseaware.engine.stft import SAMPLE_RATE
from phaseaware.engine.versions import IDEAL, Version

from .ideal import IDEAL_PAIR
from .page_pictures import pictures
from .page_sound import Encoding, encoded, match_gains_db, prepared
from .titles import IDEAL_TITLES, PICTURED, WRITTEN, ideal_name

__all__ = ["PAGE_NAMES", "Table", "write_page"]

PAGE_NAMES = (
    Version.NOISY, Version.PHASE_AWARE, Version.REAL, Version.CLEAN,
    *(ideal_name(kind) for kind in IDEAL_PAIR.values()),
)  # fmt: skip
"""Names of the sounds that :func:`write_page` takes; what A − B and removed are, it knows."""
_TICKS = 6
_PICTURES_SHARE = 0.3  # of the time that a page takes
_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 20, 30, 60)

Samples = NDArray[np.float32]
Mask = NDArray[np.complex64]


@dataclass(frozen=True)
class Table:
    """Rows of text below a caption, the first one the head; and what is to be known about them."""

    caption: str
    rows: Sequence[Sequence[str]]
    about: str = ""


@dataclass(frozen=True)
class _Heard:
    """One position of the switch."""

    name: str
    title: str
    colour: str
    hint: str
    short: str
    badge: str = ""
    parts: tuple[str, ...] = ()


def write_page(
    path: str | Path,
    sounds: Mapping[str, Samples],
    masks: Mapping[str, Mask],
    *,
    sample_rate: int,
    title: str,
    about_delta: str = "",
    tables: Sequence[Table] = (),
    remarks: Sequence[str] = (),
    ideal: bool = False,
    overwrite: bool = False,
    progress: Callable[[float], object] = lambda share: None,
) -> None:
    """Write one self-contained HTML page on which the versions of a recording are heard and seen.

    It loads nothing from anywhere. All versions start at one time and the switch cross-fades: nothing clicks or jumps.

    Parameters
    ----------
    path : of the page.
    sounds : samples of shape (channels, n), all alike, by name (see :data:`PAGE_NAMES`): noisy, A and B, and what is
        known of clean speech and the ideal masks' output. The page has the first two minutes.
    masks : shape (columns, 513), over all of what the page has, by the name of their sound.
    sample_rate : in Hz.
    title : for people, the name of the recording, say; any text.
    about_delta : a line below the picture of A − B.
    tables, remarks : shown below.
    ideal : A and B are made by ideal masks; everything that shows or plays them says so.
    overwrite : what is there.
    progress : called with the share done since the last call, which adds up to 1.

    Raises
    ------
    FileExistsError : it is there, and ``overwrite`` is False.
    OSError : it cannot be written; nothing half-written stays.

    Examples
    --------
    >>> import tempfile
    >>> x = np.random.default_rng(0).standard_normal((1, 4800)).astype(np.float32) / 10
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     page = Path(folder, "index.html")
    ...     write_page(page, {"noisy": x, "phase-aware": x / 2, "real": x / 3}, {}, sample_rate=48_000, title="<b>")
    ...     print("&lt;b&gt;" in page.read_text(encoding="utf-8"))
    True
    """
    made, notes = prepared(sounds, sample_rate)
    names, nyquist_hz = {v: v.title() for v in PICTURED}, min(sample_rate, SAMPLE_RATE) / 2
    seen = pictures(made, masks, names=names, nyquist_hz=nyquist_hz, ideal=ideal)
    progress(_PICTURES_SHARE)
    text = _environment().get_template("page.html").render(
        title=printable(title), pictures=seen, about_delta=about_delta, tables=tables, remarks=[*remarks, *notes],
        ideal=ideal, **_player(made, ideal, lambda share: progress((1 - _PICTURES_SHARE) * share)),
    )  # fmt: skip
    with whole_file(Path(path), overwrite=overwrite) as part:
        Path(part).write_bytes(text.encode("utf-8", "replace"))  # names of files need not be text


def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip


def _player(sounds: Mapping[str, Samples], ideal: bool, progress: Callable[[float], object]) -> dict[str, Any]:
    """What the template's player is made of."""
    heard, encodings = _heard(sounds, ideal=ideal), encoded(sounds, progress)
    samples = sounds[Version.NOISY].shape[1]
    return {
        "heard": heard,
        "encodings": encodings,
        "delta": str(Version.DELTA),
        "ticks": _time_ticks(samples / SAMPLE_RATE),
        "data": _data(heard, encodings, samples, match_gains_db(sounds)),
    }


def _heard(sounds: Mapping[str, Samples], *, ideal: bool) -> list[_Heard]:
    """In the order of the keys 1, 2, …"""
    hints = {
        Version.NOISY: "as it was recorded",
        Version.PHASE_AWARE: "the mask may turn and amplify below 6 kHz",
        Version.REAL: "the mask is a gain from 0 to 1 and keeps the noisy phase",
        Version.DELTA: "what the two do differently",
        Version.REMOVED: "what A took away: noisy − A",
    }
    heard = []
    for v in WRITTEN:
        parts = () if v in sounds else tuple(part for part in v.parts() if part)
        short = v.title().removeprefix(f"{v.label.lower()} ") if v is Version.DELTA else v.letter or v.label.lower()
        badge = IDEAL if ideal and v.is_rendered else ""
        heard.append(_Heard(v, v.title(), v.colour(), hints[v], short, badge, parts))
    if Version.CLEAN in sounds:
        v = Version.CLEAN
        heard.append(_Heard(v, v.title(), v.colour(), "the speech that is known", str(v)))
    for version, kind in IDEAL_PAIR.items():
        name = ideal_name(kind)
        if name in sounds:
            hint = f"{IDEAL_TITLES[name]}, from the known speech"
            heard.append(_Heard(name, version.title(), version.colour(), hint, version.letter or "", IDEAL))
    return heard


def _data(
    heard: Sequence[_Heard], encodings: Sequence[Encoding], samples: int, gains_db: Mapping[str, float]
) -> dict[str, Any]:
    """What the page's script has to know; the sounds are beside it, one a script element."""
    return {
        "rate": SAMPLE_RATE,
        "samples": samples,
        "versions": [
            {"name": one.name, "parts": one.parts, "gain": gains_db.get(one.name), "boosts": one.name == Version.DELTA}
            for one in heard
        ],
        "encodings": [{"name": e.name, "exact": e.is_exact, "sounds": list(e.sounds)} for e in encodings],
    }


def _time_ticks(seconds: float) -> list[tuple[float, str]]:
    """Place from 0 to 1 and text."""
    step = next((step for step in _STEPS if seconds / step <= _TICKS), _STEPS[-1])
    times = np.arange(0, seconds * (1 - 1e-9) + 1e-9, step)
    return [(float(t / max(seconds, 1e-9)), f"{t:g} s" if t < 60 else f"{t // 60:.0f}:{t % 60:02.0f}") for t in times]
