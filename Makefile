# Netsuke: the commands people type. `make` alone lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PREFIX ?= /usr/local
PY := .venv/bin/python
LIBRARY_SOURCES := $(shell find Sources include packaging Package.swift scripts/build-library.sh scripts/slim-archives.sh -type f 2>/dev/null)
PACKAGE_SOURCES := $(shell find bindings/python -type f -not -path '*/__pycache__/*' -not -path '*/build/*' 2>/dev/null)

.PHONY: help system environment build wheel install demo test test-swift test-c test-python test-examples test-arm64 test-threads lint format bench bench-kernels bench-peers fuzz clean

help: ## this list
	@echo 'Netsuke makes trained networks small and runs what it made. Begin with:'
	@echo
	@echo '    make demo     compress a small network and see what changed (under 5 minutes)'
	@echo '    make test     run every test'
	@echo
	@echo 'Both set up what they need: system packages (apt-get) and a Python environment in .venv.'
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "    make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

system:
	@scripts/bootstrap.sh system

environment: ## the system packages and the Python environment .venv that the other commands use
	@scripts/bootstrap.sh

build: system build/stamps/library ## the shared library: build/lib/libnetsuke.so, build/include/

build/stamps/library: $(LIBRARY_SOURCES)
	scripts/build-library.sh
	@mkdir -p build/stamps && touch $@

wheel: environment .venv/netsuke-installed ## the Python package: build/wheels/netsuke-*.whl, installed in .venv too

.venv/netsuke-installed: build/stamps/library $(PACKAGE_SOURCES)
	@rm -rf build/wheels && mkdir -p build/wheels
	$(PY) -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir build/wheels ./bindings/python
	$(PY) -m pip install --quiet --disable-pip-version-check --force-reinstall --no-deps build/wheels/netsuke-*.whl
	@ls -l build/wheels/netsuke-*.whl
	@touch $@

install: build ## the library, headers, pkg-config file and CMake package below PREFIX (default /usr/local; DESTDIR is honoured)
	scripts/install-library.sh "$(DESTDIR)$(PREFIX)"

demo: wheel ## compress a network trained on Fashion-MNIST: bytes, accuracy and milliseconds before and after
	@$(PY) scripts/demo.py

test: wheel ## every test: Swift, Python, the examples, the style of the code
	@scripts/test.sh swift c python examples lint

test-swift: system ## the tests of the library
	@scripts/test.sh swift

test-c: build ## programs in C: what a run allocates, what threads may share
	@scripts/test.sh c

test-python: wheel ## the tests of the Python package and the command line
	@scripts/test.sh python

test-examples: wheel ## builds and runs examples/
	@scripts/test.sh examples

test-arm64: ## the tests of the kernels on 64-bit ARM, under qemu (not part of make test)
	@scripts/test-arm64.sh

test-threads: system ## races, under ThreadSanitizer (not part of make test)
	@scripts/test-threads.sh

lint: environment ## the style of the code, and the checks on the built objects
	@scripts/lint.sh

format: environment ## rewrites the code in the project's style
	swift format format --in-place --parallel --recursive Package.swift Sources Tests Benchmarks
	.venv/bin/ruff format

bench: wheel ## bytes, milliseconds and memory of the networks at hand, ours alone
	@$(PY) scripts/bench.py

bench-kernels: ## GFLOP/s of every kernel
	swift run -c release KernelBenchmarks

bench-peers: wheel ## milliseconds beside onnxruntime, OpenVINO, ncnn, MNN and LiteRT: table and plot in build/peers (ten minutes)
	@Benchmarks/peers/setup.sh
	@build/peers/venv/bin/python Benchmarks/peers/compare.py --json build/peers/results.json --markdown build/peers/results.md \
	  --plot build/peers/results.png $(BENCH_PEERS)

fuzz: system ## feeds damaged files to the readers, under AddressSanitizer
	@scripts/fuzz.sh

clean: ## removes everything that was built (not .venv)
	rm -rf .build .build-* build bindings/python/build
