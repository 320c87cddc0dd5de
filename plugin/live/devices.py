"""Sound devices: PortAudio, through sounddevice."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Literal

from phaseaware.engine.errors import PhaseAwareError

__all__ = ["Device", "LiveError", "choose", "common_rate", "devices", "keeping_devices", "portaudio"]

_RATES = (48_000, 44_100, 96_000)
_running: list[object] = []
"""One for each stream that is open or about to be: PortAudio must not begin anew under it."""
_running_lock = threading.Lock()


class LiveError(PhaseAwareError, RuntimeError):
    """Live sound cannot start or go on; the message says why and what to do."""


@dataclass(frozen=True, kw_only=True)
class Device:
    """A sound device; ``index`` or a part of ``name`` chooses it."""

    index: int
    name: str
    inputs: int
    outputs: int
    rate: float
    is_default: bool


def portaudio() -> Any:
    """The module sounddevice, loaded with PortAudio when first asked for.

    Raises
    ------
    LiveError : one of both is not installed.
    """
    try:
        import sounddevice
    except ImportError:
        raise LiveError("live sound needs the package sounddevice: pip install 'phaseaware[live]'") from None
    except OSError as error:
        raise LiveError(f"{error}: install PortAudio (Debian, Ubuntu: apt install libportaudio2)") from None
    return sounddevice


def devices(*, look_again: bool = False) -> list[Device]:
    """All sound devices.

    PortAudio looks for devices when it is first used; ``look_again`` has it find those connected since.

    Raises
    ------
    LiveError : live sound is not installed; or it runs: to look again would end it.
    """
    sd = portaudio()
    if look_again:
        _begin_anew(sd)
    return [
        Device(
            index=entry["index"], name=entry["name"], inputs=entry["max_input_channels"],
            outputs=entry["max_output_channels"], rate=entry["default_samplerate"],
            is_default=entry["index"] in tuple(sd.default.device) or _is_default(sd, entry),
        )
        for entry in sd.query_devices()
    ]  # fmt: skip


def _begin_anew(sd: Any) -> None:
    with _running_lock:
        if _running:
            raise LiveError("live sound is running; stop it, then look for devices again")
        with suppress(sd.PortAudioError):  # it is not running where it could not begin the last time
            sd._terminate()
        try:
            sd._initialize()
        except sd.PortAudioError as error:
            raise LiveError(f"the sound devices cannot be listed: {error}; connect one and look again") from error


@contextmanager
def keeping_devices() -> Iterator[None]:
    """Meanwhile nobody has PortAudio begin anew."""
    token = object()
    with _running_lock:
        _running.append(token)
    try:
        yield
    finally:
        with _running_lock:
            _running.remove(token)


def _is_default(sd: Any, entry: dict[str, Any]) -> bool:
    host = sd.query_hostapis(entry["hostapi"])
    return entry["index"] in (host["default_input_device"], host["default_output_device"])


def choose(sd: Any, device: str | int | None, kind: Literal["input", "output"]) -> dict[str, Any]:
    """PortAudio's entry of a device, by index or a part of its name; None: the system's.

    Raises
    ------
    LiveError : there is none, or there are several; the message lists all.
    """
    if isinstance(device, str) and device.isdecimal():
        device = int(device)
    try:
        found: dict[str, Any] = sd.query_devices(device, kind)
    except (ValueError, sd.PortAudioError) as error:
        names = ", ".join(repr(entry["name"]) for entry in sd.query_devices() if entry[f"max_{kind}_channels"])
        missing = f"no default {kind} device" if device is None else f"no {kind} device like {device!r}, or several"
        raise LiveError(f"{missing}; there are: {names or 'none'} ({error})") from None
    return found


def common_rate(sd: Any, pair: tuple[int, int], channels: int, own: float) -> float:
    """The first usual sample rate in Hz that an input and an output device both take, or ``own``.

    Raises
    ------
    LiveError : there is none.
    """
    for rate in (*_RATES, own):
        try:
            sd.check_input_settings(device=pair[0], channels=channels, samplerate=rate)
            sd.check_output_settings(device=pair[1], channels=channels, samplerate=rate)
        except sd.PortAudioError:
            continue
        return rate
    raise LiveError("the two devices have no sample rate in common; name one, or choose other devices")
