"""Configuration files."""

import pytest
from phaseaware.engine.training.config import load_config


def test_config_names_unknown_keys(tmp_path):
    path = tmp_path / "c.toml"
    path.write_text("[network]\nchanels = 3\n")
    with pytest.raises(ValueError, match=r"c\.toml \[network\]: unknown key 'chanels'"):
        load_config(path)
