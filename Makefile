# make help says what there is. Everything is set up in .venv on first use.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8501
MINUTES ?= 15
SESSIONS ?= 20

.PHONY: help run test lint bench soak lock chromium postgres clean

help:  ## what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 16

run: $(VENV)/run.stamp  ## serve the app (the sandbox answers until credentials are set); PORT=8501
	$(BIN)/python -m streamlit run app.py --server.port $(PORT)

test: $(VENV)/dev.stamp chromium postgres  ## run every test
	$(BIN)/python -m pytest -n 4 --dist worksteal

lint: $(VENV)/dev.stamp  ## style, types, direction of imports, secrets, weaknesses of packages
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m tests.lint.secret_scan
	$(BIN)/python -m tests.lint.advisories

soak: $(VENV)/dev.stamp chromium  ## many browser sessions on one app; MINUTES=15 SESSIONS=20
	$(BIN)/python -m tests.soak --minutes $(MINUTES) --sessions $(SESSIONS)

lock: $(VENV)/dev.stamp  ## requirements.lock and requirements-team.lock anew: every package that is shipped, with hashes
	$(BIN)/uv pip compile requirements.txt --universal --python-version 3.11 --generate-hashes --no-annotate --quiet --custom-compile-command "make lock" --output-file requirements.lock
	$(BIN)/uv pip compile requirements.txt requirements-team.txt --universal --python-version 3.11 --generate-hashes --no-annotate --quiet --custom-compile-command "make lock" --output-file requirements-team.lock

bench: $(VENV)/dev.stamp  ## print figures beside baselines (ten minutes or more; SECTIONS="asking files million explore kill team period")
	$(BIN)/python -m tests.bench $(SECTIONS)

chromium: $(VENV)/dev.stamp
	@$(BIN)/python -m tests.browser.chromium

postgres: $(VENV)/dev.stamp
	@$(BIN)/python -m tests.postgres

$(VENV)/run.stamp: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "nxcc needs Python 3.11 or newer: make PYTHON=python3.12 ..."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/dev.stamp: requirements-dev.txt requirements-team.txt $(VENV)/run.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

clean:  ## remove the virtual environment and caches (not your data in .nxcc)
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache
