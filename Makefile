# Needs Python 3.11 or newer with pip, and make. Everything else is installed into .venv from the lock files.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check --no-input
WORKERS ?= 3
PYTEST_ARGS ?=
SEEDS ?= 0-10000
# Needs uv, which is only there to write the locks; `make lock UV=/path/to/uv` takes it from elsewhere.
UV ?= uv
COMPILE := $(UV) pip compile --no-config --universal --python-version 3.11 --generate-hashes --quiet \
	--no-emit-index-url --no-emit-find-links --no-annotate --no-header --upgrade

.DEFAULT_GOAL := help
.PHONY: help run test soak seeds check audit bench city bench-full browser-test docs lock install install-dev clean

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

run: $(VENV)/.installed ## start the service: the demo, or for real where a provider's credentials are set
	@command=$$($(BIN)/python -m tablewire.settings) && exec $(BIN)/tablewire $$command

# Bytecode is kept whatever the environment says: else each worker, and each service that a test starts, compiles all anew.
test: export PYTHONDONTWRITEBYTECODE :=
test: $(VENV)/.installed-dev ## run all tests that need no browser, at their small size (PYTEST_ARGS="..." adds arguments)
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m "not soak and not browser" $(PYTEST_ARGS)

soak: $(VENV)/.installed-dev ## run the tests at their full size; takes long
	@HYPOTHESIS_PROFILE=soak $(BIN)/python -m pytest -m soak --timeout 0 $(PYTEST_ARGS) || \
	  { code=$$?; [ $$code -eq 5 ] && echo "There are no soak tests yet." && exit 0; exit $$code; }

seeds: $(VENV)/.installed-dev ## play simulated worlds in which everything goes wrong (SEEDS=0-10000)
	nice -n 10 $(BIN)/python -m tests.simulation --seeds $(SEEDS) --workers $(WORKERS)

check: $(VENV)/.installed-dev ## lint, format, types, the rule of imports, generated pages
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tablewire.settings_page --check

audit: $(VENV)/.installed-dev ## look for known vulnerabilities in what is locked
	@$(BIN)/python .ci/audit.py requirements-dev.lock requirements-bench.lock

bench: $(VENV)/.installed-bench ## the quick benchmarks, in pairs against their peers
	$(BIN)/python -m tests.bench

city: $(VENV)/.installed-bench ## both providers at full size against the truth, at three budgets: tables and plot of docs/performance.md
	$(BIN)/python -m tests.bench.full_city --write

bench-full: $(VENV)/.installed-bench ## all benchmarks at their full size
	$(BIN)/python -m tests.bench --full

browser-test: ## tests that drive the page in a browser
	@echo "There is no page yet, and so no browser tests."

docs: $(VENV)/.installed-dev ## write the generated pages again
	$(BIN)/python -m tablewire.settings_page

lock: ## choose versions anew and write the lock files
	$(COMPILE) --group build -o requirements-build.lock
	$(COMPILE) pyproject.toml -o requirements.lock
	$(COMPILE) pyproject.toml --group dev --constraints requirements.lock -o requirements-dev.lock
	$(COMPILE) pyproject.toml --group bench --constraints requirements-dev.lock -o requirements-bench.lock

install: $(VENV)/.installed ## make .venv with what the service needs
install-dev: $(VENV)/.installed-dev ## make .venv with what development needs

clean: ## remove .venv, caches and builds, but no data
	rm -rf $(VENV) dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

# A machine whose Python has no ensurepip (Debian's, without python3-venv) gets pip from the Python that runs this.
$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "No python3 found: install Python 3.11 or newer." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "$(PYTHON) is $$($(PYTHON) --version 2>&1), but 3.11 or newer is needed: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "Making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV) >/dev/null 2>&1 || $(PYTHON) -m venv --clear --without-pip $(VENV)

$(VENV)/.installed-build: requirements-build.lock | $(BIN)/python
	@if $(BIN)/python -m pip --version >/dev/null 2>&1; then pip="$(BIN)/python -m pip"; \
	  else pip="$(PYTHON) -m pip --python $(BIN)/python"; fi; \
	  $$pip -qq --disable-pip-version-check --no-input install --require-hashes -r requirements-build.lock
	@touch $@

# One after the other, so that the package is registered once its requirements are there.
$(VENV)/.installed: requirements.lock pyproject.toml $(VENV)/.installed-build
	@echo "Installing the locked requirements (a minute or so the first time)"
	@$(PIP) install --require-hashes --no-build-isolation -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	@echo "Installing the locked tools for development"
	@$(PIP) install --require-hashes --no-build-isolation -r requirements-dev.lock
	@touch $@

$(VENV)/.installed-bench: requirements-bench.lock $(VENV)/.installed-dev
	@echo "Installing the locked peers for benchmarks"
	@$(PIP) install --require-hashes --no-build-isolation -r requirements-bench.lock
	@touch $@
