# Two commands for a newcomer:   make demo   (a first experiment and its report)   make test   (everything CI runs)

VENV   ?= .venv
PYTHON ?= python3
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip install --disable-pip-version-check --quiet -c constraints.txt

EXTRAS := analysis,explain,study,export,notebooks,dev

.PHONY: demo test check format clean

demo: $(VENV)/.installed
	@run=$$($(BIN)/tombola run lenet-mnist-5k | tail -n 1) && $(BIN)/tombola report "$$run" > /dev/null && \
	  echo && echo "report: $$PWD/$$run/report.html"

test: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -n auto --dist worksteal

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Torch first and by its exact version: asked for by a range, pip takes the newest build with gigabytes of GPU packages.
$(VENV)/.installed: pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing into $(VENV)"
	@$(PIP) "$$(grep '^torch==' constraints.txt)"
	@$(PIP) -e .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	@echo "installing what the tests need"
	@$(PIP) -e ".[$(EXTRAS)]"
	@touch $@

clean:
	rm -rf $(VENV) build dist src/*.egg-info
