"""Packets of sound, on the disk until a movie takes them: FFmpeg's muxer would keep 64 bytes of each in memory."""

from __future__ import annotations

import struct
from array import array
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

import numpy as np

from .boxes import Data, NotPlain, box, boxes, rows_of
from .movie import Movie, TrackBox
from .pieces import PiecedFile
from .samples import Samples

__all__ = ["Spool", "sample_tables"]

_FIRST = 64
"""Packets that FFmpeg sees: enough for what its headers say of a codec."""
_AFRESH = {"stts", "stsz", "stsc", "stco", "co64"}


class Spool:
    """Packets of one track.

    Parameters
    ----------
    folder : where there is room for them.
    format : FFmpeg's muxer; ``options`` : for it.

    Attributes
    ----------
    head : PyAV's container that takes the first packets, whose stream gives the encoder.
    """

    def __init__(self, folder: Path, format: str, options: dict[str, str]) -> None:
        import av

        self._file: IO[bytes] = TemporaryFile(dir=folder)  # noqa: SIM115
        self._head_file: IO[bytes] = TemporaryFile(dir=folder)  # noqa: SIM115
        self.head: Any = av.open(self._head_file, "w", format=format, options=options)
        self._sizes = array("I")
        self._runs: list[list[int]] = []

    def add(self, packets: list[Any]) -> None:
        """Append what the encoder gives.

        Raises
        ------
        OSError, av.error.FFmpegError : it cannot be written.
        """
        for packet in packets:
            if packet.size:
                self._file.write(packet)
                self._sizes.append(packet.size)
                if self._runs and self._runs[-1][1] == packet.duration:
                    self._runs[-1][0] += 1
                else:
                    self._runs.append([1, packet.duration])
            if not packet.size or len(self._sizes) <= _FIRST:  # an empty one closes FLAC's header
                self.head.mux(packet)

    @property
    def handle(self) -> int:
        """Of the file that holds the packets one behind the other."""
        self._file.flush()
        return self._file.fileno()

    def track(self) -> tuple[TrackBox, Samples]:
        """The track by FFmpeg's headers, and where its packets lie; after ``head`` was closed.

        Raises
        ------
        NotPlain : the headers are not as they are known.
        """
        if not self._runs:
            raise NotPlain("no sound")
        self._head_file.flush()
        (track,) = Movie(PiecedFile(self._head_file.fileno())).tracks
        runs, size = np.array(self._runs, np.int64), track.samples.size
        zero = np.zeros(1, np.int64)
        if track.samples.is_indexed:
            sizes = np.frombuffer(self._sizes, np.uint32)
            samples = Samples(sizes, len(sizes), runs, zero, zero, zero + len(sizes), zero)
        elif isinstance(size, int):
            ticks = int((runs[:, 0] * runs[:, 1]).sum())
            samples = Samples(size, ticks, np.array([[ticks, 1]]), zero, zero, zero + ticks, zero)
        else:
            raise NotPlain("PCM of several sizes")
        return track, samples

    def close(self) -> None:
        """Forget all of it."""
        self._file.close()
        self._head_file.close()


def sample_tables(track: TrackBox, samples: Samples, each: int, places: tuple[str, bytes]) -> bytes:
    """The tables of a track that has these samples, ``each`` of them in a chunk at these ``places``."""
    whole, rest = divmod(samples.count, each)
    spread = [(1, each, 1)] * bool(whole) + [(whole + 1, rest, 1)] * bool(rest)
    size = samples.size if isinstance(samples.size, int) else 0
    sizes = b"" if size else samples.sizes(0, samples.count).astype(">u4").tobytes()
    new: list[tuple[str, Data]] = [
        ("stts", rows_of(samples.runs)),
        ("stsz", struct.pack(">III", 0, size, samples.count) + sizes),
        ("stsc", rows_of(np.array(spread))),
        places,
    ]
    old = boxes(dict(boxes(dict(boxes(dict(boxes(track.content))["mdia"]))["minf"]))["stbl"])
    left = [(name, _of_all(inner, track, samples) if name == "sbgp" else inner) for name, inner in old]
    return b"".join(box(*part) for part in (*new, *(part for part in left if part[0] not in _AFRESH)))


def _of_all(groups: Data, track: TrackBox, samples: Samples) -> bytes:
    """Groups of samples (section 8.9.2) of which the last one goes on to the end."""
    new = bytearray(groups)
    (count,) = struct.unpack_from(">I", new, len(new) - 8)
    struct.pack_into(">I", new, len(new) - 8, count + samples.count - track.samples.count)
    return bytes(new)
