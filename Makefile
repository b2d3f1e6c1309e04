# `make demo` and `make test` need Python 3.10 or newer and nothing else: they make .venv
# on the first run and touch the network again only when pyproject.toml has changed.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# By content, not by time: a fresh checkout beside a kept .venv must not reinstall.
KEY := $(shell cksum < pyproject.toml | cut -d ' ' -f 1)
INSTALLED := $(VENV)/installed-$(KEY)
INSTALLED_DEV := $(VENV)/installed-dev-$(KEY)

SOURCES := $(wildcard src rules tests benchmarks docs)

.DEFAULT_GOAL := help
.PHONY: help demo test soak lint format docs bench clean

help:
	@echo "make demo    lint sample_templates/ and show the findings"
	@echo "make test    lint, type check, run the tests"
	@echo "make soak    hold definite answers against 50,000 values of their unknowns"
	@echo "make lint    ruff and mypy only"
	@echo "make format  let ruff rewrite what it can"
	@echo "make docs    write what the documentation takes from the code"
	@echo "make bench   run the scripts in benchmarks/"
	@echo "make clean   remove .venv and caches"

# The tool exits with 1 for findings, which is what the demo is to show; 2 is a failed run. Python
# exits with 1 for a traceback too, hence the look at whether anything was reported.
demo: $(INSTALLED)
	@$(BIN)/copilot-preflight check sample_templates > $(VENV)/demo.txt; status=$$?; \
	cat $(VENV)/demo.txt; test $$status -le 1 && test -s $(VENV)/demo.txt

test: lint
	$(BIN)/python -m pytest -n 2

# Other samples each time; a failure names its SEED, and make soak SEED=... takes the same again.
soak: $(INSTALLED_DEV)
	SAMPLES=50000 SEED=$(or $(SEED),$(shell date +%s)) $(BIN)/python -m pytest -q tests/iam/test_unknowns.py

lint: $(INSTALLED_DEV)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy

format: $(INSTALLED_DEV)
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

docs: $(INSTALLED_DEV)
	$(BIN)/python docs/generate.py

bench: $(INSTALLED_DEV)
	@set -e; for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python "$$script"; done

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist
	find src rules tests benchmarks -type d -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true

# One recipe makes the environment, so that an interrupted one is made anew.
$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 10) or sys.exit("copilot-preflight needs Python 3.10 or newer, and $(PYTHON) is %d.%d. Name another one: make PYTHON=python3.12" % sys.version_info[:2])'
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "$(PYTHON) -m venv failed: is the venv module installed (on Debian: python3-venv)?" >&2; exit 1; }

$(INSTALLED): | $(BIN)/pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(INSTALLED_DEV): | $(BIN)/pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $(INSTALLED) $@
