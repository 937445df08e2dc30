#!/bin/sh
# Owns waiting for a Compose stack: `up --wait` takes an ended one-shot container for a failure in
# some versions, so the gateway's health is asked, which comes last.
set -eu
cd "$(dirname "$0")/.."

tries=150
while [ "$tries" -gt 0 ]; do
    case $(docker compose ps --all --format '{{.Health}}' gateway) in
        healthy)
            echo "Saldo is ready: http://localhost:8000/docs, RabbitMQ http://localhost:15672"
            exit 0
            ;;
    esac
    tries=$((tries - 1))
    sleep 2
done
echo "The gateway is not healthy after five minutes:" >&2
docker compose ps --all >&2
docker compose logs --tail 15 >&2
exit 1
