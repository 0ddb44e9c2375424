# The two commands of the README, and the gates that take longer.
PY ?= python3
VENV := .venv-test
MODELS := .venv-models
TORCH ?= torch==2.13.0

test: $(VENV)/ready  ## everything a change must pass: lint, types, import contracts, tests
	$(VENV)/bin/ruff check . && $(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(VENV)/bin/pytest -n 2 --dist worksteal

$(VENV)/ready: pyproject.toml
	rm -rf $(VENV) && $(PY) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -e '.[test]'
	touch $@

coverage: $(VENV)/ready  ## which lines no test reaches; half as slow again
	$(VENV)/bin/pytest -n 2 --cov --cov-report=term:skip-covered

gates: $(VENV)/ready  ## the long gates: 1,000 kills, 10,000 exchanges a connector on a bad road (an hour and more)
	$(VENV)/bin/pytest -m long -n 0

peers: $(VENV)/ready  ## connectors against other people's real programs; what is not installed is said and left out
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -e '.[peers]'
	$(VENV)/bin/pytest -m peers -n 0

test-models: $(MODELS)/ready  ## real sentiment models in real processes; takes torch, 1.2 GB
	$(MODELS)/bin/pytest -n 0 tests/understand/test_transformer.py tests/effects/test_model_worker.py tests/training/test_full.py

$(MODELS)/ready: pyproject.toml
	rm -rf $(MODELS) && $(PY) -m venv $(MODELS)
	$(MODELS)/bin/pip install --quiet --disable-pip-version-check '$(TORCH)'
	$(MODELS)/bin/pip install --quiet --disable-pip-version-check -e '.[transformers,train,test]'
	touch $@

bench: $(VENV)/ready  ## messages/s stage by stage, how well they are understood, what listening costs, beside named peers
	$(VENV)/bin/pip install --quiet -e '.[bench,full]' && $(VENV)/bin/pip install --quiet --no-deps sentileak
	$(VENV)/bin/python -m benchmarks.pipeline && $(VENV)/bin/python -m benchmarks.understanding && $(VENV)/bin/python -m benchmarks.listening

clean:
	rm -rf $(VENV) $(MODELS) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .coverage*

.PHONY: test coverage test-models gates peers bench clean
