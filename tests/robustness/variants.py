"""Read each of the generated sound files, and write it again in its own kind and in four others.

``python -m tests.robustness.variants [FOLDER]`` prints what was lost without a word. There must be none of that: a
sample, a tag or a mask is there, or a note or an error says why not.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from phaseaware.engine.audio import AudioFileError, AudioInfo, AudioReader, AudioWriter
from phaseaware.engine.audio.speakers import usual_mask

from .variant_kinds import Variant, sound, variants

Samples = NDArray[np.float32]
LEAST_LIKENESS = 0.95
"""Cosine between what is read and what was written. It is above 0.99 for all of them; a shift of 2 ms makes it 0.05."""
OTHERS = (".wav", ".flac", ".mp3", ".m4a")


def losses(variant: Variant, folder: Path) -> list[str]:
    """What is lost of a variant without a word."""
    path = folder / variant.name
    variant.make(path)
    lost: list[str] = []
    try:
        with AudioReader(path) as reader:
            info, notes = reader.info, reader.notes
            x = np.concatenate(list(reader.blocks()), axis=1)
    except AudioFileError as error:
        return [] if variant.is_cut else [f"refused: {error.reason}"]
    if variant.is_cut and not notes:
        lost.append("cut, without a word")
    if variant.must_note and not notes:
        lost.append("no note")
    if x.shape[1] != info.frames:
        lost.append(f"{x.shape[1]} samples come, {info.frames} are declared")
    if not variant.is_cut and not variant.samples <= info.frames <= variant.samples + variant.slack:
        lost.append(f"{info.frames} samples instead of {variant.samples}")
    if variant.is_plain and not variant.is_cut and not variant.slack:
        truth = sound(variant.samples, info.channels, info.sample_rate)[0]
        likeness = float(x[0] @ truth) / float(np.linalg.norm(x[0]) * np.linalg.norm(truth) + 1e-12)
        if likeness < LEAST_LIKENESS:
            lost.append(f"the sound is another, or not in its place: {likeness:.2f}")
    for name, text in variant.tags.items():
        if info.metadata is None or text not in info.metadata.tags.get(name, ()):
            lost.append(f"tag {name} is not read")
    if variant.mask is not None and info.channel_mask != variant.mask:
        lost.append(f"mask {info.channel_mask} instead of {variant.mask:#x}")
    for suffix in (path.suffix, *OTHERS):
        lost += [f"{suffix}: {what}" for what in _lost_in_copy(info, x, folder / f"copy{suffix}")]
    return lost


def _lost_in_copy(info: AudioInfo, x: Samples, target: Path) -> list[str]:
    try:
        with AudioWriter(target, info.for_name(target), overwrite=True) as writer:
            writer.write(x)
        with AudioReader(target) as reader:
            new = reader.info
    except AudioFileError as error:
        reason = error.reason
        return [] if "can only be read" in reason or "does not take" in reason else [reason]
    notes = " ".join(writer.notes)
    lost = []
    if new.frames < x.shape[1]:
        lost.append(f"{new.frames} samples of {x.shape[1]}")
    old, kept = info.metadata, new.metadata
    if old is None:
        return lost
    for name, texts in old.tags.items():
        has = kept.tags.get(name, ()) if kept is not None else ()
        missing = set("; ".join(texts).split("; ")) - set("; ".join(has).split("; "))
        if name not in ("software", "encoder") and missing:
            lost += [] if "tags" in notes else [f"tag {name}: {has} instead of {texts}"]
    for what in ("pictures", "chapters"):
        count, there = len(getattr(old, what)), len(getattr(kept, what)) if kept is not None else 0
        if there < count and what not in notes:
            lost.append(f"{there} of {count} {what}")
    if kept is not None and kept.family == old.family and kept.chunks != old.chunks:
        lost.append("chunks differ")
    if kept is not None and kept.family != old.family:
        lost += [f"{what} is not named" for what in old.only_here if what not in notes]
    if info.channel_mask not in (None, usual_mask(info.channels), new.channel_mask) and "mask" not in notes:
        lost.append(f"mask {new.channel_mask} instead of {info.channel_mask}")
    return lost


def main(folder: Path) -> int:
    """Try all; the number that lost something."""
    bad, everything = 0, list(variants())
    for variant in everything:
        try:
            lost = losses(variant, folder)
        except Exception as error:
            lost = [f"unexpected {type(error).__name__}: {error}"]
        if lost:
            bad += 1
            print(f"{variant.name}: {'; '.join(lost)}")
        for path in folder.iterdir():
            path.unlink()
    print(f"{len(everything)} variants, {bad} with silent losses")
    return bad


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else made)) > 0)
