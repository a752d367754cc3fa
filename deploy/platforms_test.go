//go:build chart

package deploy_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// TestQuotaOfThePriorityClass checks that a ResourceQuota admits the pods where their class is one of Kubernetes' own, which some clusters
// allow only then, and that it has no other effect.
func TestQuotaOfThePriorityClass(t *testing.T) {
	cases := map[string]struct {
		values    []string
		wantClass string
		wantQuota bool
	}{
		"the default":              {wantClass: "system-cluster-critical", wantQuota: true},
		"the other critical class": {values: []string{"priorityClassName=system-node-critical"}, wantClass: "system-node-critical", wantQuota: true},
		"a class of the user":      {values: []string{"priorityClassName=important"}, wantClass: "important"},
		"no class":                 {values: []string{"priorityClassName="}},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			all := render(t, test.values...)
			if template, _ := pod(t, all); template.Spec.PriorityClassName != test.wantClass {
				t.Errorf("got class %q, want %q", template.Spec.PriorityClassName, test.wantClass)
			}
			var got []corev1.ResourceQuotaSpec
			for _, object := range all {
				if quota, ok := object.(*corev1.ResourceQuota); ok {
					got = append(got, quota.Spec)
				}
			}
			var want []corev1.ResourceQuotaSpec
			if test.wantQuota {
				want = append(want, corev1.ResourceQuotaSpec{
					Hard: corev1.ResourceList{corev1.ResourcePods: quantity(t, "1G")},
					ScopeSelector: &corev1.ScopeSelector{MatchExpressions: []corev1.ScopedResourceSelectorRequirement{{
						ScopeName: corev1.ResourceQuotaScopePriorityClass, Operator: corev1.ScopeSelectorOpIn, Values: []string{test.wantClass},
					}}},
				})
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("unexpected quotas (-want +got):\n%s", diff)
			}
		})
	}
}

// TestADrainEvictsReplicasThatAreNotReady checks that the budget protects only what works.
func TestADrainEvictsReplicasThatAreNotReady(t *testing.T) {
	spec := get[*policyv1.PodDisruptionBudget](t, renderDefault(t)).Spec
	if spec.UnhealthyPodEvictionPolicy == nil || *spec.UnhealthyPodEvictionPolicy != policyv1.AlwaysAllow || spec.MaxUnavailable.IntValue() != 1 {
		t.Errorf("unexpected budget: %+v", spec)
	}
}

// TestTheNetworkOfTheNodes checks what differs with hostNetwork.
func TestTheNetworkOfTheNodes(t *testing.T) {
	all := render(t, "hostNetwork=true", "ports.metrics=18443", "ports.health=18081", "ports.peers=18444")
	template, container := pod(t, all)
	if !template.Spec.HostNetwork || template.Spec.DNSPolicy != corev1.DNSClusterFirstWithHostNet {
		t.Errorf("host network %v, DNS policy %q", template.Spec.HostNetwork, template.Spec.DNSPolicy)
	}
	wantArgs := []string{
		"--v=0", "--metrics-bind-address=:18443", "--metrics-secure=true", "--health-probe-bind-address=:18081", "--peer-bind-address=:18444",
		"--webhook-port=9443", "--webhook-configuration=tanist-system-tanist",
	}
	if diff := cmp.Diff(wantArgs, container.Args); diff != "" {
		t.Errorf("unexpected arguments (-want +got):\n%s", diff)
	}
	// The host name is the node's, so that a replica would take itself for another one.
	named := slices.ContainsFunc(container.Env, func(v corev1.EnvVar) bool {
		return v.Name == "POD_NAME" && v.ValueFrom.FieldRef.FieldPath == "metadata.name"
	})
	if !named {
		t.Errorf("the replica does not learn the name of its pod: %v", container.Env)
	}
	wantPorts := []corev1.ContainerPort{
		{Name: "webhook", ContainerPort: 9443}, {Name: "metrics", ContainerPort: 18443}, {Name: "health", ContainerPort: 18081}, {Name: "peers", ContainerPort: 18444},
	}
	if diff := cmp.Diff(wantPorts, container.Ports); diff != "" {
		t.Errorf("unexpected ports (-want +got):\n%s", diff)
	}
	// With as many nodes as replicas, a replica more than the Deployment has would find no node with free ports.
	zero, one := intstr.FromInt32(0), intstr.FromInt32(1)
	want := &appsv1.RollingUpdateDeployment{MaxSurge: &zero, MaxUnavailable: &one}
	if diff := cmp.Diff(want, get[*appsv1.Deployment](t, all).Spec.Strategy.RollingUpdate); diff != "" {
		t.Errorf("unexpected strategy (-want +got):\n%s", diff)
	}
	for _, object := range all {
		if policy, ok := object.(*networkingv1.NetworkPolicy); ok {
			t.Errorf("the NetworkPolicy %s has no effect", policy.Name)
		}
	}
	if port := get[*corev1.Service](t, all, "tanist-metrics").Spec.Ports[0].Port; port != 18443 {
		t.Errorf("the Service of the metrics has port %d", port)
	}
}

// TestTheDNSPolicy checks that the value overrides what follows from the network.
func TestTheDNSPolicy(t *testing.T) {
	for policy, values := range map[corev1.DNSPolicy][]string{"": nil, corev1.DNSDefault: {"dnsPolicy=Default", "hostNetwork=true"}} {
		if template, _ := pod(t, render(t, values...)); template.Spec.DNSPolicy != policy {
			t.Errorf("got DNS policy %q, want %q", template.Spec.DNSPolicy, policy)
		}
	}
}
