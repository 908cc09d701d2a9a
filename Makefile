# What each target does is said in README.md and CONTRIBUTING.md.
SHELL := /bin/bash
BIN := $(CURDIR)/bin
# What `make run` logs at: the addresses stay in view; LOG=info tells each request refused.
LOG ?= warn
export GOFLAGS ?= -buildvcs=false

GOLANGCI := $(BIN)/golangci-lint-v2.15.0
GOTESTSUM := $(BIN)/gotestsum-v1.13.0
GOVULNCHECK := $(BIN)/govulncheck-v1.1.4

.PHONY: run build test test-short check format generate fresh lint vulnerabilities bench clean

run: build
	$(BIN)/sanarip run --demo --data ./data --log_level $(LOG)

build:
	go build -o $(BIN)/sanarip ./cmd/sanarip

# The race detector looks at our code and most libraries. Those are left out which
# share nothing with our goroutines and would take most of the time: SQLite, which
# is C turned into Go, the hash of passwords, pictures and the finding of faces.
UNWATCHED := $(foreach library,modernc.org golang.org/x/crypto github.com/esimov/pigo image,-gcflags=$(library)/...=-race=false)

# Everything: units with the race detector, both engines, contracts, journeys in
# a real browser. Installs what it needs where it may. What failed is told once
# more at the end, after it the runner's own last line. go vet is run by check, in
# full and not in the few parts that go test takes.
test: $(GOTESTSUM)
	.ci/prepare
	@made=$$(mktemp -d); trap 'rm -rf "$$made"' EXIT; set -o pipefail; \
	.ci/with-postgres $(GOTESTSUM) --format pkgname --hide-summary skipped --jsonfile "$$made/record" -- -race $(UNWATCHED) -vet=off -count=1 -timeout 40m ./... | tee "$$made/said" \
	|| { code=$$?; .ci/failures "$$made/record"; tail -n 1 "$$made/said"; exit $$code; }

# The same without PostgreSQL, browser and race detector: seconds, for every save.
test-short:
	go test -short ./...

check: format lint fresh vulnerabilities

format: $(GOLANGCI)
	@changed="$$($(GOLANGCI) fmt --diff 2>&1)"; if [ -n "$$changed" ]; then echo "$$changed"; echo 'Not formatted: run "bin/golangci-lint-v2.15.0 fmt".'; exit 1; fi
	@echo 'formatting: good'

lint: $(GOLANGCI)
	go vet ./...
	$(GOLANGCI) run

# Generated code, styles and scripts are committed: say whether they are what
# their sources make.
fresh:
	.ci/fresh

# Needs the vulnerability database; where it is out of reach that is said, not hidden.
vulnerabilities: $(GOVULNCHECK)
	.ci/vulnerabilities $(GOVULNCHECK)

generate:
	go tool templ generate

bench:
	.ci/prepare
	SANARIP_TEST_FSYNC=on .ci/with-postgres bench/run

$(GOLANGCI):
	GOBIN=$(BIN)/tmp go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0 && mv $(BIN)/tmp/golangci-lint $@
$(GOTESTSUM):
	GOBIN=$(BIN)/tmp go install gotest.tools/gotestsum@v1.13.0 && mv $(BIN)/tmp/gotestsum $@
$(GOVULNCHECK):
	GOBIN=$(BIN)/tmp go install golang.org/x/vuln/cmd/govulncheck@v1.1.4 && mv $(BIN)/tmp/govulncheck $@

clean:
	rm -rf $(BIN) e2e/artifacts
