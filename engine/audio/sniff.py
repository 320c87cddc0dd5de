"""What a file is, by its first bytes; its name is not believed."""

from __future__ import annotations

from .mpeg import first_frame, id3_end
from .pieces import PiecedFile

__all__ = ["demuxer_for", "kind_of"]

_ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_DEMUXERS = {
    "MP4": "mov", "MOV": "mov", "3GP": "mov", "MATROSKA": "matroska", "WEBM": "matroska", "ASF": "asf", "AMR": "amr",
    "AC3": "ac3", "EAC3": "eac3", "ADTS": "aac", "AVI": "avi", "FLV": "flv", "MPEGTS": "mpegts", "MPEG": "mpeg",
    "OGV": "ogg", "OGG": "ogg", "WV": "wv", "APE": "ape", "TTA": "tta", "DTS": "dts", "WAV": "wav", "RF64": "wav",
    "W64": "w64", "AIFF": "aiff", "CAF": "caf", "AU": "au", "FLAC": "flac", "MP3": "mp3", "AMRWB": "amr", "VOC": "voc",
}  # fmt: skip
"""FFmpeg's names. One is always told, as what it would guess includes playlists, which name other files and hosts."""


def demuxer_for(kind: str) -> str | None:
    """FFmpeg's name of a kind."""
    return _DEMUXERS.get(kind)


def kind_of(file: PiecedFile) -> str | None:
    """The format's name as in :data:`formats.SUFFIXES`; None: not known by its first bytes."""
    head = file.at(id3_end(file), 4096)
    if head[:4] in (b"RIFF", b"RIFX", b"RF64", b"BW64"):
        return {b"WAVE": "WAV", b"AVI ": "AVI"}.get(head[8:12])
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return "AIFF"
    for start, kind in (
        (b"caff", "CAF"), (b"riff\x2e\x91\xcf\x11", "W64"), (b".snd", "AU"), (b"dns.", "AU"), (b"fLaC", "FLAC"),
        (_ASF, "ASF"), (b"#!AMR", "AMR"), (b"FLV\x01", "FLV"), (b"wvpk", "WV"), (b"MAC ", "APE"), (b"TTA1", "TTA"),
        (b"\x00\x00\x01\xba", "MPEG"), (b"\x7f\xfe\x80\x01", "DTS"),
        (b"Creative Voice File\x1a", "VOC"),  # libsndfile takes the heads of its further blocks for samples
    ):  # fmt: skip
        if head.startswith(start):
            return kind
    if head[4:8] in (b"ftyp", b"moov", b"wide", b"mdat", b"free", b"skip"):
        brand = head[8:12]
        return "MOV" if head[4:8] != b"ftyp" or brand == b"qt  " else "3GP" if brand[:2] == b"3g" else "MP4"
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return "WEBM" if b"webm" in head[:64] else "MATROSKA"
    if head[:4] == b"OggS":
        sound = (b"\x01vorbis", b"OpusHead", b"\x7fFLAC", b"Speex   ")
        return "OGG" if any(name in head[:64] for name in sound) else "OGV"
    if len(head) > 376 and head[0] == head[188] == head[376] == 0x47:
        return "MPEGTS"
    if len(head) > 388 and head[4] == head[196] == head[388] == 0x47:
        return "MPEGTS"  # with a time before each packet
    return _elementary(head) or ("MP3" if first_frame(file) is not None else None)


def _elementary(head: bytes) -> str | None:
    """Frames without a container."""
    if head[:2] == b"\x0b\x77" and len(head) > 5:
        return "EAC3" if head[5] >> 3 > 10 else "AC3"
    if len(head) > 6 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
        size = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
        if head[size : size + 2] == head[:2] and size > 6:
            return "ADTS"
    if len(head) > 3 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0 and head[1] & 0x06:
        return "MP3"
    return None
