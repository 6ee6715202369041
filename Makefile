# GNU make and a POSIX shell. `make help` lists the targets.
#
# All is compiled in one way, that of a release: without C, which would bring in a dynamic linker and keep
# in the program what nothing calls, and without paths of the machine. Kubernetes takes ten minutes to
# compile, and another ten with other settings: by hand, first eval "$(make env)".
export CGO_ENABLED := 0
export GOFLAGS := $(strip $(filter-out -trimpath,$(shell go env GOFLAGS)) -trimpath)

BIN := bin/kubectl-learn

# The race detector needs a C compiler on most systems; go env knows whether there is one.
RACE = $(shell test "$$(env -u CGO_ENABLED go env CGO_ENABLED)" = 1 && echo CGO_ENABLED=1)

# Packages whose tests compile Kubernetes in (HEAVY) run without the race detector, which would
# compile all of it a second time; the others (LIGHT) run with it. e2e is run by itself.
LISTED = go list -test -f '{{.ImportPath}} {{join .Deps " "}}' ./... | grep -v '/e2e\.test ' | grep '^[^ ]*\.test '
# So does the package of containers' programs: it starts hundreds, and measures what they use.
PLAIN = -e ' k8s\.io/kubernetes/' -e '/pkg/sandbox/program\.test '
HEAVY = $(shell $(LISTED) | grep $(PLAIN) | cut -d' ' -f1 | sed 's/\.test$$//')
LIGHT = $(shell $(LISTED) | grep -v $(PLAIN) | cut -d' ' -f1 | sed 's/\.test$$//')

# The systems of a release are those of .goreleaser.yaml; OTHERS are all but this one.
SYSTEMS = $(shell sed -nE 's,^ +- ([a-z]+)_([a-z0-9]+)$$,\1/\2,p' .goreleaser.yaml)
OTHERS = $(filter-out $(shell go env GOHOSTOS)/$(shell go env GOHOSTARCH),$(SYSTEMS))

GORELEASER = github.com/goreleaser/goreleaser/v2@v2.15.1

GOLANGCI_LINT = github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

.PHONY: help
help: ## list the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | while IFS='	' read -r target does; do \
		printf '  make %-17s %s\n' "$$target" "$$does"; done

.PHONY: env
env: ## the settings to compile with: eval "$$(make -s env)"
	@echo 'export CGO_ENABLED=$(CGO_ENABLED) GOFLAGS="$(GOFLAGS)"'

.PHONY: build
build: ## build bin/kubectl-learn (10 minutes the first time)
	@go run ./internal/build -o $(BIN)

# The cluster's unix sockets need a short path, which $TMPDIR is not everywhere. The cluster's
# processes are not children of this shell: only `cluster delete` ends them, so it is run on every
# way out. Flags for the robot: make demo DEMO_FLAGS='--pace 2s'.
.PHONY: demo
demo: build ## build; a robot plays the lessons on its own cluster
	@home=$$(mktemp -d /tmp/learn.XXXXXX) || exit; \
	KUBECTL_LEARN_HOME=$$home; export KUBECTL_LEARN_HOME; \
	leave() { \
		trap '' INT TERM HUP; \
		if [ -n "$$(ls "$$home/clusters" 2>/dev/null)" ] && ! said=$$($(BIN) cluster delete 2>&1 </dev/null); then \
			printf '%s\nThe practice cluster of the demo is still in %s\n' "$$said" "$$home" >&2; exit 1; \
		fi; \
		rm -rf "$$home"; \
	}; \
	trap leave EXIT; trap 'exit 130' INT; trap 'exit 143' TERM HUP; \
	$(BIN) run --all --provider sandbox $(DEMO_FLAGS)

.PHONY: test
# The tests of e2e mostly wait: several at once, more than there are processors.
test: build ## all tests but the slow ones, each lesson on a cluster
	go vet ./...
	LEARN_BIN=$(CURDIR)/$(BIN) $(RACE) go test $(if $(RACE),-race) -timeout 8m $(LIGHT)
	@heavy="$(HEAVY)"; [ -z "$$heavy" ] || { set -x; go test -timeout 15m $$heavy; }
	LEARN_BIN=$(CURDIR)/$(BIN) go test -timeout 30m -count=1 -parallel 4 ./e2e

.PHONY: e2e
e2e: build ## the slow tests: all is killed at random moments
	LEARN_BIN=$(CURDIR)/$(BIN) LEARN_SLOW=1 go test -timeout 50m -count=1 -parallel 4 -run Slow ./e2e

# On a cluster that kind makes, with KUBECTL_LEARN_NODE_IMAGE or kind's own node image. Without an
# engine the tests are skipped, unless NEED_ENGINE is set.
.PHONY: e2e-kind
e2e-kind: build ## the slow tests on a kind cluster, by Docker
	@if ! timeout 10 docker info >/dev/null 2>&1; then \
		echo '*** SKIPPED: make e2e-kind needs a Docker engine, and none answers. ***' >&2; \
		test -z "$(NEED_ENGINE)"; \
	else \
		set -x; LEARN_BIN=$(CURDIR)/$(BIN) LEARN_SLOW=1 LEARN_PROVIDER=kind go test -timeout 50m -count=1 -run 'TestKind|TestSlowProve|TestMap$$|TestExplain|TestWhy|TestHeal|TestTrace' ./e2e; \
	fi

.PHONY: node-image
node-image: build ## a kind node image without a registry
	hack/node-image/build

.PHONY: bench
bench: build ## measure; prints the table of docs/benchmarks.md
	go run ./internal/bench -program $(BIN) -providers $$(timeout 10 docker info >/dev/null 2>&1 && echo sandbox,kind || echo sandbox)

.PHONY: soak
soak: build ## kill all at random (SOAK_FLAGS="-rounds 60")
	go run ./internal/soak -program $(BIN) $(SOAK_FLAGS)

# Needs a container engine and a kind node image (KUBECTL_LEARN_NODE_IMAGE). Two clusters that are
# there, or only some sessions: make compare COMPARE_FLAGS='-run probes -b kind=KUBECONFIG'.
.PHONY: compare
compare: build ## kubectl sessions on sandbox and kind: differences
	go run ./internal/compare -program $(BIN) $(COMPARE_FLAGS)

# The suite is built from the module proxy. Some specs, on a cluster that is there:
# go run ./internal/conformance -kubeconfig FILE -run REGEXP
.PHONY: conformance
conformance: build ## Kubernetes' own; writes docs/conformance.md
	go run ./internal/conformance -program $(BIN) $(CONFORMANCE_FLAGS)

.PHONY: conformance-quick
conformance-quick: build ## some of them, a few minutes' worth
	go run ./internal/conformance -program $(BIN) -quick $(CONFORMANCE_FLAGS)

.PHONY: policies
policies: build ## Kubernetes' own tests of NetworkPolicies, without SCTP
	go run ./internal/conformance -program $(BIN) -others -run '^\[sig-network\] Netpol (\[LinuxOnly\] )?NetworkPolicy' $(CONFORMANCE_FLAGS)

# On a sandbox of its own, which is made and deleted. Some: make scenarios SCENARIOS_FLAGS='-run probe'.
.PHONY: scenarios
scenarios: build ## record anew what why is tested with (10 minutes)
	go run ./internal/scenarios -program $(BIN) $(SCENARIOS_FLAGS)

.PHONY: lint
lint: ## golangci-lint, by .golangci.yml
	go run $(GOLANGCI_LINT) run

.PHONY: typecheck
typecheck: ## would it compile for macOS and Windows? (seconds)
	go run ./internal/typecheck $(OTHERS)

.PHONY: others
others: # for scripts
	@echo $(OTHERS)

.PHONY: notices
notices: # what the licences of what is linked ask for; a release runs it
	go run ./internal/notices -o bin/THIRD_PARTY_NOTICES.txt $(SYSTEMS)

# ONLY=linux_amd64 makes the archive of one system. One at a time: each has a program of its own to embed.
.PHONY: release-snapshot
release-snapshot: ## archives, checksums, SBOMs, manifest in dist/
	$(MAKE) archives HOW=--snapshot

.PHONY: release
release: ## the same at a tag; replaces krew/learn.yaml
	@test -z "$(ONLY)" || { echo 'a release is for all systems: leave ONLY out' >&2; exit 1; }
	$(MAKE) archives HOW=--skip=publish
	cp dist/krew/learn.yaml krew/learn.yaml

.PHONY: archives
archives:
	@mkdir -p bin
	@sed -E '/^ +- [a-z]+_[a-z0-9]+$$/{/$(or $(ONLY),_)/!d;}' .goreleaser.yaml > bin/goreleaser.yaml
	go run $(GORELEASER) release --clean --parallelism 1 --config bin/goreleaser.yaml $(HOW)
	LEARN_DIST=$(CURDIR)/dist LEARN_ONLY=$(ONLY) go test -count=1 -v -run TestArchives ./krew

.PHONY: clean
clean: ## remove what was built; the go command's cache stays
	rm -rf bin dist hack/node-image/out
	rm -f pkg/sandbox/program/embedded/bin/*.gz
