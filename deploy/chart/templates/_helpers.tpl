{{- define "tanist.selector" -}}
app.kubernetes.io/name: tanist
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}
{{- define "tanist.labels" -}}
{{ include "tanist.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}
{{- /* Cluster-wide objects are named after the release's namespace, so that two installations do not share one. */ -}}
{{- define "tanist.clusterName" -}}
{{ .Release.Namespace }}-tanist
{{- end }}
