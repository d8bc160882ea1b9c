# Each command here is the one CI runs too; scripts/ holds what does not fit a line.

.PHONY: help run demo test check fmt lint doc arch deps routes bugs ui pages services bench-send bench-read bench-upgrade bench-storm bench-latency footprint
.NOTPARALLEL:

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

run: ## build and start the server on SQLite, with development accounts
	cargo run --locked -p kefu-server -- --dev

demo: ## in a second terminal: a member and an agent talk through the running server
	@cargo build --quiet --locked -p kefu-server
	@node scripts/demo.mjs

test: check ## everything, databases and all: what CI runs
	scripts/services run -- scripts/test

check: fmt lint doc arch deps routes bugs pages ## everything that needs no test to run

fmt: ## formatting
	cargo fmt --all --check

lint: ## clippy, warnings are errors (default features: mysql-c needs cmake)
	cargo clippy --workspace --all-targets --locked -- -D warnings

doc: ## rustdoc, warnings are errors
	RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --locked

arch: ## the direction of the arrows between the crates
	scripts/arch

deps: ## licences, sources and duplicate versions
	scripts/deps

routes: ## no route outside the one table
	scripts/routes

bugs: ## each of the mall's 27 bugs has a test or a reason
	scripts/bugs

ui: ## the client of ui/client, built anew into the demo page
	@scripts/ui make

pages: ## types of the TypeScript, and the demo page has the client that it makes
	@scripts/ui check

services: ## throw-away databases, until Ctrl-C
	scripts/services up

bench-send: ## sends per second: lanes against one transaction per message
	cargo build --release --locked -p kefu-server -p kefu-tests
	scripts/services run -- cargo run --quiet --release --locked -p kefu-tests --bin bench-send

bench-read: ## growth of reading: a house of 10 thousand messages against one of a million
	cargo build --release --locked -p kefu-server -p kefu-tests
	scripts/services run -- cargo run --quiet --release --locked -p kefu-tests --bin bench-read

bench-upgrade: ## time and memory of taking over a mall with a million messages
	cargo build --release --locked -p kefu-server -p kefu-tests
	scripts/services run -- cargo run --quiet --release --locked -p kefu-tests --bin bench-upgrade

bench-storm: ## 5,000 clients cut and back at once: time to all caught up, sends meanwhile, questions per client
	cargo build --release --locked -p kefu-server -p kefu-tests
	scripts/services run -- cargo run --quiet --release --locked -p kefu-tests --bin bench-storm

bench-latency: ## from a POST to the other party's frame: one node and two
	cargo build --release --locked -p kefu-server -p kefu-tests
	scripts/services run -- cargo run --quiet --release --locked -p kefu-tests --bin bench-latency

footprint: ## memory at rest and time to ready
	cargo build --release --locked -p kefu-server -p kefu-tests
	cargo run --quiet --release --locked -p kefu-tests --bin footprint
