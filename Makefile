# Everything is set up by the two commands that need it: `make run` and `make test`.
# They need Python 3.11 or newer with venv, and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help setup run test lint lock sbom bench attacks soak quality clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.ready ## make .venv with the command `ruletag` in it

# A copy of the lock files, so that a change of time stamps alone sets up nothing again.
$(VENV)/.ready: requirements-dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "ruletag needs Python 3.11 or newer; name one with: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

run: setup ## start the service on the rules in ./rules
	$(BIN)/ruletag serve --rules rules

test: setup ## run every test whose needs are there
	$(BIN)/python -m pytest

lint: setup ## check style and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

lock: setup ## resolve the dependencies anew, with hashes
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --extra granian --universal --python-version 3.11 --generate-hashes \
		--no-header --no-emit-index-url --upgrade --quiet --output-file requirements.txt
	$(BIN)/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes \
		--no-header --no-emit-index-url --upgrade --quiet --output-file requirements-dev.txt

sbom: setup ## list what the service is made of, in sbom.cdx.json
	@PYTHONWARNINGS=ignore $(BIN)/cyclonedx-py requirements requirements.txt --pyproject pyproject.toml --mc-type application --sv 1.6 --output-reproducible -o sbom.cdx.json

bench: setup ## measure what tagging, requests, slow clients and edits cost
	$(BIN)/python bench/tagging.py
	$(BIN)/python bench/requests.py
	$(BIN)/python bench/slow_clients.py
	$(BIN)/python bench/reload.py

attacks: setup ## measure what hostile clients do to the others
	$(BIN)/python bench/attacks.py

soak: setup ## a million requests over five hundred edits: what is lost, what grows
	$(BIN)/python bench/soak.py

quality: setup ## make the figures of docs/quality.md again: make quality CORPUS=DIR
	$(BIN)/python bench/quality.py --corpus $(CORPUS) --record docs/quality.md

clean: ## remove what the other commands made
	rm -rf $(VENV) dist build sbom.cdx.json .pytest_cache .mypy_cache .ruff_cache .hypothesis
