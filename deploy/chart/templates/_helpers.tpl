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
{{- define "tanist.repository" -}}
{{- required "image.repository is not set: no image of Tanist is published yet, so build one and name it, for example --set image.repository=registry.example.com/tanist (see docs/installing.md)" .Values.image.repository -}}
{{- end }}
{{- define "tanist.metricsPort" -}}
{{- ternary 8443 8080 .Values.metrics.secure -}}
{{- end }}
{{- /* Cluster-wide objects are named after the release's namespace, so that two installations do not share one. */ -}}
{{- define "tanist.clusterName" -}}
{{ .Release.Namespace }}-tanist
{{- end }}
