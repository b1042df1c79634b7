# `make demo` and `make test` are all the set-up there is; `make` alone lists the goals.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: benchmark benchmark-transfer convergence gpu-check gpu-check-full miniatures help demo demo-clean test build build-tests lint lint-format lint-kernels setup clean fuzz check-exchange check-tensorboard test-nightly crash-test long-run portability portability-full tune-shipped tune-shipped-avx2 install deb check-deb build-static docs

WIDECL := .build/release/widecl
DEMO := runs/demo
DEMO_MODEL := wrn-16-1
DEMO_EPOCHS := 5
DEMO_IMAGES := 200
SWIFT_SOURCES := Package.swift Sources Tests Examples benchmarks fuzz

# Tests see what is internal, so they are built apart: `make demo` after `make test` builds nothing.
TEST_BUILD := -c release -Xswiftc -enable-testing --scratch-path .build/tests
# One at a time: two suites on the same CPU device would only measure each other.
SWIFT_TEST := swift test $(TEST_BUILD) --skip-build --disable-xctest --no-parallel

help: ## List the goals.
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/\1@\2/p' $(MAKEFILE_LIST) | \
	while IFS=@ read -r goal text; do printf '  make %-12s %s\n' "$$goal" "$$text"; done

demo: build ## Train a Wide ResNet on Fashion-MNIST and test it: minutes on two cores.
	@echo "== Devices"
	@$(WIDECL) devices
	@if [[ -e $(DEMO)/checkpoint-last.safetensors ]]; then \
	  echo "== Continuing the demo in $(DEMO); 'make demo-clean' lets it start anew"; \
	else echo "== Training $(DEMO_MODEL) on Fashion-MNIST into $(DEMO)"; fi
	@$(WIDECL) train --model $(DEMO_MODEL) --data fashion-mnist --recipe quick \
	  --epochs $(DEMO_EPOCHS) --output $(DEMO) --resume
	@echo "== Testing the best checkpoint"
	@$(WIDECL) evaluate $(DEMO)/checkpoint-best.safetensors --data fashion-mnist
	@echo "== The same for some images again on the host, layer by layer in double precision"
	@$(WIDECL) verify $(DEMO)/checkpoint-best.safetensors --data fashion-mnist --images $(DEMO_IMAGES)

demo-clean: ## Remove what the demo trained.
	rm -rf $(DEMO)

# The tests look at the report in a browser, and run a part of `make portability`.
test: lint-format build-tests ## Lint, build with warnings as errors, run every test.
	@scripts/setup chromium oclgrind python3
	@echo "== An OpenCL device to test on"
	@.build/tests/release/widecl devices
	@export WIDECL_TEST_SEED=$$(scripts/test-seed); \
	echo "== Tests by WIDECL_TEST_SEED=$$WIDECL_TEST_SEED, with a cache of compiled kernels of their own"; \
	export POCL_CACHE_DIR=$$(mktemp -d "$(CURDIR)/.build/pocl.XXXXXX"); \
	trap 'rm -rf "$$POCL_CACHE_DIR"' EXIT; $(SWIFT_TEST)

test-nightly: export WIDECL_TEST_SEED := $(shell date +%Y%m%d)
test-nightly: test ## The same with samples that the date chooses, not the commit.

# 20 times what `make test` does: 200 kills, and as many faults of disks, power and devices.
crash-test: build-tests ## Kill training at random moments, break its disk and device: half an hour.
	@WIDECL_TEST_CRASHES=20 $(SWIFT_TEST) --filter 'KillTests|CrashTests|DeviceFaultTests'

LONG_RUN_STEPS := 100000

long-run: setup ## Train 10^5 steps of a small network; fail when memory, handles or times grow.
	swift build -c release --product widecl-benchmarks
	@.build/release/widecl-benchmarks long-run $(LONG_RUN_STEPS) benchmarks/results

# The comparison's own Python, so that nothing of the system's changes.
BENCHMARK_PYTHON := .venv/bin/python
TORCH := torch==2.13.0+cpu

benchmark: build ## Compare training steps with PyTorch, in turns; leave the machine alone meanwhile.
	@scripts/setup python3-venv python3-dev g++
	@[[ -x $(BENCHMARK_PYTHON) ]] || python3 -m venv .venv
	@$(BENCHMARK_PYTHON) -c 'import torch' 2>/dev/null || \
	  $(BENCHMARK_PYTHON) -m pip install -q '$(TORCH)' numpy || \
	  $(BENCHMARK_PYTHON) -m pip install -q torch numpy
	@echo "== Comparing"
	@$(BENCHMARK_PYTHON) benchmarks/compare.py --widecl $(WIDECL) --readme README.md --page docs/speed.md
	@echo "== Where a step's time goes"
	@$(BENCHMARK_PYTHON) benchmarks/roofline.py --widecl $(WIDECL) --page docs/speed.md

convergence: build ## Train a small network with WideCL and with PyTorch by the same recipe: test errors.
	@scripts/setup python3-venv
	@[[ -x $(BENCHMARK_PYTHON) ]] || python3 -m venv .venv
	@$(BENCHMARK_PYTHON) -c 'import torch' 2>/dev/null || \
	  $(BENCHMARK_PYTHON) -m pip install -q '$(TORCH)' numpy || \
	  $(BENCHMARK_PYTHON) -m pip install -q torch numpy
	@$(BENCHMARK_PYTHON) benchmarks/convergence.py --widecl $(WIDECL) --page docs/paper.md

benchmark-transfer: build ## Measure what tuning per device and per width is worth, with Intel's runtime.
	@scripts/setup python3-venv
	@[[ -x $(BENCHMARK_PYTHON) ]] || python3 -m venv .venv
	@$(BENCHMARK_PYTHON) -m pip install -q intel-opencl-rt intel-cmplr-lib-rt
	@$(BENCHMARK_PYTHON) benchmarks/transfer.py --widecl $(WIDECL) --intel .venv/lib/libintelocl.so \
	  --page docs/speed.md

FUZZ_INPUTS := 1000000
FUZZ_RUNTIME = $(wildcard $(dir $(shell command -v swift))../lib/clang/*/lib/linux/libclang_rt.fuzzer_no_main-$(shell uname -m).a)
ifdef FUZZ_COVERAGE
# libFuzzer needs code that counts its branches, built apart.
FUZZ_BUILD = --scratch-path .build/fuzz -Xswiftc -DWITH_COVERAGE \
  -Xswiftc -Xfrontend -Xswiftc -sanitize=fuzzer -Xcc -fsanitize=fuzzer-no-link \
  -Xlinker --whole-archive -Xlinker $(FUZZ_RUNTIME) -Xlinker --no-whole-archive -Xlinker -lstdc++
FUZZ := .build/fuzz/release/widecl-fuzz
else
FUZZ := .build/release/widecl-fuzz
endif

fuzz: setup ## Read a million hostile files of each kind; FUZZ_COVERAGE=1 for libFuzzer.
	swift build -c release --product widecl-fuzz $(FUZZ_BUILD)
	@scripts/fuzz $(FUZZ) $(FUZZ_INPUTS)

# On code for another processor: POCL_LLVM_CPU_NAME=haswell POCL_KERNELLIB_NAME=avx2 make check-exchange
check-exchange: build ## Compare predictions, exports and evaluation with onnxruntime and PyTorch.
	@scripts/setup python3-venv
	@[[ -x $(BENCHMARK_PYTHON) ]] || python3 -m venv .venv
	@$(BENCHMARK_PYTHON) -c 'import torch' 2>/dev/null || \
	  $(BENCHMARK_PYTHON) -m pip install -q '$(TORCH)' || $(BENCHMARK_PYTHON) -m pip install -q torch
	@$(BENCHMARK_PYTHON) -m pip install -q numpy onnx onnxruntime pillow safetensors scipy
	@$(BENCHMARK_PYTHON) scripts/check-exchange --widecl $(WIDECL)

check-tensorboard: build ## Read event files with the tensorboard package, after a stop and a kill.
	@scripts/setup python3-venv
	@[[ -x $(BENCHMARK_PYTHON) ]] || python3 -m venv .venv
	@$(BENCHMARK_PYTHON) -m pip install -q numpy tensorboard
	@$(BENCHMARK_PYTHON) scripts/check-tensorboard --widecl $(WIDECL)

# Twenty minutes on two idle cores.
MINIATURE := --data fashion-mnist --runs 1
MINIATURES := runs/miniatures

miniatures: build ## Run small studies of Tables 2, 4 and 6 and put them into docs/paper.md.
	@$(WIDECL) reproduce table2 $(MINIATURE) --epochs 5 --limit 4000 --output $(MINIATURES)/table2
	@$(WIDECL) reproduce table4 $(MINIATURE) --epochs 5 --limit 4000 \
	  --rows wrn-40-1,wrn-40-2,wrn-40-4,wrn-16-8 --output $(MINIATURES)/table4
	@$(WIDECL) reproduce table6 $(MINIATURE) --epochs 5 --limit 4000 \
	  --rows wrn-16-4,wrn-52-1 --output $(MINIATURES)/table6
	@scripts/insert-miniatures $(MINIATURES)/table2 $(MINIATURES)/table4 $(MINIATURES)/table6

# GPU_CHECK=--update accepts the numbers. These models hold every kind of layer; the step runs on Intel's driver in its recording mode.
GPU_STEP := bench step wrn-16-1 --batch 8 --steps 1 --no-tune --tuning none

gpu-check: build ## Compile the kernels for GPUs of three vendors: registers, spills, occupancy.
	@gpucheck/setup
	@swift build -c release --product widecl-benchmarks
	@.build/release/widecl-benchmarks programs wrn-28-10 wrn-16-1 nin highway-19 fitnet-19 >.build/programs.jsonl
	@python3 gpucheck/check.py .build/programs.jsonl $(GPU_CHECK) --driver $(WIDECL) $(GPU_STEP)

gpu-check-full: build ## The same for every configuration made for GPUs: an hour or more.
	@gpucheck/setup
	@swift build -c release --product widecl-benchmarks
	@.build/release/widecl-benchmarks all-programs wrn-28-10 wrn-16-1 nin highway-19 fitnet-19 >.build/programs.jsonl
	@python3 gpucheck/check.py .build/programs.jsonl

portability: build ## Verify a sample of the kernels on four OpenCL implementations; catch planted bugs.
	@portability/setup
	@portability/.tools/bin/python portability/run.py --widecl $(WIDECL) $(PORTABILITY) \
	  --output portability/results.json --page docs/tested-on.md

portability-full: PORTABILITY := --full
portability-full: portability ## The same with every configuration: hours.

HOURS := 2

tune-shipped: build ## Make the shipped tuning results of this processor; HOURS=2 at most, and it goes on.
	@scripts/tune-shipped --widecl $(WIDECL) --hours $(HOURS)

tune-shipped-avx2: build ## The same for AVX2, by emulation on a processor with AVX-512.
	@scripts/setup binutils
	@scripts/tune-shipped --avx2 --widecl $(WIDECL) --hours $(HOURS)

build: setup ## Build the command.
	swift build -c release --product widecl

# Package.swift makes warnings errors.
build-tests: setup
	@echo "== Building everything"
	swift build $(TEST_BUILD) --build-tests

lint: lint-format lint-kernels ## Check format, and the kernels with the toolchain's clang.

lint-format: setup
	@echo "== Format"
	swift format lint --strict --recursive $(SWIFT_SOURCES)

lint-kernels: build-tests
	@echo "== Kernels"
	@$(SWIFT_TEST) --filter KernelLintTests

DOCUMENTED := DeviceRuntime Graph Models Datasets Training

docs: setup ## Make the library's documentation, and the articles, in .build/docs.
	WITH_DOCUMENTATION=1 swift package --scratch-path .build/documentation --allow-writing-to-directory .build/docs \
	  generate-documentation $(DOCUMENTED:%=--target %) --enable-experimental-combined-documentation \
	  --transform-for-static-hosting --warnings-as-errors --output-path .build/docs

PREFIX := /usr/local
STATIC := .build/static
STATIC_COMMAND := $(STATIC)/release/widecl
# Writes man pages of what the command says of itself.
MANUAL := .build/manual/release/generate-manual

# FlyingFox uses FoundationNetworking, whose static form leaves libcurl to the system.
STATIC_BUILD := swift build -c release --scratch-path $(STATIC) --static-swift-stdlib -Xlinker -lcurl

build-static: setup
	@scripts/setup libcurl4-openssl-dev
	$(STATIC_BUILD) --product widecl
	swift build -c release --package-path $(STATIC)/checkouts/swift-argument-parser \
	  --scratch-path .build/manual --product generate-manual

install: build-static ## Install the command, its documentation and completions: PREFIX=/usr/local.
	@scripts/install $(STATIC_COMMAND) $(MANUAL) $(DESTDIR)$(PREFIX)

deb: build-static ## Make a package for Debian in .build.
	@scripts/setup dpkg-dev binutils
	@scripts/package-deb $(STATIC_COMMAND) $(MANUAL) .build

check-deb: deb ## Install the package in a clean Debian 12, as root, and train there.
	@scripts/setup lintian debootstrap
	@scripts/check-deb .build/widecl_*.deb

setup: ## Install what is missing from Debian's packages.
	@scripts/setup

clean: ## Remove everything built; runs/ stays.
	rm -rf .build
