"""Run the fuzz targets one after the other: ``python -m tests.robustness.fuzz SECONDS [TARGET …]``, of each target.

Prints how many inputs were tried; exit status 1 if one was a fault, which is then kept in ``fuzz-found``.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from ..isolate import root

TARGETS = ("sounds", "presets", "models", "names")
FOUND = Path("fuzz-found")


def run(target: str, seconds: int, folder: Path) -> tuple[int, str]:
    """The number of inputs tried, and what went wrong; "" if nothing did."""
    command = [sys.executable, "-m", f"tests.robustness.fuzz.{target}", str(seconds), str(folder)]
    ran = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False, cwd=root()
    )
    done = re.search(r"Done (\d+) runs", ran.stdout) or re.search(r".*^#(\d+)\s", ran.stdout, re.DOTALL | re.MULTILINE)
    return int(done[1]) if done else 0, "" if ran.returncode == 0 and done else ran.stdout[-3000:]


def main() -> int:
    """Arguments: seconds, and targets (default: all)."""
    seconds, wanted = int(sys.argv[1]), sys.argv[2:] or TARGETS
    try:
        import atheris  # noqa: F401
    except ImportError:
        print("the fuzz targets need Linux and the package atheris: pip install 'phaseaware[fuzz]'", file=sys.stderr)
        return 2
    failed = 0
    for target in wanted:
        with tempfile.TemporaryDirectory() as name:
            tried, wrong = run(target, seconds, Path(name))
            print(f"{target}: {tried} inputs in {seconds} s, {'a fault' if wrong else 'no fault'}", flush=True)
            if wrong:
                failed = 1
                print(wrong, file=sys.stderr)
                FOUND.mkdir(exist_ok=True)
                for path in Path(name).glob("found-*"):
                    (FOUND / f"{target}-{path.name}").write_bytes(path.read_bytes())
    return failed


if __name__ == "__main__":
    sys.exit(main())
