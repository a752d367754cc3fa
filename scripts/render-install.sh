#!/usr/bin/env bash
# render-install.sh: prints deploy/install.yaml: the namespace tanist-system, and the chart with its default values. The name of the image
# is one that no kubelet accepts, because none is published yet.
set -euo pipefail
cd "$(dirname "$0")/.."
cat <<'NAMESPACE'
# Rendered from deploy/chart by "make install.yaml". It needs cert-manager, and the name of your image in place of
# IMAGE_REPOSITORY: see docs/installing.md.
apiVersion: v1
kind: Namespace
metadata:
  name: tanist-system
  labels:
    pod-security.kubernetes.io/audit: restricted
    pod-security.kubernetes.io/enforce: restricted
    pod-security.kubernetes.io/warn: restricted
NAMESPACE
go tool -modfile="$PWD/tools/helm.mod" helm template tanist deploy/chart --namespace tanist-system \
    --set image.repository=IMAGE_REPOSITORY
