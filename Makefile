# Everything a newcomer types. Only node (>= 20), npm and make have to be there; the pinned Node comes with npm.
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)

.PHONY: demo web test check setup test-tools bench clean

demo: setup web ## two nodes, the whole main job on real data (ONCE=1: stop at the end)
	@node demo/main.ts $(if $(ONCE),--once)

test: setup test-tools web ## format, lint, types and every test
	npm run --silent check
	npm run --silent test

web: dist/web/index.html ## the web page, built from src/web

dist/web/index.html: node_modules/.package-lock.json vite.config.ts $(shell find src/web src/client -type f)
	npm run --silent web
	@touch $@

check: setup ## format, lint, types
	npm run --silent check

bench: setup ## comparison with other servers, into docs/benchmarks.md (NAMES="get put" or SMALL=1: only shown)
	node bench/index.ts $(NAMES) $(if $(SMALL),--small) $(if $(NAMES)$(SMALL),,--out docs/benchmarks.md) $(OPTIONS)

setup: node_modules/.package-lock.json

node_modules/.package-lock.json: package.json package-lock.json
	npm ci --no-audit --no-fund --loglevel=error
	@touch $@

test-tools:
	@sh scripts/test-tools.sh

clean:
	rm -rf node_modules .demo .cache dist
