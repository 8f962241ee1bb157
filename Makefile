# `make` alone lists the verbs.
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 4004

.DEFAULT_GOAL := help
.PHONY: help install run test check bench requirements

help: ## List the verbs
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

$(VENV)/.base: requirements/base.txt
	@test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --requirement requirements/base.txt
	@touch $@

$(VENV)/.dev: $(VENV)/.base requirements/dev.txt
	$(BIN)/pip install --quiet --requirement requirements/dev.txt
	@touch $@

install: $(VENV)/.dev ## Create the environment with everything, development tools included

# Settings of this checkout: an open API without TLS for trying things out, and secrets of its own. Commands read
# the file too; what the environment says wins. A real installation sets the environment (docs/configuration.md).
.env:
	@$(BIN)/python -c "import secrets; print('API_AUTH=open'); print('COOKIES_OVER_TLS_ONLY=false'); \
		[print(f'{name}={secrets.token_urlsafe(48)}') for name in ('SECRET_KEY', 'JWT_SECRET')]" > .env

run: $(VENV)/.base .env ## Install, migrate, load the demonstration, train, serve on port 4004
	@PORT=$(PORT) $(BIN)/python manage.py up

test: $(VENV)/.dev ## Run the tests (on SQLite; DATABASE_URL chooses another database)
	$(BIN)/pytest $(ARGS)

check: $(VENV)/.dev ## Lint, types, import contracts, migrations, settings
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	DEBUG=true $(BIN)/python manage.py makemigrations --check --dry-run
	DEBUG=true $(BIN)/python manage.py check

bench: $(VENV)/.dev ## Measure: DATASET=folder of a benchmark data set (see benchmarks/README.md)
	$(BIN)/python -m benchmarks.recommenders $(DATASET)

requirements: $(VENV)/.dev ## Compile requirements/*.in into pinned *.txt
	cd requirements && for name in base dev; do ../$(BIN)/pip-compile --quiet --strip-extras --no-header \
		--no-emit-index-url --no-emit-find-links --no-emit-trusted-host $$name.in; done
