"""Samples by PyAV, and what belongs to them."""

from __future__ import annotations

from collections.abc import Iterator

from .bitrates import LOSSY
from .containers import MediaError, reason_of
from .formats import AudioInfo
from .lengths import length_note, media_size
from .media import LARGEST_PACKET, MediaSource
from .mediatags import read_metadata
from .metadata import from_file
from .pieces import PiecedFile
from .source import AGAIN, Damage, Damaged, MediaMissing, Samples, joined, plain_tags
from .speakers import mask_of

__all__ = ["MediaFile"]


class MediaFile:
    """PyAV's."""

    def __init__(self, handle: int, kind: str, identity: tuple[int, ...]) -> None:
        try:
            size, declared = PiecedFile(handle).size, media_size(PiecedFile(handle), kind)
            if declared is not None and declared > size:
                raise Damaged(f"ends early: {size:,} of {declared:,} bytes are there; {AGAIN}")
            self._media = MediaSource(handle, kind, identity)
            track = self._media.track
            metadata, smpb = from_file(PiecedFile(handle), kind, track.subtype), None
            if metadata is None:
                metadata, smpb = read_metadata(self._media, PiecedFile(handle), kind)
        except MediaError as error:
            kind_of_error = MediaMissing if error.is_missing else Damaged
            raise kind_of_error(str(error)) from None
        frames, promised = self._media.frames, track.promised
        if promised is not None and frames + LARGEST_PACKET < promised:
            raise Damaged(f"ends early: {frames} of {promised} samples are there; {AGAIN}")
        # What fills up the last packet is less than one: another length was told of another sound.
        is_stale = smpb is not None and abs(frames - smpb) > LARGEST_PACKET
        frames = frames if smpb is None or is_stale else min(frames, smpb)
        self.has_pictures = track.pictures
        self.info = AudioInfo(
            sample_rate=track.sample_rate, channels=track.channels, frames=frames, format=kind,
            subtype=track.subtype, tags=plain_tags(metadata), metadata=metadata, channel_mask=mask_of(track.layout),
            bitrate=self._bitrate(),
        )  # fmt: skip
        self.other_tracks = track.tracks - 1
        self.left_out: list[str] = []
        self.notes: list[str] = self._odd(kind, is_known=promised is not None or declared is not None)
        if is_stale:
            self.notes.append(f"its tag iTunSMPB tells {smpb} samples; {frames} are there, and all are taken")

    def _bitrate(self) -> int | None:
        track, tally = self._media.track, self._media.tally
        # HE-AAC needs half of what AAC does, which is what can be written.
        if track.subtype not in LOSSY or not tally.frames or track.profile.startswith("HE"):
            return None
        return round(8 * tally.sizes.total * track.sample_rate / tally.frames)

    def _odd(self, kind: str, *, is_known: bool) -> list[str]:
        track, notes = self._media.track, []
        if track.tracks > 1:
            notes.append(f"has {track.tracks} sound tracks, of which the first is taken")
        if self._media.tally.silent:
            seconds = self._media.tally.silent / track.sample_rate
            notes.append(f"its times leave gaps of {seconds:.2f} s in all, where there is silence")
        if self._media.tally.back:
            seconds = self._media.tally.back / track.sample_rate
            notes.append(f"its times go back by {seconds:.2f} s in all; nothing is cut, so it may lag behind pictures")
        if self._media.tally.damaged:
            self.left_out.append(f"left out: {self._media.tally.damaged} damaged packet(s)")
        if not is_known and (note := length_note(kind)):
            notes.append(note)
        return notes

    def blocks(self, samples: int, damage: Damage) -> Iterator[Samples]:
        held: list[Samples] = []
        count = position = 0
        try:
            for piece in self._media.blocks():
                piece = piece[:, : self.info.frames - position]
                position += piece.shape[1]
                while piece.shape[1]:
                    part, piece = piece[:, : samples - count], piece[:, samples - count :]
                    held.append(part)
                    count += part.shape[1]
                    if count == samples:
                        yield joined(held)
                        held, count = [], 0
        except MediaError as error:
            raise damage(position, str(error)) from None
        except OSError as error:  # the disk
            raise damage(position, reason_of(error)) from None
        if held:
            yield joined(held)

    def reaches_end(self) -> bool:
        return True  # it was decoded to be counted

    def close(self) -> None:
        """Nothing stays open."""
