{{- define "tanist.selector" -}}
app.kubernetes.io/name: tanist
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}
{{- /* The chart's own labels win: selectors and checks rely on them. */ -}}
{{- define "tanist.labels" -}}
{{- $own := include "tanist.selector" . | fromYaml }}
{{- $_ := set $own "app.kubernetes.io/version" .Chart.AppVersion }}
{{- $_ := set $own "app.kubernetes.io/managed-by" .Release.Service }}
{{- $_ := set $own "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version) }}
{{- merge $own .Values.commonLabels | toYaml }}
{{- end }}
{{- /* Takes the root and more labels. The chart's own win over those, and those over commonLabels. */ -}}
{{- define "tanist.labelsWith" -}}
{{- $own := include "tanist.selector" .root | fromYaml }}
{{- merge $own .more (include "tanist.labels" .root | fromYaml) | toYaml }}
{{- end }}
{{- /* The label tanist.dev/rules marks a version that knows who may change what. Replicas without it make voluntary moves without the Lease. */ -}}
{{- define "tanist.podLabels" -}}
{{- $own := include "tanist.labels" . | fromYaml }}
{{- $_ := set $own "tanist.dev/rules" "1" }}
{{- merge $own .Values.podLabels | toYaml }}
{{- end }}
{{- define "tanist.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{ .Values.serviceAccount.name | default "tanist" }}
{{- else -}}
{{ required "serviceAccount.name is not set: with serviceAccount.create=false, name the ServiceAccount that Tanist uses" .Values.serviceAccount.name }}
{{- end }}
{{- end }}
{{- define "tanist.image" -}}
{{- $repository := required "image.repository is not set: no image of Tanist is published yet, so build one and name it, for example --set image.repository=registry.example.com/tanist (see docs/installing.md)" .Values.image.repository -}}
{{- with .Values.image.registry }}{{ . }}/{{ end }}{{ $repository -}}
:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- with .Values.image.digest }}@{{ . }}{{ end }}
{{- end }}
{{- define "tanist.metricsPort" -}}
{{- .Values.ports.metrics | default (ternary 8443 8080 .Values.metrics.secure) | int -}}
{{- end }}
{{- /* Not 9443 in the pod network: the firewall of a private cluster often lets the API server reach only 443 and 10250 on the nodes. On the
host 10250 is the kubelet's. */ -}}
{{- define "tanist.webhookPort" -}}
{{- .Values.ports.webhook | default (ternary 9443 10250 .Values.hostNetwork) | int -}}
{{- end }}
{{- /* Both values are missing after an upgrade with --reuse-values from a version without them. */ -}}
{{- define "tanist.grants" -}}
{{- if (.Values.grants).enabled }}yes{{ end -}}
{{- end }}
{{- define "tanist.grantsPort" -}}
{{- .Values.ports.grants | default 8445 | int -}}
{{- end }}
{{- define "tanist.grantsTokens" -}}
{{- if and (include "tanist.grants" .) .Values.grants.tokens }}
{{- if not .Values.admission.enabled }}{{ fail "grants.tokens: must be false with admission.enabled=false, because there is no certificate to serve" }}{{ end -}}
yes{{ end -}}
{{- end }}
{{- define "tanist.grantsTLSPort" -}}
{{- .Values.ports.grantsTLS | default 8446 | int -}}
{{- end }}
{{- /* Takes a pod's ports, and refuses two that are the same, or the kubelet's on the host. */ -}}
{{- define "tanist.checkPorts" -}}
{{- $ports := dict "metrics" (include "tanist.metricsPort" .) "health" (.Values.ports.health | int | toString) "peers" (.Values.ports.peers | int | toString) }}
{{- if include "tanist.grants" . }}{{ $_ := set $ports "grants" (include "tanist.grantsPort" .) }}{{ end }}
{{- if include "tanist.grantsTokens" . }}{{ $_ := set $ports "grantsTLS" (include "tanist.grantsTLSPort" .) }}{{ end }}
{{- if .Values.admission.enabled }}{{ $_ := set $ports "webhook" (include "tanist.webhookPort" .) }}{{ end }}
{{- if ne (len $ports) (len (values $ports | uniq)) }}
{{- fail (printf "ports: each needs a number of its own, got %s" (toJson $ports)) }}
{{- end }}
{{- if and .Values.hostNetwork (has "10250" (values $ports)) }}
{{- fail (printf "ports: with hostNetwork=true, 10250 is the kubelet's, got %s" (toJson $ports)) }}
{{- end }}
{{- end }}
{{- /* Not empty if cert-manager issues the certificates, and if Tanist makes them itself. The value is missing after an upgrade with
--reuse-values from a version without it. */ -}}
{{- define "tanist.certManager" -}}
{{- if and .Values.admission.enabled (ne (toString .Values.admission.certificates) "self-managed") }}yes{{ end -}}
{{- end }}
{{- define "tanist.selfManaged" -}}
{{- if and .Values.admission.enabled (eq (toString .Values.admission.certificates) "self-managed") }}yes{{ end -}}
{{- end }}
{{- /* Cluster-wide objects are named after the release's namespace, so that two installations do not share one. */ -}}
{{- define "tanist.clusterName" -}}
{{ .Release.Namespace }}-tanist
{{- end }}
