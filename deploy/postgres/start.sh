#!/bin/sh
# Owns starting PostgreSQL in its container: the image's own entry point, but where the set-up of a
# new volume was cut short it begins anew. The image would take half a cluster for a whole one.
#
# Nothing can be lost: the line that lets clients in by TCP is written once the cluster is whole,
# and databases of ours have numbers from 16384 on.
set -eu

is_whole() { grep -qs '^host all all all ' "$PGDATA/pg_hba.conf"; }
has_databases() { ls -d "$PGDATA"/base/[1-9]????* >/dev/null 2>&1; }

if [ -n "$(ls -A "$PGDATA" 2>/dev/null)" ] && ! is_whole && ! has_databases; then
    echo "The set-up of $PGDATA was cut short: beginning anew."
    find "$PGDATA" -mindepth 1 -delete
fi
exec docker-entrypoint.sh "$@"
