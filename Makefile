# sotto: `make run` shows it, `make test` proves it. See README.md.

GO      ?= go
LISTEN  ?= 127.0.0.1:7788
PYTHON  ?= python3
PLATFORMS = linux/amd64 linux/arm64 darwin/arm64 darwin/amd64 windows/amd64

export CGO_ENABLED ?= 0

# The microphone needs C, so it is there where a C compiler and PortAudio are.
# Everything else stays Go.
MIC_TAGS = portaudio,netgo,osusergo
HAS_MIC := $(shell pkg-config --exists portaudio-2.0 2>/dev/null && command -v $$($(GO) env CC) 2>/dev/null)

.PHONY: all build run serve test test-mic test-clients test-opus check check-reliability test-avx512 generate web web-test web-types web-browser cross release check-release bench fuzz clean

all: build

build: ## bin/sotto, the one program; with a microphone where PortAudio is installed
ifneq ($(HAS_MIC),)
	@CGO_ENABLED=1 $(GO) build -trimpath -tags $(MIC_TAGS) -o bin/sotto ./cmd/sotto
else
	@$(GO) build -trimpath -o bin/sotto ./cmd/sotto
	@echo "built without a microphone: sotto listen --stdin takes a recorder's sound; install portaudio19-dev and a C compiler for more"
endif

run: build ## start the daemon, speak the bundled clip to it, print what comes back
	@bin/sotto serve --demo --listen $(LISTEN)

serve: build ## start the daemon and stay
	@bin/sotto serve --listen $(LISTEN)

test: ## everything a change must pass; under 5 minutes on 2 cores
	@$(GO) vet ./...
	@$(GO) test ./...
	@$(MAKE) --no-print-directory web-test

test-mic: ## the microphone on a sound server of its own; needs PortAudio and PulseAudio
	CGO_ENABLED=1 $(GO) test -count 1 -tags portaudio -run TestAReal ./audio/mic ./cmd/sotto

# Programs of others, at the versions that docs/doors.md names. Nothing of them is in
# the program.
CLIENTS = build/clients
CLIENT_TESTS = Official|Peer|HLSJS|FFmpeg|DocumentedClients|Chromium
test-clients: $(CLIENTS)/installed build ## the doors by official clients, the pages in Chromium; needs Python 3, Node 20 and Chromium
	SOTTO_TEST_PYTHON=$(CURDIR)/$(CLIENTS)/python/bin/python NODE_PATH=$(CURDIR)/$(CLIENTS)/node_modules \
	  $(GO) test -count 1 -v -run '$(CLIENT_TESTS)' ./transport/... ./cmd/sotto >$(CLIENTS)/log 2>&1 || { cat $(CLIENTS)/log; exit 1; }
	@grep -E '^(ok|FAIL)' $(CLIENTS)/log | grep -v 'no tests'; ! grep -B 1 -e '--- SKIP' $(CLIENTS)/log
	NODE_PATH=$(CURDIR)/$(CLIENTS)/node_modules $(MAKE) --no-print-directory web-browser

$(CLIENTS)/installed: $(wildcard .ci/clients/*)
	@rm -rf $(CLIENTS) && mkdir -p $(CLIENTS)
	$(PYTHON) -m venv $(CLIENTS)/python
	$(CLIENTS)/python/bin/pip install --quiet -r .ci/clients/requirements.txt
	$(CLIENTS)/python/bin/pip install --quiet --no-deps -r .ci/clients/alone.txt
	cp .ci/clients/package.json $(CLIENTS)/
	npm install --prefix $(CLIENTS) --no-package-lock --no-audit --no-fund --silent
	@touch $@

test-opus: ## libopus in the place of the decoder in Go, and as its judge; needs libopus-dev and opus-tools
	CGO_ENABLED=1 $(GO) test -count 1 -tags libopus ./audio/opus ./transport/whip

check: ## what is slower: format, data races, every platform, the recipe's tests
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo "run gofmt -w on these"; exit 1; }
	@$(MAKE) --no-print-directory generate test web-types web-browser cross
	@git diff --exit-code --stat models/kernel/simd || { echo "the committed assembly is not what the generators write"; exit 1; }
	CGO_ENABLED=1 $(GO) test -race -short . ./models/batch ./models/kernel ./encoder ./decoder ./transport/... ./cmd/...

# What docs/reliability.md names, at full size. What judges speed has the machine for
# itself; what takes long and little of it, or judges none, goes together behind it.
RELIABLY = SOTTO_RELIABILITY=1 $(GO) test -count 1 -timeout 20m
LONG = Live|Killed|NothingIsLeft
check-reliability: ## prove docs/reliability.md; 20 minutes on 2 cores
	@$(RELIABLY) -v -skip '$(LONG)' ./transport/reliability
	@$(RELIABLY) -v -run '$(LONG)' ./transport/reliability & long=$$!; failed=; \
	for p in $$(grep -oE '`[a-z0-9./]+` Test' docs/reliability.md | tr -d '`' | cut -d' ' -f1 | sort -u | grep -v reliability); do \
	  tests=$$(grep -oE "\`$$p\` Test[A-Za-z0-9_]+" docs/reliability.md | cut -d' ' -f2 | sort -u | paste -sd'|'); \
	  $(RELIABLY) -run "^($$tests)\$$" ./$$p || failed=1; done; \
	wait $$long && test -z "$$failed"

test-avx512: ## the AVX-512 kernels on an emulated processor; the head of models/kernel/gen/emulate says what it needs
	@mkdir -p build/emulate
	@for p in simd kernel; do \
	  GOOS=linux GOARCH=amd64 CGO_ENABLED=0 $(GO) test -c -o build/emulate/$$p.test ./models/$$([ $$p = simd ] && echo kernel/)$$p || exit 1; \
	  models/kernel/gen/emulate build/emulate/$$p.test -test.short -test.v -test.timeout 0 || exit 1; done

cross: ## build for every platform we promise
	@for p in $(PLATFORMS); do \
	  GOOS=$${p%/*} GOARCH=$${p#*/} $(GO) build -o /dev/null ./... || exit 1; echo "builds for $$p"; done

VERSION ?=
release: ## archives for every platform in build/release, with SHA256SUMS and lists of parts
	@rm -rf build/release
	@$(GO) run ./release -out build/release -version "$(VERSION)" $(PLATFORMS)

check-release: ## the commit gives the same release in two folders, each compiled from nothing
	@rm -rf build/twice && mkdir -p build/twice && git archive -o build/twice/source.tar HEAD
	@for d in one another/folder; do \
	  mkdir -p build/twice/$$d && tar -xf build/twice/source.tar -C build/twice/$$d && \
	  (cd build/twice/$$d && GOCACHE=$$PWD/.cache SOURCE_DATE_EPOCH=0 $(GO) run ./release -out out -version check $(PLATFORMS)) || exit 1; done
	@cmp build/twice/one/out/SHA256SUMS build/twice/another/folder/out/SHA256SUMS && rm -rf build/twice && echo "both are the same"

generate: ## write the kernels' assembly again; it must come out as it is committed
	cd models/kernel/gen && for p in quant float peak; do \
	  $(GO) run ./$$p -pkg simd -out ../simd/$${p}_amd64.s -stubs ../simd/$${p}_amd64.go || exit 1; done

web: ## the pages: web/dist from web/src
	@GO=$(GO) web/build web/dist

web-test: ## the pages' parts, in Node
	@if command -v node >/dev/null; then \
	  $(GO) -C web/tool tool esbuild ../test/*.test.ts --bundle --platform=node --format=esm --outdir=../../build/web --out-extension:.js=.mjs --log-level=warning && \
	  node --test build/web/*.test.mjs; \
	else echo "tests of the pages' parts left out: they need Node 20"; fi

web-types: ## the pages' types, by TypeScript
	@if command -v npm >/dev/null; then npm exec --yes --package=typescript@7.0.2 -- tsc -p web; \
	else echo "types of the pages left out: they need Node 20 and npm"; fi

web-browser: build ## the pages in a browser; PICTURES=docs writes their pictures there
	@if command -v node >/dev/null; then PICTURES=$(PICTURES) node --test web/test/browser/*.test.mjs; \
	else echo "the pages in a browser left out: they need Node 20"; fi

bench: ## benchmarks beside the code
	$(GO) test -run '^$$' -bench . -benchmem ./models/kernel/... ./models/tensor ./encoder/... ./decoder/... ./models/tokenizer

FUZZTIME ?= 20s
fuzz: ## every fuzz target for FUZZTIME
	@grep -rlE '^func Fuzz' --include=*_test.go . | while read -r file; do \
	  for target in $$(grep -oE '^func Fuzz[A-Za-z0-9_]*' $$file | cut -c6-); do \
	    echo "$$target in $$(dirname $$file)"; \
	    $(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 100x -parallel 2 $$(dirname $$file) || exit 1; done; done

include models/pocket/pocket.mk

clean:
	rm -rf bin build
