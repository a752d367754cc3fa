#!/usr/bin/env bash
# render-install.sh: prints deploy/install.yaml: the namespace tanist-system, and the chart with its default values.
set -euo pipefail
cd "$(dirname "$0")/.."
cat <<'NAMESPACE'
# Rendered from deploy/chart by "make install.yaml". It needs cert-manager: see docs/installing.md.
apiVersion: v1
kind: Namespace
metadata:
  name: tanist-system
  labels:
    pod-security.kubernetes.io/audit: restricted
    pod-security.kubernetes.io/enforce: restricted
    pod-security.kubernetes.io/warn: restricted
NAMESPACE
go tool -modfile="$PWD/tools/helm.mod" helm template tanist deploy/chart --namespace tanist-system
