# Everything runs on a machine with Go, make and git; real nodes need root and Debian's packages besides (see README.md).
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
BIN := $(CURDIR)/bin
CLUSTER := $(BIN)/tanist-cluster
LINT := go tool -modfile=$(CURDIR)/tools/golangci-lint.mod golangci-lint
# What cluster-up is asked for: real nodes with root, else simulated ones.
CLUSTER_ARGS ?= $(if $(filter 0,$(shell id -u)),--nodes 2,--simulated-nodes 3) --cert-manager
MODULES := . test/cluster
# The race detector needs a C compiler.
RACE := $(if $(shell command -v gcc),-race)

.PHONY: help
help: ## Show what can be made
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  \033[1m%-14s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## Build all programs into bin
	CGO_ENABLED=0 go build -o $(BIN)/ ./...
	$(MAKE) $(CLUSTER)

.PHONY: $(CLUSTER)
$(CLUSTER):
	cd test/cluster && CGO_ENABLED=0 go build -o $@ .

.PHONY: test
test: ## Run the tests that need no root: of every package, under the race detector where there is gcc
	for m in $(MODULES); do (cd $$m && go test $(RACE) ./...); done

.PHONY: e2e
e2e: ## Run the tests on real nodes (root, Debian's packages)
	cd test/cluster && go test -tags e2e -count=1 -timeout 30m -v ./e2e/

.PHONY: lint
lint: ## Run the linters, the layers' among them
	for m in $(MODULES); do (cd $$m && $(LINT) run --config $(CURDIR)/.golangci.yml ./...); done

.PHONY: verify
verify: ## Check that what is committed is formatted and tidy
	test -z "$$(gofmt -l . | tee /dev/stderr)"
	for m in $(MODULES); do (cd $$m && go mod tidy -diff && go mod verify); done

.PHONY: components
components: $(CLUSTER) ## Build Kubernetes' components from their modules (about ten minutes, once)
	$(CLUSTER) components

.PHONY: cluster-up
cluster-up: $(CLUSTER) ## Bring a cluster up (CLUSTER_ARGS="--nodes 2 --cert-manager")
	$(CLUSTER) up $(CLUSTER_ARGS)

.PHONY: cluster-down
cluster-down: $(CLUSTER) ## Remove the cluster
	$(CLUSTER) down
