{{- /* What all webhooks have in common. The policy is Ignore, because admission only prepares and advises: no failure of Tanist or of its
certificate may hold up a pod or a Service. */ -}}
{{- define "tanist.webhook" -}}
admissionReviewVersions: [v1]
failurePolicy: Ignore
matchPolicy: Equivalent
{{- end }}

{{- /* cert-manager's CA injector, or Tanist itself, fills in caBundle, at first and at every renewal. A caBundle in the manifest would undo that. */ -}}
{{- define "tanist.webhookMetadata" -}}
name: {{ include "tanist.clusterName" . }}
labels: {{- include "tanist.labels" . | nindent 2 }}
{{- if include "tanist.certManager" . }}
annotations:
  # The CA and not the serving certificate: the API server trusts a new CA before anything is served with it.
  cert-manager.io/inject-ca-from: {{ .Release.Namespace }}/tanist-ca
{{- end }}
{{- end }}


{{- /* Namespaces that have opted in, but never those that Tanist itself needs to run. */ -}}
{{- define "tanist.optedIn" -}}
matchLabels: {tanist.dev/enabled: "true"}
matchExpressions:
{{- with .Values.watchNamespaces }}
- {key: kubernetes.io/metadata.name, operator: In, values: {{ toJson . }}}
{{- else }}
- {key: kubernetes.io/metadata.name, operator: NotIn, values: [kube-system, {{ .Release.Namespace }}]}
{{- end }}
{{- end }}

{{- /* Leaves out kubelets: they delete a pod a second time when it has ended, and create mirror pods. */ -}}
{{- define "tanist.notByNode" -}}
name: not-by-a-node
expression: "!('system:nodes' in request.userInfo.groups)"
{{- end }}

{{- /* What comes before the name of a webhook's handler in its path: "/<secret>/", "/", or nothing if the webhooks have no path.
The secret is that of the value admission.secret, else the one that the cluster has, else a new one. An upgrade of an installation without
a secret adds none, because replicas of a former version do not know it. Without a cluster there is no path, so that no manifest takes
back the secret that "kubectl tanist rotate-secret" sets. */ -}}
{{- define "tanist.webhookPrefix" -}}
{{- $existing := lookup "admissionregistration.k8s.io/v1" "ValidatingWebhookConfiguration" "" (include "tanist.clusterName" .) -}}
{{- if .Values.admission.secret -}}
/{{ .Values.admission.secret }}/
{{- else if $existing -}}
{{- with $existing.webhooks }}{{ regexReplaceAll "[^/]*$" (dig "clientConfig" "service" "path" "" (first .)) "" }}{{ end -}}
{{- else if lookup "v1" "Namespace" "" "kube-system" -}}
/{{ randAlphaNum 40 | lower }}/
{{- end -}}
{{- end }}
