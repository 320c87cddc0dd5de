# Two commands do everything: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TOOLS := .venv-tools
CLIP_OUT := demo-output
LOCKED ?= 1

.PHONY: demo test lint bench robustness variants fuzz native native-build native-wheel lock sbom audit clean

demo: $(VENV)/installed
	$(BIN)/phaseaware demo -o $(CLIP_OUT) --force

test: $(VENV)/installed-dev
	$(BIN)/python -m pytest -n auto --dist loadfile

lint: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-cache
	.ci/typecheck $(PYTHON)

# For example: make bench RIVALS=../rivals DEV=../dev TEN_HOURS=1. The rivals' environments are made there where they are missing.
bench: $(VENV)/installed-dev
	$(if $(RIVALS),test -e $(RIVALS)/refused.json || $(BIN)/python -m tests.bench.rivals --prepare $(RIVALS))
	$(BIN)/python -m tests.bench $(if $(RIVALS),--rivals $(RIVALS)) $(if $(DEV),--dev $(DEV)) $(if $(TEN_HOURS),--ten-hours) $(if $(QUICK),--quick)

robustness: $(VENV)/installed-dev
	$(BIN)/python -m tests.robustness

# Hundreds of generated sound files, read and written again: nothing may be lost without a word.
variants: $(VENV)/installed-dev
	$(BIN)/python -m tests.robustness.variants

# Coverage-guided, Linux: sound files, presets, models and names, SECONDS of each. What is found stays in fuzz-found.
SECONDS ?= 60
fuzz: $(VENV)/installed-dev
	$(BIN)/pip install -q -e '.[fuzz]'
	$(BIN)/python -m tests.robustness.fuzz $(SECONDS)

# The plugin for hosts (VST3), built and tested; says what is missing.
native: native-build
	$(BIN)/python -m pytest tests/plugin/native

native-build: $(VENV)/installed-dev
	plugin/native/build.sh $(BIN)/python

native-wheel: $(VENV)/installed-dev
	plugin/native/build.sh $(BIN)/python wheel

# Versions and hashes of all that is installed; `make lock` renews them.
lock: $(VENV)/installed-dev $(TOOLS)/installed
	.ci/lock $(TOOLS) $(BIN)/python
	.ci/sbom $(TOOLS)
	$(BIN)/python .ci/check_lock.py

# What is shipped, for scanners (CycloneDX): after a change of a model.
sbom: $(VENV)/installed-dev $(TOOLS)/installed
	.ci/sbom $(TOOLS)
	$(BIN)/python .ci/check_lock.py

audit: $(VENV)/installed-dev $(TOOLS)/installed
	$(BIN)/python .ci/check_lock.py
	.ci/audit $(TOOLS)

$(TOOLS)/installed:
	$(PYTHON) -m venv $(TOOLS)
	$(TOOLS)/bin/pip install -q uv pip-audit pip-licenses cyclonedx-bom
	@touch $@

# A checkout that was never installed has no package metadata; an editable install maps the rooms to `phaseaware.*`.
$(VENV)/installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python >= 3.11 is needed: make PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@# The versions of the lock file, checked by their hashes; `make LOCKED= ...` takes the newest that fit.
	@[ -z "$(LOCKED)" ] || .ci/locked user >$(VENV)/user.lock
	@[ -z "$(LOCKED)" ] || $(BIN)/pip install -q --require-hashes --no-deps -r $(VENV)/user.lock
	$(BIN)/pip install -q -e '.[gui,live,media]'
	@# pesq comes as source only: without a C compiler the figures lack PESQ, and the command says so.
	@[ -z "$(LOCKED)" ] || .ci/locked eval >$(VENV)/eval.lock
	@{ [ -z "$(LOCKED)" ] || $(BIN)/pip install -q --require-hashes --no-deps -r $(VENV)/eval.lock; } && $(BIN)/pip install -q -e '.[eval]' \
		|| echo "[eval] is not installed (pesq needs a C compiler): no PESQ and ESTOI figures"
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed
	@[ -z "$(LOCKED)" ] || .ci/locked dev >$(VENV)/dev.lock
	@[ -z "$(LOCKED)" ] || $(BIN)/pip install -q --require-hashes --no-deps -r $(VENV)/dev.lock
	$(BIN)/pip install -q -e '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) $(TOOLS) $(CLIP_OUT) build dist *.egg-info .pytest_cache .ruff_cache .mypy_cache .hypothesis
