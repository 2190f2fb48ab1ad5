# Everything here works on a fresh machine with git, make and Python 3.11 to 3.13; it needs pip's network once.
#
#   make demo       the environment, the demo shop, a few searches, recommendations and explanations
#   make test       the tests, on all cores; make test-all runs the long ones too
#   make lint       ruff, mypy --strict, the direction of imports
#   make bench      benchmarks
#
# PYTHON=python3.12   another interpreter       VENV=folder   another place for the environment
# PIP_ARGS=…          more options for pip, such as an index that has CPU builds of PyTorch
# ARGS=…              more options for the command behind demo, test, test-all and bench
# WORKERS=…           so many tests at once (auto: as many as cores; 0: one after the other, which pdb needs)

PYTHON ?= python3
VENV ?= .venv
PIP_ARGS ?=
ARGS ?=
WORKERS ?= auto

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq install
PYTEST := $(BIN)/python -m pytest
# One thread to a worker: threads that are more than the cores wait for each other.
SIDE_BY_SIDE = OMP_NUM_THREADS=1 $(PYTEST) --numprocesses $(WORKERS) --dist loadgroup --no-loadscope-reorder

.DEFAULT_GOAL := demo
.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: demo test test-all lint bench clean

demo: $(VENV)/.runtime
	@start=$$(date +%s); $(BIN)/shelfgraph demo $(ARGS) && \
	echo "demo: $$(($$(date +%s) - start)) s (after the set-up, without downloads)"

test: $(VENV)/.dev
	$(SIDE_BY_SIDE) $(ARGS)

test-all: $(VENV)/.dev
	$(SIDE_BY_SIDE) -m "" $(ARGS)

lint: $(VENV)/.dev
	@failed=0; for check in "ruff check ." "ruff format --check ." mypy lint-imports; do \
		echo "$$check"; $(BIN)/$$check || failed=1; done; exit $$failed

# Benchmarks are files named bench_*.py, so that no test run picks them up.
bench: $(VENV)/.dev
	$(PYTEST) -m "" -s -o python_files='bench_*.py' tests/benchmarks $(ARGS)

clean:
	rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find kg encoders fusion recommend data tests -name __pycache__ -type d -prune -exec rm -rf {} +

# The environment, made once and again whenever pyproject.toml changes. pip installs what is missing, and no more.
$(VENV)/.runtime: pyproject.toml | $(VENV)/.made
	@echo "set-up: installing Shelfgraph and what it needs into $(VENV); this downloads PyTorch and may take minutes"
	@start=$$(date +%s); $(PIP) $(PIP_ARGS) --editable . && \
	echo "set-up: $$(($$(date +%s) - start)) s, downloads included"
	@touch $@

$(VENV)/.dev: pyproject.toml | $(VENV)/.made
	@echo "set-up: installing Shelfgraph and its tools into $(VENV); the first time this downloads PyTorch and may take minutes"
	@start=$$(date +%s); $(PIP) $(PIP_ARGS) --editable '.[dev]' && \
	echo "set-up: $$(($$(date +%s) - start)) s, downloads included"
	@touch $(VENV)/.runtime $@

$(VENV)/.made:
	@command -v $(PYTHON) >/dev/null || { \
		echo "make: there is no $(PYTHON); name a Python of 3.11 to 3.13, such as: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; \
		exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || { \
		echo "make: Shelfgraph needs Python 3.11 to 3.13 and $(PYTHON) is $$($(PYTHON) -V 2>&1);" \
			"name another one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "make: $(PYTHON) has no venv module; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@touch $@
