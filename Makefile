# The habits of this repository. `make check` is what a change must pass;
# `make test` installs the programs that tests need where it may and misses nothing;
# `go test ./...` alone runs anywhere and says what it left out.

GO      ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
# Time for each fuzz target, and the command line of `make eval`.
FUZZTIME ?= 30s
MODEL    ?= model.bin
DATA     ?=
EVAL     ?=
KILLS    ?= 200
# Random histories against every public route, and how long a node is paused.
HISTORIES ?= 100
PAUSE    ?= 30s
OLD      ?=
BENCH    ?=

.PHONY: check test e2e soak failover upgrade deploycheck bench lint generated generate run release fuzz eval base

check: lint generated test

# The import arrows, sizes and dependencies are tests too: internal/archtest.
test:
	./scripts/deps.sh
	FREIGABE_REQUIRE_ALL=1 $(GO) test -timeout 30m ./...

e2e:
	./scripts/deps.sh
	FREIGABE_REQUIRE_ALL=1 $(GO) test -count=1 -timeout 30m ./e2e/...

lint:
	@unformatted="$$(gofmt -l .)"; if [ -n "$$unformatted" ]; then \
		echo "not formatted, run gofmt -w:"; echo "$$unformatted"; exit 1; fi
	$(GO) vet ./...
	$(GO) tool staticcheck ./...

# generate rewrites the committed files that are made from others; generated
# fails where they are not what it would write.
generate:
	$(GO) run ./internal/assets
	$(GO) generate ./...

generated:
	$(GO) run ./internal/assets -check
	./scripts/generated.sh

# Each fault two hundred times instead of a few, and a failover by Patroni.
soak:
	./scripts/deps.sh patroni:patroni etcd:etcd-server
	FREIGABE_REQUIRE_ALL=1 FREIGABE_KILLS=$(KILLS) FREIGABE_HISTORIES=$(HISTORIES) FREIGABE_PAUSE=$(PAUSE) $(GO) test -tags soak -v -count=1 -parallel 2 -timeout 12h \
		-run 'Kill|NetworkCut|FullDisk|SlowDisk|Clock|Linearizable|Guard|Paused|OldLeases|Promot|Lagging|Without|OutOfOrder|TakenDown|Histories|Twice|Purged|Versions|Standby|Repeat|Cable|Bell|Patroni' ./internal/store ./internal/jobs ./e2e
	FREIGABE_REQUIRE_ALL=1 FREIGABE_HISTORIES=$(HISTORIES) $(GO) test -v -count=1 -timeout 4h -run Leak ./cmd/freigabe

# make upgrade OLD=v1.2: a node of that version beside one of this.
upgrade:
	FREIGABE_REQUIRE_ALL=1 FREIGABE_OLD=$(OLD) $(GO) test -v -count=1 -run TwoVersions ./e2e

# Three database servers under Patroni, of which the primary is killed.
failover:
	./scripts/deps.sh patroni:patroni etcd:etcd-server
	FREIGABE_REQUIRE_ALL=1 $(GO) test -tags soak -v -count=1 -timeout 15m -run Patroni ./e2e

# The files of deploy/ before the programs that read them; installs what is missing.
deploycheck:
	./scripts/deploycheck.sh

# make bench BENCH="-json" or BENCH="-db postgres://… -only submit,queue"
bench:
	$(GO) run ./internal/bench $(BENCH)

run:
	$(GO) run ./cmd/freigabe demo

release:
	GO="$(GO)" VERSION="$(VERSION)" ./scripts/release.sh

fuzz:
	GO="$(GO)" FUZZTIME="$(FUZZTIME)" ./scripts/fuzz.sh

# make eval DATA="decisions.jsonl" MODEL=site.model measures one model;
# make eval SETS=DIR prints every figure of docs/assessment.md, without SETS only
# those of the project's own sets. EVAL="-only learned -figure RP-Mod" prints a part.
eval:
	@if [ -n "$(DATA)" ]; then $(GO) run ./cmd/freigabe model eval -model $(MODEL) -data $(DATA); \
	else $(GO) run ./internal/assess/eval -data "$(SETS)" $(EVAL); fi

# make base SETS=DIR trains the base that ships, byte for byte.
base:
	$(GO) run ./cmd/freigabe model train -names neutral -rule aggression,refuse \
		-data $(SETS)/germeval2018/train.jsonl $(SETS)/gahd/train.jsonl $(SETS)/gahd/dev.jsonl internal/assess/own.jsonl -out internal/assess/base.model
