{{- /* What all webhooks have in common. Ignore: admission prepares and advises, and nothing that Tanist or its certificate suffers may
hold up a pod or a Service. */ -}}
{{- define "tanist.webhook" -}}
admissionReviewVersions: [v1]
failurePolicy: Ignore
matchPolicy: Equivalent
{{- end }}

{{- /* The injector fills in caBundle, here and at every renewal; a caBundle in the manifest would take it back. */ -}}
{{- define "tanist.webhookMetadata" -}}
name: {{ include "tanist.clusterName" . }}
labels: {{- include "tanist.labels" . | nindent 2 }}
annotations:
  # The CA and not the leaf: new trust is published before anything is served with it.
  cert-manager.io/inject-ca-from: {{ .Release.Namespace }}/tanist-ca
{{- end }}


{{- /* Namespaces that have opted in; never those that Tanist itself needs to run. */ -}}
{{- define "tanist.optedIn" -}}
matchLabels: {tanist.dev/enabled: "true"}
matchExpressions:
- {key: kubernetes.io/metadata.name, operator: NotIn, values: [kube-system, {{ .Release.Namespace }}]}
{{- end }}

{{- /* A kubelet deletes a pod a second time when it has ended, and creates mirror pods. */ -}}
{{- define "tanist.notByNode" -}}
name: not-by-a-node
expression: "!('system:nodes' in request.userInfo.groups)"
{{- end }}
