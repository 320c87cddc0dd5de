"""The page: what it holds, and what it plays in Chromium, sample for sample."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from phaseaware.engine.stft import BINS, frame_count
from phaseaware.plugin.comparison import Table, page_sound, write_page

from .browser import QUANTUM, RATE, Open

AHEAD, FADE = 0.03, 0.008
KEYS = ("noisy", "phase-aware", "real", "delta", "removed", "clean", "ideal-hybrid", "ideal-psm")
NASTY = "a</script><img src=x onerror=alert(1)> \"&'{{ 7*7 }} \udcff ${1}"

Samples = NDArray[np.float32]
Write = Callable[..., Path]


def _sounds(seconds: float = 1.0, channels: int = 1) -> dict[str, Samples]:
    """Different noises of different loudness, already of 16 bit."""
    rng = np.random.default_rng(6)
    names = [name for name in KEYS if name not in ("delta", "removed")]
    shape = channels, round(seconds * RATE)
    integers = {name: np.rint(650 * (1 + i) * rng.standard_normal(shape)) for i, name in enumerate(names)}
    return {name: (x.clip(-32000, 32000) / 32768).astype(np.float32) for name, x in integers.items()}


def _all(sounds: Mapping[str, Samples]) -> dict[str, Samples]:
    a, b = sounds["phase-aware"][0], sounds["real"][0]
    return {name: x[0] for name, x in sounds.items()} | {"delta": a - b, "removed": sounds["noisy"][0] - a}


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(sounds: Mapping[str, Samples], **options: Any) -> Path:
        path = tmp_path / "a page.html"
        T = frame_count(sounds["noisy"].shape[1])
        masks = {name: np.full((T, BINS), 0.5, np.complex64) for name in ("phase-aware", "real")}
        defaults = {"sample_rate": RATE, "title": NASTY, "tables": [Table("t", [("", NASTY), (NASTY, "1")])]}
        write_page(path, sounds, masks, **(defaults | {"remarks": [NASTY]} | options))
        return path

    return write


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Debian's Chromium, without a window."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no Chromium: apt-get install chromium")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def _tags(path: Path) -> list[tuple[str, dict[str, str | None]]]:
    parser = _Parser()
    parser.feed(path.read_text(encoding="utf-8"))
    return parser.found


def test_a_page_refers_to_nothing_outside_itself(write: Write) -> None:
    for tag, attributes in _tags(write(_sounds(0.1))):
        assert not any(name.startswith("on") for name in attributes), tag
        for name in ("src", "href", "data", "action"):
            assert (attributes.get(name) or "data:").startswith("data:"), tag


def test_text_of_others_is_only_text(write: Write) -> None:
    plain = [
        tag
        for tag, _ in _tags(write(_sounds(0.1), title="a", tables=[Table("t", [("", "b"), ("c", "1")])], remarks=["d"]))
    ]
    nasty = [tag for tag, _ in _tags(write(_sounds(0.1), overwrite=True))]
    assert nasty == plain


def test_a_page_is_not_overwritten_unless_told(write: Write) -> None:
    path = write(_sounds(0.1))
    before = path.read_bytes()
    with pytest.raises(FileExistsError):
        write(_sounds(0.1), title="other")
    assert path.read_bytes() == before


def test_sounds_and_pictures_of_ideal_masks_say_so(browser: Any, write: Write) -> None:
    """All that A and B have a part in; the noisy sound has none."""
    sounds = {name: x for name, x in _sounds(0.1).items() if name in ("noisy", "phase-aware", "real")}
    badges = "button.version, button.title"
    plain = Open(browser, write(sounds)).page
    assert not any("IDEAL" in text for text in plain.locator(badges).all_inner_texts())
    assert "of one network" in plain.inner_text("header")
    ideal = Open(browser, write(sounds, ideal=True, overwrite=True)).page
    texts = ideal.locator(badges).all_inner_texts()
    assert len(texts) == 5 + 4 + 3
    assert all(("IDEAL" in text) != ("noisy" in text) for text in texts)
    assert "ideal masks" in ideal.inner_text("header")
    assert all(
        "IDEAL" in (image.get_attribute("alt") or "") for image in ideal.locator("figure img").all()[2:]
    )  # two views of 1a come first


@pytest.mark.parametrize("channels", [1, 2])
def test_sounds_of_a_minute_fit(channels: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """White noise is the worst; ten seconds are given a sixth of a minute's place."""
    monkeypatch.setattr(page_sound, "_BYTES_PER_MINUTE", page_sound._BYTES_PER_MINUTE // 6)
    sounds = _sounds(10, channels)
    made = page_sound.encoded(sounds)
    assert [encoding.name for encoding in made] == ["Opus", "MP3"]
    assert set(made[0].sounds) == set(KEYS)
    assert sum(len(sound) for encoding in made for sound in encoding.sounds.values()) < 7_500_000 / 6


def test_what_is_too_long_too_many_or_too_loud_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_sound, "LONGEST_SECONDS", 1)
    x = np.random.default_rng(0).standard_normal((3, 2 * 16_000)).astype(np.float32)
    made, notes = page_sound.prepared({"noisy": x, "real": x / 2}, 16_000)
    assert {y.shape for y in made.values()} == {(2, RATE)}
    assert 0.9 < max(float(np.abs(y).max()) for y in made.values()) < 1
    np.testing.assert_allclose(made["noisy"], 2 * made["real"], atol=1e-6)
    assert len(notes) == 3


def test_it_opens_from_a_file_without_asking_for_anything(browser: Any, write: Write) -> None:
    opened = Open(browser, write(_sounds(0.2)))
    assert opened.page.inner_text("#status").startswith("Ready. The sound here is FLAC")
    shown = [opened.page.title(), opened.page.inner_text("h1"), opened.page.inner_text("tbody th")]
    assert all(text.startswith(NASTY[:52]) for text in shown)
    assert opened.page.locator("img[src=x]").count() == 0
    opened.render()
    assert (opened.requests, opened.errors) == ([], [])


def test_each_key_plays_its_version_sample_for_sample(browser: Any, write: Write) -> None:
    sounds = _sounds(0.5)
    path, expected = write(sounds), _all(sounds)
    for key, name in enumerate(KEYS, 1):
        opened = Open(browser, path, seconds=0.4)
        opened.act("key", "m")  # no level match
        opened.act("key", str(key))
        assert opened.page.locator(".version[aria-pressed=true]").get_attribute("data-version") == name
        heard = opened.render()
        start, faded = round(AHEAD * RATE), round((AHEAD + FADE) * RATE)
        assert not heard[:start].any()
        np.testing.assert_allclose(
            heard[faded + 1 :], expected[name][faded + 1 - start : len(heard) - start], atol=2e-6
        )
        opened.page.close()


def _model(versions: Mapping[str, Samples], heard: list[tuple[float, str, float]], samples: int) -> Samples:
    """What must be heard: (when its fade begins in s, version, gain), all of one position."""
    t = np.arange(samples) / RATE
    x = {name: np.pad(x, (round(AHEAD * RATE), samples))[:samples] for name, x in versions.items()}
    gains = {name: np.zeros(samples) for name in versions}
    gains[heard[0][1]] += heard[0][2]
    for (_, old, old_gain), (start, new, gain) in pairwise(heard):
        share = np.clip((t - start) / FADE, 0, 1)
        gains[old] -= share * old_gain
        gains[new] += share * gain
    return np.clip((t - AHEAD) / FADE, 0, 1) * sum(gains[name] * x[name] for name in versions)


def test_the_switch_cross_fades_and_keeps_the_position(browser: Any, write: Write) -> None:
    sounds = _sounds()
    first, second, third = (round(t / QUANTUM) * QUANTUM for t in (0.2, 0.4, 0.6))
    opened = Open(browser, write(sounds), seconds=0.9)
    opened.act("key", "m")
    heard = opened.render(
        (first, ("click", ".version[data-version=phase-aware]")), (second, ("key", "3")), (third, ("key", "x"))
    )
    expected = _model(
        _all(sounds),
        [(0, "noisy", 1), (first + AHEAD, "phase-aware", 1), (second + AHEAD, "real", 1),
         (third + AHEAD, "phase-aware", 1)],
        len(heard),
    )  # fmt: skip
    np.testing.assert_allclose(heard, expected, atol=1e-5)


def test_switching_does_not_click_however_fast(browser: Any, write: Write) -> None:
    """Slow tones of opposite sign: what is not faded jumps by two."""
    t = np.arange(RATE) / RATE
    tone = np.float32(0.9) * np.cos(2 * np.pi * 60 * t, dtype=np.float32)[None]
    opened = Open(browser, write({"noisy": tone, "phase-aware": -tone, "real": 0.1 * tone}), seconds=0.9)
    opened.act("key", "m")
    steps = [((k + 60) * QUANTUM, ("key", "123x4x"[k % 6])) for k in range(0, 180, 1)]
    heard = opened.render(*steps, (260 * QUANTUM, ("key", "ArrowLeft")), (290 * QUANTUM, ("key", "l")))
    tone_step, fade_step = 2 * np.pi * 60 / RATE, 2 / (FADE * RATE)
    assert np.abs(heard).max() > 0.5
    assert np.abs(np.diff(heard)).max() < tone_step + 2 * fade_step


def test_levels_are_matched_and_differences_raised(browser: Any, write: Write) -> None:
    sounds = _sounds()
    gains = page_sound.match_gains_db(sounds)
    assert min(gains.values()) < -10
    assert gains["noisy"] == 0  # the quietest
    times = [round(t / QUANTUM) * QUANTUM for t in (0.2, 0.4, 0.6)]
    opened = Open(browser, write(sounds), seconds=0.9)
    heard = opened.render(
        (times[0], ("key", "3")), (times[1], ("key", "4")), (times[2], ("set", ["#boost", "12"])),
    )  # fmt: skip
    expected = _model(
        _all(sounds),
        [(0, "noisy", 1), (times[0] + AHEAD, "real", 10 ** (gains["real"] / 20)), (times[1] + AHEAD, "delta", 1),
         (times[2] + AHEAD, "delta", 10 ** (12 / 20))],
        len(heard),
    )  # fmt: skip
    np.testing.assert_allclose(heard, expected, atol=1e-5)


def test_a_loop_repeats_without_a_seam(browser: Any, write: Write) -> None:
    sounds = _sounds()
    opened = Open(browser, write(sounds), seconds=1.0)
    opened.act("set", ["#position", "0.5"])
    opened.act("key", "[")
    opened.act("set", ["#position", "0.7"])
    opened.act("key", "]")
    assert opened.page.inner_text("#span") == "0:00.5 to 0:00.7"
    opened.act("set", ["#position", "0.5"])
    heard, x = opened.render(), sounds["noisy"][0]
    start, length, faded = round(AHEAD * RATE), round(0.2 * RATE), round(FADE * RATE)
    loop = x[round(0.5 * RATE) : round(0.7 * RATE)].copy()
    share = np.arange(1, faded + 1) / (faded + 1)
    loop[-faded:] = (1 - share) * loop[-faded:] + share * x[round(0.5 * RATE) - faded : round(0.5 * RATE)]
    expected = np.tile(loop, 5)[: len(heard) - start]
    np.testing.assert_allclose(heard[start + faded + 1 :], expected[faded + 1 :], atol=1e-5)
    opened.act("key", "Escape")
    assert opened.page.inner_text("#span") == ""
    assert length * 5 > len(expected)


def test_a_click_in_a_picture_goes_there_and_dragging_loops(browser: Any, write: Write) -> None:
    opened = Open(browser, write(_sounds()))
    box = opened.page.locator(".view.all .plot").first.bounding_box()
    opened.page.mouse.click(box["x"] + 0.25 * box["width"], box["y"] + 20)
    assert float(opened.page.input_value("#position")) == pytest.approx(0.25, abs=0.02)
    opened.page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 20)
    opened.page.mouse.down()
    opened.page.mouse.move(box["x"] + 0.75 * box["width"], box["y"] + 40)
    opened.page.mouse.up()
    assert opened.page.inner_text("#span") == "0:00.5 to 0:00.8"
    assert opened.page.is_checked("#loop")
    opened.page.click("button.title[data-version=delta]")
    assert opened.page.locator("figure.heard").count() == 1


def _lag(y: Samples, x: Samples) -> int:
    n = 2 * max(len(x), len(y))
    c = np.fft.irfft(np.fft.rfft(y, n) * np.fft.rfft(x, n).conj())
    return int((c.argmax() + n // 2) % n - n // 2)


_NO_OGG = """
{ const decode = OfflineAudioContext.prototype.decodeAudioData;
  OfflineAudioContext.prototype.decodeAudioData = function (bytes) {
    return new Uint8Array(bytes)[0] === 79 ? Promise.reject(new Error("no Ogg")) : decode.call(this, bytes); }; }
"""


@pytest.mark.parametrize(
    ("before", "codec", "keys"), [("", "Opus", (1, 2, 3, 4, 5, 6, 7, 8)), (_NO_OGG, "MP3", (1, 2, 3))]
)
def test_versions_of_a_lossy_page_are_aligned(
    before: str, codec: str, keys: tuple[int, ...], browser: Any, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    sounds = _sounds()
    monkeypatch.setattr(page_sound, "_BYTES_PER_MINUTE", 400_000)
    path, expected = write(sounds), _all(sounds)
    for key in keys:
        opened = Open(browser, path, seconds=0.9, before=before)
        assert codec in opened.page.inner_text("#status")
        opened.act("key", str(key))
        heard = opened.render()
        assert _lag(heard, expected[KEYS[key - 1]]) == round(AHEAD * RATE)
        assert opened.page.locator(".version:disabled").count() == len(KEYS) - len(keys)
        opened.page.close()


def test_a_browser_that_decodes_nothing_is_told(browser: Any, write: Write) -> None:
    deaf = "OfflineAudioContext.prototype.decodeAudioData = () => Promise.reject(new Error('no'));"
    opened = Open(browser, write(_sounds(0.1)), before=deaf)
    assert "decodes neither FLAC" in opened.page.inner_text("#status.error")
    assert opened.page.is_disabled("#play")


_RIGHTMOST = """() => Math.max(...Array.from(
  document.querySelectorAll("main *:not(.scroll *)"), (one) => one.getBoundingClientRect().right))"""
_UNNAMED = """() => Array.from(document.querySelectorAll("button, input, select"))
  .filter((one) => !(one.ariaLabel || one.textContent || one.labels[0]?.textContent || "").trim())
  .map((one) => one.outerHTML)"""


@pytest.mark.parametrize("width", [375, 768, 1280])
def test_nothing_sticks_out_at_any_width(width: int, browser: Any, write: Write) -> None:
    opened = Open(browser, write(_sounds(0.2)), viewport={"width": width, "height": 800})
    assert opened.page.evaluate("() => document.documentElement.scrollWidth") <= width
    assert opened.page.evaluate(_RIGHTMOST) <= width
    assert opened.page.evaluate(_UNNAMED) == []
    opened.page.emulate_media(media="print")
    assert not opened.page.is_visible("#player")
    assert opened.page.is_visible("table")
