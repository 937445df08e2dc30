# Every command of this repository; `make` alone lists them.
# Variables: S = service, T = tests, A = further arguments, m = message, CONFIRM=1 = do not ask,
# DETACH=1 = do not stay in the foreground, GATEWAY_PORT = another port than 8000,
# SALDO_STACK = the stack that is kept in another folder than .local.

SHELL := /bin/sh
.DEFAULT_GOAL := help

python := .venv/bin/python
stack := $(python) -m deploy.stack
# Ending and looking must not install anything; the runner needs no package.
stack_as_is := $(if $(wildcard $(python)),$(python),python3) -m deploy.stack
typed := -p kit -p contracts -p testkit -p auth -p wallet -p payments -p shop -p finance \
	-p notifications -p sandbox -p gateway -p deploy

T ?= tests
A ?=

.PHONY: help install run stop reset status logs up down production-env production-check \
	upgrade-check test coverage check \
	clients lint format generate demo seed dev init-db upgrade downgrade revision messages sagas \
	reconcile passwords lock years bench bench-compare profile chaos fuzz mutate runtime-ready tools-ready

help: ## list these commands
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

##@ Run it (no Docker needed)

run: runtime-ready ## set up and start everything, log in the foreground; DETACH=1: return when ready; REPLICAS=wallet=2
	@$(stack) run $(if $(filter-out 0 no false,$(DETACH)),--detach)

demo: runtime-ready ## the main job told step by step (starts the stack where it is not up)
	@$(python) -m deploy.demo

seed: runtime-ready ## demo users, money, a shop, orders, a book on a running stack; safe to repeat
	@$(python) -m deploy.seed

status: ## what runs, and whether it is ready
	@$(stack_as_is) status

logs: ## follow the log of a stack in the background
	@$(stack_as_is) logs

stop: ## end what `run` started
	@$(stack_as_is) stop

reset: ## end it and drop its data
	@$(stack_as_is) reset

##@ Run it in Docker Compose

up: ## build and start everything, return when the gateway is ready
	@deploy/compose.sh up --build --detach
	@deploy/wait-for-gateway.sh

down: ## end it; the data stays in its volumes
	@deploy/compose.sh down

production-env: runtime-ready ## print a .env for production: fresh secrets, and what to fill in
	@$(python) -m deploy.production env

production-check: runtime-ready ## all of it in production, on the side: pay, go and come, new passwords
	@$(python) -m deploy.production check

upgrade-check: runtime-ready ## an earlier commit's stack upgraded with its data, on the side; FROM=HEAD^
	@$(python) -m deploy.upgrade "$(or $(FROM),HEAD^)"

##@ Test and check

test: tools-ready ## run the tests on servers of their own; T="tests/e2e tests/unit" A="-k name -x"
	@$(stack) test "$(T)" -- $(A)

coverage: tools-ready ## what the tests of `make test` that share a machine do not reach, and its gates
	@$(stack) test --coverage "$(T)" -- $(A)

check: tools-ready ## format, lint, types, imports, generated files, holes, secrets: what CI runs
	$(python) -m ruff format --check .
	$(python) -m ruff check .
	$(python) -m mypy --strict $(typed)
	.venv/bin/lint-imports
	$(python) -m deploy.generate --check
	$(python) -m bandit --quiet --recursive --severity-level medium --configfile pyproject.toml \
		libs services gateway deploy
	$(python) -m deploy.package_audit
	$(python) -m deploy.secret_scan

clients: tools-ready ## lint the API's document, make clients of it (needs npm)
	$(python) -m deploy.clients

lint: tools-ready ## ruff, mypy and the import rules
	$(python) -m ruff check .
	$(python) -m mypy --strict $(typed)
	.venv/bin/lint-imports

format: tools-ready ## rewrite the code in one style
	$(python) -m ruff format .
	$(python) -m ruff check --fix --exit-zero .

bench: tools-ready ## measure, with a yardstick beside every figure; S="cost settled" ROUNDS=2 SECONDS=5
	@$(python) -m tests.benchmarks $(S)

years: tools-ready ## years of users, payments, books into the stack that runs here; ENTRIES=1000000
	@$(python) -m tests.benchmarks.years

bench-compare: tools-ready ## two runs and what of it is noise; A=main B=HEAD S=cost, or two files of `bench`
	@$(python) -m tests.benchmarks.compare "$(or $(A),$(error which run? A=main))" \
		"$(or $(B),$(error which other run? B=HEAD))" $(S)

profile: tools-ready ## a service under payments, as a flame graph by py-spy; S=payments
	@$(python) -m tests.benchmarks.profile $(or $(S),$(error which service? S=payments))

chaos: tools-ready ## kill, stop and restart things under load
	@$(stack) test tests/resilience -- $(A)

fuzz: tools-ready ## ask every operation what its document allows and what not; FUZZ_SECONDS=600 FUZZ_SEED=7
	@FUZZ_SECONDS=$(or $(FUZZ_SECONDS),600) $(stack) test tests/e2e/test_fuzz.py -- $(A)

mutate: tools-ready ## break the ledger, sagas, messaging line by line; tests must fail; A=wallet/domain
	@$(python) -m deploy.mutate $(A)

##@ Develop

install: tools-ready ## .venv with everything, servers installed; starts nothing

dev: tools-ready ## one service with reload, the others in the background; S=wallet
	@$(stack) dev $(or $(S),$(error which service? S=wallet))

generate: tools-ready ## openapi snapshots, schemas, .env.example, tables in READMEs
	$(python) -m deploy.generate

passwords: tools-ready ## the filter of passwords known from breaches, from the package that lists them
	@$(python) -m deploy.passwords

lock: tools-ready ## write the locks from the pyproject files; UPGRADE=1: newest versions
	deploy/lock.sh

##@ Database

init-db: runtime-ready ## database, roles, schemas and migrations
	@$(stack) init-db

upgrade: runtime-ready ## apply migrations; S=wallet: of one service
	@$(stack) upgrade $(if $(S),--service $(S))

downgrade: runtime-ready ## take the last migration back; S=wallet, TO=0001; CONFIRM=1: to nothing
	@$(stack) downgrade --service $(or $(S),$(error which service? S=wallet)) $(if $(TO),--to $(TO)) \
		$(if $(filter-out 0 no false,$(CONFIRM)),--yes)

revision: tools-ready ## write a migration from the tables; S=wallet m="add a limit"
	@$(stack) revision --service $(or $(S),$(error which service? S=wallet)) \
		--message "$(or $(m),$(error what does it do? m="add a limit"))"

##@ Operate (what runs here, or in Compose)

messages: runtime-ready ## undelivered messages; S=payments A="list --state dead --type refund"
	@$(stack) operate messages $(or $(S),$(error which service? S=payments)) -- $(A)

sagas: runtime-ready ## sagas that are stuck; S=payments A="show ID", or retry, skip, undo, force
	@$(stack) operate sagas $(or $(S),$(error which service? S=payments)) -- $(A)

reconcile: runtime-ready ## do people's finances agree with their wallets? fails where not; A="--json"
	@$(stack) operate reconcile finance -- $(A)

# Milliseconds where all is there already.
runtime-ready:
	@deploy/bootstrap.sh runtime

tools-ready:
	@deploy/bootstrap.sh dev
