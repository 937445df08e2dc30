#!/bin/sh
# Owns which compose files count: production leaves out docker-compose.override.yml, and with it the
# sandbox. Then it is `docker compose`, with the arguments given.
set -eu
cd "$(dirname "$0")/.."

environment=${ENVIRONMENT:-$(sed -n 's/^ENVIRONMENT=//p' .env 2>/dev/null | tail -n 1)}
if [ "$environment" = production ]; then
    export COMPOSE_FILE="${COMPOSE_FILE:-docker-compose.yml}"
fi
exec docker compose "$@"
