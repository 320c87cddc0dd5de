"""Several processes that train as one."""

import subprocess
import sys

import pytest

torch = pytest.importorskip("torch", reason="needs the [train] extra")

from phaseaware.engine.training import __main__ as command  # noqa: E402
from phaseaware.engine.training.config import load_config  # noqa: E402
from phaseaware.engine.training.network import MaskNet  # noqa: E402


def test_two_processes_train_as_one_with_both_their_streams(corpus, tiny_config, tmp_path):
    """The mean of the gradients of two halves is the gradient of the whole batch, up to bfloat16's rounding.

    Without it the weights end as far from each other as those of other examples: about half of the way that they went.
    """
    once = tiny_config.read_text().replace("[data]", "[data]\ncarried = 1.0")  # else each process draws its own chance
    run = ["train", str(tiny_config), "--corpus", str(corpus.folder), "--workers", "0"]
    saved = {}
    for processes, batch in ((2, 2), (1, 4)):
        tiny_config.write_text(once.replace("batch = 2", f"batch = {batch}"))
        command.main([*run, "--folder", str(tmp_path / str(processes)), "--processes", str(processes)])
        saved[processes] = torch.load(tmp_path / str(processes) / "checkpoint.pt", weights_only=True)
    one, two = saved[1], saved[2]
    assert one["step"] == two["step"]
    assert one["hours"] == pytest.approx(two["hours"])
    torch.manual_seed(load_config(tiny_config).seed)
    first = MaskNet(load_config(tiny_config).network).state_dict()
    assert distance(one["network"], two["network"]) < 0.25 * distance(one["network"], first)


def distance(a, b):
    return sum(float((a[name] - b[name]).square().sum()) for name in a) ** 0.5


@pytest.mark.skipif(sys.platform == "win32", reason="ended by SIGTERM")
def test_no_process_trains_on_when_the_first_is_ended(corpus, tiny_config, tmp_path):
    tiny_config.write_text(tiny_config.read_text().replace("hours = ", "hours = 100.0 #", 1))
    run = [sys.executable, "-m", "phaseaware.engine.training", "train", str(tiny_config), "--workers", "0"]
    run += ["--corpus", str(corpus.folder), "--folder", str(tmp_path), "--processes", "2"]
    with subprocess.Popen(run, stderr=subprocess.PIPE, text=True) as training:
        next(line for line in training.stderr if " step " in line)
        training.terminate()
        training.communicate(timeout=60)  # ends when nobody writes any more
    assert training.returncode != 0
