#!/usr/bin/env bash
# A synthetic city on http://127.0.0.1:8050: generate, build, serve. A second start reuses the build.
#
# DEMO_PEOPLE (100000) may be set in the environment. Everything lives in ./data-demo, which is this script's own.
set -euo pipefail
cd "$(dirname "$0")/.."

bin="${1:?usage: scripts/demo.sh VENV}/bin"
people=${DEMO_PEOPLE:-100000}
export HSSK_HOME=./data-demo
export HSSK_KEY_FILE=./.demo-keys.toml
extracts="$HSSK_HOME/extracts"
stamp="$HSSK_HOME/.demo-stamp"
digest='import hashlib, sys; print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest())'

# What the build depends on: the floor that builds, the generator, the size asked for.
key="$people $(find warehouse benchmarks -type f -not -path "benchmarks/report/*" ! -name '*.pyc' -print0 | sort -z | xargs -0 cat | "$bin/python" -c "$digest")"
if [ ! -f "$stamp" ] || [ "$(cat "$stamp")" != "$key" ] || [ ! -f "$HSSK_HOME/CURRENT" ] || [ ! -f "$HSSK_KEY_FILE" ]; then
    rm -rf "$HSSK_HOME"
    mkdir -p "$HSSK_HOME"
    [ -f "$HSSK_KEY_FILE" ] || "$bin/hssk" keys create "$HSSK_KEY_FILE"
    echo "Generating $people synthetic residents"
    "$bin/python" -m benchmarks.generator --people "$people" --seed 1 --out "$extracts"
    "$bin/hssk" build "$extracts"
    echo "$key" >"$stamp"
fi
exec "$bin/hssk" serve
