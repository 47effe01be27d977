# `just` lists the recipes; each is a script that also runs by itself.

default:
    @just --list

# Start the server on the embedded store.
serve:
    cargo run --release

# Format check, lints and all tests.
test:
    scripts/test

# The same with the long counts.
test-full:
    scripts/test --full

# Requests per second beside the database's own benchmark.
bench:
    scripts/bench
