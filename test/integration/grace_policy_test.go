//go:build integration

package integration_test

import (
	"context"
	"strings"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/config"
)

// limitGrace creates a policy: the grace period of a pod in the namespace is at most 30 s.
func (s *testNamespace) limitGrace() {
	s.t.Helper()
	api := clientset.AdmissionregistrationV1()
	policy := &admissionregistrationv1.ValidatingAdmissionPolicy{
		ObjectMeta: metav1.ObjectMeta{Name: s.namespace},
		Spec: admissionregistrationv1.ValidatingAdmissionPolicySpec{
			FailurePolicy: new(admissionregistrationv1.Fail),
			MatchConstraints: &admissionregistrationv1.MatchResources{ResourceRules: []admissionregistrationv1.NamedRuleWithOperations{{
				RuleWithOperations: admissionregistrationv1.RuleWithOperations{
					Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create},
					Rule:       admissionregistrationv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"pods"}},
				},
			}}},
			Validations: []admissionregistrationv1.Validation{{Expression: "object.spec.terminationGracePeriodSeconds <= 30"}},
		},
	}
	binding := &admissionregistrationv1.ValidatingAdmissionPolicyBinding{
		ObjectMeta: metav1.ObjectMeta{Name: s.namespace},
		Spec: admissionregistrationv1.ValidatingAdmissionPolicyBindingSpec{
			PolicyName:        s.namespace,
			ValidationActions: []admissionregistrationv1.ValidationAction{admissionregistrationv1.Deny},
			MatchResources: &admissionregistrationv1.MatchResources{
				NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: s.namespace}},
			},
		},
	}
	if _, err := api.ValidatingAdmissionPolicies().Create(s.t.Context(), policy, metav1.CreateOptions{}); err != nil {
		s.t.Fatal(err)
	}
	if _, err := api.ValidatingAdmissionPolicyBindings().Create(s.t.Context(), binding, metav1.CreateOptions{}); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		ctx := context.WithoutCancel(s.t.Context())
		if err := api.ValidatingAdmissionPolicyBindings().Delete(ctx, s.namespace, metav1.DeleteOptions{}); err != nil {
			s.t.Error(err)
		}
		if err := api.ValidatingAdmissionPolicies().Delete(ctx, s.namespace, metav1.DeleteOptions{}); err != nil {
			s.t.Error(err)
		}
	})
	history.eventually(s.t, func() string {
		if _, err := s.tryPod("none", func(pod *corev1.Pod) { pod.Spec.TerminationGracePeriodSeconds = new(int64(31)) }); err == nil {
			return "that the policy refuses a pod"
		}
		return ""
	})
}

// tryPod makes a dry run of a pod's creation.
func (s *testNamespace) tryPod(app string, change ...func(*corev1.Pod)) (*corev1.Pod, error) {
	return clientset.CoreV1().Pods(s.namespace).Create(s.t.Context(), s.podOf(app, "tried", change...),
		metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
}

// TestAPolicyLimitsTheGracePeriod: a workload's pods are created without a drain window, and an Event says why.
func TestAPolicyLimitsTheGracePeriod(t *testing.T) {
	admitting(t)
	s := newNamespace(t)
	s.limitGrace()
	s.withService("web")
	s.exists("web-leader")
	set := s.withReplicaSet("web", 1)
	pods := clientset.CoreV1().Pods(s.namespace)
	of := ofReplicaSet(set)
	create := func(name string, change ...func(*corev1.Pod)) (*corev1.Pod, error) {
		return pods.Create(t.Context(), s.podOf("web", name, append(change, of)...), metav1.CreateOptions{})
	}

	if _, err := create("a"); err == nil || !strings.Contains(err.Error(), "denied request") {
		t.Fatalf("nothing is tried of a policy: %v", err)
	}
	history.eventually(t, func() string { // as a ReplicaSet's controller would
		if _, err := create("a"); err != nil {
			return "that a pod is created: " + err.Error()
		}
		return ""
	})
	for _, name := range []string{"b", "c"} { // at once, before the first one is known
		pod, err := create(name)
		if err != nil || pod.Annotations[config.DrainWindowRefusedKey] != "3s" {
			t.Errorf("got %v: %v", pod.Annotations, err)
		}
	}
	s.ready("a")
	s.leads("web", "a")
	s.reported("web", "NoDrainWindow", "make that 3s shorter in the pod template")

	// The remedies that the Event names.
	if _, err := create("opted-out", func(pod *corev1.Pod) { pod.Annotations = map[string]string{config.DrainWindowKey: "0s"} }); err != nil {
		t.Errorf("a pod that opts out is refused: %v", err)
	}
	shorter, err := s.tryPod("web", func(pod *corev1.Pod) { pod.Spec.TerminationGracePeriodSeconds = new(int64(27)) })
	if err != nil || windowOf(shorter) != (window{Sleep: 3, Grace: 30, Noted: "3s"}) {
		t.Errorf("a pod that leaves room for the window: got %+v: %v", shorter, err)
	}
	// A user who creates a pod by hand reads why it is refused.
	if _, err := s.tryPod("web"); err == nil || !strings.Contains(err.Error(), "terminationGracePeriodSeconds <= 30") {
		t.Errorf("got %v", err)
	}
}
