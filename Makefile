# BitPay's commands. `make dev` and `make test` are all that is needed to start.
.DEFAULT_GOAL := help
SHELL := /bin/sh
VENV := .venv
READY := $(VENV)/.ready
SCRATCH := $(CURDIR)/.cache/tests

help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

dev: $(READY) ## Start everything on this machine and print the URL (RESET=1: afresh)
	@BITPAY_DIE_WITH_PARENT=1 exec $(VENV)/bin/bitpay dev $(if $(RESET),--reset)

test: $(READY) lint ## Run all tests (T=path: those there)
	@mkdir -p $(SCRATCH)
	@TMPDIR=$(SCRATCH) XDG_CONFIG_HOME=$(SCRATCH) XDG_CACHE_HOME=$(SCRATCH) exec $(VENV)/bin/pytest $(or $(T),--numprocesses=2 --dist=loadfile --no-loadscope-reorder)

lint: $(READY) ## Check format, rules and types
	@$(VENV)/bin/ruff format --check --quiet . || { $(VENV)/bin/ruff format --diff . ; exit 1; }
	@$(VENV)/bin/ruff check --quiet .
	@$(VENV)/bin/mypy
	@cd web && PATH="$(CURDIR)/$(VENV)/bin:$$PATH" npm run --silent check

bench: $(READY) ## Measure speed, side by side with others (FULL=1: all of it; REPORT=1: into docs/benchmarks.md)
	@exec $(VENV)/bin/python -m scripts.bench $(if $(FULL),--full) $(if $(REPORT),--report)

fuzz: $(READY) ## Look for what no test names, and keep the record (default: PARTS="decoders reference rendezvous property" MINUTES=10 STEPS=1000000 ROUNDS=10)
	@exec $(VENV)/bin/python -m tests.fuzz $(PARTS) $(if $(MINUTES),--minutes $(MINUTES)) $(if $(STEPS),--steps $(STEPS)) $(if $(ROUNDS),--rounds $(ROUNDS))

simulate: $(READY) ## Try the ledger against everything that goes wrong (default: SEEDS=100; REPORT=path: into that file)
	@exec $(VENV)/bin/python -m tests.ledger.simulator --seeds $(or $(SEEDS),100) $(if $(REPORT),--report $(REPORT))

costs: $(READY) ## Measure what every contract call costs, into docs/costs.md
	@$(VENV)/bin/python -m scripts.costs

coverage: $(READY) ## Measure what the contracts' tests reach, into docs/coverage.md
	@$(VENV)/bin/python -m scripts.contract_coverage

mutants: $(READY) ## Break the contracts in every small way and see the tests notice, into docs/mutants.md (MUTANTS=--help: what can be chosen)
	@$(VENV)/bin/python -m scripts.mutants $(MUTANTS)

reference: $(READY) ## Write what can be read off the contracts into docs/contracts.md
	@$(VENV)/bin/python -m scripts.contract_docs

lock: $(READY) ## Lock the dependencies anew (names no registry host)
	@$(VENV)/bin/uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --quiet pyproject.toml -o requirements/base.txt
	@$(VENV)/bin/uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --quiet --extra dev pyproject.toml -o requirements/dev.txt

clean: ## Remove what was built or installed; keeps the data of `make dev`
	@rm -rf $(VENV) dist src/bitpay/http/static/build web/node_modules src/bitpay/localchain/vm/node_modules tests/fuzz/rendezvous/node_modules

$(READY): requirements/dev.txt pyproject.toml scripts/setup web/package.json web/package-lock.json src/bitpay/localchain/vm/package-lock.json $(shell find web src/bitpay -not -path '*/node_modules/*' \( -name '*.ts' -o -name '*.mjs' -o -name '*.css' -o -name 'tsconfig.json' -o -name 'build.mjs' \) 2>/dev/null)
	@scripts/setup

.PHONY: help dev test lint bench fuzz simulate costs coverage mutants reference lock clean
