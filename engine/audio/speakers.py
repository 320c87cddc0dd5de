"""Which loudspeakers the channels are for: masks of WAVE_FORMAT_EXTENSIBLE and FFmpeg's names of layouts.

The bits are the same in both (front left is 1, front right 2, …), so a mask that has no name is written as a number.
"""

from __future__ import annotations

import struct

__all__ = ["layout_for", "mask_of", "mask_of_caf", "packed_for_caf", "usual_mask", "vorbis_order"]

_BITS = {
    "FL": 0x1, "FR": 0x2, "FC": 0x4, "LFE": 0x8, "BL": 0x10, "BR": 0x20, "FLC": 0x40, "FRC": 0x80, "BC": 0x100,
    "SL": 0x200, "SR": 0x400, "TC": 0x800, "TFL": 0x1000, "TFC": 0x2000, "TFR": 0x4000, "TBL": 0x8000, "TBC": 0x10000,
    "TBR": 0x20000,
}  # fmt: skip
_USUAL = {1: 0x4, 2: 0x3, 3: 0x7, 4: 0x33, 5: 0x37, 6: 0x3F, 7: 0x70F, 8: 0x63F}


def usual_mask(channels: int) -> int:
    """What is meant where the file says nothing.

    Examples
    --------
    >>> hex(usual_mask(6))
    '0x3f'
    """
    return _USUAL.get(channels, 0)


_IN_VORBIS = {
    3: "FL FC FR", 5: "FL FC FR BL BR", 6: "FL FC FR BL BR LFE", 7: "FL FC FR SL SR BC LFE",
    8: "FL FC FR SL SR BL BR LFE",
}  # fmt: skip
"""Vorbis I, section 4.3.9, and RFC 7845, section 5.1.1.2; with other numbers it has the order of the bits."""


def vorbis_order(channels: int) -> list[int] | None:
    """Where in Vorbis and Opus files the channels stand, in the order of the bits; None: in that order.

    Examples
    --------
    >>> vorbis_order(6)
    [0, 2, 1, 5, 3, 4]
    """
    names = _IN_VORBIS.get(channels, "").split()
    return sorted(range(channels), key=lambda place: _BITS[names[place]]) if names else None


def mask_of(layout: str) -> int | None:
    """The mask of a layout by FFmpeg's name; None for mono and stereo, which need none, and for what has none.

    Examples
    --------
    >>> hex(mask_of("5.1(side)"))
    '0x60f'
    """
    try:
        import av
    except ImportError:
        return None
    names = [channel.name for channel in av.AudioLayout(layout).channels]
    if len(names) <= 2 or not all(name in _BITS for name in names):
        return None
    return sum(_BITS[name] for name in names)


_CAF_BITMAP = 1 << 16
_CAF_LAYOUTS = {0x64_0001: 0x4, 0x65_0002: 0x3, 0x71_0003: 0x7, 0x75_0005: 0x37, 0x79_0006: 0x3F, 0x7E_0008: 0xFF}
"""Numbers of CAF's usual layouts whose channels stand in the order of the bits."""


def mask_of_caf(content: bytes) -> int | None:
    """The mask by a channel layout chunk; None: it cannot be told by one."""
    number, bits = struct.unpack(">II", content[:8].ljust(8, b"\0"))
    return bits if number == _CAF_BITMAP else _CAF_LAYOUTS.get(number)


def packed_for_caf(mask: int) -> bytes:
    """The content of a channel layout chunk.

    Examples
    --------
    >>> hex(mask_of_caf(packed_for_caf(0x60F)))
    '0x60f'
    """
    return struct.pack(">III", _CAF_BITMAP, mask, 0)


_APPLE = {1: 0x4, 2: 0x3, 3: 0x7, 4: 0x107, 5: 0x37, 6: 0x3F, 7: 0x13F, 8: 0xFF}
_VORBIS = {1: 0x4, 2: 0x3, 3: 0x7, 4: 0x33, 5: 0x37, 6: 0x3F, 7: 0x70F, 8: 0x63F}
_AAC = frozenset({0xB, 0x33, 0x63F})
"""Layouts that AAC has beside Apple's, where a file asks for them."""
_ENCODED = {"AAC": _APPLE, "ALAC_16": _APPLE, "ALAC_24": _APPLE, "OPUS": _VORBIS}
"""Layouts that encoders have, one for each number of channels. Others hold any."""


def layout_for(subtype: str, mask: int | None, channels: int) -> str:
    """FFmpeg's name of the layout that comes nearest to a mask, for a kind of sound.

    Examples
    --------
    >>> layout_for("FLAC_16", 0x60F, 6), layout_for("AAC", 0x60F, 6), layout_for("PCM_16", None, 2)
    ('5.1(side)', '5.1', 'stereo')
    """
    import av

    if not mask or mask.bit_count() != channels:
        mask = None
    if subtype != "AAC" or mask not in _AAC:
        mask = _ENCODED.get(subtype, {}).get(channels, mask or usual_mask(channels))
    return str(av.AudioLayout(hex(mask)).name) if mask else f"{channels} channels"
