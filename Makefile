# The commands of this project. `make run` and `make test` need nothing else than Swift and make.
SHELL := /bin/bash
.DEFAULT_GOAL := help

.PHONY: help run build test lint jury tokens compare bench cleaning curves budget soak fuzz clean

help:
	@sed -n 's/^## //p' Makefile

## make run      install what is missing, build, start the playground (^C stops everything)
run: 
	@scripts/bootstrap run
	swift build -c release --product ringfence-gateway
	swift build -c release --product ringfence-backend
	swift build -c release --product ringfence-attack
	swift build -c release --product ringfence
	@exec .build/release/ringfence dev $(ARGS)

## make build    release programs in .build/release
build:
	swift build -c release

## make test     install what is missing, build, run every test
test:
	@scripts/bootstrap test
	swift build --build-tests --explicit-target-dependency-import-check error
	@scripts/test

## make lint     formatting and warnings as errors
lint:
	swift format lint --strict --recursive Sources Tests Package.swift

## make jury     what the gateway sends, replayed into ten real web stacks (docs/jury.md)
jury:
	@scripts/bootstrap jury
	swift build --product ringfence-gateway
	jury/run $(ARGS)

## make tokens   10,000 generated tokens, read again by two other libraries (docs/fuzzing.md)
tokens:
	@scripts/bootstrap tokens
	RINGFENCE_TOKENS_OUT=$(CURDIR)/.build/jury/tokens.json swift test --filter "Generated tokens"
	.build/jury/tokens/bin/python3 jury/tokens .build/jury/tokens.json

## make compare  the same attacks behind five other gateways (docs/comparison.md)
compare:
	@scripts/bootstrap jury
	swift build --product ringfence-gateway
	jury/compare $(ARGS)

## make bench    CPU per request beside HAProxy, nginx and Envoy (docs/performance.md)
bench:
	@scripts/bootstrap bench
	swift build -c release --product ringfence-gateway
	bench/run $(ARGS)

## make cleaning what cleaning bodies, heads and queries costs (docs/performance.md)
cleaning:
	@scripts/bootstrap run
	RINGFENCE_BENCH=1 swift build -c release --product ringfence-cleaning
	bench/cleaning $(ARGS)

## make curves   CPU per request over connections, tenants, routes, bodies, tokens (docs/curves)
curves:
	@scripts/bootstrap bench
	swift build -c release --product ringfence-gateway
	bench/curves $(ARGS)

## make budget   instructions, system calls, allocations and memory against their limits
budget:
	@scripts/bootstrap test
	swift build -c release --product ringfence-gateway
	bench/budget $(ARGS)

## make soak     a minute of load with 200 clients, and what was lost, doubled or leaked (docs/soak.md)
soak:
	@scripts/bootstrap test
	scripts/soak

## make fuzz     every fuzz target for SECONDS (default 60) over its corpus
fuzz:
	scripts/fuzz $(or $(SECONDS_EACH),60)

clean:
	rm -rf .build
