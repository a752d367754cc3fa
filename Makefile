# You need Go, make and git. Real nodes also need root and some Debian packages; "make nodes" says which.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
BIN := $(CURDIR)/bin
CLUSTER := $(BIN)/tanist-cluster
HELM := go tool -modfile=$(CURDIR)/tools/helm.mod helm
LINT := go tool -modfile=$(CURDIR)/tools/golangci-lint.mod golangci-lint
# The cluster that cluster-up makes: real nodes if this machine can have them, else simulated ones.
CLUSTER_ARGS ?= $(if $(filter real,$(shell scripts/nodes.sh)),--nodes 2,--simulated-nodes 3) --cert-manager
# How many failovers "make demo" shows. The published figures of zen-lead are of fifty (docs/performance.md).
FAILOVERS ?= 20
# Runs a command, and says every ten seconds that it still runs.
STILL := $(CURDIR)/scripts/still.sh
# The components that the tests against a real API server need.
TEST_COMPONENTS := kube-apiserver kube-controller-manager kubectl etcd cert-manager crds
MODULES := . test/cluster test/gateway test/rules tools/release
VERSION := $(shell sed -n 's/^appVersion: //p' deploy/chart/Chart.yaml)
BENCH_ARGS ?= --mode delete,force,evict --failovers 50 --floor --traffic --report bin/bench.html
# An older Kubernetes for "make integration", such as 1.33; empty for the current one. OLDEST is the oldest that the chart allows.
KUBERNETES ?=
OLDEST := $(shell sed -n 's/^kubeVersion: ">=\([0-9.]*\)\..*/\1/p' deploy/chart/Chart.yaml)
# Where the images of a release are going to be.
REGISTRY ?= ghcr.io/tanist-dev
# How often "make disruptions" and "make loss" try each case, and which cases; with which kube-proxy, and with which settings ("all": with
# and without each).
REPEAT ?= 20
PROXY ?= nftables
CASES ?= all
SETTINGS ?= on
RANDOM_FOR ?= 10m
# With which kube-proxies "make e2e-cluster" tests the cluster.
PROXIES ?= nftables iptables
# How many rounds "make converge" takes, and the seed of the first round; 0 chooses a new one.
ROUNDS ?= 20
SEED ?= 0
# How often "make grants-nodes" moves the leader as planned, for each reason, and for how long it does so at random.
HANDOVERS ?= 50
DURATION ?= 10m
# How long "make fuzz" runs each test.
FUZZTIME ?= 10m
# The race detector needs a C compiler.
RACE := $(if $(shell command -v gcc),-race)

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9.-]+:.*## / {printf "  \033[1m%-15s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: $(CLUSTER) ## Build all programs into bin
	CGO_ENABLED=0 $(STILL) "Building Tanist" go build -tags grpcnotrace -ldflags "-s -w -X main.version=$(VERSION)" -o $(BIN)/ ./cmd/...
	@# In a program with templates the linker keeps every method of every type, because a template may call it by its name. That makes
	@# tanist a quarter larger, in memory too. The pages of gRPC's traces have templates, and grpcnotrace leaves them out.
	@! grep -qF 'text/template.(*Template).Execute' $(BIN)/tanist || { echo 'tanist has templates: see what needs them with go build -ldflags=-dumpdep' >&2; exit 1; }
	install cmd/kubectl-tanist/kubectl_complete-tanist $(BIN)/

.PHONY: $(CLUSTER)
$(CLUSTER):
	cd test/cluster && CGO_ENABLED=0 $(STILL) "Building tanist-cluster" go build -o $@ .

.PHONY: nodes
nodes: ## Say whether this machine can have real nodes; with NODES=real, fail if it cannot
	@kind=$$(scripts/nodes.sh) && echo "Nodes: $$kind"
e2e e2e-cluster bench-admission disruptions loss grants-nodes: export NODES := real
bench: export NODES ?= real

.PHONY: test
test: ## Run all tests that need no root, the unit tests with the race detector if there is gcc
	$(STILL) "Unit tests" go test $(RACE) ./...
	cd test/cluster && $(STILL) "Unit tests of the cluster" \
		go test ./cluster ./components ./controlplane ./node ./realnodes # not ./...: it would compile all of cert-manager first
	cd tools/release && $(STILL) "Unit tests of the release" go test ./...
	$(MAKE) chart integration RACE= # the race detector more than doubles what they compute: "make integration" and "make nightly" have it

.PHONY: grant-model
grant-model: ## Search the model of grants with one more move than "make test" does
	$(STILL) "The model of grants" go test -count=1 -timeout 24h -v -run '^TestNoTwoPodsHoldAGrantAtATime$$' ./test/grantmodel/ -more 1

.PHONY: fuzz
fuzz: ## Run each fuzz test for a time, on what users write (FUZZTIME=10m PARALLEL=1)
	$(STILL) "Fuzz tests" scripts/fuzz.sh $(FUZZTIME)

.PHONY: chart
chart: ## Test the chart, install.yaml, the alerts and the dashboard (the first run compiles Helm, which takes some minutes)
	$(STILL) "Compiling Helm" $(HELM) version >/dev/null
	$(STILL) "Tests of the chart" go test -tags chart ./deploy/
	cd test/rules && $(STILL) "Tests of the alerts" go test ./...

.PHONY: install.yaml
install.yaml: ## Render deploy/install.yaml from the chart
	mkdir -p $(BIN)
	scripts/render-install.sh >$(BIN)/install.yaml
	mv $(BIN)/install.yaml deploy/install.yaml

.PHONY: integration
integration: TEST_COMPONENTS := $(if $(KUBERNETES),--kubernetes $(KUBERNETES)) $(TEST_COMPONENTS)
integration: $(CLUSTER) ## Run the tests against a real API server (needs no root; the first run builds its components and Helm; KUBERNETES=1.33)
	$(CLUSTER) components $(TEST_COMPONENTS)
	$(STILL) "Compiling Helm" $(HELM) version >/dev/null # so that the tests only render
	KUBEBUILDER_ASSETS=$$($(CLUSTER) components $(TEST_COMPONENTS)) $(STILL) "Tests against a real API server" \
		scripts/integration.sh $(RACE)
	cd test/gateway && KUBEBUILDER_ASSETS=$$($(CLUSTER) components $(TEST_COMPONENTS)) $(STILL) "Tests with the Gateway API" \
		go test $(RACE) -tags integration -count=1 -timeout 30m ./...

# Runs the tests that need a browser, with arguments.
BROWSER_TEST = KUBEBUILDER_ASSETS=$$($(CLUSTER) components $(TEST_COMPONENTS)) $(STILL) "Tests in a browser" \
	go test -tags integration,browser -count=1 -timeout 1h ./test/integration/ -run

.PHONY: chromium
chromium:
	@command -v "$${CHROMIUM:-chromium}" >/dev/null || { \
		echo 'There is no Chromium: apt-get install --no-install-recommends chromium, or set CHROMIUM to the program' >&2; exit 1; }

.PHONY: dashboard-test
dashboard-test: chromium $(CLUSTER) ## Test the dashboard in a real Chromium, against a real API server (CHROMIUM=/path/to/it)
	$(CLUSTER) components $(TEST_COMPONENTS)
	$(STILL) "Compiling Helm" $(HELM) version >/dev/null # so that the tests only render
	$(BROWSER_TEST) '^TestTheDashboardInABrowser$$'

.PHONY: dashboard-picture
dashboard-picture: chromium $(CLUSTER) ## Make docs/images/dashboard.png of hand-overs of ten minutes
	$(BROWSER_TEST) '^TestTheDashboardsPicture$$' -picture $(CURDIR)/docs/images/dashboard.png

.PHONY: converge
converge: components ## Test that replicas that see different things do not fight (ROUNDS=300 SEED=1)
	KUBEBUILDER_ASSETS=$$($(CLUSTER) components) go test $(RACE) -tags integration -count=1 -timeout 6h -v -run '^TestConvergence$$' \
		./test/integration/ -rounds $(ROUNDS) -seed $(SEED)

.PHONY: nightly
nightly: ## Run what takes too long for CI, the tests against the oldest API server among it (needs real nodes, and hours)
	$(MAKE) --keep-going vulnerabilities integration converge fuzz e2e-cluster disruptions loss KUBERNETES=$(OLDEST) ROUNDS=100 REPEAT=5

.PHONY: e2e
e2e: nodes build ## Run the tests on real nodes (needs root and some Debian packages)
	$(MAKE) e2e-cluster PROXIES=nftables
	CLUSTER_NAME=e2e scripts/with-tanist.sh go test -p 1 -tags e2e -count=1 -timeout 1h -v ./test/e2e/ ./test/disruptions/ # -p 1: one after the other

.PHONY: e2e-cluster
e2e-cluster: nodes ## Test the cluster that the tests use, on real nodes with each kube-proxy (PROXIES="nftables iptables")
	cd test/cluster && E2E_PROXIES="$(PROXIES)" go test -tags e2e -count=1 -timeout 1h -v ./e2e/

.PHONY: bench
bench: nodes build ## Measure failovers on a cluster of its own (BENCH_ARGS="--mode evict --failovers 20")
	CLUSTER_NAME=bench scripts/with-tanist.sh kubectl tanist bench $(BENCH_ARGS)

.PHONY: bench-burst
bench-burst: build ## Measure the hand-overs when one request deletes a hundred leaders, on simulated nodes (BURST_ARGS="--services 500")
	CLUSTER_NAME=burst SIMULATED_NODES=5 OBSERVE=off scripts/with-tanist.sh kubectl tanist bench --burst --floor --pods 2 $(BURST_ARGS)

.PHONY: bench-idle
bench-idle: build ## Measure what a thousand leader Services cost while nothing happens (IDLE_ARGS="-services 100 -idle 1m")
	CLUSTER_NAME=idle SIMULATED_NODES=5 REPLICAS=0 scripts/with-tanist.sh \
		go test -tags bench -count=1 -timeout 0 -v -run TestIdle ./test/bench/ -args $(IDLE_ARGS)

.PHONY: bench-elsewhere
bench-elsewhere: build ## Measure what pods cost that are none of Tanist's business (ELSEWHERE_ARGS="-elsewhere 10000 -programs tanist,/an/older/tanist")
	CLUSTER_NAME=elsewhere SIMULATED_NODES=5 REPLICAS=0 scripts/with-tanist.sh \
		go test -tags bench -count=1 -timeout 0 -v -run '^TestElsewhere$$' ./test/bench/ -args -services 100 -idle 1m $(ELSEWHERE_ARGS)

.PHONY: bench-churn
bench-churn: build ## Measure whether namespaces, Services and pods that have gone leave memory or goroutines behind (CHURN_ARGS="-churn 10m -measure-every 2m")
	CLUSTER_NAME=churn SIMULATED_NODES=5 REPLICAS=0 scripts/with-tanist.sh \
		go test -tags bench -count=1 -timeout 0 -v -run '^TestChurn$$' ./test/bench/ -args -services 100 $(CHURN_ARGS)

.PHONY: bench-follow-lease
bench-follow-lease: $(CLUSTER) ## Measure how soon a leader Service follows a Lease, beside a loop that only watches it, against a real API server
	$(CLUSTER) components $(TEST_COMPONENTS)
	KUBEBUILDER_ASSETS=$$($(CLUSTER) components $(TEST_COMPONENTS)) \
		go test -tags integration -count=1 -timeout 10m -v -run '^TestEachElectionOfClientGoIsFollowed$$' ./test/integration/

.PHONY: bench-observer
bench-observer: ## Measure what it costs to watch leaders and their nodes, and how soon many losses are noticed (OBSERVER_ARGS="-leaders 1000 -kubelets 100 -lost 20")
	go test -tags bench -c -o $(BIN)/bench-observer ./test/bench/
	unshare --map-root-user --net sh -c 'ip link set lo up && exec "$$@"' own-network \
		$(BIN)/bench-observer -test.timeout 1h -test.v -test.run '^TestObserver$$' $(OBSERVER_ARGS) # so that all packets are its own

.PHONY: bench-admission
bench-admission: nodes build ## Measure hand-overs with and without admission, and what admission costs (ADMISSION_ARGS="-failovers 10 -calls 100")
	CLUSTER_NAME=admission scripts/with-tanist.sh \
		go test -tags bench -count=1 -timeout 3h -v -run TestAdmission ./test/bench/ -args $(ADMISSION_ARGS)

.PHONY: bench-attacks
bench-attacks: build ## Measure what attacks cost, and what neighbours notice, on simulated nodes (ATTACKS_ARGS="-handovers 20 -attacks forge,flap")
	$(STILL) "Compiling Helm" $(HELM) version >/dev/null
	CLUSTER_NAME=attacks SIMULATED_NODES=5 REPLICAS=0 UP_ARGS=--cert-manager scripts/with-tanist.sh \
		go test -tags bench -count=1 -timeout 0 -v -run '^TestAttacks$$' ./test/bench/ -args $(ATTACKS_ARGS)

.PHONY: disruptions
disruptions: nodes build ## Count the requests that planned disruptions fail, on real nodes (REPEAT=5 PROXY=iptables CASES=drain,evict SETTINGS=on,off RANDOM_FOR=10m)
	rm -f $(BIN)/disruptions-$(PROXY).jsonl
	CLUSTER_NAME=disruptions UP_ARGS="--proxy-mode $(PROXY)" DISRUPTION_PROXY=$(PROXY) DISRUPTION_REPEAT=$(REPEAT) \
		DISRUPTION_CASES="$(CASES)" DISRUPTION_SETTINGS="$(SETTINGS)" DISRUPTION_RANDOM=$(RANDOM_FOR) \
		DISRUPTION_OUT=$(BIN)/disruptions-$(PROXY).jsonl \
		scripts/with-tanist.sh go test -tags e2e -count=1 -timeout 6h -v -run 'Disruptions$$' ./test/disruptions/

.PHONY: loss
loss: nodes build ## Time how losses that nobody announces move leaders, on three real nodes (REPEAT=50 CASES=crash,freeze,node LONG=1 SERVICES=5 OBSERVE=off)
	rm -f $(BIN)/loss.jsonl
	CLUSTER_NAME=loss UP_ARGS="--nodes 3 $(UP_ARGS)" LOSS_REPEAT=$(REPEAT) LOSS_CASES="$(CASES)" LOSS_LONG=$(LONG) LOSS_SERVICES=$(SERVICES) LOSS_OBSERVE=$(OBSERVE) \
		LOSS_OUT=$(BIN)/loss.jsonl scripts/with-tanist.sh go test -tags e2e -count=1 -timeout 24h -v -run 'Losses$$' ./test/loss/

.PHONY: grants-nodes
grants-nodes: nodes build ## Try grants with hand-overs and random faults on two real nodes: no two pods may hold one at a time (HANDOVERS=50 DURATION=10m SEED=1)
	CLUSTER_NAME=grants HELM_ARGS="--set grants.enabled=true $(HELM_ARGS)" GRANTS_HANDOVERS=$(HANDOVERS) GRANTS_DURATION=$(DURATION) GRANTS_SEED=$(SEED) \
		scripts/with-tanist.sh go test -tags e2e -count=1 -timeout 6h -v -run 'OnNodes$$' ./test/grantnodes/

.PHONY: demo
demo: nodes build ## Start a cluster with Tanist, run twenty failovers and print the table (FAILOVERS=50 KEEP=1 UP_ARGS="--port 17443")
	CLUSTER_NAME=demo scripts/with-tanist.sh bash -c \
		'exec kubectl tanist bench --failovers $(FAILOVERS) --floor $$([[ $$NODES == simulated ]] || echo --traffic)'

.PHONY: lint
lint: ## Run the linters, which also check the layers
	for m in $(MODULES); do (cd $$m && $(LINT) run --config $(CURDIR)/.golangci.yml ./...); done

.PHONY: licences
licences: ## Check that the licence of every module in the programs is allowed, and write THIRD_PARTY
	mkdir -p $(BIN)
	scripts/licences.sh $(BIN)/THIRD_PARTY
	mv $(BIN)/THIRD_PARTY THIRD_PARTY

# What is released, and checked for it, is built by the Go that go.mod names, whatever GOTOOLCHAIN says.
release vulnerabilities: export GOTOOLCHAIN := $(shell sed -n 's/^toolchain //p' go.mod)

.PHONY: vulnerabilities
vulnerabilities: ## Check the programs for known vulnerabilities (VULNDB=file:///FOLDER, where https://vuln.go.dev cannot be reached)
	VULNDB="$(VULNDB)" $(STILL) "Looking for vulnerabilities" scripts/vulnerabilities.sh

.PHONY: release
release: ## Make a release of the commit that is checked out, in dist (VERSION=v0.1.0 REGISTRY=registry.example.com/team)
	@[[ "$(origin VERSION)" == "command line" ]] || { echo 'say which version: make release VERSION=v0.1.0' >&2; exit 1; }
	$(MAKE) verify vulnerabilities
	cd tools/release && $(STILL) "Building tanist-release" go build -o $(BIN)/tanist-release .
	$(STILL) "Compiling Helm" $(HELM) version >/dev/null
	$(STILL) "Making the release" $(BIN)/tanist-release --version "$(VERSION)" --registry "$(REGISTRY)"

.PHONY: verify
verify: ## Check that the code is formatted, the modules are tidy and the licences are allowed and known
	mkdir -p $(BIN)
	scripts/licences.sh $(BIN)/THIRD_PARTY
	diff THIRD_PARTY $(BIN)/THIRD_PARTY || { echo "THIRD_PARTY is older than go.mod: run \"make licences\"" >&2; exit 1; }
	test -z "$$(gofmt -l . | tee /dev/stderr)"
	for m in $(MODULES); do (cd $$m && go mod tidy -diff && go mod verify); done

.PHONY: components
components: $(CLUSTER) ## Build all components of a cluster from their modules (the first run takes about ten minutes)
	$(CLUSTER) components

.PHONY: cluster-up
cluster-up: $(CLUSTER) ## Start a cluster (CLUSTER_ARGS="--nodes 2 --cert-manager")
	$(CLUSTER) up $(CLUSTER_ARGS)

.PHONY: cluster-down
cluster-down: $(CLUSTER) ## Remove the cluster
	$(CLUSTER) down
