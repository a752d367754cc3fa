//go:build chart

package deploy_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	flowcontrolv1 "k8s.io/api/flowcontrol/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// TestSwitches checks which objects each part of the chart has, and that they are not rendered if the part is disabled.
func TestSwitches(t *testing.T) {
	always := []string{
		"PodDisruptionBudget tanist", "ResourceQuota tanist-critical-pods", "ServiceAccount tanist", "ConfigMap tanist-tuning", "ConfigMap tanist-state",
		"ClusterRole tanist-system-tanist", "ClusterRole tanist-system-tanist-metrics-reader", "ClusterRoleBinding tanist-system-tanist", "Role tanist", "RoleBinding tanist",
		"Deployment tanist", "Service tanist-metrics",
	}
	admission := []string{
		"Service tanist", "Issuer tanist-selfsigned", "Certificate tanist-ca", "Issuer tanist-ca", "Certificate tanist-serving",
		"ValidatingWebhookConfiguration tanist-system-tanist", "MutatingWebhookConfiguration tanist-system-tanist",
	}
	selfManaged := []string{
		"Service tanist", "Secret tanist-self-managed",
		"ValidatingWebhookConfiguration tanist-system-tanist", "MutatingWebhookConfiguration tanist-system-tanist",
	}
	for _, resource := range []string{"webhooks", "secrets"} {
		for _, kind := range []string{"ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"} {
			selfManaged = append(selfManaged, kind+" tanist-system-tanist-"+resource)
		}
	}
	others := []string{"NetworkPolicy tanist", "FlowSchema tanist-system-tanist"}
	for _, resource := range []string{"services", "endpointslices", "endpoints"} {
		for _, kind := range []string{"ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"} {
			others = append(others, kind+" tanist-system-tanist-"+resource)
		}
	}
	cases := map[string]struct {
		values []string
		want   []string
	}{
		"the defaults": {want: slices.Concat(always, admission, others)},
		"with self-managed certificates": {
			values: []string{"admission.certificates=self-managed"}, want: slices.Concat(always, selfManaged, others),
		},
		"without admission": {values: []string{"admission.enabled=false"}, want: slices.Concat(always, others)},
		"without admission, where certificates are self-managed": {
			values: []string{"admission.enabled=false", "admission.certificates=self-managed"}, want: slices.Concat(always, others),
		},
		"all parts disabled": {
			values: []string{
				"admission.enabled=false", "networkPolicy.enabled=false", "flowSchema.enabled=false", "accountPolicy.enabled=false",
			},
			want: always,
		},
		"all parts enabled": {
			values: []string{"serviceMonitor.enabled=true", "prometheusRule.enabled=true", "dashboard.enabled=true", "afterHandover.evictions=true"},
			want: slices.Concat(always, admission, others, []string{
				"ServiceMonitor tanist", "PrometheusRule tanist", "ConfigMap tanist-dashboard",
				"ValidatingAdmissionPolicy tanist-system-tanist-evictions", "ValidatingAdmissionPolicyBinding tanist-system-tanist-evictions",
			}),
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			got := render(t, test.values...).list()
			if diff := cmp.Diff(slices.Sorted(slices.Values(test.want)), slices.Sorted(slices.Values(got))); diff != "" {
				t.Errorf("unexpected objects (-want +got):\n%s", diff)
			}
		})
	}
}

// TestAnotherNamespace checks that the chart can be installed in any namespace.
func TestAnotherNamespace(t *testing.T) {
	text, err := helm("template", "mine", ".", "--namespace", "elsewhere", "--set", image)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(text, namespace) {
		t.Errorf("%s is in the objects for another namespace", namespace)
	}
	clusterWide := map[string]bool{
		"ClusterRole": true, "ClusterRoleBinding": true, "FlowSchema": true,
		"ValidatingAdmissionPolicy": true, "ValidatingAdmissionPolicyBinding": true,
		"ValidatingWebhookConfiguration": true, "MutatingWebhookConfiguration": true,
	}
	for _, object := range decode(t, text) {
		kind, wantNamespace, wantPrefix := object.GetObjectKind().GroupVersionKind().Kind, "elsewhere", "tanist"
		if clusterWide[kind] {
			wantNamespace, wantPrefix = "", "elsewhere-tanist"
		}
		if object.GetNamespace() != wantNamespace || !strings.HasPrefix(object.GetName(), wantPrefix) {
			t.Errorf("%s %s is in namespace %q", kind, object.GetName(), object.GetNamespace())
		}
	}
}

// TestCertificates checks the chain of trust, and that no leaf certificate outlives its CA.
func TestCertificates(t *testing.T) {
	var got []map[string]any
	for _, object := range renderDefault(t) {
		if other, ok := object.(*unstructured.Unstructured); ok {
			spec := other.Object["spec"].(map[string]any)
			spec["NAME"] = other.GetKind() + " " + other.GetName()
			got = append(got, spec)
		}
	}
	var want []map[string]any
	if err := yaml.UnmarshalStrict([]byte(`
- {NAME: Certificate tanist-ca, isCA: true, commonName: tanist-ca, secretName: tanist-ca, duration: 87600h, renewBefore: 4320h,
   privateKey: {algorithm: ECDSA, size: 256, rotationPolicy: Always},
   issuerRef: {group: cert-manager.io, kind: Issuer, name: tanist-selfsigned}}
- {NAME: Certificate tanist-serving, secretName: tanist-serving, duration: 2160h, renewBefore: 720h,
   dnsNames: [tanist.tanist-system.svc, tanist.tanist-system.svc.cluster.local], usages: [digital signature, server auth],
   privateKey: {algorithm: ECDSA, size: 256, rotationPolicy: Always},
   issuerRef: {group: cert-manager.io, kind: Issuer, name: tanist-ca}}
- {NAME: Issuer tanist-ca, ca: {secretName: tanist-ca}}
- {NAME: Issuer tanist-selfsigned, selfSigned: {}}
`), &want); err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(got, func(a, b map[string]any) int { return strings.Compare(a["NAME"].(string), b["NAME"].(string)) })
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("unexpected certificates (-want +got):\n%s", diff)
	}
}

// TestFlowSchema checks that hand-overs and the Lease alone are favoured, and that the FlowSchema precedes that of all service accounts,
// whose precedence is 9000.
func TestFlowSchema(t *testing.T) {
	spec := get[*flowcontrolv1.FlowSchema](t, renderDefault(t)).Spec
	want := []flowcontrolv1.Subject{{
		Kind:           flowcontrolv1.SubjectKindServiceAccount,
		ServiceAccount: &flowcontrolv1.ServiceAccountSubject{Namespace: namespace, Name: "tanist"},
	}}
	if diff := cmp.Diff(want, spec.Rules[0].Subjects); diff != "" {
		t.Errorf("unexpected subjects (-want +got):\n%s", diff)
	}
	wantRules := []flowcontrolv1.ResourcePolicyRule{
		{APIGroups: []string{"discovery.k8s.io"}, Resources: []string{"endpointslices"}, Verbs: []string{"create", "update"}, Namespaces: []string{"*"}},
		{APIGroups: []string{"coordination.k8s.io"}, Resources: []string{"leases"}, Verbs: []string{"get", "create", "update"}, Namespaces: []string{namespace}},
	}
	if diff := cmp.Diff(wantRules, spec.Rules[0].ResourceRules); diff != "" || len(spec.Rules) != 1 {
		t.Errorf("unexpected requests are favoured (-want +got):\n%s", diff)
	}
	if spec.PriorityLevelConfiguration.Name != "workload-high" || spec.MatchingPrecedence >= 9000 {
		t.Errorf("level %s, precedence %d", spec.PriorityLevelConfiguration.Name, spec.MatchingPrecedence)
	}
}

// TestTheChartHasTheAlerts checks that the PrometheusRule has the alerts unchanged: Helm must not interpret Prometheus' templates.
func TestTheChartHasTheAlerts(t *testing.T) {
	text, _ := alerts(t)
	var want map[string]any
	if err := yaml.Unmarshal([]byte(text), &want); err != nil {
		t.Fatal(err)
	}
	rule := prometheusRule(t, "prometheusRule.labels.release=prometheus")
	if diff := cmp.Diff(want, rule.Object["spec"]); diff != "" || rule.GetLabels()["release"] != "prometheus" {
		t.Errorf("unexpected rules or labels %v (-want +got):\n%s", rule.GetLabels(), diff)
	}
}

// TestTheAlertsLinkToYourRunbooks checks that prometheusRule.runbookBaseURL takes the place of this project's address, and changes nothing else.
func TestTheAlertsLinkToYourRunbooks(t *testing.T) {
	const base = "https://git.example.com/platform/tanist/src/main/docs/runbooks"
	text, _ := alerts(t)
	var want map[string]any
	if err := yaml.Unmarshal([]byte(strings.ReplaceAll(text, runbooks, base+"/")), &want); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"without a slash at the end": base, "with a slash at the end": base + "/"} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(want, prometheusRule(t, "prometheusRule.runbookBaseURL="+value).Object["spec"]); diff != "" {
				t.Errorf("unexpected rules (-want +got):\n%s", diff)
			}
		})
	}
}

// prometheusRule returns the PrometheusRule of the chart, rendered with more values.
func prometheusRule(t *testing.T, values ...string) *unstructured.Unstructured {
	t.Helper()
	for _, object := range render(t, append(values, "prometheusRule.enabled=true")...) {
		if rule, ok := object.(*unstructured.Unstructured); ok && rule.GetKind() == "PrometheusRule" {
			return rule
		}
	}
	t.Fatal("there is no PrometheusRule")
	return nil
}
