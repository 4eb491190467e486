# What people and CI do; `make` alone lists it.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

# Tests wait for processes and sockets more than they compute: twice the cores keep these busy.
export RUST_TEST_THREADS ?= $(shell echo $$(( 2 * $$(getconf _NPROCESSORS_ONLN) )))

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

demo: postgres ## Build and show everything at work: simulated venues, a private Postgres, the service
	@exec cargo run --quiet --locked -- demo $(ARGS)

test: postgres chromium tester dataframes ## Build and pass every test
	cargo test --locked --all-targets --no-run  # at once, so that both cores have work
	cargo test --locked --bench bench
	cargo test --locked

check: ## Format, lints, imports between folders
	cargo fmt --check
	cargo clippy --locked --all-targets -- --deny warnings
	tests/imports.sh

ci: check test ## What CI runs

fmt: ## Format the code
	cargo fmt

run: postgres ## Run the service with ./ringside.toml
	@exec cargo run --quiet --locked --release -- run

fuzz: ## Ten minutes of hateful input for each decoder, the config and recordings (nightly, cargo-fuzz)
	fuzz/run.sh $(ARGS)

conformance: ## The Autobahn websocket cases against the websocket module
	tests/conformance/run.sh

fleet: postgres ## 200 simulated feeds at real speed for two minutes: states, memory, CPU
	cargo build --locked --release
	tests/fleet/run.sh

schemathesis: postgres tester ## The API under a tester that makes up requests from its description (a minute)
	cargo test --locked --test suite api::schemathesis -- --nocapture

chaos: postgres ## Faults at full scale: kills, outages, a full disk, a clock set back (15 minutes)
	cargo test --locked --release --test suite chaos::full -- --ignored --nocapture --test-threads 1

soak: postgres ## A season in a quarter of an hour: memory, files, journal and latency stay flat
	cargo test --locked --release --test suite soak:: -- --ignored --nocapture --test-threads 1

bench: postgres ## What everything costs, against the least it could cost; each also alone: make bench-store (15 minutes)
	cargo bench --locked --bench bench

bench-%: postgres
	cargo bench --locked --bench bench -- $*

bench-api: postgres ## Every answer and page of the past with five million laps: latency (10 minutes)
	cargo test --locked --release --test suite bench_api:: -- --ignored --nocapture --test-threads 1

screenshots: postgres chromium ## The pictures of README.md and docs/, from the demo (two minutes)
	cargo test --locked --test suite screenshots:: -- --ignored --nocapture

schema: ## Regenerate src/db/schema.rs from the migrations (needs the diesel program and DATABASE_URL)
	diesel migration run

postgres: # Postgres's server programs, for the private server
	@tests/postgres.sh

chromium: # A browser, for the tests of the pages
	@tests/chromium.sh

tester: # The property-based tester of the API, from PyPI
	@tests/schemathesis/get.sh >/dev/null

dataframes: # A spreadsheet and a data frame library, for the tests of exports
	@tests/dataframes.sh >/dev/null

.PHONY: help demo test check ci fmt run fuzz conformance fleet schemathesis chaos soak bench bench-api \
	screenshots schema postgres chromium tester dataframes
