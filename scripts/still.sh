#!/usr/bin/env bash
# still.sh WHAT COMMAND...: runs the command and returns its exit code. Every ten seconds it prints on standard error what it waits for, and
# for how long. It does so whether or not the output is a terminal.
set -euo pipefail
what=$1
shift
# Not sleep, which is a process of its own and would keep the output open after the end.
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
