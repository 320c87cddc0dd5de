"""What the window and the process that owns the sound device say to each other, over its standard streams.

Each message is a letter, a length and so many bytes. The process asks for sound and is given it; everything that may
hang or abort where a sound server dies happens there, and the window starts another.
"""

from __future__ import annotations

import os
import struct
import threading
from enum import Enum

__all__ = ["FRAME_BYTES", "Flag", "Link", "LinkClosedError", "Message"]

_HEAD = struct.Struct("<cI")
FRAME_BYTES = 8
"""Of a stereo sample as float32."""


class Message(Enum):
    """The letter of a message."""

    ASK = b"R"
    """Process: so many frames are wanted (uint32)."""
    DROPPED = b"D"
    """Process: the buffer ran empty."""
    FAILED = b"X"
    """Process: there is no device, or it has stopped (text)."""
    DEVICES = b"L"
    """Process: what there is (JSON: identifier and name of each, the default one first)."""
    SOUND = b"S"
    """Window: a byte of flags and the frames asked for."""
    RUN = b"G"
    """Window: open this device (its identifier; empty: the default), or go on."""


class Flag:
    """What is said with the sound."""

    SOUNDING = 1
    PLAYING = 2


class LinkClosedError(EOFError):
    """The other side is gone."""


class Link:
    """Messages over two file descriptors; may be written to from several threads.

    Examples
    --------
    >>> read, write = os.pipe()
    >>> Link(-1, write).send(Message.FAILED, b"gone")
    >>> Link(read, -1).receive()
    (<Message.FAILED: b'X'>, b'gone')
    """

    def __init__(self, source: int, sink: int) -> None:
        self._source, self._sink = source, sink
        self._writing = threading.Lock()

    def send(self, message: Message, payload: bytes = b"") -> None:
        """Raises LinkClosedError."""
        data = memoryview(_HEAD.pack(message.value, len(payload)) + payload)
        with self._writing:
            while data:
                try:
                    data = data[os.write(self._sink, data) :]
                except OSError as error:
                    raise LinkClosedError from error

    def receive(self) -> tuple[Message, bytes]:
        """Wait for the next message. Raises LinkClosedError."""
        letter, length = _HEAD.unpack(self._read(_HEAD.size))
        return Message(letter), self._read(length)

    def _read(self, count: int) -> bytes:
        parts: list[bytes] = []
        while count:
            try:
                part = os.read(self._source, count)
            except OSError as error:
                raise LinkClosedError from error
            if not part:
                raise LinkClosedError
            parts.append(part)
            count -= len(part)
        return b"".join(parts)
