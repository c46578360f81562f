# Everything a reader, student, instructor or developer does here is one of these targets.
# `make help` lists them.

PYTHON ?= python3
COURSE ?= _build/course
# One more than there are cores: some tests wait. With two more, a part of the suite took longer.
JOBS ?= $(shell echo $$(( $$(nproc) + 1 )))
ENGINE ?= podman
BIN := .venv/bin
# What a developer runs between two changes: the layers, the judge, one run in a sandbox.
QUICK := tests/layers tests/codehash $(addprefix tests/autograder/,inside notebooks suite \
	judge/test_notebook.py judge/test_blank.py)
export PYTHON

.DEFAULT_GOAL := help
.PHONY: help course test test-quick setup book lint results-check experiments experiments-quick \
	bench-grade bench-check bench-report bench-similar bench-layers bench-site bench-replay attack \
	killed load syscalls mutants seeds guides image student-wheel lock clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

course: setup  ## the book, the released assignments and a graded sample class, from nothing
	@scripts/system-packages bubblewrap
	@$(MAKE) --no-print-directory book
	@$(BIN)/python -m demo $(COURSE)

test: setup  ## every test: layers, autograder, book, browser
	@scripts/system-packages bubblewrap chromium postgresql
	@$(MAKE) --no-print-directory book  # fills the notebook cache while the cores are free
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal $(PYTEST_ARGS)

test-quick: setup  ## the layers, the judge and one sandboxed run: a developer's quick loop
	@scripts/system-packages bubblewrap
	$(BIN)/python -m pytest -n $(JOBS) $(QUICK)

setup:  ## .venv with the locked dependencies
	@scripts/setup

book: setup  ## the book, into _build/html
	@$(BIN)/python book/make_book.py

lint: setup  ## ruff and mypy, as CI runs them
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench-grade: setup  ## our grader against stock nbgrader, same submissions, in turn
	@scripts/system-packages bubblewrap
	$(BIN)/python -m benchmarks.grade

bench-check: setup  ## `autograder check` against `nbgrader validate`; how soon a watch answers
	$(BIN)/python -m benchmarks.check

bench-report: setup  ## the class report for a thousand submissions
	$(BIN)/python -m benchmarks.report

bench-similar: setup  ## `autograder similar` for a thousand submissions with copies among them
	$(BIN)/python -m benchmarks.similar

bench-layers: setup  ## the layers' speed against plain loops and torch's own
	$(BIN)/python -m experiments.bench.layers

bench-site: setup  ## the built book under Lighthouse (a phone's view) and axe
	@scripts/system-packages chromium
	@$(MAKE) --no-print-directory book
	$(BIN)/python -m benchmarks.site

bench-replay: setup  ## would results notice code that computes something else?
	$(BIN)/python -m benchmarks.replay

results-check: setup  ## are the committed results made by today's code and settings?
	$(BIN)/python -m experiments check

experiments: setup  ## every experiment in full; stop with Ctrl-C, go on with the same command
	$(BIN)/python -m experiments run --all

experiments-quick: setup  ## every experiment with fewer trials and smaller budgets, timed
	time $(BIN)/python -m experiments run --all --quick

attack: setup  ## hostile submissions against stock nbgrader and against ours
	@scripts/system-packages bubblewrap
	$(BIN)/python -m benchmarks.attack

killed: setup  ## SIGKILL at 25 random moments of grading: is anything lost?
	@scripts/system-packages bubblewrap
	$(BIN)/python -m benchmarks.killed

load: setup  ## a thousand submissions in one run: how fast, and is memory flat?
	@scripts/system-packages bubblewrap
	$(BIN)/python -m benchmarks.load

syscalls: setup  ## which system calls student code needs: the list behind the filter
	@scripts/system-packages bubblewrap strace
	$(BIN)/python -m benchmarks.syscalls

mutants: setup  ## small changes to the solutions: does the hidden suite notice each?
	$(BIN)/python -m benchmarks.survive

seeds: setup  ## full marks for every right version of the corpus, with 200 seeds
	$(BIN)/python -m benchmarks.seeds

guides: setup  ## marking guides, for instructors, into _build/guides
	$(BIN)/python -m samples.guide _build/guides

image:  ## images for students' code and for workers of a cluster (ENGINE=podman or docker)
	$(ENGINE) build --build-arg PIP_EXTRA_INDEX_URL --target student --tag sequence-models-measured/student .
	$(ENGINE) build --build-arg PIP_EXTRA_INDEX_URL --target worker --tag sequence-models-measured/worker .

student-wheel: setup  ## the package that students check their notebooks with, into _build
	@$(BIN)/python -m autograder student-package -o _build

lock: setup  ## resolve pyproject.toml into requirements.lock again
	scripts/lock

clean:  ## remove everything that was built; .venv stays
	rm -rf _build .cache
