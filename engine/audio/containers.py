"""Containers as PyAV (FFmpeg) opens them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from .bitrates import PacketSizes
from .pieces import PiecedFile, ShownOnce
from .sniff import demuxer_for

if TYPE_CHECKING:
    import av

__all__ = ["MediaError", "Tally", "is_cover", "open_media", "reason_of", "survive"]

_ATTACHED = 0x400  # AV_DISPOSITION_ATTACHED_PIC


class MediaError(Exception):
    """It cannot be read; the message says why. ``is_missing``: PyAV is."""

    def __init__(self, reason: str, *, is_missing: bool = False) -> None:
        super().__init__(reason)
        self.is_missing = is_missing


def _no_other_file(url: str, flags: int, options: dict[str, str]) -> Any:
    raise OSError(f"{url} is another file")


def open_media(file: PiecedFile, kind: str) -> av.container.InputContainer:
    """A container of PyAV.

    Raises
    ------
    MediaError : PyAV is missing, or the file is damaged.
    """
    try:
        import av
    except ImportError:
        reason = f"{kind} is read through PyAV, which is missing: pip install 'phaseaware[media]'"
        raise MediaError(reason, is_missing=True) from None
    try:
        # FFmpeg reads on while others look into the file.
        return av.open(
            ShownOnce(file.again()), "r", format=demuxer_for(kind), io_open=_no_other_file, metadata_errors="replace",
            buffer_size=1 << 16,
        )  # fmt: skip
    except (av.error.FFmpegError, ValueError, OSError) as error:
        raise MediaError(f"cannot be opened as {kind}, or is damaged ({reason_of(error)})") from None


def reason_of(error: BaseException) -> str:
    """What FFmpeg or the system says."""
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


@dataclass
class Tally:
    """What was met while decoding.

    Attributes
    ----------
    frames, silent : samples; of which silence where sound was missing.
    back : samples by which times fell behind them.
    damaged : packets that could not be decoded.
    end : of the last packet, s.
    sizes : of the packets, without those that edits cut away.
    """

    frames: int = 0
    silent: int = 0
    back: int = 0
    damaged: int = 0
    end: Fraction = Fraction(0)
    sizes: PacketSizes = field(default_factory=PacketSizes)


def survive(packets: Iterator[Any], tally: Tally) -> Iterator[Any]:
    """Packets, without those that the container itself cannot read."""
    import av

    while True:
        try:
            packet = next(packets, None)
        except (av.error.FFmpegError, ValueError, IndexError):  # the last: of a stream that was not there before
            tally.damaged += 1
            return
        if packet is None:
            return
        yield packet


def is_cover(stream: Any) -> bool:
    """Whether a picture stands still: a cover."""
    return bool(int(stream.disposition) & _ATTACHED)
