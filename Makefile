# Everything a newcomer types. `make` alone lists it.
# The tools live in .venv, set up from the locks when a lock or pyproject.toml is newer.

SHELL := bash
BIN := .venv/bin
READY := .venv/ready

# Where the environment forbids it, each of the hundreds of processes of the tests would compile everything again.
export PYTHONDONTWRITEBYTECODE =

USABLE := import sys, sqlite3, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
PYTHON = $(shell for each in python3.13 python3.12 python3.11 python3; do \
  $$each -c "$(USABLE)" 2>/dev/null && command -v $$each && break; done)

.PHONY: help demo test long check crash faults fuzz pressure format pictures docs lock bench clean

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' Makefile

demo: $(READY) ## Play one STAR over four simulated systems (ARGS=--once ends after it)
	@$(BIN)/starbot demo $(ARGS)

test: $(READY) ## Run the tests but for the long ones (ARGS="-k words" picks some)
	@echo "pytest, on all cores"
	@$(BIN)/pytest -n auto --dist worksteal -q -m "not long" $(ARGS)

long: $(READY) ## Run the long tests: kill -9, two bots on one database, a browser, bursts, back-up and rebuild, demo and dry run
	@echo "pytest, the long tests, on all cores"
	@$(BIN)/pytest -n auto --dist worksteal -q -m long $(ARGS)

check: $(READY) ## Format, lint, types, layers, documents
	@echo "ruff format" && $(BIN)/ruff format --check -q .
	@echo "ruff" && $(BIN)/ruff check -q .
	@echo "mypy --strict" && $(BIN)/mypy
	@echo "import-linter" && $(BIN)/lint-imports
	@echo "documents" && $(BIN)/python docs/generate.py --check

format: $(READY) ## Put the code in order, as far as ruff can
	@$(BIN)/ruff check -q --fix . ; $(BIN)/ruff format -q .

crash: $(READY) ## kill -9 before and after every call of every story (many minutes; ARGS="--every 10" for some, --two: two bots)
	@$(BIN)/python -m tests.matrix crash $(ARGS)

faults: $(READY) ## Every call of every story meets every kind of fault (many minutes; ARGS="--every 40" for some)
	@$(BIN)/python -m tests.matrix faults $(ARGS)

fuzz: $(READY) ## Valid input with something wrong in it, for every reader and a running bot (ARGS="--minutes 5")
	@$(BIN)/python -m tests.fuzz $(ARGS)

pressure: $(READY) ## A steady hour and bursts under the vendors' rate limits (20 minutes)
	@$(BIN)/python -m bench.pressure $(ARGS)

pictures: $(READY) ## Take the tutorial's pictures again (needs chromium)
	@mkdir -p docs/pictures
	@STARBOT_REQUIRE_BROWSER=1 STARBOT_PICTURES=docs/pictures $(BIN)/pytest -q tests/browser -k "check_mark or killed or json or dead"
	@find docs/pictures -name '*.png' ! -name '[0-9]-*' -delete

docs: $(READY) ## Write the generated documents again
	@$(BIN)/python docs/generate.py

bench: $(READY) ## Measure what docs/ promises
	@$(BIN)/python -m bench $(ARGS)

COMPILE = $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes \
  --no-emit-index-url --no-annotate --no-header

lock: $(READY) ## Resolve the locks again after a change in pyproject.toml (ARGS=--upgrade for newer versions)
	@$(BIN)/pip install -q uv
	@$(COMPILE) $(ARGS) pyproject.toml --extra dev -o locks/dev.txt
	@$(COMPILE) $(ARGS) pyproject.toml -c locks/dev.txt -o locks/run.txt
	@$(COMPILE) $(ARGS) locks/build.in -c locks/dev.txt -o locks/build.txt

clean: ## Remove what was built, .venv included
	rm -rf .venv dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find src tests bench docs -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true

$(READY): pyproject.toml locks/dev.txt locks/build.txt
	@test -n "$(PYTHON)" || { echo "starbot needs Python 3.11 or newer with venv (Debian: apt install python3-venv)."; \
	  echo "Name one with: make PYTHON=/path/to/python"; exit 1; } >&2
	@echo "Setting up .venv with $(PYTHON): about half a minute, once"
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv
	@set -o pipefail; $(BIN)/python -m pip install --disable-pip-version-check --progress-bar off \
	  --require-hashes -r locks/build.txt -r locks/dev.txt \
	  | awk '/^Collecting/ && ++n % 10 == 0 { print "  " n " packages found" } \
	         /^Installing/ { print "  installing them" } { fflush() }'
	@$(BIN)/python -m pip install --disable-pip-version-check -q --no-deps --no-build-isolation -e .
	@touch $@
