# make study [STUDY=paper]   STUDY is the name of a file in data_manifest/ or the path of a .yaml
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

STUDY ?= paper
STUDY_FILE := $(if $(filter %.yaml %.yml,$(STUDY)),$(STUDY),data_manifest/$(STUDY).yaml)
PYTHON ?= python3.11
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Modules are compiled once and not in every process, whatever the surroundings ask for.
export PYTHONDONTWRITEBYTECODE :=
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: help study plan book import report package archive test test-slurm bench lint format clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  STUDY=NAME picks data_manifest/NAME.yaml or a .yaml file (default: paper)"

study: .venv/study ## Run every page of STUDY that is out of date and build its book [PROFILE=slurm]
	@$(BIN)/python -m datnet_study.run study $(if $(PROFILE),--profile "$(PROFILE)") "$(STUDY_FILE)"

plan: .venv/study ## List what a run of STUDY would do, and what it costs
	@$(BIN)/python -m datnet_study.run plan "$(STUDY_FILE)"

book: .venv/study ## Build the book of a STUDY that has run; PUBLIC=1: one that everybody may see
	@$(BIN)/python -m datnet_study.run $(if $(filter 1,$(PUBLIC)),public,book) "$(STUDY_FILE)"

import: .venv/study ## Import scans: FROM=folder TO=folder [TABLE=] [CLINICAL=] [NAMES=] [WINDOW=60-75] [SERIES=] [KEY=]
	@test -n "$(FROM)" -a -n "$(TO)" || { echo "make import FROM=folder TO=folder"; exit 2; }
	@$(BIN)/python -m datnet_study.run import "$(FROM)" "$(TO)" $(if $(TABLE),--table "$(TABLE)") \
	  $(if $(CLINICAL),--clinical "$(CLINICAL)") $(if $(NAMES),--names "$(NAMES)") \
	  $(if $(WINDOW),--window "$(WINDOW)") $(if $(SERIES),--series "$(SERIES)") $(if $(KEY),--key "$(KEY)")

report: .venv/study ## Report on a scan or a folder: SCAN= and STUDY= or PACKAGE= [AGE=] [TRACER=] [SPACE=mni|native] [SERIES=] [WINDOW=] [OUT=]
	@$(BIN)/python -m datnet_study.run report $(if $(PACKAGE),--package "$(PACKAGE)",--study "$(STUDY_FILE)") \
	  $(if $(AGE),--age "$(AGE)") $(if $(TRACER),--tracer "$(TRACER)") $(if $(SPACE),--space "$(SPACE)") \
	  $(if $(OUT),--out "$(OUT)") $(if $(WINDOW),--window "$(WINDOW)") $(if $(SERIES),--series "$(SERIES)") \
	  $(if $(SCAN),"$(SCAN)")

package: .venv/study ## Pack the networks of a finished STUDY for other machines [OUT=folder] [TRACER=]
	@$(BIN)/python -m datnet_study.run package "$(STUDY_FILE)" $(if $(OUT),--out "$(OUT)") \
	  $(if $(TRACER),--tracer "$(TRACER)")

archive: .venv/study ## Pack book, tables and provenance of a STUDY that has run into one file
	@$(BIN)/python -m datnet_study.run archive "$(STUDY_FILE)"

test: .venv/test lint ## Lint, unit tests, and the whole smoke study with its book
	$(BIN)/pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

test-slurm: .venv/study ## Run the smoke study on a real Slurm of this machine (root, Debian; half an hour)
	$(BIN)/python tests/slurm/whole_study.py

bench: .venv/bench ## Measure speed as ratios, for the page `performance` (a third of an hour)
	$(BIN)/python benchmarks/performance.py

lint: .venv/test ## Check style and the layers of the library
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

format: .venv/test ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## Remove results and environment
	rm -rf results .venv .snakemake

# Modules are compiled once they are imported, which most never are: a third of the time.
# pyradiomics 3.0.1 builds only where numpy is installed already, hence the second call.
.venv/study: requirements.txt constraints.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --no-compile --requirement requirements.txt
	$(BIN)/pip install --quiet --no-compile --no-build-isolation --constraint constraints.txt pyradiomics==3.0.1
	$(BIN)/pip install --quiet --no-compile --no-build-isolation --no-deps --editable .
	touch $@

.venv/bench: .venv/study requirements-bench.txt
	$(BIN)/pip install --quiet --no-compile --requirement requirements-bench.txt
	touch $@

.venv/test: .venv/study requirements-test.txt
	$(BIN)/pip install --quiet --no-compile --requirement requirements-test.txt
	$(BIN)/pip install --quiet --no-compile --no-deps roc-validator==0.13.0
	touch $@
