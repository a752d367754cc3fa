#!/usr/bin/env bash
# integration.sh [GO TEST FLAGS...]: runs the tests against a real API server in four processes, each with a control plane of its own:
# each waits often, and together they keep two cores busy. At the end it prints what failed, and of that all it had to say.
set -euo pipefail
cd "$(dirname "$0")/../test/integration"

# Each has about a quarter of the time, not of the tests. The fourth has the rest.
parts=('^Test[BCEHLMO]' '^Test(A[A-Q]|G)' '^Test(A[^A-Q]|[DF])')
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$folder"' EXIT

# part NAME FLAGS... runs some of the tests. What they print goes to NAME.json, with the time of each line.
part() {
    local code=0
    go tool test2json -t -p "integration/$1" "$folder/tests" -test.v=test2json -test.timeout 2h "${@:2}" >"$folder/$1.json" 2>&1 || code=$?
    echo "${*:2}: $SECONDS s"
    return "$code"
}

go test "$@" -tags integration -c -o "$folder/tests" .
SECONDS=0
jobs=()
for number in "${!parts[@]}"; do
    part "$number" -test.run "${parts[number]}" &
    jobs+=($!)
done
part rest -test.skip "$(IFS='|'; echo "${parts[*]}")" &
jobs+=($!)
for job in "${jobs[@]}"; do
    wait "$job" || failed=1
done
go tool -modfile=../../tools/gotestsum.mod gotestsum --format standard-quiet --hide-summary skipped --raw-command -- cat "$folder"/*.json || failed=1
exit "${failed:-0}"
