#!/bin/sh
# Runs the tests; `make test` and `make check` call it after the set-up.
#
#   scripts/test.sh all     everything: what shares no machine in parallel, then the real machine, one after the other
#   scripts/test.sh fast    format, lint, types and the tests that start no server: under a minute
set -u
cd "$(dirname "$0")/.." || exit 1
bin=.venv/bin
failed=

# Each part runs though one before it failed: all that is wrong is told at once.
part() {
    printf '\n== %s\n' "$1"
    shift
    "$@" || failed=yes
}

desktop() {
    [ -f src/desktop/package.json ] || return 0
    wheel=$PWD/var/tools/node
    PATH=$PWD/src/desktop/node_modules/.bin:$wheel:$PATH
    # Node of the set-up, where the system has none that is new enough.
    (cd src/desktop && "$@")
}

part 'Format' $bin/ruff format --check .
part 'Lint' $bin/ruff check .
part 'Types' $bin/mypy
part 'Browser application: types' desktop svelte-check --tsconfig ./tsconfig.json --fail-on-warnings
part 'Browser application: tests' desktop vitest run
if [ "${1:-all}" = all ]; then
    part 'Tests' $bin/pytest -q -n auto -m 'not system'
    part 'Tests on the real machine' $bin/pytest -q -m system
else
    part 'Fast tests' $bin/pytest -q -n auto -m 'not system and not slow' --hypothesis-profile quick \
        --ignore=tests/machine --ignore=tests/simulate --ignore=tests/store --ignore=tests/system
fi
if [ -n "$failed" ]; then
    printf '\n✗ something above failed\n' >&2
    exit 1
fi
printf '\n✓ all of it passed\n'
