"""Standard input and output as files: what is piped in is collected first, what comes out is sent when it is whole."""

from __future__ import annotations

import re
import shutil
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from phaseaware.engine.audio import AudioFileError
from phaseaware.engine.audio.chunks import layout_of, pack_chunk
from phaseaware.engine.audio.pieces import PiecedFile
from phaseaware.engine.errors import UsageError
from phaseaware.engine.limits import HIGHEST_RATE, LOWEST_RATE, MOST_CHANNELS

__all__ = ["RawFormat", "collect", "send"]

_KINDS = {"u8": (1, 8), "s16le": (1, 16), "s24le": (1, 24), "s32le": (1, 32), "f32le": (3, 32), "f64le": (3, 64)}
"""Names as FFmpeg has them: format tag and bits."""
_W64_RIFF = b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00"
_W64_TAIL = b"\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a"
_HEADER = 40 + 40 + 24


@dataclass(frozen=True)
class RawFormat:
    """Samples without a header.

    Examples
    --------
    >>> RawFormat.parse("s16le:48000:2")
    RawFormat(kind='s16le', sample_rate=48000, channels=2)
    """

    kind: str
    sample_rate: int
    channels: int

    @classmethod
    def parse(cls, text: str) -> RawFormat:
        """From ``KIND:RATE:CHANNELS``.

        Raises
        ------
        UsageError : it is not of this form, or out of range.
        """
        match = re.fullmatch(r"(\w+):(\d{1,9})(?::(\d{1,9}))?", text)
        if match is None or match[1] not in _KINDS:
            kinds = ", ".join(_KINDS)
            raise UsageError(f"--raw {text!r} is not KIND:RATE:CHANNELS, such as s16le:48000:2; kinds: {kinds}")
        rate, channels = int(match[2]), int(match[3] or 1)
        if not LOWEST_RATE <= rate <= HIGHEST_RATE:
            raise UsageError(f"--raw {text}: the rate is not from {LOWEST_RATE} to {HIGHEST_RATE} Hz")
        if not 1 <= channels <= MOST_CHANNELS:
            raise UsageError(f"--raw {text}: the channels are not from 1 to {MOST_CHANNELS}")
        return cls(match[1], rate, channels)

    def header(self, size: int) -> bytes:
        """Of a W64 file with this many bytes of samples: WAV counts to 4 GB only."""
        tag, bits = _KINDS[self.kind]
        align = self.channels * bits // 8
        fmt = struct.pack("<HHIIHH", tag, self.channels, self.sample_rate, self.sample_rate * align, align, bits)
        data = b"data" + _W64_TAIL + struct.pack("<Q", size + 24)
        head = _W64_RIFF + struct.pack("<Q", _HEADER + size) + b"wave" + _W64_TAIL
        return head + pack_chunk("W64", b"fmt " + _W64_TAIL, fmt) + data


def collect(source: IO[bytes], path: Path, raw: RawFormat | None) -> None:
    """Everything that comes, into a file; raw samples get a header.

    Raises
    ------
    AudioFileError : nothing comes, or there is no room.
    """
    try:
        with open(path, "wb") as file:
            if raw is not None:
                file.write(bytes(_HEADER))
            shutil.copyfileobj(source, file, 1 << 20)
            size = file.tell()
            if raw is not None:
                file.seek(0)
                file.write(raw.header(size - _HEADER))
    except OSError as error:
        raise AudioFileError("-", f"what is piped in cannot be kept in {path.parent} ({error.strerror})") from None
    if size <= (_HEADER if raw is not None else 0):
        raise AudioFileError("-", "nothing came from the standard input")


def send(path: Path, target: IO[bytes], *, raw: bool) -> None:
    """A file into a pipe; ``raw``: of a WAV file the samples alone.

    Raises
    ------
    BrokenPipeError : nobody reads.
    """
    with open(path, "rb") as file:
        left = path.stat().st_size
        if raw:
            layout = layout_of(PiecedFile(file.fileno()))
            assert layout is not None
            assert layout.data is not None
            file.seek(layout.data.start)
            left = layout.data.size
        while left and (part := file.read(min(left, 1 << 20))):
            target.write(part)
            left -= len(part)
        target.flush()
