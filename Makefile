# Only what `go` cannot do alone. Messages go to standard error, so that standard output is the program's:
#   make demo ARGS='--listen 127.0.0.1:8081 --json'
.PHONY: demo build test assets
.NOTPARALLEL:

demo: build
	@exec bin/throughgate demo $(ARGS)

build: assets
	@scripts/setup postgres
	@echo "Building bin/throughgate (the first time takes a minute or two) ..." >&2
	@go build -o bin/throughgate ./cmd/throughgate >&2

assets:
	@scripts/setup assets

test:
	@scripts/check
