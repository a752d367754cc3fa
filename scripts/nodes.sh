#!/usr/bin/env bash
# nodes.sh: prints which nodes a cluster is to have, "real" or "simulated". NODES=real and NODES=simulated ask for one kind (so does
# SIMULATED_NODES); otherwise they are real where this machine can have them, and if not it says why. It needs nothing to be built.
set -euo pipefail
cd "$(dirname "$0")/../test/cluster"
case ${SIMULATED_NODES:+simulated}${NODES:-auto} in
simulated*) echo simulated ;;
auto) go run ./realnodes/ask ;;
real) go run ./realnodes/ask --required ;;
*) echo "NODES=$NODES: must be real, simulated or auto" >&2 && exit 1 ;;
esac
