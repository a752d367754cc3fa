#!/usr/bin/env bash
# still.sh WHAT COMMAND...: runs the command and ends as it does. Every ten seconds it says on standard error what it waits for and for
# how long, in any kind of output.
set -euo pipefail
what=$1
shift
# Not sleep: as a process of its own it would hold the output open after the end.
exec {never}<> <(:)
while kill -0 $$ 2>/dev/null; do
    read -rt 10 -u "$never" || true
    echo "$what: $SECONDS s" >&2
done &
teller=$!
trap 'kill $teller 2>/dev/null || true' EXIT
code=0
"$@" || code=$?
exit $code
