#!/bin/sh
# Owns waiting for a Compose stack: `up --wait` takes an ended one-shot container for a failure in
# some versions, so the gateway's health is asked, which comes last.
set -eu
cd "$(dirname "$0")/.."

compose=deploy/compose.sh
tries=150
while [ "$tries" -gt 0 ]; do
    case $("$compose" ps --all --format '{{.Health}}' gateway) in
        healthy)
            gateway=$("$compose" port gateway 8000)
            pages=$("$compose" port rabbitmq 15672)
            echo "Saldo is ready: http://localhost:${gateway##*:}/docs, RabbitMQ http://localhost:${pages##*:}"
            exit 0
            ;;
    esac
    tries=$((tries - 1))
    sleep 2
done
echo "The gateway is not healthy after five minutes:" >&2
"$compose" ps --all >&2
"$compose" logs --tail 15 >&2
exit 1
