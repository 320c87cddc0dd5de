"""Presets: a board or one processor in a TOML file.

.. code-block:: toml

    schema = 1
    name = "Podcast chain"
    description = "What it is for."

    [[board]]
    plugin = "HighpassFilter"
    cutoff_frequency_hz = 80

    [[board]]
    plugin = "PhaseAware"
    reduction_db = 24

Instead of ``[[board]]`` there may be one ``[processor]``. ``plugin`` names a native effect of pedalboard,
``PhaseAware``, ``Chain``, ``Mix`` or ``Pedalboard`` (these hold further tables in ``plugins``), or ``Dry``, which
passes sound on. The other keys are that plugin's parameters; what is not given has its default. Files (``model``,
``impulse_response_filename``) are named relative to the preset's folder and lie within it. A preset is data: nothing in
it is executed.
"""

from __future__ import annotations

import difflib
import os
import re
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from .file import PresetError, parse

if TYPE_CHECKING:
    import pedalboard

    from ..board import Pedalboard
    from ..contract import Processor

__all__ = [
    "Preset",
    "PresetError",
    "PresetInfo",
    "find_preset",
    "list_presets",
    "load_preset",
    "save_preset",
    "shipped_folder",
    "user_folder",
]


@dataclass(frozen=True, kw_only=True)
class PresetInfo:
    """What a list of presets shows. ``name`` is what :func:`load_preset` takes."""

    name: str
    title: str
    description: str
    path: Path
    is_user: bool


@dataclass(frozen=True, kw_only=True)
class Preset:
    """A preset in memory.

    Attributes
    ----------
    title, description : for people.
    plugin : the board, or the one processor.
    path : the file it came from.

    Examples
    --------
    >>> preset = load_preset("gentle-voice")
    >>> preset.board()
    <Pedalboard with 1 plugin: ...>
    """

    title: str
    description: str
    plugin: pedalboard.Plugin | Processor | None
    path: Path

    def board(self) -> Pedalboard:
        """The preset as a board: itself, or a new one around the one processor."""
        from ..board import Pedalboard

        return self.plugin if isinstance(self.plugin, Pedalboard) else Pedalboard([self.plugin])


def shipped_folder() -> Path:
    """Folder of the presets that come with the package."""
    return Path(str(resources.files("phaseaware.presets")))


def user_folder() -> Path:
    """Folder of the user's own presets, in the platform's place for settings; it need not exist."""
    return Path(platformdirs.user_config_dir("phaseaware", appauthor=False)) / "presets"


def list_presets() -> list[PresetInfo]:
    """All presets, the user's own first; one of the user's hides a shipped one of the same name.

    A file that cannot be read is listed too, with the reason as its description.

    Examples
    --------
    >>> "podcast-chain" in [preset.name for preset in list_presets()]
    True
    """
    found: dict[str, PresetInfo] = {}
    for folder, is_user in ((user_folder(), True), (shipped_folder(), False)):
        for path in sorted(folder.glob("*.toml")):
            try:
                _, data = parse(path)
                title, description = str(data.get("name", path.stem)), str(data.get("description", ""))
            except (PresetError, OSError) as error:
                title, description = path.stem, f"cannot be read: {error}"
            info = PresetInfo(name=path.stem, title=title, description=description, path=path, is_user=is_user)
            found.setdefault(path.stem, info)
    return list(found.values())


def find_preset(name_or_path: str | Path) -> Path:
    """File of a preset, by the name that :func:`list_presets` shows or by its path.

    Raises
    ------
    FileNotFoundError : there is none; the message lists the names there are.
    """
    if _is_path(name_or_path):
        if not os.path.isfile(name_or_path):  # False for names that no file can have, too
            reason = "is not a regular file" if os.path.exists(name_or_path) else "no such preset file"
            raise FileNotFoundError(f"{name_or_path}: {reason}")
        return Path(name_or_path)
    for folder in (user_folder(), shipped_folder()):
        for stem in (str(name_or_path), _slug(str(name_or_path))):  # files put there by hand have any name
            if os.path.isfile(path := folder / f"{stem}.toml"):
                return path
    names = [preset.name for preset in list_presets()]
    near = difflib.get_close_matches(str(name_or_path), names, 1)
    hint = f"; did you mean {near[0]!r}?" if near else "."
    raise FileNotFoundError(f"no preset {str(name_or_path)!r}{hint} Presets: {', '.join(names)}")


def load_preset(name_or_path: str | Path) -> Preset:
    """Load a preset, by name or path.

    Raises
    ------
    FileNotFoundError : there is none.
    PresetError : it cannot be used; the message names the line.

    Examples
    --------
    >>> load_preset("podcast-chain").title
    'Podcast chain'
    """
    from .reader import Reader

    path = find_preset(name_or_path)
    text, data = parse(path)
    plugin = Reader(path, text).document(data)
    return Preset(title=data["name"], description=data.get("description", ""), plugin=plugin, path=path)


def save_preset(
    plugin: pedalboard.Plugin | Processor,
    name_or_path: str | Path,
    *,
    title: str | None = None,
    description: str = "",
    overwrite: bool = False,
) -> Path:
    """Save a board or one processor; loading it again gives the same settings.

    Parameters
    ----------
    plugin : a board of this package, a ``PhaseAware`` or a native effect.
    name_or_path : a name (saved in :func:`user_folder`), or a path that ends in ``.toml``.
    title, description : for people; default title: the name.
    overwrite : replace a preset of that name.

    Returns
    -------
    The file. It is written whole or not at all.

    Raises
    ------
    FileExistsError : there is one already and ``overwrite`` is False.
    PresetError : the plugin cannot be written in a preset, or uses a file outside the preset's folder.

    Examples
    --------
    >>> import tempfile
    >>> from phaseaware.plugin import PhaseAware
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = save_preset(PhaseAware(reduction_db=12), Path(folder, "mine.toml"))
    ...     load_preset(path).plugin.reduction_db
    12
    """
    from phaseaware.engine.audio import whole_file

    from .writer import Writer

    path = Path(name_or_path) if _is_path(name_or_path) else user_folder() / f"{_slug(str(name_or_path))}.toml"
    if path.exists() and not overwrite:
        raise FileExistsError(f"{path} is there already; overwrite it, or choose another name")
    title = title or (path.stem if _is_path(name_or_path) else str(name_or_path))
    text = Writer(path).text(plugin, title, description)
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path, overwrite=overwrite) as part:
        part.write_text(text, encoding="utf-8")
    return path


def _is_path(name_or_path: str | Path) -> bool:
    return isinstance(name_or_path, Path) or name_or_path.endswith(".toml") or any(c in name_or_path for c in "/\\")


def _slug(name: str) -> str:
    slug = re.sub(r"[^\w.]+", "-", name.strip().lower()).strip("-.")
    if not slug:
        raise PresetError(f"{name!r} is not a name: it needs a letter or a digit")
    return slug
