{{- /* What Tanist may do in the namespaces that it watches: in all of them, or in each of the value watchNamespaces. */ -}}
{{- define "tanist.watchedRules" -}}
# Tanist reads which pods can lead, and whether their workloads announce that they go.
- apiGroups: [""]
  resources: [pods]
  verbs: [list, watch]
- apiGroups: [apps]
  resources: [daemonsets, deployments, replicasets, statefulsets]
  verbs: [list, watch]
# Tanist writes leader Services and their slices. Their owner references block no deletion, so it needs no right to services/finalizers.
- apiGroups: [""]
  resources: [services]
  verbs: [get, list, watch, create, patch, delete]
# A condition of the leader Service says whether it has a leader.
- apiGroups: [""]
  resources: [services/status]
  verbs: [patch]
- apiGroups: [discovery.k8s.io]
  resources: [endpointslices]
  verbs: [get, list, watch, create, update, delete]
# OpenShift asks for this right before it lets an account write the addresses of pods. Elsewhere the resource does not exist.
- apiGroups: [discovery.k8s.io]
  resources: [endpointslices/restricted]
  verbs: [create]
# If a leader Service had a selector for a moment, Tanist deletes the Endpoints object that Kubernetes made of it. It writes none, so it needs
# no right to endpoints/restricted.
- apiGroups: [""]
  resources: [endpoints]
  verbs: [get, delete]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create]
{{- if .Values.followLeases }}
# Tanist reads the Leases that Services follow. It watches no others, but their names are not known here.
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [get, list, watch]
{{- end }}
{{- if .Values.afterHandover.evictions }}
# Tanist evicts old leaders of Services that ask for it.
- apiGroups: [""]
  resources: [pods/eviction]
  verbs: [create]
{{- end }}
{{- end }}

{{- /* Refuses namespaces that never opt in. */ -}}
{{- define "tanist.checkWatchNamespaces" -}}
{{- range .Values.watchNamespaces }}
{{- if has . (list "kube-system" $.Release.Namespace) }}
{{- fail (printf "watchNamespaces: %s never opts in: name the namespaces whose Services are to have leaders" .) }}
{{- end }}
{{- end }}
{{- end }}
