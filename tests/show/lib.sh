# Sourced by the scripts beside it: a shop on a free port, and claims that are checked.
# shellcheck shell=bash
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

work=$(mktemp -d)
pids=()
cleanup() {
    for pid in "${pids[@]}"; do kill "$pid" 2> /dev/null || true; done
    wait 2> /dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT

failures=0
passes=0
# claim TEXT COMMAND…: runs the command, prints the claim with its verdict, and remembers a failure.
claim() {
    local text=$1
    shift
    if "$@"; then
        passes=$((passes + 1))
        printf '  ok      %s\n' "$text"
    else
        failures=$((failures + 1))
        printf '  FAILED  %s\n' "$text"
    fi
}

# matches FILE PATTERN: whether a line of the file matches, whatever its case.
matches() { grep -qiE -- "$2" "$1"; }

# equals A B
equals() { [ "$1" = "$2" ]; }

title() { printf '\n== %s\n' "$*"; }

# start_shop [VARIABLE=VALUE…]: builds the shop and serves it on a free port; sets `url` and `shop`.
start_shop() {
    cargo build --quiet --locked -p shop
    env "$@" PORT=0 "$(target_dir)/debug/shop" > "$work/shop.log" 2>&1 &
    shop=$!
    pids+=("$shop")
    for _ in $(seq 100); do
        url=$(grep -oE 'http://127\.0\.0\.1:[0-9]+' "$work/shop.log" | head -n 1) && return 0
        sleep 0.1
    done
    cat "$work/shop.log"
    echo "the shop did not start"
    exit 1
}

target_dir() { echo "${CARGO_TARGET_DIR:-target}"; }

# The resident memory of a process, in KiB.
resident() { awk '/^VmRSS/ { print $2 }' "/proc/$1/status"; }

finish() {
    printf '\n%s passed, %s failed\n' "$passes" "$failures"
    [ "$failures" = 0 ]
}
