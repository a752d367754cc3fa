{{- /* What the policies for Tanist's own account have in common. An expression must have a value for every object: one that fails, or costs
too much, refuses nothing, because a hand-over must not depend on it. So each looks keys up, and goes through no list that may be long. */ -}}
{{- define "tanist.policy" -}}
failurePolicy: Ignore
matchConditions:
- name: by-tanist
  expression: request.userInfo.username == 'system:serviceaccount:{{ .Release.Namespace }}:{{ include "tanist.serviceAccount" . }}'
{{- end }}

{{- /* Takes a resource's name: the policies are named after it. */ -}}
{{- define "tanist.policyBinding" -}}
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata:
  name: {{ include "tanist.clusterName" .root }}-{{ .resource }}
  labels: {{- include "tanist.labels" .root | nindent 4 }}
spec:
  policyName: {{ include "tanist.clusterName" .root }}-{{ .resource }}
  validationActions: [Deny]
{{- end }}

{{- /* Before is null when an object is created, and after when it is deleted. The controller is a list of at most one name: that of the
Service that controls the object. */ -}}
{{- define "tanist.policyVariables" -}}
- name: optedIn
  expression: namespaceObject.metadata.?labels[?'tanist.dev/enabled'].orValue('') == 'true'
- name: creates
  expression: request.operation == 'CREATE'
- name: updates
  expression: request.operation == 'UPDATE'
- name: deletes
  expression: request.operation == 'DELETE'
- name: labelsBefore
  expression: "variables.creates ? {} : oldObject.metadata.?labels.orValue({})"
- name: ownersBefore
  expression: "variables.creates ? [] : oldObject.metadata.?ownerReferences.orValue([])"
- name: labels
  expression: "variables.deletes ? {} : object.metadata.?labels.orValue({})"
- name: owners
  expression: "variables.deletes ? [] : object.metadata.?ownerReferences.orValue([])"
- name: controlledBefore
  expression: >-
    size(variables.ownersBefore) <= 32 && variables.ownersBefore.exists(o, o.?controller.orValue(false))
- name: controlledByServiceBefore
  expression: >-
    size(variables.ownersBefore) <= 32 && variables.ownersBefore.exists(o,
    o.?controller.orValue(false) && o.apiVersion == 'v1' && o.kind == 'Service')
- name: labelledBefore
  expression: >-
    'tanist.dev/source-service' in variables.labelsBefore ||
    variables.labelsBefore[?'app.kubernetes.io/managed-by'].orValue('') == 'tanist'
- name: labelled
  expression: >-
    variables.labels[?'app.kubernetes.io/managed-by'].orValue('') == 'tanist' &&
    variables.labels[?'tanist.dev/source-service'].orValue('') != ''
- name: controlledByService
  expression: >-
    size(variables.owners) <= 32 && variables.owners.exists(o,
    o.?controller.orValue(false) && o.apiVersion == 'v1' && o.kind == 'Service')
{{- end }}

{{- define "tanist.policyNamespaces" -}}
- expression: "!(request.namespace in ['kube-system', '{{ .Release.Namespace }}'])"
  message: Tanist writes nothing in kube-system and in its own namespace
- expression: variables.optedIn || !variables.creates
  message: Tanist creates objects only in a namespace with the label tanist.dev/enabled=true
{{- end }}

{{- /* For objects whose metadata Tanist leaves as they are. */ -}}
{{- define "tanist.policyMetadata" -}}
- expression: >-
    object == null || oldObject == null || ['labels', 'annotations', 'ownerReferences', 'finalizers'].all(key,
    (key in object.metadata) == (key in oldObject.metadata) && (!(key in object.metadata) || object.metadata[key] == oldObject.metadata[key]))
  message: Tanist does not change the object's metadata
{{- end }}
