# One page of commands. Python 3.11 or newer, make and git are all that a fresh machine needs.
SHELL := /bin/sh
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.DEFAULT_GOAL := help
.PHONY: help demo test golden check static lock bench soak reference clean

help:  ## these lines
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: .venv/.wamon  ## a bad week in one minute, on http://127.0.0.1:9877/; ARGS=--once plays it and ends
	@$(BIN)/wamon demo $(ARGS)

test: .venv/.wamon-test  ## everything, with its real parts; ARGS="-k midnight" narrows it
	@scripts/system-packages prometheus prometheus-alertmanager chromium systemd faketime
	@scripts/suite $(ARGS)

golden: .venv/.wamon-test  ## the notices in tests/golden anew; then read the difference
	@$(BIN)/python -m pytest -q tests/letters --update-golden
	@git --no-pager diff --stat -- tests/golden

check: static  ## what must be green before every commit
	@scripts/suite $(ARGS)

static: .venv/.wamon-test  ## the part of check that runs nothing: format, lint, types, floors
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

soak: .venv/.wamon-test  ## the promises at their whole figures, hours; as root also the unit under a real systemd
	@scripts/system-packages prometheus debootstrap systemd-container strace
	@[ "$$(id -u)" != 0 ] || scripts/soak-root .soak/root
	@WAMON_SOAK=1 $(BIN)/python -m pytest -q -m "soak or grows" -o timeout=14400 $(ARGS)

lock:  ## requirements.lock anew from pyproject.toml, hashes included, no index address
	@scripts/lock $(ARGS)

bench: .venv/.wamon-test  ## the figures of docs/performance.md, on this machine
	@scripts/system-packages prometheus prometheus-blackbox-exporter
	@$(BIN)/python -m bench.beside.everything $(ARGS)

reference: .venv/.wamon-test  ## docs/reference.md anew from the code
	@$(BIN)/python scripts/reference.py

clean:  ## forget the virtual environment and every cache
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache

# Two stamps: the demo needs wamon alone; both come from the lock, so what is tested is what is served.
.venv/.wamon: pyproject.toml requirements.lock scripts/venv
	@scripts/venv
	@echo "installing wamon into .venv" >&2
	@$(PIP) install --require-hashes --requirement requirements.lock
	@$(PIP) install --no-deps --editable .
	@touch $@

.venv/.wamon-test: .venv/.wamon tests/web/axe.txt
	@echo "installing what the tests need into .venv" >&2
	@$(PIP) install --editable '.[test]'
	@$(PIP) install --no-deps --require-hashes --requirement tests/web/axe.txt
	@touch $@
