#!/usr/bin/env bash
# nodes.sh: prints which nodes a cluster gets, "real" or "simulated". NODES=real and NODES=simulated ask for one kind, and SIMULATED_NODES
# asks for simulated ones. Otherwise the nodes are real if this machine can have real ones; if not, nodes.sh says why. It needs no build.
set -euo pipefail
cd "$(dirname "$0")/../test/cluster"
case ${SIMULATED_NODES:+simulated}${NODES:-auto} in
simulated*) echo simulated ;;
auto) go run ./realnodes/ask ;;
real) go run ./realnodes/ask --required ;;
*) echo "NODES=$NODES: must be real, simulated or auto" >&2 && exit 1 ;;
esac
