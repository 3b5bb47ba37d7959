# Daily commands; `make` alone lists them. Needs Python 3.11 or newer and make, nothing else.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Twice the cores: much of a test's time is waiting for a socket or another process.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(2 * os.cpu_count())')
COVERAGE ?=
BENCH ?=

# What tests start is compiled once, not in each of a thousand processes, whatever the caller says.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test faults check format bench lock audit sbom fuzz completions tools clean

help:  ## List these commands
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

demo: $(VENV)/installed  ## See hubcli at work, against a Docker Hub of its own on loopback
	@$(BIN)/hubcli sandbox demo

test: $(VENV)/developing  ## Run all the tests
	$(BIN)/pytest -n $(WORKERS) --dist worksteal $(COVERAGE)

faults: $(VENV)/developing  ## Spoil every request of every command in every way (ten minutes)
	HUBCLI_FAULTS=all $(BIN)/pytest -n $(WORKERS) tests/faults

check: $(VENV)/developing  ## Everything that CI checks: format, lint, types, tests, coverage
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(MAKE) test COVERAGE=--cov

format: $(VENV)/developing  ## Rewrite the code as `check` wants it
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(VENV)/developing  ## Measure start, round trips, throughput, memory and growth
	$(BIN)/python -m benchmarks $(BENCH)

fuzz: $(VENV)/fuzzing  ## A million inputs for each parser (HUBCLI_FUZZ_RUNS, HUBCLI_FUZZ_SECONDS)
	$(VENV)/fuzzing/bin/python -m fuzzing

lock: $(VENV)/developing  ## Choose and lock again what hubcli needs (requirements.lock; asks the index)
	$(BIN)/python supply/lock.py

audit: $(VENV)/auditing  ## Look for known vulnerabilities of what is locked (asks the network)
	$(VENV)/auditing/bin/pip-audit --strict --disable-pip --require-hashes \
	  --requirement requirements.lock

sbom: $(VENV)/developing  ## Build the wheel, and write its bill of materials beside it, into dist/
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .
	for wheel in dist/hubcli-*.whl; do \
	  $(BIN)/python supply/sbom.py "$$wheel" > "$${wheel%-py3-none-any.whl}.cdx.json" || exit 1; done

completions: $(VENV)/installed  ## Generate completions/ and the pages of docs/ again
	$(BIN)/hubcli completion bash > completions/hubcli.bash
	$(BIN)/hubcli completion zsh > completions/_hubcli
	$(BIN)/hubcli completion fish > completions/hubcli.fish
	$(BIN)/hubcli completion powershell > completions/hubcli.ps1
	$(BIN)/python docs/generate.py

tools:  ## Fetch the programs that the tests drive (they fetch them themselves, too)
	$(PYTHON) tests/support/fetch.py

clean:  ## Remove what these commands have made
	rm -rf $(VENV) .tools .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache

$(VENV)/created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and \
	  "hubcli needs Python 3.11 or newer: make PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"  # the first with --group
	@touch $@

$(VENV)/installed: pyproject.toml | $(VENV)/created
	$(BIN)/python -m pip install --quiet --editable ".[sandbox,yaml]"
	@touch $@

$(VENV)/fuzzing: | $(VENV)/created
	$(PYTHON) -m venv $@
	$@/bin/python -m pip install --quiet --editable ".[yaml]" atheris

$(VENV)/auditing: | $(VENV)/created
	$(PYTHON) -m venv $@
	$@/bin/python -m pip install --quiet pip-audit

$(VENV)/developing: pyproject.toml | $(VENV)/installed
	$(BIN)/python -m pip install --quiet --group dev
	@touch $@
