{{- /* What all webhooks have in common. The policy is Ignore, because admission only prepares and advises: no failure of Tanist or of its
certificate may hold up a pod or a Service. */ -}}
{{- define "tanist.webhook" -}}
admissionReviewVersions: [v1]
failurePolicy: Ignore
matchPolicy: Equivalent
{{- end }}

{{- /* cert-manager's CA injector fills in caBundle, at first and at every renewal. A caBundle in the manifest would undo that. */ -}}
{{- define "tanist.webhookMetadata" -}}
name: {{ include "tanist.clusterName" . }}
labels: {{- include "tanist.labels" . | nindent 2 }}
annotations:
  # The CA and not the serving certificate: the API server trusts a new CA before anything is served with it.
  cert-manager.io/inject-ca-from: {{ .Release.Namespace }}/tanist-ca
{{- end }}


{{- /* Namespaces that have opted in, but never those that Tanist itself needs to run. */ -}}
{{- define "tanist.optedIn" -}}
matchLabels: {tanist.dev/enabled: "true"}
matchExpressions:
- {key: kubernetes.io/metadata.name, operator: NotIn, values: [kube-system, {{ .Release.Namespace }}]}
{{- end }}

{{- /* Leaves out kubelets: they delete a pod a second time when it has ended, and create mirror pods. */ -}}
{{- define "tanist.notByNode" -}}
name: not-by-a-node
expression: "!('system:nodes' in request.userInfo.groups)"
{{- end }}
