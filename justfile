# The one door. `just` lists the recipes; each is a script in `scripts` that also runs by itself.

default:
    @just --list

# Format all Rust; `just fmt --check` only looks.
fmt *arguments:
    scripts/fmt {{arguments}}

# Format and lints. Builds the tests with it.
lint:
    scripts/lint

# Format, lints, all tests and the API fuzzer: what CI runs.
test:
    scripts/test

# The same with the long counts.
test-full:
    scripts/test --full

# Take away each defence of docs/threats.tsv and see its test fail: `just defences 05` for those of row 5.
defences *arguments:
    scripts/defences {{arguments}}

# Cargo in the environment of the other recipes: `just cargo nextest run -p strongroom-domain`.
cargo +arguments:
    scripts/cargo {{arguments}}

# Build the documentation; a broken link is an error.
doc *arguments:
    scripts/doc {{arguments}}

# Banned crates, version floors, second versions, licences and sources.
deny:
    scripts/deny

# Dependencies that are listed and not used.
unused:
    scripts/unused

# Crates of the server that are there in more than one version, and why.
duplicates:
    scripts/duplicates

# schemathesis against the OpenAPI document: `just api-fuzz 50` for 50 examples of each operation.
api-fuzz *arguments:
    scripts/api-fuzz {{arguments}}

# Build the server for release and start it on the embedded store.
serve *arguments:
    scripts/serve {{arguments}}

# Requests per second beside the database's own benchmark.
bench *arguments:
    scripts/bench {{arguments}}

# Sources of provider files that were read more than so many months ago: `just sources 6`.
sources *arguments:
    scripts/sources {{arguments}}
