#!/usr/bin/env bash
# integration.sh [GO TEST FLAGS...]: runs the tests against a real API server in two processes, each with a control plane of its own. They
# wait for most of the time, so that two take little more than half as long as one. The second prints what it has to say at its end.
set -euo pipefail
cd "$(dirname "$0")/../test/integration"

half='^Test[AT]' # about half of the time, not of the tests
tests=$(mktemp)
second=$(mktemp)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -f "$tests" "$second"' EXIT

go test "$@" -tags integration -c -o "$tests" .
"$tests" -test.timeout 2h -test.run "$half" &
"$tests" -test.timeout 2h -test.skip "$half" >"$second" 2>&1 || failed=1
cat "$second"
wait %1 || failed=1
exit ${failed:-0}
