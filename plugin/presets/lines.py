"""The lines of a TOML text: where its entries stand, and whether it is nested beyond reason.

``tomllib`` tells no places, and takes minutes for some short texts: a key of 65,000 parts, for one.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Place", "check_bounds", "lines_of"]

Place = tuple[str | int, ...]
"""Keys and indices that lead to an entry."""
DEEPEST = 64
MOST_PARTS = 32
LONGEST_WORD = 200
_TOKEN = re.compile(
    r"""
    (?P<text>
        \"{3}(?:[^"\\]|\\.|"{1,2}(?!"))*+"{3,5} | '{3}(?:[^']|'{1,2}(?!'))*+'{3,5}
        | "(?!"")(?:[^"\\\n]|\\.)*+" | '(?!'')[^'\n]*+' )
    | (?P<open>["'])
    | (?P<comment>\#[^\n]*+)
    | (?P<newline>\n)
    | (?P<mark>[\[\]{}=,.])
    | (?P<bare>[^\s\[\]{}=,.\#"']++)
    | [^\S\n]++
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    line: int


def _tokens(text: str) -> Iterator[_Token]:
    """All but blanks and comments, up to a text that is not closed: behind it all is open."""
    line = 1
    for found in _TOKEN.finditer(text):
        kind = found.lastgroup
        if kind == "open":
            return
        if kind is not None and kind != "comment":
            yield _Token(kind, found[0], line)
        line += found[0].count("\n")


def check_bounds(text: str) -> tuple[int, str] | None:
    """The line of what is nested too deeply or has too long a key, and what; None: nothing. Any text may be given."""
    depth = parts = 0
    for token in _tokens(text):
        if token.text in ("[", "{"):
            depth += 1
        elif token.text in ("]", "}"):
            depth -= 1
        elif token.text == ".":
            parts += 1
        if token.kind == "newline" or token.text in ("[", "]", "{", "}", "=", ","):
            parts = 0
        if depth > DEEPEST:
            return token.line, f"nested more than {DEEPEST} deep"
        if parts >= MOST_PARTS:
            return token.line, f"a key of more than {MOST_PARTS} parts"
        if token.kind == "bare" and len(token.text) > LONGEST_WORD and not token.text[0].isdigit():
            return token.line, f"a word of more than {LONGEST_WORD} letters"
    return None


def lines_of(text: str) -> dict[Place, int]:
    """The line on which each entry of a text begins, which has to be TOML."""
    return _Walk(text).lines


class _Walk:
    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._at = 0
        self._table: Place = ()
        self._counts: dict[Place, int] = {}
        self.lines: dict[Place, int] = {}
        while self._at < len(self._tokens):
            if self._peek("["):
                self._header()
            elif self._tokens[self._at].kind == "newline":
                self._at += 1
            else:
                self._entry(self._table)

    def _peek(self, *texts: str) -> bool:
        return self._at < len(self._tokens) and self._tokens[self._at].text in texts

    def _next(self) -> _Token:
        self._at += 1
        return self._tokens[self._at - 1]

    def _note(self, place: Place, line: int) -> None:
        for length in range(1, len(place) + 1):
            self.lines.setdefault(place[:length], line)

    def _key(self, end: str) -> tuple[list[str], int]:
        """The parts of a key, and its line; what ends it is taken too."""
        parts, line = [], self._tokens[self._at].line
        while (token := self._next()).text != end or token.kind == "text":
            if token.kind == "text":
                parts.append(tomllib.loads(f"key = {token.text}")["key"])
            elif token.kind == "bare":
                parts.append(token.text)
        return parts, line

    def _header(self) -> None:
        self._next()
        is_list = self._peek("[")
        self._at += is_list
        parts, line = self._key("]")
        self._at += is_list
        place: Place = ()
        for number, part in enumerate(parts):
            place = (*place, part)
            if is_list and number == len(parts) - 1:
                self._counts[place] = self._counts.get(place, 0) + 1
            if place in self._counts:
                place = (*place, self._counts[place] - 1)
        self._table = place
        self._note(place, line)

    def _entry(self, table: Place) -> None:
        parts, line = self._key("=")
        place = (*table, *parts)
        self._note(place, line)
        self._value(place)

    def _value(self, place: Place) -> None:
        """Up to the comma, bracket or line's end behind it."""
        if self._peek("["):
            self._list(place)
        elif self._peek("{"):
            self._next()
            while not self._peek("}"):
                if self._peek(",") or self._tokens[self._at].kind == "newline":
                    self._next()
                else:
                    self._entry(place)
            self._next()
        while self._at < len(self._tokens) and not (self._peek(",", "]", "}") or self._peek("\n")):
            self._next()

    def _list(self, place: Place) -> None:
        self._next()
        count = 0
        while not self._peek("]"):
            token = self._tokens[self._at]
            if token.kind == "newline" or self._peek(","):
                self._next()
            else:
                self._note((*place, count), token.line)
                self._value((*place, count))
                count += 1
        self._next()
