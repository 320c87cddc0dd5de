"""Images made of bytes."""

from __future__ import annotations

import ast
from importlib import resources
from pathlib import Path


def test_images_own_their_pixels() -> None:
    """Qt keeps no reference to the bytes that an image is made of, nor does a pixmap made of it: they are copied at
    once."""
    made, copied = set(), set()
    for path in Path(str(resources.files("phaseaware.gui"))).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "QImage":
                made.add((path.name, node.lineno, node.col_offset))
            if isinstance(node, ast.Attribute) and node.attr == "copy":
                copied.add((path.name, node.value.lineno, node.value.col_offset))
    assert made
    assert not made - copied
