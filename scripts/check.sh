#!/usr/bin/env bash
# The checks, stage by stage: lint, types, import contracts, tests. All stages run even when one fails;
# the exit code is that of the first stage that failed.
#
#   scripts/check.sh VENV [pytest options]
set -uo pipefail
cd "$(dirname "$0")/.."

bin="${1:?usage: scripts/check.sh VENV [pytest options]}/bin"
shift
packages=(hssk.py hssk_data.py hssk_linkage.py hssk_options.py hssk_output.py hssk_studies.py
    warehouse analytics models dashboard benchmarks)
# Two test processes share the cores; a library of linear algebra that waits for both slows them down.
export OPENBLAS_NUM_THREADS=1
summary=()
first_failure=0

stage() {
    local name=$1 started=$SECONDS code=0 result
    shift
    echo "== $name"
    "$@" </dev/null || code=$?
    result=passed
    [ "$code" = 0 ] || result="FAILED (exit $code)"
    [ "$first_failure" != 0 ] || first_failure=$code
    summary+=("$(printf '%-10s %4d s  %s' "$name" $((SECONDS - started)) "$result")")
}

lint() {
    "$bin/ruff" check --quiet . && "$bin/ruff" format --check --quiet .
}

stage lint lint
stage types "$bin/mypy" --no-error-summary "${packages[@]}"
stage contracts "$bin/lint-imports" --no-cache
stage tests "$bin/python" -m pytest -n 2 --dist worksteal "$@"
printf '%s\n' "== seconds per stage" "${summary[@]}"
exit "$first_failure"
