package store

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/test/gen"
)

func TestPodsSelectedByAndServicesSelecting(t *testing.T) {
	labelled := func(labels map[string]string) func(*corev1.Pod) {
		return func(pod *corev1.Pod) { pod.Labels = labels }
	}
	selecting := func(name string, selector map[string]string) *corev1.Service {
		return gen.WebService(func(s *corev1.Service) { s.Name, s.Spec.Selector = name, selector })
	}
	stores := NewFake(selecting("web", map[string]string{"app": "web"}),
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
		if diff := cmp.Diff(want, gen.NamesOf(stores.PodsSelectedBy(stores.Service(key)))); diff != "" {
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
		if diff := cmp.Diff(test.want, gen.NamesOf(stores.ServicesSelecting("shop", test.labels))); diff != "" {
			t.Errorf("unexpected Services for %v (-want +got):\n%s", test.labels, diff)
		}
	}
}

func TestServicesAreFoundByTheirLeaderService(t *testing.T) {
	source := gen.WebService()
	boss := gen.WebService(func(s *corev1.Service) { s.Name, s.Annotations[config.LeaderServiceKey] = "api", "boss" })
	stores := NewFake(source, gen.LeaderOf(source), boss, gen.WebService(func(s *corev1.Service) { s.Name, s.Annotations = "plain", nil }))
	key := client.ObjectKeyFromObject(source)
	if diff := cmp.Diff([]string{"api", "web"}, gen.NamesOf(stores.EnabledServices("shop"))); diff != "" {
		t.Errorf("unexpected opted-in Services (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"web-leader"}, gen.NamesOf(stores.OwnedLeaderServices(source))); diff != "" {
		t.Errorf("unexpected leader Services (-want +got):\n%s", diff)
	}
	key.Name = "web-leader"
	if diff := cmp.Diff([]string{"web"}, gen.NamesOf(stores.ServicesWanting(key))); diff != "" {
		t.Errorf("unexpected Services that ask for web-leader (-want +got):\n%s", diff)
	}
	key.Name = "boss"
	if diff := cmp.Diff([]string{"api"}, gen.NamesOf(stores.ServicesWanting(key))); diff != "" {
		t.Errorf("unexpected Services that ask for boss (-want +got):\n%s", diff)
	}
}

func TestPodsAreFoundByTheirNodeAndTheirController(t *testing.T) {
	stores := NewFake(gen.ReadyPod("a1", gen.OwnedByReplicaSet("r1")), gen.ReadyPod("b2", gen.OwnedByReplicaSet("r1"), gen.OnNode("node-of-a1")),
		gen.ReadyPod("c3", gen.OwnedByReplicaSet("r2")), gen.ReadyPod("d4", gen.OnNode("")),
		gen.ReplicaSet("r1", 1), gen.ReplicaSet("r2", 2), gen.ReplicaSet("r3", 1, gen.Bare),
	)
	if diff := cmp.Diff([]string{"a1", "b2"}, gen.NamesOf(stores.PodsOn("node-of-a1"))); diff != "" {
		t.Errorf("unexpected pods on the node (-want +got):\n%s", diff)
	}
	if got := gen.NamesOf(stores.PodsOn("")); got != nil {
		t.Errorf("pods without a node are found: %v", got)
	}
	if diff := cmp.Diff([]string{"a1", "b2"}, gen.NamesOf(stores.PodsOf("shop", "r1-uid"))); diff != "" {
		t.Errorf("unexpected pods of the ReplicaSet (-want +got):\n%s", diff)
	}
	if got := gen.NamesOf(stores.PodsOf("shop", "")); got != nil {
		t.Errorf("pods without an owner are found: %v", got)
	}
	if diff := cmp.Diff([]string{"r1", "r2"}, gen.NamesOf(stores.ReplicaSetsOf("shop", "web-deployment-uid"))); diff != "" {
		t.Errorf("unexpected ReplicaSets of the Deployment (-want +got):\n%s", diff)
	}
}

func TestOptedIn(t *testing.T) {
	now := metav1.NewTime(gen.T0)
	stores := NewFake(gen.Namespace("in"),
		gen.Namespace("out", func(m *metav1.PartialObjectMetadata) { m.Labels = nil }),
		gen.Namespace("no", func(m *metav1.PartialObjectMetadata) { m.Labels[config.EnabledKey] = "false" }),
		gen.Namespace("kube-system"), gen.Namespace("tanist-system"),
		gen.Namespace("deleted", func(m *metav1.PartialObjectMetadata) { m.DeletionTimestamp = &now }),
	)
	for namespace, want := range map[string][2]bool{
		"in": {true, false}, "kube-system": {false, false}, "tanist-system": {false, false}, "out": {false, false}, "no": {false, false}, "deleted": {false, true}, "unknown": {false, true},
	} {
		if got := [2]bool{stores.OptedIn(namespace), stores.Terminating(namespace)}; got != want {
			t.Errorf("namespace %s: opted in and terminating are %v, want %v", namespace, got, want)
		}
	}
}

func TestSlicesOfReturnsEachSliceOnce(t *testing.T) {
	leader := gen.LeaderOf(gen.WebService())
	foreign := gen.MirroredSlice(func(s *discoveryv1.EndpointSlice) { delete(s.Labels, config.SourceServiceKey) })
	relabelled := gen.SliceOf(leader, discoveryv1.AddressTypeIPv6, func(s *discoveryv1.EndpointSlice) { s.Labels = nil })
	stores := NewFake(leader, gen.SliceOf(leader, discoveryv1.AddressTypeIPv4), relabelled, gen.SelectedSlice(), foreign)
	got := gen.NamesOf(stores.SlicesOf(gen.ShopWeb, []*corev1.Service{leader}))
	want := []string{"web-leader-ipv4", "web-leader-ipv6", "web-leader-mm42x", "web-leader-x7k2p"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("unexpected slices (-want +got):\n%s", diff)
	}
}
