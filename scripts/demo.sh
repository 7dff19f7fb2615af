#!/usr/bin/env bash
# A synthetic city on http://127.0.0.1:8050: drawn, built twice (as of a month before, then as of its last day, so
# that there is a change to look at), served. A second start reuses the builds.
#
# DEMO_PEOPLE (200000) may be set in the environment. Everything lives in ./data-demo, which is this script's own.
set -euo pipefail
cd "$(dirname "$0")/.."

bin="${1:?usage: scripts/demo.sh VENV}/bin"
people=${DEMO_PEOPLE:-200000}
export HSSK_HOME=./data-demo
export HSSK_KEY_FILE=./.demo-keys.toml
stamp="$HSSK_HOME/.demo-stamp"
digest='import hashlib, sys; print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest())'

# What the builds depend on: the floors that build and fit, and the size asked for.
key="$people $(find warehouse analytics models -type f ! -name '*.pyc' -print0 | sort -z | xargs -0 cat | "$bin/python" -c "$digest")"
if [ ! -f "$stamp" ] || [ "$(cat "$stamp")" != "$key" ] || [ ! -f "$HSSK_HOME/CURRENT" ] || [ ! -f "$HSSK_KEY_FILE" ]; then
    rm -rf "$HSSK_HOME"
    mkdir -p "$HSSK_HOME"
    [ -f "$HSSK_KEY_FILE" ] || "$bin/hssk" keys create "$HSSK_KEY_FILE"
    for day in 2024-11-30 2024-12-31; do
        # The build before is there to be compared with; models are looked at in the newest.
        city="$HSSK_HOME/city-$day"
        fit=$([ "$day" = 2024-12-31 ] && echo "--truth=$city/truth_counts.parquet" || echo --no-fit)
        echo "Drawing and building $people synthetic residents as of $day"
        "$bin/hssk" synthesize --population "$people" --seed 1 --as-of "$day" --out "$city" >/dev/null
        "$bin/hssk" build "$fit" "$city/extracts" | tail -n 1
    done
    echo "$key" >"$stamp"
fi
exec "$bin/hssk" serve
