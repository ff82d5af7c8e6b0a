# Everything a person or a machine does with this checkout. Needs GNU make and Python 3.11 or newer; the rest goes into .venv.
#
#   PYTHON=python3.12   the interpreter .venv is made with (default: python3)
#   TORCH=cuda          PyTorch's build: cpu (default), cuda (the one on PyPI), or an index of download.pytorch.org/whl,
#                       such as cu130; .venv remembers it, so it need be given only once
#   STUDY=model_size    one study of recipes/studies in `make reproduce`, instead of all
#   SCALE=base          the scale of `make reproduce`: miniature (default), base, large
#   WORKERS=2           processes of `make reproduce`: one a core and at most four at SCALE=miniature, else one
#   ARGS="-k store"     further arguments for pytest in `make test`

PYTHON ?= python3
SCALE ?= miniature
STUDY ?=
cores := $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)
WORKERS ?= $(if $(filter miniature,$(SCALE)),$(if $(filter 1 2 3,$(cores)),$(cores),4),1)

# The stamp's name holds the build of PyTorch that is installed.
installed := $(wildcard .venv/.xfer-*)
TORCH ?= $(or $(patsubst .venv/.xfer-%,%,$(firstword $(installed))),cpu)
stamp := .venv/.xfer-$(TORCH)

python := .venv/bin/python
pip := $(python) -m pip --disable-pip-version-check
install := $(pip) install --quiet --no-warn-conflicts --constraint constraints.txt

# cpu: the local version 2.x.y+cpu of PyTorch's own index wins over PyPI's 2.x.y, which on Linux brings gigabytes of CUDA.
# Where that index is out of reach, the one retry keeps the wait short and pip takes what its own indexes have.
torch_from_cpu := --extra-index-url https://download.pytorch.org/whl/cpu --retries 1 --timeout 10
torch_from_cuda :=
torch_from := $(if $(filter cpu cuda,$(TORCH)),$(torch_from_$(TORCH)),--index-url https://download.pytorch.org/whl/$(TORCH))

.DEFAULT_GOAL := help
.PHONY: help setup reproduce test coverage check lint types clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

setup: $(stamp) ## build .venv with the tested versions (once; again when setup.cfg or constraints.txt change)

reproduce: $(stamp) ## answer the studies of recipes/studies at SCALE (default miniature); the pages begin at runs/index.html
	.venv/bin/xfer study recipes/studies$(if $(STUDY),/$(STUDY).yaml) --scale $(SCALE) --workers $(WORKERS)
	@echo "open runs/index.html"

test: $(stamp) ## run the tests
	$(python) -m pytest -q --numprocesses $(if $(filter 1 2 3,$(cores)),$(cores),4) --dist loadfile $(ARGS)

coverage: $(stamp) ## run the tests and print what share of lines and branches they reach
	$(python) -m pytest -q --numprocesses $(if $(filter 1 2 3,$(cores)),$(cores),4) --dist loadfile \
		--cov xfer --cov-branch --cov-report term:skip-covered $(ARGS)

check: lint types test ## everything that must pass before a change goes in

lint: $(stamp) ## ruff, and the floors of the house
	$(python) -m ruff check .
	.venv/bin/lint-imports

types: $(stamp) ## mypy on xfer/
	$(python) -m mypy

clean: ## remove caches and build products; .venv and results stay
	rm -rf build dist xfer.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find xfer tests benchmarks -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true

# PyTorch goes first and alone, so that no range of another package can pull in a different build of it; textattack goes
# last and alone, because its own requirements cannot be met beside transformers 5 (see setup.cfg).
$(stamp): setup.cfg pyproject.toml constraints.txt | .venv/bin/pip
	@$(if $(filter-out $@,$(installed)),rm -f $(filter-out $@,$(installed)); $(pip) uninstall --quiet --yes torch)
	@echo "Installing PyTorch ($(TORCH)) ..."
	@$(install) setuptools
	@$(install) --no-deps $(torch_from) torch
	@echo "Installing xfer and what it needs ..."
	@$(install) --no-build-isolation --editable '.[textattack,segment,peft,png,dev]'
	@$(install) --no-deps textattack
	@touch $@
	@echo "Ready: .venv/bin/xfer"

.venv/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "xfer needs Python 3.11 or newer; '$(PYTHON)' answers: $$($(PYTHON) -V 2>&1 | head -n 1). Name another: make setup PYTHON=python3.12"; \
	  exit 1; }
	@$(PYTHON) -m venv .venv
