#!/usr/bin/env bash
# Make a virtual environment from a lock file, on a machine that may have nothing but a Python.
#
#   scripts/setup.sh VENV LOCK
#
# PYTHON=... chooses the interpreter (3.11, 3.12 or 3.13). A second run with the same lock installs nothing.
# Exit 69: something has to be installed first; the one line printed says what.
set -euo pipefail
cd "$(dirname "$0")/.."

venv=${1:?usage: scripts/setup.sh VENV LOCK}
lock=${2:?usage: scripts/setup.sh VENV LOCK}
is_supported='import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'
has_ensurepip='import ensurepip, venv'
digest='import hashlib, sys; print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest())'
stamp="$venv/.stamp-$(basename "$lock")"

refuse() {
    echo "hssk setup: $*" >&2
    exit 69
}

find_python() {
    local candidate
    if [ -n "${PYTHON:-}" ]; then
        command -v "$PYTHON" >/dev/null || refuse "PYTHON=$PYTHON is not there; name a Python 3.11, 3.12 or 3.13"
        "$PYTHON" -c "$is_supported" 2>/dev/null ||
            refuse "PYTHON=$PYTHON is $("$PYTHON" --version 2>&1); Python 3.11, 3.12 or 3.13 is needed"
        command -v "$PYTHON"
        return
    fi
    for candidate in python3 python3.13 python3.12 python3.11; do
        if command -v "$candidate" >/dev/null && "$candidate" -c "$is_supported" 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    refuse "no Python 3.11, 3.12 or 3.13 found; install one (Debian: apt install python3-venv) or set PYTHON="
}

may_apt() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null
}

# The pip of the system, when it is new enough to install into another environment (pip --python, 22.3).
system_pip() {
    local candidate
    for candidate in "$python" python3 /usr/bin/python3; do
        if "$candidate" -c 'import pip, sys; sys.exit(tuple(map(int, pip.__version__.split(".")[:2])) < (22, 3))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    return 1
}

make_venv() {
    local version helper
    if ! "$python" -c "$has_ensurepip" 2>/dev/null && may_apt; then
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        echo "hssk setup: installing python$version-venv by apt"
        { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "python$version-venv"; } >/dev/null 2>&1 || true
    fi
    if "$python" -c "$has_ensurepip" 2>/dev/null; then
        "$python" -m venv --clear "$venv"
    elif helper=$(system_pip); then
        "$python" -m venv --clear --without-pip "$venv"
        echo "$helper" >"$venv/.pip-helper"
    else
        refuse "this Python has neither ensurepip nor pip 22.3 or newer; install python3-venv (Debian: apt install python3-venv)"
    fi
}

pip_install() {
    local options=(--disable-pip-version-check --no-input)
    if [ -f "$venv/.pip-helper" ]; then
        "$(cat "$venv/.pip-helper")" -m pip --python "$venv/bin/python" install "${options[@]}" "$@"
    else
        "$venv/bin/python" -m pip install "${options[@]}" "$@"
    fi
}

# pip's own output is a page of addresses; this shows one line every few packages instead.
show_progress() {
    awk -v total="$1" '
        /^ *(Collecting|Requirement already satisfied)/ { if (++n % 10 == 0) { print "  " n " of about " total " packages"; fflush() } }
        /^Installing collected packages/ { print "  unpacking"; fflush() }'
}

install_lock() {
    local count started=$SECONDS
    count=$(grep -c '==' "$lock")
    echo "hssk setup: $lock into $venv (about $count packages)"
    pip_install --progress-bar off --require-hashes -r "$lock" | show_progress "$count"
    pip_install --quiet --no-deps --no-build-isolation --editable .
    echo "hssk setup: done in $((SECONDS - started)) s"
}

[ -f "$lock" ] || refuse "no file $lock"
if [ -n "${PYTHON:-}" ] || [ ! -x "$venv/bin/python" ]; then
    python=$(find_python)
else
    python="$venv/bin/python"
fi
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
key="$version $(cat "$lock" scripts/setup.sh pyproject.toml | "$python" -c "$digest")"
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$key" ]; then
    exit 0
fi
if [ ! -x "$venv/bin/python" ] || ! "$venv/bin/python" -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$version')"; then
    make_venv
fi
rm -f "$stamp"
install_lock
echo "$key" >"$stamp"
