# Everything starts here: `make` lists the targets. Each makes .venv first and installs only when setup.cfg or
# constraints.txt changed. Python 3.11 or newer and make are all that a machine needs; uv is used where it is there.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN := $(BIN)/python
INSTALLED := $(VENV)/.installed
# The local AWS pins versions of its own and plays the Lambda runtime with its interpreter: it lives apart.
EMULATOR_VENV := .venv-emulator
EMULATOR := $(EMULATOR_VENV)/.installed

export PYTHONHASHSEED ?= 0
# A run of the tests starts hundreds of processes: compiled once, whatever the shell says.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help install demo demo-reach generate lint types test live rehearse check requirements audit bench soak clean

help: ## Say what each target does
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(INSTALLED) $(EMULATOR) ## Make .venv with everything that the other targets need, and the local AWS's own

$(INSTALLED): setup.cfg constraints.txt Makefile
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if v >= (3, 11) else "Python 3.11 or newer is needed, $(PYTHON) is %d.%d: make PYTHON=python3.12 ..." % v[:2])'
	@test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	@packages=$$($(RUN) -c 'import configparser as c; p = c.ConfigParser(); p.read("setup.cfg"); print(*(" ".join([p["options"]["install_requires"], *p["options.extras_require"].values()]).split()))'); \
	if command -v uv >/dev/null 2>&1; then \
	  VIRTUAL_ENV=$(VENV) uv pip install --quiet --compile-bytecode --constraint constraints.txt $$packages; \
	else \
	  $(RUN) -m pip install --quiet --disable-pip-version-check --constraint constraints.txt $$packages; \
	fi
	@touch $@

demo: $(INSTALLED) $(EMULATOR) ## Show the main job end to end on the local AWS, in under a minute
	@$(RUN) -m tests.demo

demo-reach: $(INSTALLED) $(EMULATOR) ## Show a baseline rolled out over six accounts in three waves, one of which fails
	@$(RUN) -m tests.demo_reach

generate: $(INSTALLED) ## Build and validate the templates of every environment into build/
	@$(RUN) generate.py

$(EMULATOR): deploy/local/requirements.txt Makefile
	@test -x $(EMULATOR_VENV)/bin/python || $(PYTHON) -m venv $(EMULATOR_VENV)
	@if command -v uv >/dev/null 2>&1; then \
	  VIRTUAL_ENV=$(EMULATOR_VENV) uv pip install --quiet --compile-bytecode --requirement deploy/local/requirements.txt; \
	else \
	  $(EMULATOR_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --requirement deploy/local/requirements.txt; \
	fi
	@touch $@

lint: $(INSTALLED) ## Check the sources' style
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(INSTALLED) ## Check the sources' types
	@$(BIN)/mypy

test: $(INSTALLED) $(EMULATOR) ## Run the tests on both cores
	@$(RUN) -m pytest -n 2 --dist worksteal -m "not rehearsal and not live"

live: $(INSTALLED) $(EMULATOR) ## Run the stories over whole environments: accounts, faults, ways back, promotion, drift, reach
	@$(RUN) -m pytest -n 2 --dist loadfile -m "live and not rehearsal"

rehearse: $(INSTALLED) $(EMULATOR) ## Play every story of failure and rescue, and say whether the product kept its word
	@$(RUN) -m pytest -n 2 --dist loadfile -m rehearsal

check: lint types test live ## Everything that a change must pass: lint, types, tests

requirements: $(INSTALLED) ## Print which requirement rows are proven, and by which tests
	@$(RUN) -m tests.requirements

audit: $(INSTALLED) ## Run the wider battery of public checkers over the templates, figures to docs/security.md
	@$(RUN) -m tests.audit

bench: $(INSTALLED) $(EMULATOR) ## Measure against the peers on this machine, figures to docs/performance.md
	@$(RUN) -m tests.bench

soak: $(INSTALLED) $(EMULATOR) ## Drive random sequences of everything for an hour, figures to docs/reliability.md
	@$(RUN) -m tests.soak

clean: ## Remove what generate, tests and checks left; .venv stays
	@rm -rf build/.cache build/.local .mypy_cache .ruff_cache .hypothesis
	@find build -mindepth 1 -maxdepth 1 ! -name .gitignore -exec rm -rf {} +
	@find . -name __pycache__ -not -path './.venv*' -prune -exec rm -rf {} +
