# The two commands of the README, and the gates that take longer.
PY ?= python3
VENV := .venv-test

test: $(VENV)/ready  ## everything a change must pass: lint, types, import contracts, tests
	$(VENV)/bin/ruff check . && $(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(VENV)/bin/pytest -n 2 --cov --cov-report=term:skip-covered

$(VENV)/ready: pyproject.toml
	rm -rf $(VENV) && $(PY) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -e '.[test]'
	touch $@

gates: $(VENV)/ready  ## the long gates: 1,000 kills
	$(VENV)/bin/pytest -m long -n 0

bench:  ## messages/s stage by stage, beside a named peer
	$(VENV)/bin/pip install --quiet '.[bench]' && $(VENV)/bin/python -m benchmarks.pipeline

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .coverage*

.PHONY: test gates bench clean
