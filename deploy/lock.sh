#!/bin/sh
# Owns writing the seven locks from the pyproject files; `make lock`. UPGRADE=1 takes the newest
# versions, otherwise what is locked stays as far as it fits.
set -eu
cd "$(dirname "$0")/.."

compile() {
    output=$1
    shift
    draft=$(mktemp)
    # uv prefers what the output file holds, so an upgrade starts from an empty one.
    [ -n "${UPGRADE:-}" ] || grep -v '^#' "$output" >"$draft" 2>/dev/null || true
    .venv/bin/uv pip compile --quiet --universal --python-version 3.11 \
        --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links \
        --no-emit-package kit --no-emit-package contracts --no-emit-package testkit \
        "$@" --output-file "$draft"
    {
        echo "# Written by \`make lock\` from the pyproject files; installed with --require-hashes."
        cat "$draft"
    } >"$output"
    rm -f "$draft"
}

packages="libs/kit libs/contracts services/auth services/wallet services/payments
services/shop services/finance services/notifications services/sandbox gateway"
set --
for package in $packages; do
    set -- "$@" "$package/pyproject.toml"
done

compile requirements.lock --all-extras "$@"
compile requirements-dev.lock --all-extras "$@" libs/testkit/pyproject.toml --group dev \
    --constraint requirements.lock
compile deploy/storage.lock --group storage --constraint requirements-dev.lock
compile deploy/clients.lock --group clients
compile deploy/mutate.lock --group mutate --constraint requirements-dev.lock
compile deploy/passwords.lock --group passwords
compile deploy/bench.lock --group bench
