"""The ablation."""

import pytest

pytest.importorskip("torch", reason="needs the [train] extra")

from phaseaware.engine.training import __main__ as command


def test_ablation_keeps_what_it_trained(corpus, tiny_config, tmp_path, pairs, capsys):
    """A second call trains nothing anew and prints the same table; a single mask has no difference to show."""
    for module in ("pesq", "pystoi", "speechmos"):
        pytest.importorskip(module)
    ablate = ["ablate", str(tiny_config), str(pairs), "--corpus", str(corpus.folder), "--folder", str(tmp_path / "a"),
              "--workers", "0", "--hours", "0.001", "--anneal-hours", "0.001"]  # fmt: skip
    with pytest.raises(SystemExit, match="unknown variant 'nonsense'; known: as-shipped, "):
        command.main([*ablate, "--only", "nonsense"])
    tables, written = [], []
    for _ in range(2):
        capsys.readouterr()
        command.main([*ablate, "--only", "as-shipped", "real-alone"])
        tables.append([line for line in capsys.readouterr().out.splitlines() if line.startswith("|")])
        written.append((tmp_path / "a/real-alone/annealed.pt").stat().st_mtime_ns)
    assert tables[0] == tables[1]
    assert written[0] == written[1]
    assert [line.split(" | ")[:2] for line in tables[0][2:]] == [
        ["| as-shipped", "phase-aware"], ["| as-shipped", "real"], ["| real-alone", "real"]
    ]  # fmt: skip
    assert ", p = " in tables[0][2]
    assert ", p = " not in "".join(tables[0][3:])
