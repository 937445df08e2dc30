#!/bin/sh
# Owns the way from a clean clone to a usable .venv and installed servers. Starts nothing.
#
#   deploy/bootstrap.sh [runtime|dev]
#
# The second run is a no-op of some milliseconds: the lock that was installed, by which
# bootstrap.py (it names our folders), and where, is kept beside the packages and compared.
set -eu

kind=${1:-runtime}
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"

case $kind in
    runtime) lock=requirements.lock ;;
    dev) lock=requirements-dev.lock ;;
    *) echo "usage: deploy/bootstrap.sh [runtime|dev]" >&2; exit 2 ;;
esac

has_servers() {
    { ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null; } &&
        { [ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] || command -v rabbitmq-server >/dev/null; } &&
        command -v redis-server >/dev/null &&
        { [ "$kind" = runtime ] || has_what_tests_start; }
}

has_what_tests_start() {
    { [ -x /usr/sbin/nginx ] || command -v nginx >/dev/null; } && command -v hledger >/dev/null &&
        has_browser
}

# Or it was found that none can be had.
has_browser() {
    [ -e .venv/without-browser ] || command -v chromium >/dev/null ||
        command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null
}

is_installed() {
    cmp -s "$lock" ".venv/installed-$lock" && cmp -s deploy/bootstrap.py .venv/installed-by &&
        cmp -s deploy/storage.lock .venv/installed-storage.lock &&
        [ "$(cat .venv/installed-in 2>/dev/null)" = "$root" ]
}

if is_installed && has_servers; then
    exit 0
fi

is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

# Built with profiles of its own work (PGO): as it says, or a distribution's, which does not say so.
is_quick() {
    "$1" -c 'import ensurepip, venv, sys, sysconfig
built = sysconfig.get_config_var("CONFIG_ARGS") or ""
sys.exit(sys.base_prefix != "/usr" and "--enable-optimizations" not in built)' >/dev/null 2>&1
}

find_python() {
    fallback=
    for candidate in python3 python3.14 python3.13 python3.12 python3.11 /usr/bin/python3; do
        is_new_enough "$candidate" || continue
        is_quick "$candidate" && { command -v "$candidate"; return 0; }
        fallback=${fallback:-$(command -v "$candidate")}
    done
    echo "$fallback"
    [ -n "$fallback" ]
}

if ! python=$(find_python); then
    echo "Saldo needs Python 3.11 or newer as python3 (Debian 12 has it: apt-get install python3)." >&2
    exit 1
fi
exec "$python" deploy/bootstrap.py "$kind"
