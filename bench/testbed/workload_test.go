package testbed

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/tanist-dev/tanist/bench/floor"
	"github.com/tanist-dev/tanist/config"
)

func TestWorkloadsAgree(t *testing.T) {
	w := Workload{Name: "bench", Image: "image", Pods: 3}.WithPreStopSleep(0)
	deployment, service := w.Deployment(), w.Service()
	if diff := cmp.Diff(service.Spec.Selector, deployment.Spec.Selector.MatchLabels); diff != "" {
		t.Errorf("selectors of Service and Deployment (-Service +Deployment):\n%s", diff)
	}
	for key, value := range service.Spec.Selector {
		if deployment.Spec.Template.Labels[key] != value {
			t.Errorf("pods have %s=%q, want %q", key, deployment.Spec.Template.Labels[key], value)
		}
	}
	if service.Annotations[config.EnabledKey] != "true" {
		t.Error("the Service is not opted in")
	}
	source := Workload{Name: "bench-floor"}.FloorSource()
	if diff := cmp.Diff(map[string]string{floor.WorkloadLabel: "bench-floor"}, source.Spec.Selector); diff != "" || len(source.Annotations) > 0 {
		t.Errorf("the floor's source Service has annotations %v and selector (-want +got):\n%s", source.Annotations, diff)
	}
	leader, slice := Workload{Name: "bench-floor"}.FloorLeader(discoveryv1.AddressTypeIPv6)
	if len(leader.Spec.Selector) > 0 || len(leader.Annotations) > 0 {
		t.Errorf("the floor's Service has selector %v and annotations %v, want none", leader.Spec.Selector, leader.Annotations)
	}
	if slice.Labels[discoveryv1.LabelServiceName] != leader.Name || slice.Labels[discoveryv1.LabelManagedBy] == config.SliceManagedBy {
		t.Errorf("the floor's slice has labels %v", slice.Labels)
	}
	if *slice.Ports[0].Name != leader.Spec.Ports[0].Name {
		t.Errorf("the slice's port is %q, the Service's %q: kube-proxy would find none", *slice.Ports[0].Name, leader.Spec.Ports[0].Name)
	}
}

func TestFloorEndsLikeTanist(t *testing.T) {
	model := &corev1.Pod{Spec: Workload{Name: "bench"}.WithPreStopSleep(3 * time.Second).podSpec()}
	got := Workload{Name: "bench-floor"}.WithPreStopSleep(0).EndLike(model).podSpec()
	if *got.TerminationGracePeriodSeconds != 8 || got.Containers[0].Lifecycle.PreStop.Sleep.Seconds != 3 {
		t.Errorf("grace %d, lifecycle %v, want 8 s and a sleep of 3 s", *got.TerminationGracePeriodSeconds, got.Containers[0].Lifecycle)
	}
}
