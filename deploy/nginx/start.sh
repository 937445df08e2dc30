#!/bin/sh
# Owns starting nginx before the gateway: fills the places in its files, then becomes nginx. Without
# a certificate it serves HTTP alone; with one HTTPS, and HTTP leads there.
#
#   EDGE_UPSTREAM         the gateway as host:port
#   EDGE_HTTP, EDGE_HTTPS where to listen: a port, or address:port
#   EDGE_PUBLIC_HTTPS     the port of HTTPS as people know it
#   EDGE_CERTIFICATE      the certificate with its chain, PEM; none where the file is empty
#   EDGE_KEY              its key
#   EDGE_SILENCE          how long the gateway may be silent
#   EDGE_HEAD             how long the head of a request may take
#   EDGE_CONNECTIONS      the most requests under way from one address
#   EDGE_BALANCERS        networks of what stands before nginx itself, by spaces
#   EDGE_FOLDER           where it writes
set -eu
umask 022 # nginx's workers are nobody
PATH=$PATH:/usr/sbin
files=$(cd "$(dirname "$0")" && pwd)
folder=${EDGE_FOLDER:-/tmp/nginx}
port=${EDGE_PUBLIC_HTTPS:-443}
balancers=$(for network in ${EDGE_BALANCERS:-}; do printf 'set_real_ip_from %s; ' "$network"; done)
mkdir -p "$folder"

filled() {
    sed -e "s|@FOLDER@|$folder|g" \
        -e "s|@FILES@|$files|g" \
        -e "s|@UPSTREAM@|${EDGE_UPSTREAM:-gateway:8000}|g" \
        -e "s|@HTTP@|${EDGE_HTTP:-80}|g" \
        -e "s|@HTTPS@|${EDGE_HTTPS:-443}|g" \
        -e "s|@HTTPS_SUFFIX@|$([ "$port" = 443 ] || echo ":$port")|g" \
        -e "s|@SILENCE@|${EDGE_SILENCE:-60s}|g" \
        -e "s|@HEAD@|${EDGE_HEAD:-15s}|g" \
        -e "s|@CONNECTIONS@|${EDGE_CONNECTIONS:-1000}|g" \
        -e "s|@BALANCERS@|$balancers|g" \
        -e "s|@CERTIFICATE@|${EDGE_CERTIFICATE:-}|g" \
        -e "s|@KEY@|${EDGE_KEY:-}|g" \
        "$files/$1" >"$folder/$2"
}

filled nginx.conf nginx.conf
filled gateway.conf gateway.conf
if [ -s "${EDGE_CERTIFICATE:-}" ]; then
    filled tls.conf servers.conf
else
    filled plain.conf servers.conf
fi
exec nginx -e stderr -c "$folder/nginx.conf" -g "daemon off;"
