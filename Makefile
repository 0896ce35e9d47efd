# The front door. `make help` lists the targets; every target sets up what it needs.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PRESET ?= quick
# the first that is one of 3.11 to 3.13, unless the caller names one
PYTHONS := $(or $(PYTHON),python3.11 python3.12 python3.13 python3)
SUITABLE := import ensurepip, sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
VENV := .venv
RUN := $(VENV)/bin/python
# only if the caller chose it: some targets prefer what is committed
CHOSEN := $(if $(filter file,$(origin PRESET)),,--preset $(PRESET))
READY := $(VENV)/.ready
TORCH := 2.13.0
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export PYTHONWARNINGS := ignore::DeprecationWarning
export JUPYTER_PLATFORM_DIRS := 1
# what our targets make carries it, and only that is removed or installed into; see lib/persuasion/system/own_folder.py
MARKER := .made-by-persuasion
# the venv's own kernel, whatever kernels the user has installed
export JUPYTER_PREFER_ENV_PATH := 1
# the pages' assertions are what they show; what a user's shell runs first is none of theirs
unexport PYTHONOPTIMIZE PYTHONSTARTUP
# targets write into the same places, and every test has cores of its own
.NOTPARALLEL:

.PHONY: help setup reproduce book serve page browser pdf run results verify status test test-code test-notebooks test-book test-browser stress benchmark proofs lint format lock overview clean

help: ## list the targets, and how long each takes
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'
	@echo "  Times are about those of two idle cores; the first target also sets up what it needs."
	@echo "  PRESET=smoke|quick|paper chooses how much to compute (default quick; paper takes days)"

setup: $(READY) ## create .venv with the pinned packages (2 min)

$(READY): requirements/lock.txt pyproject.toml
	@test ! -e $(VENV) || test -e $(READY) || test -e $(VENV)/$(MARKER) || { echo "make: $(CURDIR)/$(VENV) was not made by make setup; move it away" >&2; exit 2; }
	@for python in $(PYTHONS); do "$$python" -c '$(SUITABLE)' 2>/dev/null && break; python=; done; \
	  test -n "$$python" || { echo "make: none of $(PYTHONS) is a Python 3.11, 3.12 or 3.13 with venv; name one with PYTHON=..." >&2; exit 2; }; \
	  mkdir -p $(VENV); touch $(VENV)/$(MARKER); "$$python" -m venv $(VENV)
	$(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/lock.txt
	$(RUN) -m pip install --quiet --disable-pip-version-check torch==$(TORCH)
	$(RUN) -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	touch $@

reproduce: $(READY) ## compute what the store lacks, run all notebooks, build the book (6 min)
	$(RUN) -m study reproduce --preset $(PRESET)

run: $(READY) ## only compute records (5 min)
	$(RUN) -m study run --preset $(PRESET)

results: $(READY) ## continue a preset where the committed results end, and add to them (hours)
	$(RUN) -m study export --compute --preset $(PRESET)

verify: $(READY) ## re-derive committed numbers from the policies, without training (6 min)
	$(RUN) -m study verify $(CHOSEN)

status: $(READY) ## show how much of a preset is computed (10 s)
	$(RUN) -m study status --preset $(PRESET)

book: $(READY) ## build the book from committed results, else from a computed preset (2 min)
	$(RUN) -m study book $(CHOSEN)

serve: $(READY) ## show the built book in a browser: a web server for this machine only (until Ctrl-C)
	$(RUN) -m study serve

page: $(READY) ## run one page as a notebook, e.g. PAGE=theory/ppad; into _build/pages (1 min)
	@$(RUN) -m study page --preset $(PRESET) "$(PAGE)"

test: lint test-code test-notebooks test-book test-browser ## everything: lint, types, tests, notebooks, the book and a browser on it (11 min)

lint: $(READY) ## ruff, mypy and spelling (20 s)
	ruff check .
	ruff format --check .
	codespell
	mypy

test-code: $(READY) ## unit and property tests, doctests (4 min)
	$(RUN) -m pytest -n auto --dist loadfile --no-loadscope-reorder

test-notebooks: $(READY) ## every page as a notebook through nbval, at preset smoke (2 min)
	$(RUN) tests/notebooks.py

test-book: test-notebooks ## build the book from these notebooks, warnings as errors (4 min)
	PERSUASION_STORE="$(CURDIR)/_build/smoke/store.sqlite" \
	  $(RUN) -m study book --preset smoke --executed _build/smoke/notebooks/smoke
	$(RUN) -m pytest -q tests/built_book.py

pdf: browser ## the book as one PDF (5 min)
	$(RUN) -m study book --pdf $(CHOSEN)

test-browser: $(READY) ## the built book in a browser; skipped, and said so, where there is none (4 min)
	$(RUN) -m pytest -q -rs -n auto tests/browser.py

browser: $(READY) ## install a browser for the tests and the PDF, if there is none (1 min)
	$(RUN) tests/install_browser.py

stress: $(READY) ## faults, hostile input, extreme numbers, planted errors, mutants; PARTS="faults input" for some (hours)
	$(RUN) -m pytest -n auto -m stress
	$(RUN) tests/stress/run.py $(PARTS)

benchmark: $(READY) ## ours against naive baselines; writes _build/benchmarks.json (hours)
	$(RUN) benchmarks/run.py

proofs: $(READY) ## prove the inequalities of our own theorems with z3; writes results/proofs.json (4 min)
	$(RUN) proofs/run.py

format: $(READY) ## format and fix what can be fixed (1 s)
	ruff format .
	ruff check --fix .

lock: $(READY) ## resolve requirements/lock.txt anew from pyproject.toml (1 min)
	$(RUN) -m pip install --quiet uv
	uv pip compile --quiet pyproject.toml requirements/torch.in --all-extras --universal \
	  --python-version 3.11 --generate-hashes --no-annotate --no-header \
	  --override requirements/without-torch.txt --no-emit-package torch -o requirements/lock.txt

overview: $(READY) ## redraw the README's picture from the records of a preset (1 min)
	$(RUN) -m study run --preset $(PRESET) --experiment didactic
	$(RUN) -m study.figures.overview $(PRESET) book/images/overview.png

clean: ## remove _build and the environment (1 s)
	@for folder in _build $(VENV); do \
	  test ! -e $$folder || test -e $$folder/$(MARKER) || test -e $$folder/.ready \
	    || { echo "make: $(CURDIR)/$$folder stays: it lacks the file $(MARKER) of what this project made" >&2; exit 2; }; done
	rm -rf _build $(VENV)
