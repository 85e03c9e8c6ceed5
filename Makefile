# The developers' manual. `make` alone lists the commands.
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3)
BIN := .venv/bin
BROWSER ?= yes
EVERY_DATABASE ?=
PYTEST_ARGS ?=
TORTURE_ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup setup-tests run test lint format bench torture storm sabotage drain campaign answers scorecard corpus modeler pictures lock clean

help: ## list these commands
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | awk -F'\t' '{printf "make %-12s %s\n", $$1, $$2}'

setup: ## install everything the product needs into .venv and frontend/node_modules
	@test -n "$(PYTHON)" || { echo "Python 3.11 or 3.12 is needed, and no python3 was found."; exit 1; }
	@$(PYTHON) tools/setup.py

setup-tests: ## the same, and Chromium for the browser tests
	@test -n "$(PYTHON)" || { echo "Python 3.11 or 3.12 is needed, and no python3 was found."; exit 1; }
	@$(PYTHON) tools/setup.py $(if $(filter yes,$(BROWSER)),--browser)

run: setup ## start the product with sample data; Ctrl-C stops it
	@exec $(BIN)/broker-crm run --stop-with-parent

test: setup-tests lint ## check the code and run all tests; PYTEST_ARGS="-k name", BROWSER=no, EVERY_DATABASE=yes
	@$(BIN)/python -m pytest -q -n 3 $(if $(EVERY_DATABASE),,--share-databases) $(if $(filter yes,$(BROWSER)),,-m "not browser") $(PYTEST_ARGS)

lint: setup ## ruff, formatting, types in Python and TypeScript, direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	cd frontend && PATH="$(CURDIR)/$(BIN):$$PATH" npm run --silent check

format: setup ## rewrite the Python code in the one style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: setup ## measure starts and completions on SQLite and PostgreSQL
	@$(BIN)/python -m bench

torture: setup ## kill the product 10,000 times on each database and count what was lost or repeated
	@$(BIN)/python -m tests.torture $(TORTURE_ARGS)

sabotage: setup ## put faults into a copy of the product; each must turn its test red
	@$(BIN)/python -m tests.sabotage

storm: setup ## fifty users over HTTP want the same thousand tasks, on each database
	@$(BIN)/python -m tests.races.storm

drain: setup ## fire 10,000 due timers, 100 of them poisoned, on SQLite and PostgreSQL
	@$(BIN)/python -m bench.drain

campaign: setup ## a campaign over 100,000 clients while people work, on SQLite and PostgreSQL
	@$(BIN)/python -m bench.campaign

scorecard: setup ## compare hundreds of planted pairs of versions and say how often the comparison was right
	@$(BIN)/python -m bench.scorecard $(if $(RUNS),--runs $(RUNS))

answers: setup ## the managers' questions over ten million events, on SQLite and PostgreSQL
	@$(BIN)/python -m bench.answers

corpus: setup ## lint thousands of faulty copies of our files, or FOLDER of diagrams by others; count the findings
	@$(BIN)/python -m bench.corpus $(FOLDER) $(if $(COPIES),--copies $(COPIES))

modeler: setup ## measure how long opening, checking and saving a large diagram take in the browser
	@$(BIN)/python -m bench.modeler

pictures: setup ## take the pictures of the designers' guide anew
	@$(BIN)/python tools/guide_pictures.py

lock: ## renew the lock files after a change of dependencies
	$(PYTHON) -m venv .venv/lock && .venv/lock/bin/pip install --quiet uv
	.venv/lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--extra dev --no-header --no-annotate pyproject.toml --output-file requirements.lock
	cd frontend && PATH="$(CURDIR)/$(BIN):$$PATH" npm install --package-lock-only --ignore-scripts

clean: ## remove all that set-up made; the data in var/ stays
	rm -rf .venv frontend/node_modules broker_crm/web/static/vendor broker_crm/engine/feel/feelin.js
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
