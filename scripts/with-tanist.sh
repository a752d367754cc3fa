#!/usr/bin/env bash
# with-tanist.sh COMMAND...: creates a cluster with two replicas of Tanist, runs the command, and removes the cluster however the command
# ends. A cluster of the same name that was there before is left alone. The command finds in NODES whether the nodes are real or simulated.
#
# If this machine can have real nodes (see nodes.sh), the cluster has two of them and cert-manager, and the chart installs Tanist. Otherwise
# the nodes are simulated, and the replicas run as processes on this machine, without admission.
#
# NODES=real          fail if there can be no real nodes
# NODES=simulated     use simulated nodes; SIMULATED_NODES=5 also says how many
# REPLICAS=0          with simulated nodes, start no Tanist, for a command that starts its own
# OBSERVE=off         with simulated nodes, do not watch for losses that nobody announces, which takes CPU
# HELM_ARGS, UP_ARGS  more arguments for "helm install" and "tanist-cluster up", such as UP_ARGS="--port 17443"
# KEEP=1              leave the cluster running, and say how to use it
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
    if [[ -z $mine$settings ]]; then
        : # nothing was brought up, or there is somebody's cluster of that name
    elif [[ ${KEEP:-} == 1 && $code == 0 ]]; then
        cat <<TRY

The cluster is left running. Try:
  export KUBECONFIG=$KUBECONFIG PATH=$components:$bin:\$PATH
  kubectl create namespace shop
  kubectl label namespace shop tanist.dev/enabled=true
  kubectl create service clusterip payments --namespace shop --tcp=80:8080
  kubectl annotate service payments --namespace shop tanist.dev/enabled=true
  kubectl apply --filename $PWD/examples/tutorial.yaml
  kubectl rollout status deployment/payments --namespace shop
  kubectl tanist bench payments --namespace shop --failovers 5
  kubectl tanist get payments --namespace shop --watch
docs/tutorial.md explains these steps. Remove it with:
  $bin/tanist-cluster --name $name down
TRY
    else
        cluster down
    fi
    exit "$code"
}

version=$(sed -n 's/^appVersion: //p' deploy/chart/Chart.yaml)
export BENCH_IMAGE=ghcr.io/tanist-dev/kubectl-tanist:$version
# What "up" prints when the cluster is up.
settings=
# Not empty: finish may remove the cluster. "up" refuses a cluster that exists, which may be one that an earlier run has kept. If there is
# none, what is left of an "up" that was killed is this run's.
mine=
trap finish EXIT
trap 'exit 130' INT TERM HUP
cluster status >/dev/null 2>&1 || mine=1
# Two steps, because eval would hide a failure, and the rest would then use the cluster that the user's kubeconfig names.
code=0
settings=$("$bin/tanist-cluster" --name "$name" up "${nodes[@]}" ${UP_ARGS:-}) || code=$?
if ((code != 0)); then
    # Unless a signal has killed it, it has removed what it began.
    if ((code < 128)); then mine=; fi
    if ((code == 3)) && [[ $asked == auto ]]; then echo "NODES=simulated does without real nodes" >&2; fi # 3: real nodes are the cause
    exit "$code"
fi
mine=1
eval "$settings"
components=$("$bin/tanist-cluster" components kubectl) # "up" has built all that it needs
export KUBECONFIG PATH=$components:$bin:$PATH

if [[ $NODES == real ]]; then
    cluster image "ghcr.io/tanist-dev/tanist:$version" "$bin/tanist"
    cluster image "$BENCH_IMAGE" "$bin/kubectl-tanist"
    # The images that tanist-cluster makes name no user.
    scripts/still.sh "Installing Tanist" go tool -modfile="$PWD/tools/helm.mod" helm install tanist deploy/chart --namespace $namespace --create-namespace \
        --set image.repository=ghcr.io/tanist-dev/tanist --set podSecurityContext.runAsUser=65532 \
        --wait --timeout 2m ${HELM_ARGS:-} >/dev/null
    # The API server skips admission until the CA is injected, and until the nodes route the webhook's Service to the replicas.
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
    [[ ${OBSERVE:-} != off ]] || kubectl create configmap tanist-tuning --namespace $namespace --from-literal='tuning.yaml=observe: {enabled: false}' >/dev/null
    for _ in $(seq "${REPLICAS:-2}"); do
        cluster run -- "$bin/tanist" --namespace $namespace --metrics-bind-address=0 --health-probe-bind-address=0 \
            --peer-bind-address=0 --webhook-port=0
    done
fi
"$@"
