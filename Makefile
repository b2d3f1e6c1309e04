# `make demo` and `make test` need Python 3.10 or newer and nothing else: they make .venv out of the
# versions and hashes in requirements/ and touch the network again only when those have changed.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := -m pip install --quiet --disable-pip-version-check
LOCKS := requirements/runtime.txt requirements/dev.txt

# By content, not by time: a fresh checkout beside a kept .venv must not reinstall. An environment
# for other versions, of Python too, is made anew, so that nothing is left of the old one.
key = $(firstword $(shell cat $(1) | cksum))
RELEASE := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
MADE := $(VENV)/made-$(RELEASE)-$(call key,$(LOCKS))
INSTALLED := $(VENV)/installed-$(call key,pyproject.toml)
INSTALLED_DEV := $(VENV)/installed-dev-$(call key,pyproject.toml)

UV_VENV := .venv-uv
UV := $(UV_VENV)/bin/uv
UV_INSTALLED := $(UV_VENV)/installed-$(call key,requirements/uv.txt)
DOCS_VENV := .venv-docs
DOCS_INSTALLED := $(DOCS_VENV)/installed-$(call key,requirements/docs.txt)
COMPILE := $(UV) pip compile --quiet --no-config --universal --python-version 3.10 \
	--generate-hashes --no-emit-index-url --no-annotate --custom-compile-command 'make lock'

SOURCES := $(wildcard src rules tests benchmarks docs tools)
SNAPSHOTS = $(shell grep -rl --include='test_*.py' SnapshotAssertion tests)

.DEFAULT_GOAL := help
.PHONY: help demo test quick soak fuzz coverage mutate lint format snapshots docs site rule bench \
	lock upgrade test-cdk test-oldest test-newest clean

help:
	@echo "make demo         lint sample_templates/ and show the findings"
	@echo "make test         lint, type check, run the tests"
	@echo "make quick        the tests of what has changed, up to the first failure"
	@echo "make soak         hold definite answers against 50,000 values of their unknowns"
	@echo "make fuzz SECONDS=60"
	@echo "                  look for inputs that break something"
	@echo "make coverage     branches of iam, base, resolve and access that no test takes"
	@echo "make mutate       mistakes in symbolic, iam and decide that no test notices"
	@echo "make lint         ruff and mypy only"
	@echo "make format       let ruff rewrite what it can"
	@echo "make snapshots    write the pinned reports and the documentation, and show what changed"
	@echo "make docs         write what the documentation takes from the code, and build its site"
	@echo "make site         build the site alone"
	@echo "make rule NAME=some-new-rule ID=E9799"
	@echo "                  begin a rule: its code, page, sample and line in the catalogue"
	@echo "make bench        measure everything next to other tools and write benchmarks/RESULTS.md;"
	@echo "                  15 minutes on two idle cores, 2 with QUICK=1"
	@echo "make lock         write requirements/ after a change of pyproject.toml"
	@echo "make upgrade      write requirements/ with the newest versions"
	@echo "make test-cdk     run the plugins in the real CDK, which is fetched"
	@echo "make test-oldest  run the tests on the lowest versions that pyproject.toml allows"
	@echo "make test-newest  run the tests on the newest versions that there are"
	@echo "make clean        remove environments and caches"

# The tool exits with 1 for findings, which is what the demo is to show; 2 is a failed run. Python
# exits with 1 for a traceback too, hence the look at whether anything was reported.
demo: $(INSTALLED)
	@$(BIN)/copilot-preflight check sample_templates > $(VENV)/demo.txt; status=$$?; \
	cat $(VENV)/demo.txt; test $$status -le 1 && test -s $(VENV)/demo.txt

test: lint
	$(BIN)/python -m pytest -n 2 --dist worksteal

quick: $(INSTALLED_DEV)
	@$(BIN)/python -m tools.quick

# Other samples each time; a failure names its SEED, and make soak SEED=... takes the same again.
soak: $(INSTALLED_DEV)
	SAMPLES=50000 SEED=$(or $(SEED),$(shell date +%s)) $(BIN)/python -m pytest -q tests/iam/test_unknowns.py

# One thing after the other, with little claim to the machine; FUZZERS='load check' names some only.
fuzz: $(INSTALLED_DEV)
	nice -n 15 $(BIN)/python -m tests.fuzz.run --seconds $(or $(SECONDS),60) \
		$(if $(SEED),--seed $(SEED)) $(FUZZERS)

coverage: $(INSTALLED_DEV)
	@$(BIN)/python -m tools.branches

# Hours for all of it: make mutate ONLY=iam/arn.py EVERY=5
mutate: $(INSTALLED_DEV)
	@AGAIN=$(AGAIN) EVERY=$(EVERY) TESTS='$(TESTS)' $(BIN)/python -m tools.mutate $(ONLY)

lint: $(INSTALLED_DEV)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy

format: $(INSTALLED_DEV)
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

# Each hunk of the difference says which test it belongs to; see .gitattributes.
snapshots: $(INSTALLED_DEV)
	-$(BIN)/python -m pytest -q -n 2 --snapshot-update $(SNAPSHOTS)
	$(BIN)/python -m docs.generate
	@git -c diff.snapshot.xfuncname='^# name: (.*)$$' diff -- '*.ambr' '*.md'

docs: $(INSTALLED_DEV)
	$(BIN)/python -m docs.generate
	@$(MAKE) --no-print-directory site

# A link that leads nowhere fails it. .github/workflows/docs.yml publishes the same with mike.
site: $(DOCS_INSTALLED)
	NO_MKDOCS_2_WARNING=1 $(DOCS_VENV)/bin/mkdocs build --quiet
	@echo "site/index.html"

rule: $(INSTALLED_DEV)
	@$(BIN)/python -m tools.new_rule '$(NAME)' '$(ID)'

bench: $(INSTALLED_DEV)
	@$(BIN)/python -m compileall -q src rules
	@$(BIN)/python benchmarks/results.py $(if $(QUICK),--quick)

# What is locked and still fits stays; `make upgrade` lets go of it. The runtime's versions are
# those of the development's, so that an environment for one can grow into the other.
lock: $(UV_INSTALLED)
	$(COMPILE) $(UPGRADE) --extra dev --group build --output-file requirements/dev.txt pyproject.toml
	$(COMPILE) --upgrade --constraints requirements/dev.txt --extra report --group build \
		--output-file requirements/runtime.txt pyproject.toml
	$(COMPILE) $(UPGRADE) --group lock --output-file requirements/uv.txt
	$(COMPILE) $(UPGRADE) --group docs --output-file requirements/docs.txt

upgrade: UPGRADE := --upgrade
upgrade: lock

test-cdk: $(INSTALLED_DEV)
	WITH_CDK=1 $(BIN)/python -m pytest tests/hosts/test_cdk.py

# Each in an environment of its own, which is resolved and made anew on every run.
test-oldest: RESOLUTION := lowest-direct
test-newest: RESOLUTION := highest
test-oldest test-newest: test-%: $(UV_INSTALLED)
	$(UV) venv --quiet --no-config --clear --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" .venv-$*
	$(UV) pip install --quiet --no-config --python .venv-$* --resolution $(RESOLUTION) \
		--upgrade --editable '.[dev]'
	$(UV) pip list --no-config --python .venv-$*
	.venv-$*/bin/python -m pytest -n 2 --dist worksteal $(PYTEST)

clean:
	rm -rf $(VENV) .venv-* site .mypy_cache .pytest_cache .ruff_cache .fuzz .hypothesis build dist
	find $(SOURCES) -type d -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true

# One recipe makes the environment, so that an interrupted one is made anew. An activated one may
# be what $(PYTHON) runs in: it is cleared by Python itself, not removed before.
$(MADE):
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 10) or sys.exit("copilot-preflight needs Python 3.10 or newer, and $(PYTHON) is %d.%d. Name another one: make PYTHON=python3.12" % sys.version_info[:2])'
	@$(PYTHON) -m venv --clear $(VENV) || { rm -rf $(VENV); echo "$(PYTHON) -m venv failed: is the venv module installed (on Debian: python3-venv)?" >&2; exit 1; }
	@touch $@

# Without build isolation, which would fetch a build backend that is not in the lock.
EDITABLE := $(BIN)/python $(PIP) --no-deps --no-build-isolation --editable .

$(INSTALLED): | $(MADE)
	$(BIN)/python $(PIP) --require-hashes --requirement requirements/runtime.txt
	$(EDITABLE)
	@touch $@

$(INSTALLED_DEV): | $(MADE)
	$(BIN)/python $(PIP) --require-hashes --requirement requirements/dev.txt
	$(EDITABLE)
	@touch $(INSTALLED) $@

$(UV_INSTALLED):
	@$(PYTHON) -m venv --clear $(UV_VENV)
	$(UV_VENV)/bin/python $(PIP) --require-hashes --requirement requirements/uv.txt
	@touch $@

$(DOCS_INSTALLED):
	@$(PYTHON) -m venv --clear $(DOCS_VENV)
	$(DOCS_VENV)/bin/python $(PIP) --require-hashes --requirement requirements/docs.txt
	@touch $@
