# The verbs of Atlas. Each sets up what it needs by itself; `make` alone lists them.
# Paths may hold spaces: every path here is relative to this folder.

PYTHON ?= $(shell command -v python3 || command -v python3.11)
NO_PYTHON = { echo "Atlas needs Python 3.11 and found no Python. Install it, make sure that python3.11 is on PATH, and try again." >&2; exit 1; };
ATLAS = $(if $(PYTHON),"$(PYTHON)",$(NO_PYTHON)) atlas/embedded/bootstrap.py
WEEK_AGO = $$("$(PYTHON)" -c 'import datetime as d; print((d.datetime.now(d.timezone.utc) - d.timedelta(days=7)).strftime("%Y-%m-%dT00:00:00Z"))')
COMPILE = -m uv pip compile --quiet --universal --generate-hashes --no-header --allow-unsafe --python-version 3.11

.DEFAULT_GOAL := help
.PHONY: help setup run reset test coverage test-deep smoke check lint format types imports schema requirements bench exec

help: ## List these verbs
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile

setup: ## Make the virtual environment with everything that development needs
	@$(ATLAS) setup

run: ## Run Atlas: database, queue, web, workers, beat, Flower; Ctrl-C ends it
	@$(ATLAS) run

reset: ## Wipe the embedded database, queue and stored files of this checkout
	@$(ATLAS) reset

test: ## Run the fast whole of the tests (T="tests/domain -x" narrows it)
	@$(ATLAS) test $(T)

coverage: ## Run the fast whole and tell which lines no test reaches (below 85 % is a failure)
	@$(ATLAS) coverage $(T)

test-deep: ## Run the crash, chaos, scale and browser tests, one at a time
	@$(ATLAS) test-deep $(T)

smoke: ## Start Atlas as `make run` does, look at its pages, end it with Ctrl-C
	@$(ATLAS) smoke

check: ## Check lint, types, import law, migrations, generated documents, known holes
	@$(ATLAS) check

lint: ## Find mistakes and loose style
	@$(ATLAS) python -m ruff check .
	@$(ATLAS) python -m ruff format --check .

format: ## Repair what the linter and the formatter can repair
	@$(ATLAS) python -m ruff check --fix .
	@$(ATLAS) python -m ruff format .

types: ## Check the types
	@$(ATLAS) python -m mypy .

imports: ## Check the import law
	@$(ATLAS) python .venv/bin/lint-imports

schema: ## Write the generated documents: API, environment, database
	@$(ATLAS) exec .venv/bin/python manage.py spectacular --validate --fail-on-warn --file docs/openapi.yaml
	@$(ATLAS) python -m config.env_example
	@$(ATLAS) exec .venv/bin/python manage.py schema_doc

requirements: ## Lock the requirements anew, nothing younger than a week
	@$(ATLAS) python $(COMPILE) --exclude-newer "$(WEEK_AGO)" requirements/base.in -o requirements/base.txt
	@$(ATLAS) python $(COMPILE) --exclude-newer "$(WEEK_AGO)" requirements/backfill.in -o requirements/backfill.txt
	@$(ATLAS) python $(COMPILE) --exclude-newer "$(WEEK_AGO)" requirements/embedded.in -o requirements/embedded.txt
	@$(ATLAS) python $(COMPILE) --exclude-newer "$(WEEK_AGO)" requirements/test.in -o requirements/test.txt
	@$(ATLAS) python $(COMPILE) --exclude-newer "$(WEEK_AGO)" requirements/dev.in -o requirements/dev.txt

bench: ## Measure one published figure: make bench B=start (A="--clean" passes options)
	@test -n "$(B)" || { echo "Name a benchmark: make bench B=start (they are in benchmarks/)." >&2; exit 2; }
	@test -f "benchmarks/$(B).py" || { echo "There is no benchmarks/$(B).py." >&2; exit 2; }
	@$(ATLAS) python -m "benchmarks.$(B)" $(A)

exec: ## Run a command with test servers around it: make exec C="python manage.py shell"
	@test -n "$(C)" || { echo 'Name a command: make exec C="python manage.py shell".' >&2; exit 2; }
	@$(ATLAS) exec $(C)
