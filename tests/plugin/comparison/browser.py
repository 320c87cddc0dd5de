"""The page in a real browser, whose clock the test holds: its AudioContext renders at once, into an array."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["QUANTUM", "RATE", "Open"]

RATE = 48_000
QUANTUM = 128 / RATE
"""Seconds; a browser's clock goes on in such steps."""

# Buttons and keys of the page act while rendering stands still, so their time is exact.
_OFFLINE = """
window.AudioContext = class extends OfflineAudioContext {
  constructor(options) {
    super({ numberOfChannels: 2, length: window.renderLength, sampleRate: options.sampleRate });
    window.rendering = this;
  }
  resume() { return this.begun ? super.resume() : Promise.resolve(); }
};
window.act = (what) => {
  const [kind, value] = what;
  if (kind === "key") document.body.dispatchEvent(new KeyboardEvent("keydown", { key: value, bubbles: true }));
  if (kind === "click") document.querySelector(value).click();
  if (kind === "set") {
    const control = document.querySelector(value[0]);
    control.value = value[1];
    control.dispatchEvent(new Event(control.matches("select") ? "change" : "input", { bubbles: true }));
  }
};
window.render = async (steps) => {
  window.act(["click", "#play"]);
  const context = window.rendering;
  for (const [time, what] of steps) context.suspend(time).then(() => { window.act(what); context.resume(); });
  context.begun = true;
  const buffer = await context.startRendering();
  const bytes = new Uint8Array(buffer.getChannelData(0).buffer);
  let text = "";
  for (let i = 0; i < bytes.length; i += 32768) text += String.fromCharCode(...bytes.subarray(i, i + 32768));
  return btoa(text);
};
"""


class Open:
    """A page that is open in the browser.

    Parameters
    ----------
    browser : playwright's.
    path : of the page.
    seconds : how long it plays.
    before : JavaScript that runs before the page's own.

    Attributes
    ----------
    requests, errors : what the page asked for but itself and what it holds; what went wrong in it.
    """

    def __init__(self, browser: Any, path: Path, *, seconds: float = 1.0, before: str = "", **options: Any) -> None:
        self.page = browser.new_page(**options)
        self.page.add_init_script(f"window.renderLength = {round(seconds * RATE)};{_OFFLINE}{before}")
        self.requests: list[str] = []
        self.errors: list[str] = []
        self.page.on("request", self._note)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda message: self.errors.append(message.text))
        self.page.goto(path.as_uri())
        self.page.wait_for_selector("#play:enabled, #status.error")

    def _note(self, request: Any) -> None:
        if not request.url.startswith(("data:", "file:")) or (request.url.startswith("file:") and self.requests):
            self.requests.append(request.url)

    def render(self, *steps: tuple[float, tuple[str, Any]]) -> NDArray[np.float32]:
        """What is heard, left, from the press of Play on; each step is a time in s and what is done then."""
        text = self.page.evaluate("steps => window.render(steps)", [[time, list(what)] for time, what in steps])
        return np.frombuffer(base64.b64decode(text), np.float32)

    def act(self, *what: Any) -> None:
        """Do it now."""
        self.page.evaluate("what => window.act(what)", list(what))
