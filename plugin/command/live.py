"""``phaseaware live``: its arguments, keys and meters. What is heavy is loaded when it runs."""

from __future__ import annotations

import argparse
import contextlib
import math
import os
import sys
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, TextIO

from phaseaware.engine.controls import CONTROLS
from phaseaware.engine.errors import ExitStatus
from phaseaware.engine.limits import HIGHEST_RATE, LOWEST_RATE
from phaseaware.engine.versions import MASK_OF, Version

from .arguments import Commands, add_controls, add_preset_or_model, given_controls, number_between, whole_number
from .status import complain

if TYPE_CHECKING:
    from ..contract import Processor
    from ..live import LiveSession, LiveVersion, Meters

__all__ = ["add"]

_CONTROLS = [name for name in CONTROLS if name not in ("output", "bypass")]  # a device, and a key
_KEYS: dict[str, LiveVersion] = {"a": "A", "1": "A", "b": "B", "2": "B", " ": "bypass", "0": "bypass"}
_TITLES: dict[str, str] = {letter: Version.of_letter(letter).title() for letter in MASK_OF}
_LOOK_SECONDS = 0.2
_MUTED = "the model, or an effect, made NaN or inf; try another model or gentler settings"
_METER_WIDTH, _METER_FLOOR = 20, -60.0


def add(commands: Commands[argparse.ArgumentParser]) -> None:
    """``live``."""
    parser = commands.add_parser(
        "live",
        help="microphone in, cleaned sound out",
        description="Sound from an input device through PhaseAware, or a preset's board, to an output device. "
        "Keys: a phase-aware mask, b real mask, space bypass, q end. "
        "Best is one device for both: the clocks of two differ, and now and then a block is left out or put in.",
    )
    parser.add_argument("--devices", action="store_true", help="list the sound devices and end")
    parser.add_argument("--input", metavar="DEVICE", help="index or part of the name (default: the system's)")
    parser.add_argument("--output", metavar="DEVICE", help="index or part of the name (default: the system's)")
    add_preset_or_model(parser, "a preset's name or file (default: PhaseAware alone)")
    parser.add_argument(
        "--rate", type=number_between(LOWEST_RATE, HIGHEST_RATE, " Hz"), metavar="HZ",
        help="sample rate (default: 48000 if the devices know it)",
    )  # fmt: skip
    parser.add_argument(
        "--channels", type=whole_number(1), metavar="N", help="channels (default: as the devices have, 2 at most)"
    )
    parser.add_argument(
        "--block", type=whole_number(16), default=512, metavar="SAMPLES", help="block size (default: %(default)s)"
    )
    parser.add_argument(
        "--latency",
        type=_latency,
        default="low",
        metavar="SECONDS",
        help="asked of the devices: low, high or seconds (default: low)",
    )
    parser.add_argument(
        "--seconds", type=number_between(0, math.inf), metavar="S", help="end after this time (default: run until q)"
    )
    add_controls(parser.add_argument_group("controls"), _CONTROLS)
    parser.set_defaults(run=_run)


def _latency(text: str) -> float | str:
    return text if text in ("low", "high") else number_between(0, 10, " s, low or high")(text)


def _run(args: argparse.Namespace) -> ExitStatus:
    try:
        if args.devices:
            _print_devices()
        else:
            _play(args)
    except KeyboardInterrupt:  # the usual way to end it
        return ExitStatus.INTERRUPTED
    return ExitStatus.DONE


def _print_devices() -> None:
    from ..live import devices

    for device in devices():
        mark, ways = "*" if device.is_default else " ", f"{device.inputs:2d} in  {device.outputs:2d} out"
        print(f"{mark} {device.index:3d}  {ways}  {device.rate:6.0f} Hz  {device.name}")


def _board(args: argparse.Namespace) -> Processor:
    from phaseaware.engine.model import default_model

    from ..board import Pedalboard, members
    from ..presets import load_preset
    from ..processor import PhaseAware

    quick = default_model("stream")
    board = load_preset(args.preset).board() if args.preset else Pedalboard([PhaseAware(model=args.model or quick)])
    for member in members(board):
        if isinstance(member, PhaseAware):
            if member.settings()["model"] is None:
                member.model = quick
            for name, value in given_controls(args, _CONTROLS).items():
                setattr(member, name, value)
    return board


def _play(args: argparse.Namespace) -> None:
    from ..live import run

    stop, watcher = threading.Event(), _Watcher(args.seconds)

    def start(session: LiveSession) -> None:
        threading.Thread(target=watcher.watch, args=(session, stop), daemon=True).start()

    with _single_keys():
        try:
            meters = run(
                _board(args), input_device=args.input, output_device=args.output, sample_rate=args.rate,
                channels=args.channels, block_size=args.block, latency=args.latency, session_ready=start, stop=stop,
            )  # fmt: skip
        finally:
            stop.set()
            watcher.end()
    print(f"{meters.seconds:.1f} s of sound, {meters.drop_outs} drop-outs")
    if meters.muted_seconds:
        complain(f"{meters.muted_seconds:.1f} s were muted: {_MUTED}", ExitStatus.DONE)


class _Watcher:
    """Reads keys and shows meters while sound runs."""

    def __init__(self, seconds: float | None) -> None:
        self._seconds = seconds
        self._shows = sys.stdout.isatty()

    def watch(self, session: LiveSession, stop: threading.Event) -> None:
        """Until ``stop``; sets it when q is pressed or the time is over."""
        print(f"{session.sample_rate:.0f} Hz; keys: a phase-aware, b real mask, space bypass, q end", flush=True)
        keys = threading.Thread(target=self._read_keys, args=(session, stop), daemon=True)
        keys.start()
        while not stop.wait(_LOOK_SECONDS):
            meters = session.look()
            if self._shows:
                print("\r" + _line(session, meters), end="", flush=True)
            if self._seconds is not None and meters.seconds >= self._seconds:
                stop.set()

    def _read_keys(self, session: LiveSession, stop: threading.Event) -> None:
        for key in _keys(sys.stdin):
            if stop.is_set() or key in ("q", "\x03", "\x04"):
                break
            if key in _KEYS:
                chosen = _KEYS[key]
                try:
                    # Bypass pressed again: back to the mask.
                    session.version = session.mask_version if chosen == session.version == "bypass" else chosen
                except ValueError as error:
                    print(f"\n{error}", file=sys.stderr)
                if not self._shows:
                    print(session.version, flush=True)
        else:
            return  # no keyboard: runs until it is stopped otherwise
        stop.set()

    def end(self) -> None:
        """Leave the meters' line."""
        if self._shows:
            print()


def _line(session: LiveSession, meters: Meters) -> str:
    bars = [
        f"{name} {_bar(db)} {max(db, -99.0):6.1f} dB"
        for name, db in (("in", meters.input_db), ("out", meters.output_db))
    ]
    title = _TITLES.get(session.version, session.version)
    load = "NO SOUND" if meters.starved else f"load {100 * meters.load:3.0f} %"
    muted = f"MUTED {meters.muted_seconds:.1f} s: NaN  " if meters.muted_seconds else ""
    return f"{title:15}  {'  '.join(bars)}  {load:10}  drop-outs {meters.drop_outs}  {muted}"


def _bar(db: float) -> str:
    filled = round(_METER_WIDTH * min(1.0, max(0.0, 1 - db / _METER_FLOOR)))
    return "#" * filled + "." * (_METER_WIDTH - filled)


def _keys(stream: TextIO) -> Iterator[str]:
    """Keys as they are pressed; ends when the input ends."""
    if os.name == "nt" and stream.isatty():
        import msvcrt

        while True:
            yield msvcrt.getwch()  # type: ignore[attr-defined,unused-ignore]
    while key := stream.read(1):
        yield key


@contextlib.contextmanager
def _single_keys() -> Iterator[None]:
    """Have the terminal hand over keys without Enter, and not print them."""
    if os.name == "nt" or not sys.stdin.isatty():
        yield
        return
    import termios
    import tty

    before = termios.tcgetattr(sys.stdin)
    try:
        tty.setcbreak(sys.stdin)
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)
