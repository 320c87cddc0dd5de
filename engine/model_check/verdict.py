"""Whether a model file may be loaded here: known by its hash, or tried out in a child process first.

Shipped models are known by their hash (``models/SHA256SUMS``). Any other file is tried by a child (:mod:`trial`) that
is ended when it takes too long; onnxruntime in this process gets the very bytes that the child was given. That it was
accepted is kept in the user's cache folder under the hash of the bytes, of this checker and of onnxruntime. Refusals
are not kept: they may be due to a busy machine.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import stat
import subprocess
import sys
import tempfile
from functools import cache
from importlib import resources
from pathlib import Path

import platformdirs

from ..runtime import onnxruntime
from .graph import checked_graph
from .wire import RefusedError, bound_fields

__all__ = ["vetted"]

CHECKER = 2
"""To be raised when a check becomes stricter, so that what was accepted before is tried again."""
MOST_SECONDS = 9.0
_START = "import sys; sys.path += sys.argv[1:]; from phaseaware.engine.model_check.trial import main; main()"


def vetted(content: bytes) -> bytes:
    """What onnxruntime may load of a model file.

    Parameters
    ----------
    content : of the file, read once: what is returned was made of these bytes.

    Raises
    ------
    RefusedError : it is no model, or does harm, or cannot be tried; the message says which.
    """
    bound_fields(content)
    digest = hashlib.sha256(content).hexdigest()
    if digest in _shipped():
        return content
    if not _was_accepted(digest):
        _try_in_child(content)
        _keep_accepted(digest)
    return checked_graph(content)


@cache
def _shipped() -> frozenset[str]:
    """Hashes of the models in the package, in the format of ``sha256sum``."""
    text = (resources.files("phaseaware.engine.models") / "SHA256SUMS").read_text(encoding="ascii")
    return frozenset(line.split()[0] for line in text.splitlines())


def _try_in_child(content: bytes) -> None:
    if not sys.executable:
        raise RefusedError(
            "cannot be tried: this program has no Python of its own; try it once with `phaseaware models`"
        )
    # Paths that this process has beside those of an isolated one; not the working directory.
    paths = [path for path in sys.path if os.path.isabs(path)]
    threads = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MALLOC_ARENA_MAX"), "1")
    flags = getattr(subprocess, "CREATE_NO_WINDOW", 0)
    with subprocess.Popen(
        [sys.executable, "-I", "-c", _START, *paths],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=os.environ | threads,
        creationflags=flags,
    ) as child:  # fmt: skip
        try:
            answer, _ = child.communicate(content, timeout=MOST_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            raise RefusedError(f"trying it out takes more than {MOST_SECONDS:g} s") from None
        except BaseException:
            child.kill()
            raise
    if child.returncode:
        raise RefusedError(_how_it_ended(child.returncode))
    try:
        said = json.loads(answer)
        verdict, why = str(said["verdict"]), str(said["why"])
    except (ValueError, TypeError, KeyError):
        raise RefusedError("ends the process that tries it out; export it anew with standard operators") from None
    if verdict != "accepted":
        raise RefusedError("".join(c if c.isprintable() else "�" for c in why)[:500])


def _how_it_ended(status: int) -> str:
    if -status == getattr(signal, "SIGXCPU", None):
        return "trying it out takes too much processor time"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = f"status {status & 0xFFFFFFFF:#x}"
    return f"ends the process that tries it out ({name}); export it anew with standard operators"


def _entry(digest: str) -> tuple[Path, bytes]:
    """The file that stands for an accepted model, and all that it may hold."""
    about = {"sha256": digest, "checker": CHECKER, "onnxruntime": onnxruntime.__version__, "verdict": "accepted"}
    content = json.dumps(about).encode()
    folder = Path(platformdirs.user_cache_dir("phaseaware", appauthor=False)) / "models"
    return folder / f"{hashlib.sha256(content).hexdigest()}.json", content


def _was_accepted(digest: str) -> bool:
    """Whether the entry is there, whole, and ours: nothing in it is interpreted, and nothing that blocks is opened."""
    path, content = _entry(digest)
    try:
        file = os.open(
            path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)
        )
    except OSError:
        return False
    try:
        about = os.fstat(file)
        owned = not hasattr(os, "getuid") or (about.st_uid == os.getuid() and not about.st_mode & 0o022)
        return stat.S_ISREG(about.st_mode) and owned and os.read(file, len(content) + 1) == content
    finally:
        os.close(file)


def _keep_accepted(digest: str) -> None:
    """Write the entry at once; where the folder cannot be written to, the model is tried again next time."""
    path, content = _entry(digest)
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        number, part = tempfile.mkstemp(dir=path.parent)
        try:
            with open(number, "wb") as file:
                file.write(content)
            os.replace(part, path)
        except OSError:
            os.unlink(part)
            raise
