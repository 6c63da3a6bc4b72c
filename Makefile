# Trunkline. `make run` is all that is needed to begin; `make help` names the rest.
SHELL := /bin/sh
BIN := .venv/bin
export PYTHON

.DEFAULT_GOAL := help
.PHONY: help run setup test check bench desktop clean

help: ## Name the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "  make run ARGS='--http-port 9000'; every option: $(BIN)/trunkline settings"

run: ## Set up and start everything, as a demo unless TRUNKLINE_DEMO=0; Ctrl-C stops it
	@scripts/setup.sh run
	@TRUNKLINE_DEMO=$${TRUNKLINE_DEMO:-1} exec $(BIN)/trunkline run $(ARGS)

setup: ## Make the virtual environment and the browser application, and what the tests need
	@scripts/setup.sh test

test: ## Every test, on the real Asterisk, PostgreSQL, callers and browser; does its own set-up
	@scripts/setup.sh test
	@scripts/test.sh all

check: ## Format, lint, types and the fast tests: under a minute
	@scripts/setup.sh test
	@scripts/test.sh fast

bench: ## Measure against the peers; BENCH=name for one
	@scripts/setup.sh test
	@$(BIN)/python -m benchmarks $(BENCH)

desktop: ## Build the browser application
	@scripts/setup.sh run

clean: ## Remove what was built, but not the data in var/
	rm -rf .venv src/desktop/node_modules tests/editor/node_modules src/trunkline/web/static var/tools
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +
