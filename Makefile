# Two commands do everything: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CLIP_OUT := demo-output

.PHONY: demo test lint bench clean

demo: $(VENV)/installed
	$(BIN)/phaseaware demo -o $(CLIP_OUT) --force

test: $(VENV)/installed-dev
	$(BIN)/python -m pytest

lint: $(VENV)/installed-dev
	$(BIN)/ruff check .
	.ci/typecheck $(PYTHON)

bench: $(VENV)/installed-dev
	$(BIN)/python -m tests.bench

# A checkout that was never installed has no package metadata; an editable install maps the rooms to `phaseaware.*`.
$(VENV)/installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python >= 3.11 is needed: make PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q -e '.[gui,live]'
	@# pesq comes as source only: without a C compiler the figures lack PESQ, and the command says so.
	@$(BIN)/pip install -q -e '.[eval]' || echo "[eval] is not installed (pesq needs a C compiler): no PESQ and ESTOI figures"
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(BIN)/pip install -q -e '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) $(CLIP_OUT) build dist *.egg-info .pytest_cache .ruff_cache .mypy_cache .hypothesis
