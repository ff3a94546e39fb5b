# Mellama: build and judge medical language models, as one system. `make` lists what can be made.

SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# One build serves tests, demo and daily use: the tests then run the very executables that users run.
# An import that Package.swift does not declare is an error: that is what keeps the two halves apart.
BUILD_FLAGS := -c release -Xswiftc -enable-testing --explicit-target-dependency-import-check error

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: ## Install what is missing (Debian packages)
	@.ci/setup

build: setup ## Build the release executables into .build/release
	swift build $(BUILD_FLAGS)

demo: build ## From nothing to a judged medical model in minutes: runs the demo recipe and prints the report
	@docs/recipes/demo/run.sh

test: ## Build and pass all tests
	@.ci/setup tests
	swift build --build-tests $(BUILD_FLAGS)
	@.ci/test $(BUILD_FLAGS)

SEED ?= 1
MINUTES ?= 10
chaos: setup ## Break the queue for MINUTES, as SEED draws, and print what was lost or done twice
	swift build --build-tests $(BUILD_FLAGS)
	MELLAMA_CHAOS_SEED=$(SEED) MELLAMA_CHAOS_SECONDS=$$(($(MINUTES) * 60)) \
	  swift test --skip-build $(BUILD_FLAGS) --no-parallel --filter ChaosTestsSerial

check: setup ## Format, import rules, warnings as errors, documents under test
	swift build --build-tests $(BUILD_FLAGS)
	@.ci/check

fuzz: setup ## Long fuzzing of all readers of bytes from outside: 10 minutes or 10 million inputs each
	swift build --build-tests $(BUILD_FLAGS)
	@.ci/fuzz

bench: build ## Speed beside peers, in one run: all parts, or make bench PART=queue
	@Tests/Benchmarks/run $(PART)

fmt: ## Format the sources in place
	swift format --in-place --recursive Package.swift Services Shared Tests

up: build ## Start the whole stack as local processes
	.build/release/mellama up

down: ## Stop the stack
	.build/release/mellama down

images: ## Build the container images (needs a Docker engine)
	if docker compose version >/dev/null 2>&1; then docker compose -f compose/compose.yaml build; \
	else DOCKER_BUILDKIT=1 COMPOSE_DOCKER_CLI_BUILD=1 docker-compose -f compose/compose.yaml build; fi

clean: ## Remove build products
	rm -rf .build

.PHONY: help setup build demo test chaos check fuzz bench fmt up down images clean
