"""Check requirements.lock, LICENSES.md and the SBOM against pyproject.toml: complete, fitting, hashed, no addresses."""

from __future__ import annotations

import hashlib
import json
import re
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

HERE = Path(__file__).parent
NOT_LOCKED = {"train", "fuzz", "cluster"}
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
    return found + [f"LICENSES.md: {name} is missing" for name in missing] + _faults_of_sbom(versions, set(rows))


def _faults_of_sbom(versions: dict[str, list[str]], used: set[str]) -> list[str]:
    """Whether the SBOM tells what is locked, and the models that are here."""
    components = json.loads((HERE / "sbom.cdx.json").read_text(encoding="utf-8"))["components"]
    packages = {(canonicalize_name(c["name"]), c["version"]) for c in components if c["type"] == "library"}
    wanted = {(name, version) for name in used for version in versions.get(name, [])}
    models = {c["name"]: c["hashes"][0]["content"] for c in components if c["type"] == "machine-learning-model"}
    folder = HERE.parent / "engine" / "models"
    there = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.onnx")}
    found = [f"sbom.cdx.json: {name} {version} is not as locked" for name, version in sorted(packages ^ wanted)]
    return found + ["sbom.cdx.json: the models' hashes differ; make sbom"] * (models != there)


if __name__ == "__main__":
    wrong = faults()
    print("\n".join(wrong) or "requirements.lock, LICENSES.md and sbom.cdx.json fit pyproject.toml and the models")
    sys.exit(f"run `make lock` ({len(wrong)} faults)" if wrong else 0)
