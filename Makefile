# Every target does its own set-up; PYTHON=... chooses the interpreter (3.11, 3.12 or 3.13).
SHELL := /bin/bash
PYTHON ?=
export PYTHON
VENV := .venv
CHECK_VENV := .venv-check
PYTEST_OPTIONS ?=
BENCH_SIZES ?= 200000 2000000
UPGRADE ?=

LOCK := uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --quiet $(if $(UPGRADE),--upgrade)

.PHONY: help demo test test-all bench screenshots lock clean
.DEFAULT_GOAL := help

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo:  ## a synthetic city on http://127.0.0.1:8050
	@scripts/setup.sh $(VENV) requirements.lock
	@scripts/demo.sh $(VENV)

test:  ## lint, types, import contracts, tests
	@scripts/setup.sh $(VENV) requirements-dev.lock
	@scripts/chromium.sh
	@scripts/check.sh $(VENV) -m "not slow and not spark" $(PYTEST_OPTIONS)

test-all:  ## the same with the slow tests, the second engines and every example, in an environment of its own
	@scripts/setup.sh $(CHECK_VENV) requirements-check.lock
	@scripts/chromium.sh
	@scripts/check.sh $(CHECK_VENV) --hypothesis-profile whole $(PYTEST_OPTIONS)

bench:  ## build time and memory beside DuckDB's copy of the same files: benchmarks/report/
	@scripts/setup.sh $(VENV) requirements-dev.lock
	@$(VENV)/bin/python -m benchmarks.build $(BENCH_SIZES)

screenshots:  ## pictures of every page of the demo city: docs/gallery/ (run make demo once before)
	@scripts/setup.sh $(VENV) requirements-dev.lock
	@scripts/chromium.sh
	@$(VENV)/bin/python -m benchmarks.gallery data-demo docs/gallery

lock:  ## write the three lock files again from pyproject.toml (UPGRADE=1: newest versions)
	@command -v uv >/dev/null || { echo "hssk lock: install uv first (pip install uv)" >&2; exit 69; }
	$(LOCK) -o requirements.lock
	$(LOCK) --group dev -c requirements.lock -o requirements-dev.lock
	$(LOCK) --group dev --group check -c requirements-dev.lock -o requirements-check.lock

clean:  ## remove environments, caches, build products and the demo's data (never ./data)
	rm -rf $(VENV) $(CHECK_VENV) build dist *.egg-info data-demo .demo-keys.toml benchmarks/report
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -not -path './data/*' -prune -exec rm -rf {} +
