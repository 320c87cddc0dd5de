"""Check requirements.lock and LICENSES.md against pyproject.toml: complete, fitting, hashed, without addresses."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

HERE = Path(__file__).parent
NOT_LOCKED = {"train", "fuzz"}
ENTRY = re.compile(r"^(?P<name>[\w.-]+)==(?P<version>[^\s;\\]+).*(?P<rest>(?:\n    --hash=\S+(?: \\)?)*)", re.MULTILINE)
ROW = re.compile(r"^\| (?P<name>[\w.-]+) +\| (?P<version>\d\S*) +\| (?P<licence>.*?) +\|$", re.MULTILINE)


def faults() -> list[str]:
    """What is wrong; empty if nothing is."""
    project = tomllib.loads((HERE.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = {name: wanted for name, wanted in project["optional-dependencies"].items() if name not in NOT_LOCKED}
    used = [*project["dependencies"], *(r for name, wanted in extras.items() if name != "dev" for r in wanted)]
    lock, page = ((HERE / name).read_text(encoding="utf-8") for name in ("requirements.lock", "LICENSES.md"))

    found: list[str] = []
    versions: dict[str, list[str]] = {}
    for entry in ENTRY.finditer(lock):
        versions.setdefault(canonicalize_name(entry["name"]), []).append(entry["version"])
        if "--hash=sha256:" not in entry["rest"]:
            found.append(f"requirements.lock: {entry['name']} has no hash")
    if "://" in lock or re.search(r"^-", lock, re.MULTILINE):
        found.append("requirements.lock: holds an address or an option")
    for text in [*used, *extras["dev"]]:
        wanted = Requirement(text)
        locked = versions.get(canonicalize_name(wanted.name), [])
        if not any(wanted.specifier.contains(version, prereleases=True) for version in locked):
            found.append(f"requirements.lock: {text} is declared, {' '.join(locked) or 'nothing'} is locked")

    rows = {canonicalize_name(row["name"]): row for row in ROW.finditer(page)}
    for name, row in rows.items():
        if row["version"] not in versions.get(name, []):
            found.append(f"LICENSES.md: {row['name']} {row['version']} is not what is locked")
        if row["licence"] in ("", "UNKNOWN"):
            found.append(f"LICENSES.md: the licence of {row['name']} is not known")
    missing = sorted({canonicalize_name(Requirement(text).name) for text in used} - rows.keys())
    return found + [f"LICENSES.md: {name} is missing" for name in missing]


if __name__ == "__main__":
    wrong = faults()
    print("\n".join(wrong) or "requirements.lock and LICENSES.md fit pyproject.toml")
    sys.exit(f"run `make lock` ({len(wrong)} faults)" if wrong else 0)
