package store

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/test/gen"
)

func TestPodsAndServicesFindEachOther(t *testing.T) {
	labelled := func(labels map[string]string) func(*corev1.Pod) {
		return func(pod *corev1.Pod) { pod.Labels = labels }
	}
	selecting := func(name string, selector map[string]string) *corev1.Service {
		return gen.WebService(func(s *corev1.Service) { s.Name, s.Spec.Selector = name, selector })
	}
	v := NewFake(selecting("web", map[string]string{"app": "web"}),
		selecting("front", map[string]string{"app": "web", "tier": "front"}),
		selecting("api", map[string]string{"app": "api"}),
		gen.WebService(func(s *corev1.Service) { s.Name, s.Annotations = "plain", nil }),
		gen.WebService(func(s *corev1.Service) { s.Namespace = "other" }),
		selecting("nothing", nil),
		gen.ReadyPod("both1", labelled(map[string]string{"app": "web", "tier": "front", "x": "y"})),
		gen.ReadyPod("one2", labelled(map[string]string{"app": "web"})),
		gen.ReadyPod("none3", labelled(map[string]string{"tier": "front"})),
		gen.ReadyPod("other4", func(pod *corev1.Pod) { pod.Namespace = "other" }),
	)
	for service, want := range map[string][]string{
		"web": {"both1", "one2"}, "front": {"both1"}, "api": nil, "nothing": nil,
	} {
		key := client.ObjectKeyFromObject(gen.WebService())
		key.Name = service
		if diff := cmp.Diff(want, gen.NamesOf(v.SelectedBy(v.Service(key)))); diff != "" {
			t.Errorf("unexpected pods of %s (-want +got):\n%s", service, diff)
		}
	}
	for _, test := range []struct {
		labels map[string]string
		want   []string
	}{
		{labels: map[string]string{"app": "web", "tier": "front", "x": "y"}, want: []string{"front", "web"}},
		{labels: map[string]string{"app": "web"}, want: []string{"web"}},
		{labels: map[string]string{"tier": "front"}},
		{},
	} {
		if diff := cmp.Diff(test.want, gen.NamesOf(v.Selecting("shop", test.labels))); diff != "" {
			t.Errorf("unexpected Services for %v (-want +got):\n%s", test.labels, diff)
		}
	}
}

func TestServicesAreFoundByWhatTheyWant(t *testing.T) {
	source := gen.WebService()
	boss := gen.WebService(func(s *corev1.Service) { s.Name, s.Annotations[config.LeaderServiceKey] = "api", "boss" })
	v := NewFake(source, gen.LeaderOf(source), boss, gen.WebService(func(s *corev1.Service) { s.Name, s.Annotations = "plain", nil }))
	key := client.ObjectKeyFromObject(source)
	if diff := cmp.Diff([]string{"api", "web"}, gen.NamesOf(v.Enabled("shop"))); diff != "" {
		t.Errorf("unexpected opted-in Services (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"web-leader"}, gen.NamesOf(v.OwnedLeaderServices(source))); diff != "" {
		t.Errorf("unexpected leader Services (-want +got):\n%s", diff)
	}
	key.Name = "web-leader"
	if diff := cmp.Diff([]string{"web"}, gen.NamesOf(v.Wanting(key))); diff != "" {
		t.Errorf("unexpected Services that want web-leader (-want +got):\n%s", diff)
	}
	key.Name = "boss"
	if diff := cmp.Diff([]string{"api"}, gen.NamesOf(v.Wanting(key))); diff != "" {
		t.Errorf("unexpected Services that want boss (-want +got):\n%s", diff)
	}
}

func TestPodsAreFoundByTheirNodeAndTheirController(t *testing.T) {
	v := NewFake(gen.ReadyPod("a1", gen.OwnedByReplicaSet("r1")), gen.ReadyPod("b2", gen.OwnedByReplicaSet("r1"), gen.OnNode("node-of-a1")),
		gen.ReadyPod("c3", gen.OwnedByReplicaSet("r2")), gen.ReadyPod("d4", gen.OnNode("")),
		gen.ReplicaSet("r1", 1), gen.ReplicaSet("r2", 2), gen.ReplicaSet("r3", 1, gen.Bare),
	)
	if diff := cmp.Diff([]string{"a1", "b2"}, gen.NamesOf(v.PodsOn("node-of-a1"))); diff != "" {
		t.Errorf("unexpected pods on the node (-want +got):\n%s", diff)
	}
	if got := gen.NamesOf(v.PodsOn("")); got != nil {
		t.Errorf("pods without a node are found: %v", got)
	}
	if diff := cmp.Diff([]string{"a1", "b2"}, gen.NamesOf(v.PodsOf("r1-uid"))); diff != "" {
		t.Errorf("unexpected pods of the ReplicaSet (-want +got):\n%s", diff)
	}
	if got := gen.NamesOf(v.PodsOf("")); got != nil {
		t.Errorf("pods without an owner are found: %v", got)
	}
	if diff := cmp.Diff([]string{"r1", "r2"}, gen.NamesOf(v.ReplicaSetsOf("web-deployment-uid"))); diff != "" {
		t.Errorf("unexpected ReplicaSets of the Deployment (-want +got):\n%s", diff)
	}
}

func TestOptedIn(t *testing.T) {
	now := metav1.NewTime(gen.T0)
	v := NewFake(gen.Namespace("in"),
		gen.Namespace("out", func(m *metav1.PartialObjectMetadata) { m.Labels = nil }),
		gen.Namespace("no", func(m *metav1.PartialObjectMetadata) { m.Labels[config.EnabledKey] = "false" }),
		gen.Namespace("going", func(m *metav1.PartialObjectMetadata) { m.DeletionTimestamp = &now }),
	)
	for namespace, want := range map[string][2]bool{
		"in": {true, false}, "out": {false, false}, "no": {false, false}, "going": {false, true}, "unknown": {false, true},
	} {
		if got := [2]bool{v.OptedIn(namespace), v.Terminating(namespace)}; got != want {
			t.Errorf("namespace %s: opted in and terminating are %v, want %v", namespace, got, want)
		}
	}
}
