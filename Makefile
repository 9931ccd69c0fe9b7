# Each target works as the first command on a fresh machine: it installs what it needs, and says so.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# the Node that package.json pins comes first, whatever the machine has; but npm runs on the machine's own while it
# replaces that one
MACHINE_PATH := $(PATH)
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)

STORE ?= sqlite
KEEP ?=
MINUTES ?= 10
SCENARIOS ?=

BUILD_PACKAGES := gcc libc6-dev musl-tools libatomic1
RUN_PACKAGES := $(BUILD_PACKAGES) iproute2 util-linux procps bird2 etcd-server etcd-client
TEST_PACKAGES := $(RUN_PACKAGES) containerd runc containernetworking-plugins iptables sqlite3 zsh fish prometheus
# libFuzzer, for the launcher
SOAK_PACKAGES := $(TEST_PACKAGES) clang libclang-rt-dev
E2E_PACKAGES := $(TEST_PACKAGES) nftables openssl
KUBERNETES := kube-apiserver kube-controller-manager kube-scheduler kubelet kubectl

.PHONY: help demo test e2e soak guards bench build image lint fix clean

help:
	@echo 'make demo              two nodes, BIRD between them, six Pods that reach each other (STORE=etcd: over etcd)'
	@echo 'make test              all tests; without root, those that need no kernel privileges'
	@echo 'make e2e               on a real Kubernetes of two nodes, with all that is in deploy/ (SCENARIOS="1 2": these)'
	@echo 'make soak              each test/soak/*.soak.ts for MINUTES=10, side by side, with random seeds'
	@echo 'make guards            takes out one guard after the other, and tells which test fails then'
	@echo 'make bench             ADD and DEL beside ptp + host-local'
	@echo 'make build             dist/: the launcher, hypercoil, and links by its programs'"'"' names'
	@echo 'make image             dist/coil-image.tar, the container image of these, without Docker'
	@echo 'make lint              formatting, types, import directions'

node_modules/.package-lock.json: package.json package-lock.json
	@command -v npm >/dev/null || { echo 'npm is missing: install Node.js 20 or newer with npm' >&2; exit 1; }
	@echo 'Installing npm packages'
	@PATH='$(MACHINE_PATH)' npm ci --no-audit --no-fund --no-progress --loglevel=error
	@touch $@

build: node_modules/.package-lock.json
	@tools/install-packages.sh $(BUILD_PACKAGES)
	@mkdir -p dist
	@flock --no-fork --wait 300 dist/.lock node tools/build-hypercoil.ts

image: build
	@node tools/build-image.ts

demo: build
	@tools/install-packages.sh $(RUN_PACKAGES)
	@node demo/demo.ts --store=$(STORE) $(if $(KEEP),--keep)

test: build
	@tools/install-packages.sh $(TEST_PACKAGES)
	@test/kube/build-kube.sh kube-apiserver kubectl || echo 'The tests that need them are skipped' >&2
	@npm test --silent

e2e: build
	@tools/install-packages.sh $(E2E_PACKAGES)
	@test/kube/build-kube.sh $(KUBERNETES)
	@node test/e2e-kube/e2e.ts $(SCENARIOS)

soak: build
	@tools/install-packages.sh $(SOAK_PACKAGES)
	@MINUTES='$(MINUTES)' npm run --silent soak

guards: build
	@tools/install-packages.sh $(TEST_PACKAGES)
	@node test/guards/try-guards.ts

bench: build
	@tools/install-packages.sh $(TEST_PACKAGES)
	@node bench/bench.ts

lint: node_modules/.package-lock.json
	@npm run --silent lint

fix: node_modules/.package-lock.json
	@npm run --silent fix

clean:
	rm -rf dist node_modules
