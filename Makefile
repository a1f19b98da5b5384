# Ashar: `make` lists what can be done. Needs Python 3.11 or newer and nothing else.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

PYTHON ?= python3
TOOLS := $(CURDIR)/.tools
UV := $(shell command -v uv || echo $(TOOLS)/bin/uv)
BIN := .venv/bin
GROUPS := --group embedded --group test --group lint --group shared/pyproject.toml:kafka
SERVICES := registry monitoring scoring ideas_market notifications
COMPILE := pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header
STAMP := .venv/.ashar-installed
BROKER ?= local
# How `up` and `demo` run: all in one process, or every API and worker in its own (always so with Kafka).
RUN = --broker "$(BROKER)" $(if $(PROCESSES),--processes) --brokers "$(or $(BROKERS),1)" --members "$(or $(MEMBERS),1)"
DATA_OF_BROKER = $(if $(filter kafka,$(BROKER)),var/data-kafka,var/data)

.PHONY: help
help: ## what can be done here
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk 'BEGIN {FS = ":.*## "} {printf "  \033[1m%-12s\033[0m %s\n", $$1, $$2}'

.PHONY: setup
setup: $(STAMP) ## make .venv with the locked packages (uv is fetched into .tools where it is missing)

$(STAMP): requirements.txt Makefile
	@command -v "$(UV)" >/dev/null || { echo "fetching uv into .tools"; \
	  "$(PYTHON)" -m venv "$(TOOLS)" 2>/dev/null && "$(TOOLS)/bin/python" -m pip install --quiet uv \
	  || "$(PYTHON)" -m pip install --quiet --target "$(TOOLS)" uv; }
	"$(UV)" venv --quiet --allow-existing --python "$(PYTHON)" .venv
	"$(UV)" pip sync --quiet --python .venv/bin/python requirements.txt
	@touch $@

.PHONY: lock
lock: ## compile the hashed requirement files from the pyproject files
	"$(UV)" $(COMPILE) $(GROUPS) pyproject.toml shared/pyproject.toml services/*/pyproject.toml -o requirements.txt
	for service in $(SERVICES); do "$(UV)" $(COMPILE) --group shared/pyproject.toml:kafka -c requirements.txt \
	  shared/pyproject.toml services/$$service/pyproject.toml -o services/$$service/requirements.txt; done

.PHONY: demo
demo: setup ## run the whole chain on real input and verify every step (var/demo; BROKER=kafka, PROCESSES=yes)
	$(BIN)/python -m deploy.local.demo $(RUN)

.PHONY: up
up: setup ## run the platform until Ctrl-C (PORT=8080, DATA=var/data; PROCESSES=yes or BROKER=kafka BROKERS=3 MEMBERS=2)
	$(BIN)/python -m deploy.local.up --port "$(or $(PORT),8080)" --data "$(or $(DATA),$(DATA_OF_BROKER))" $(RUN)

.PHONY: kafka
kafka: setup ## run Apache Kafka until Ctrl-C (BROKERS=1 or 3, PORT=9092, DATA=var/kafka; needs Java 17 and Maven)
	$(BIN)/python -m deploy.kafka --brokers "$(or $(BROKERS),1)" --port "$(or $(PORT),9092)" --data "$(or $(DATA),var/kafka)"

.PHONY: token
token: setup ## print a development token for the platform of `make up` (ROLE=donor ORG=demo-donor)
	@$(BIN)/python -m deploy.local.token --role "$(ROLE)" --organisation "$(ORG)" --port "$(or $(PORT),8080)"

.PHONY: test
test: setup ## all tests, on real PostgreSQL and real Envoy
	$(BIN)/pytest -n $(or $(WORKERS),2) tests

.PHONY: test-fast
test-fast: setup ## tests without those that start the whole platform or kill processes
	$(BIN)/pytest -n $(or $(WORKERS),2) -m "not platform and not crash and not containers" tests

.PHONY: containers-test
containers-test: setup ## build the images and run docker-compose.yml on a real engine (Docker, or root on Debian)
	$(BIN)/pytest -m containers -n 0 tests/deploy/docker/containers

.PHONY: lint
lint: setup ## ruff, formatting, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

.PHONY: types
types: setup ## mypy, strict
	$(BIN)/mypy

.PHONY: migrate
migrate: setup ## bring a database to head (SVC=registry, its settings in the environment)
	$(BIN)/python -m services.$(SVC).worker migrate

.PHONY: revision
revision: setup ## write a migration from the tables (SVC=registry M="what changes"), on a scratch database
	$(BIN)/python -m deploy.local.revision $(SVC) "$(M)"

.PHONY: contracts
contracts: setup ## write schema snapshots and AsyncAPI documents from the contracts table
	$(BIN)/python -m shared.contracts.snapshot write

.PHONY: rights
rights: setup ## write docs/rights.md from the routes and the table of roles
	$(BIN)/python -m deploy.local.rights write

.PHONY: bench
bench: setup ## measure (AREA=core) against a floor in the same run; figures in var/bench/results.json
	$(BIN)/python -m tests.bench $(or $(AREA),core)

.PHONY: chaos
chaos: setup ## writes while parts are killed and frozen, then every promise checked (SECONDS=60 SEED=1 RATE=40 MEMBERS=2)
	$(BIN)/python -m tests.chaos --seconds "$(or $(SECONDS),60)" --seed "$(or $(SEED),1)" \
	  --per-second "$(or $(RATE),40)" --members "$(or $(MEMBERS),2)"

.PHONY: clean
clean: ## remove what the commands above made, but not var/data
	rm -rf .venv .tools .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache var/demo var/bench
	find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +
