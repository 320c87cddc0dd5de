"""Presets and models are data: nothing in them is executed, and they lead to no other file."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import fakes

from .isolate import root

_EXECUTING = {"eval", "exec", "compile", "__import__", "execfile"}
_CODE_IN_DATA = {"pickle", "marshal", "shelve", "dill", "joblib", "cloudpickle", "yaml"}


def _sources() -> list[Path]:
    """All modules but the training, which reads checkpoints of its own."""
    rooms = [root() / room for room in ("engine", "plugin", "gui")]
    return [path for room in rooms for path in sorted(room.rglob("*.py")) if "training" not in path.parts]


@pytest.mark.parametrize("path", _sources(), ids=lambda path: path.relative_to(root()).as_posix())
def test_no_module_reads_code_from_data(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            assert not _CODE_IN_DATA.intersection(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert (node.module or "").partition(".")[0] not in _CODE_IN_DATA
        elif isinstance(node, ast.Call):
            assert not (isinstance(node.func, ast.Name) and node.func.id in _EXECUTING), ast.unparse(node)
            for keyword in node.keywords:
                assert (keyword.arg, ast.unparse(keyword.value)) not in (("allow_pickle", "True"), ("shell", "True"))


# In a process of its own, as such a hook stays. Whatever is imported late is imported by the first round.
_WATCHED = """
import json, sys
from pathlib import Path
import numpy as np
from phaseaware.engine import MaskModel
from phaseaware.plugin import load_preset

def use():
    for file in sorted(Path(sys.argv[1]).iterdir()):
        try:
            if file.suffix == ".toml":
                load_preset(file).board()(np.zeros(4800, np.float32), 48000)
            elif file.suffix == ".onnx":
                MaskModel(file)
        except (ValueError, OSError):
            pass

use()
seen = []
watched = (
    "exec", "compile", "import", "open", "os.", "subprocess.", "socket.", "ctypes.", "shutil.", "pickle.", "marshal.",
)

def note(event, args):
    if event.startswith(watched):
        seen.append([event, str(args[0]) if args else ""])

sys.addaudithook(note)
use()
print(json.dumps(seen))
"""


def test_loading_executes_nothing_and_opens_no_other_file(tmp_path: Path) -> None:
    """By the interpreter's own account of what happens (audit events), also for presets and models made to do harm."""
    from .hostile import HOSTILE

    fakes.history_model(tmp_path / "good.onnx")
    leading_elsewhere = [make for name, (make, _) in HOSTILE.items() if name.startswith(("external", "functions"))]
    for number, make in enumerate(leading_elsewhere):
        (tmp_path / f"{number}.onnx").write_bytes(make().SerializeToString())
    head = 'schema = 1\nname = "x"\n[processor]\n'
    for number, body in enumerate(
        [
            'plugin = "PhaseAware"\nmodel = "good.onnx"',
            'plugin = "PhaseAware"\nmodel = "/etc/passwd"',
            'plugin = "PhaseAware"\nmodel = "../../../../../../etc/passwd"',
            'plugin = "Convolution"\nimpulse_response_filename = "/etc/passwd"',
            'plugin = "os.system"',
            "plugin = \"__import__('os').system('true')\"",
            'plugin = "VST3Plugin"\npath_to_plugin_file = "/tmp/evil.vst3"',
        ]
    ):
        (tmp_path / f"{number}.toml").write_text(head + body)
    ran = subprocess.run([sys.executable, "-c", _WATCHED, str(tmp_path)], capture_output=True, text=True, check=True)
    seen = json.loads(ran.stdout)
    opened = {Path(what) for event, what in seen if event == "open"}
    assert tmp_path / "good.onnx" in opened  # it watches
    elsewhere = {path for path in opened if not path.is_relative_to(tmp_path)}
    assert all(path.name.isdigit() or path == Path(os.devnull) or path.suffix == ".json" for path in elsewhere), (
        elsewhere
    )
    # Processes: the one that tries a model out, which gets its bytes through a pipe.
    assert {what for event, what in seen if event == "subprocess.Popen"} == {sys.executable}
    assert {event for event, _ in seen} <= {"open", "os.listdir", "os.scandir", "subprocess.Popen", "os.posix_spawn"}
