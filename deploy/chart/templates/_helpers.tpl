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
{{- /* What is not in a namespace is named after the release's, so that two installations do not meet. */ -}}
{{- define "tanist.clusterName" -}}
{{ .Release.Namespace }}-tanist
{{- end }}
