//go:build integration

package integration_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// When the API server refuses a write, an Event says so in the server's words, and the write is tried again.

// withQuota creates a ResourceQuota and waits until its controller has counted what exists.
func (s *testNamespace) withQuota(name string, counted corev1.ResourceName, most string) {
	s.t.Helper()
	quotas := clientset.CoreV1().ResourceQuotas(s.namespace)
	if _, err := quotas.Create(s.t.Context(), &corev1.ResourceQuota{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{counted: resource.MustParse(most)}},
	}, metav1.CreateOptions{}); err != nil {
		s.t.Fatalf("failed to create ResourceQuota: %v", err)
	}
	history.eventually(s.t, func() string {
		quota, err := quotas.Get(s.t.Context(), name, metav1.GetOptions{})
		if err != nil || len(quota.Status.Hard) == 0 {
			return fmt.Sprintf("that the quota is in force: %v", err)
		}
		return ""
	})
}

func (s *testNamespace) raiseQuota(name string, counted corev1.ResourceName, most string) {
	s.t.Helper()
	body := fmt.Sprintf(`{"spec":{"hard":{%q:%q}}}`, counted, most)
	patch(s.t, clientset.CoreV1().ResourceQuotas(s.namespace), types.MergePatchType, name, body)
}

func TestAQuotaThatIsUsedUpIsReported(t *testing.T) {
	newTanist(t).startElected()
	cases := map[string]corev1.ResourceName{
		"it counts Services":       "count/services",
		"it counts EndpointSlices": "count/endpointslices.discovery.k8s.io",
	}
	for name, counted := range cases {
		t.Run(name, func(t *testing.T) {
			s := newNamespace(t)
			s.withQuota("small", counted, "1")
			s.withService("web")
			history.eventually(t, func() string { // the quota is used up by the Service and its own slice
				if len(s.slicesOf("web")) == 0 {
					return "a slice of Service web"
				}
				return ""
			})
			s.withReadyPod("web", "a")
			s.warned("web", "", "exceeded quota: small")
			s.raiseQuota("small", counted, "9")
			s.leads("web", "a")
		})
	}
}

// demandLabel creates a policy that refuses Services without a label in the namespace, and waits until it is in force.
func (s *testNamespace) demandLabel(key string) {
	s.t.Helper()
	fail, name := admissionregistrationv1.Fail, s.namespace
	policy := &admissionregistrationv1.ValidatingAdmissionPolicy{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: admissionregistrationv1.ValidatingAdmissionPolicySpec{
			FailurePolicy: &fail,
			MatchConstraints: &admissionregistrationv1.MatchResources{
				NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: s.namespace}},
				ResourceRules: []admissionregistrationv1.NamedRuleWithOperations{{
					RuleWithOperations: admissionregistrationv1.RuleWithOperations{
						Operations: []admissionregistrationv1.OperationType{"CREATE", "UPDATE"},
						Rule:       admissionregistrationv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"services"}},
					},
				}},
			},
			Validations: []admissionregistrationv1.Validation{{
				Expression: fmt.Sprintf("has(object.metadata.labels) && '%s' in object.metadata.labels", key),
				Message:    "every Service names its " + key,
			}},
		},
	}
	api, ctx := clientset.AdmissionregistrationV1(), s.t.Context()
	if _, err := api.ValidatingAdmissionPolicies().Create(ctx, policy, metav1.CreateOptions{}); err != nil {
		s.t.Fatal(err)
	}
	if _, err := api.ValidatingAdmissionPolicyBindings().Create(ctx, &admissionregistrationv1.ValidatingAdmissionPolicyBinding{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: admissionregistrationv1.ValidatingAdmissionPolicyBindingSpec{
			PolicyName: name, ValidationActions: []admissionregistrationv1.ValidationAction{admissionregistrationv1.Deny},
		},
	}, metav1.CreateOptions{}); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		ctx := context.WithoutCancel(ctx)
		if err := api.ValidatingAdmissionPolicyBindings().Delete(ctx, name, metav1.DeleteOptions{}); err != nil {
			s.t.Error(err)
		}
		if err := api.ValidatingAdmissionPolicies().Delete(ctx, name, metav1.DeleteOptions{}); err != nil {
			s.t.Error(err)
		}
	})
	history.eventually(s.t, func() string {
		_, err := clientset.CoreV1().Services(s.namespace).Create(ctx, s.serviceOf("tried"), metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		if err == nil || !strings.Contains(err.Error(), "every Service names") {
			return fmt.Sprintf("that the policy is in force: %v", err)
		}
		return ""
	})
}

func TestAPolicyThatRefusesTheLeaderServiceIsReported(t *testing.T) {
	newTanist(t).startElected()
	labelled := func(service *corev1.Service) { service.Labels = map[string]string{"team": "shop"} }

	t.Run("a copied label satisfies it", func(t *testing.T) {
		s := newNamespace(t)
		s.demandLabel("team")
		s.withService("web", labelled)
		s.withReadyPod("web", "a")
		s.warned("web", "", "every Service names its team")
		s.annotate("web", "tanist.dev/copy-labels", "team")
		s.leads("web", "a")
		if got := s.exists("web-leader").Labels["team"]; got != "shop" {
			t.Errorf("the leader Service has the label %q", got)
		}
	})
	t.Run("it comes after the leader Service", func(t *testing.T) {
		s := newNamespace(t)
		s.withService("web", labelled)
		s.withReadyPod("web", "a")
		first := s.leads("web", "a")
		s.mirrored("web-leader", first)
		s.withReadyPod("web", "b")
		s.demandLabel("team")
		s.terminate("a") // a hand-over needs no write of a Service
		second := s.leads("web", "b")
		s.warned("web", "", "every Service names its team")
		s.annotate("web", "tanist.dev/copy-labels", "team")
		s.mirrored("web-leader", second)
	})
	t.Run("the label is copied from the start", func(t *testing.T) {
		s := newNamespace(t)
		s.demandLabel("team")
		s.withService("web", labelled, annotation("tanist.dev/copy-labels", "team"))
		s.withReadyPod("web", "a")
		s.leads("web", "a")
	})
}
