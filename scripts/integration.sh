#!/usr/bin/env bash
# integration.sh [GO TEST FLAGS...]: runs the tests against a real API server in four processes, each with a control plane of its own:
# each waits often, and together they keep two cores busy. All but one print what they have to say at their end.
set -euo pipefail
cd "$(dirname "$0")/../test/integration"

# Each has about a quarter of the time, not of the tests. The fourth has the rest.
parts=('^Test[BCEHLMO]' '^Test(A[A-Q]|G)' '^Test(A[^A-Q]|[DF])')
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$folder"' EXIT

# part FLAGS... runs some of the tests, and says how long they took.
part() {
    local code=0
    "$folder/tests" -test.timeout 2h "$@" || code=$?
    echo "$*: $SECONDS s"
    return "$code"
}

go test "$@" -tags integration -c -o "$folder/tests" .
SECONDS=0
jobs=()
for pattern in "${parts[@]}"; do
    part -test.run "$pattern" >"$folder/${#jobs[@]}" 2>&1 &
    jobs+=($!)
done
part -test.skip "$(IFS='|'; echo "${parts[*]}")" || failed=1
for job in "${!jobs[@]}"; do
    wait "${jobs[job]}" || failed=1
    cat "$folder/$job"
done
exit ${failed:-0}
