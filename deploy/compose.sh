#!/bin/sh
# Owns which profile counts: everywhere but in production the sandbox is part of the stack. Then it
# is `docker compose`, with the arguments given.
set -eu
cd "$(dirname "$0")/.."

environment=${ENVIRONMENT:-$(sed -n 's/^ENVIRONMENT=//p' .env 2>/dev/null | tail -n 1)}
if [ "$environment" != production ]; then
    export COMPOSE_PROFILES="${COMPOSE_PROFILES:-development}"
fi
exec docker compose "$@"
