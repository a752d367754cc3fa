#!/usr/bin/env bash
# render-install.sh [CHART]: prints install.yaml: the namespace tanist-system, and the chart with its default values. Without CHART it is
# deploy/install.yaml, where the image has a name that no kubelet accepts, because none is published yet. CHART is the packaged chart of a
# release, which names its image itself.
set -euo pipefail
cd "$(dirname "$0")/.."
chart=${1:-deploy/chart}
if [[ $# == 0 ]]; then
    heading='# Rendered from deploy/chart by "make install.yaml". It needs cert-manager, and the name of your image in place of
# IMAGE_REPOSITORY: see docs/installing.md.'
    image=(--set image.repository=IMAGE_REPOSITORY)
else
    heading='# Rendered from the chart of this release. It needs cert-manager, and the image in the registry that it names: see docs/installing.md.'
    image=()
fi
cat <<NAMESPACE
$heading
apiVersion: v1
kind: Namespace
metadata:
  name: tanist-system
  labels:
    pod-security.kubernetes.io/audit: restricted
    pod-security.kubernetes.io/enforce: restricted
    pod-security.kubernetes.io/warn: restricted
NAMESPACE
go tool -modfile="$PWD/tools/helm.mod" helm template tanist "$chart" --namespace tanist-system ${image[@]+"${image[@]}"}
