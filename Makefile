# Only what `go` cannot do alone. Messages go to standard error, so that standard output is the program's:
#   make demo ARGS='--listen 127.0.0.1:8081 --json'
.PHONY: demo build test bench assets
.NOTPARALLEL:

# The commit is in the program wherever git tells it: not in a copy without history, nor in somebody else's clone.
stamped = $(shell git rev-parse --quiet --verify HEAD >/dev/null 2>&1 && echo true || echo false)

demo: build
	@exec bin/throughgate demo $(ARGS)

build: assets
	@scripts/setup postgres
	@echo "Building bin/throughgate (the first time takes a minute or two) ..." >&2
	@go build -buildvcs=$(stamped) -o bin/throughgate ./cmd/throughgate >&2

assets:
	@scripts/setup assets

test:
	@scripts/check

# What docs/performance.md reports; a quarter of an hour on a machine that does nothing else.
bench: build
	@go run ./cmd/throughgate-bench $(ARGS)
	@go test -run none -bench 'BenchmarkCount$$' -benchtime 5x ./internal/continuity
