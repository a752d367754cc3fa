#!/usr/bin/env bash
# with-tanist.sh COMMAND...: runs the command on a cluster of its own with two replicas of Tanist in it, and removes the cluster
# afterwards, however the command ends. KEEP=1 leaves it running and says how to use it.
# Where this machine can have real nodes (nodes.sh says so), there are two and cert-manager, and Tanist is installed by its chart
# (HELM_ARGS are for that). Elsewhere the nodes are simulated and the replicas run beside them, as processes on this machine, without
# admission. NODES=real fails where there can be no real nodes, NODES=simulated and SIMULATED_NODES=5 want simulated ones in any case;
# REPLICAS=0 starts no Tanist there, for a command that starts its own. The command finds in NODES which they are.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$PWD/bin
name=${CLUSTER_NAME:-with-tanist}
namespace=tanist-system
asked=${NODES:-auto}
NODES=$(scripts/nodes.sh)
export NODES
if [[ $NODES == real ]]; then nodes=(--nodes 2 --cert-manager); else nodes=(--simulated-nodes "${SIMULATED_NODES:-3}"); fi
cluster() { "$bin/tanist-cluster" --name "$name" "$@"; }

finish() {
    local code=$?
    trap - EXIT
    if [[ ${KEEP:-} == 1 && $code == 0 ]]; then
        cat <<TRY

The cluster is left running. Try:
  export KUBECONFIG=$KUBECONFIG PATH=$components:$bin:\$PATH
  kubectl label namespace default tanist.dev/enabled=true
  kubectl create service clusterip web --tcp=80:8080
  kubectl annotate service web tanist.dev/enabled=true
  kubectl create deployment web --image=${BENCH_IMAGE} --replicas=3 --port=8080 -- /kubectl-tanist bench-server
  kubectl get endpointslices --selector kubernetes.io/service-name=web-leader --watch
  kubectl tanist bench web --failovers 5
Remove it with:
  $bin/tanist-cluster --name $name down
TRY
    else
        cluster down
    fi
    exit "$code"
}

version=$(sed -n 's/^appVersion: //p' deploy/chart/Chart.yaml)
export BENCH_IMAGE=ghcr.io/tanist-dev/kubectl-tanist:$version
trap finish EXIT
trap 'exit 130' INT TERM
# Not in one line: eval would hide that there is no cluster, and the rest would meet whichever one the user's kubeconfig names.
settings=$(cluster up "${nodes[@]}" ${UP_ARGS:-}) || {
    if [[ $NODES == real && $asked == auto ]]; then echo "NODES=simulated does without real nodes" >&2; fi
    exit 1
}
eval "$settings"
components=$("$bin/tanist-cluster" components kubectl) # "up" has built all that it needs
export KUBECONFIG PATH=$components:$bin:$PATH

if [[ $NODES == real ]]; then
    cluster image "ghcr.io/tanist-dev/tanist:$version" "$bin/tanist"
    cluster image "$BENCH_IMAGE" "$bin/kubectl-tanist"
    scripts/still.sh "Installing Tanist" go tool -modfile="$PWD/tools/helm.mod" helm install tanist deploy/chart --namespace $namespace --create-namespace \
        --wait --timeout 2m ${HELM_ARGS:-} >/dev/null
    # Until the CA is injected, and until the nodes send to the replicas what is meant for them, admission is skipped.
    configurations=$(kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations --output name \
        --selector app.kubernetes.io/name=tanist)
    for configuration in $configurations; do
        kubectl wait "$configuration" --for 'jsonpath={.webhooks[0].clientConfig.caBundle}' --timeout 1m >/dev/null
    done
    for ((tries = 0; ${#configurations} > 0; tries++)); do
        answer=$(kubectl create configmap tanist-tuning --namespace $namespace --from-literal=wrong=key --dry-run=server 2>&1) || true
        [[ $answer != *tuning.tanist.dev* ]] || break
        ((tries < 300)) || { echo "admission does not work after a minute: $answer" >&2; exit 1; }
        sleep 0.2
    done
elif [[ ${REPLICAS:-2} != 0 ]]; then
    kubectl create namespace $namespace >/dev/null
    for _ in $(seq "${REPLICAS:-2}"); do
        cluster run -- "$bin/tanist" --namespace $namespace --metrics-bind-address=0 --health-probe-bind-address=0 \
            --webhook-port=0
    done
fi
"$@"
