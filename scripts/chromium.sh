#!/usr/bin/env bash
# A Chromium for the browser tests: the one that is there, else by apt where this user may, else a plain word.
set -uo pipefail
for name in "${HSSK_CHROMIUM:-}" chromium chromium-browser google-chrome; do
    [ -n "$name" ] && command -v "$name" >/dev/null && exit 0
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "hssk setup: installing chromium by apt"
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium; } >/dev/null 2>&1 && exit 0
fi
echo "hssk setup: no Chromium here, so the tests marked 'browser' will be skipped (install chromium, or set HSSK_CHROMIUM)"
