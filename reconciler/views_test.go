package reconciler

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	toolscache "k8s.io/client-go/tools/cache"

	"github.com/tanist-dev/tanist/config"
)

// viewsOf are the stores of informers that have delivered these objects.
func viewsOf(t *testing.T, objects ...metav1.Object) *views {
	t.Helper()
	store := func(indexers toolscache.Indexers) toolscache.Indexer {
		return toolscache.NewIndexer(toolscache.MetaNamespaceKeyFunc, indexers)
	}
	v := &views{
		namespaces: store(nil), services: store(serviceIndexers), pods: store(podIndexers), slices: store(sliceIndexers), selected: store(sliceIndexers), configMaps: store(nil),
		states: store(nil),
		nodes:  store(nil), replicaSets: store(replicaSetIndexers), statefulSets: store(nil), deployments: store(nil), daemonSets: store(nil),
		installation: "tanist-system",
	}
	for _, object := range objects {
		into := v.services
		switch object.(type) {
		case *corev1.Pod:
			into = v.pods
		case *metav1.PartialObjectMetadata:
			into = v.namespaces
			if object.GetNamespace() != "" {
				into = v.replicaSets
			}
		case *corev1.Node:
			into = v.nodes
		case *appsv1.StatefulSet:
			into = v.statefulSets
		case *discoveryv1.EndpointSlice:
			into = v.slices
			if object.GetLabels()[discoveryv1.LabelManagedBy] == endpointSliceController {
				into = v.selected
			}
		case *appsv1.Deployment:
			into = v.deployments
		case *appsv1.DaemonSet:
			into = v.daemonSets
		case *corev1.ConfigMap:
			into = v.configMaps
			if object.GetName() == config.TuningState {
				into = v.states
			}
		}
		if err := into.Add(object); err != nil {
			t.Fatal(err)
		}
	}
	return v
}

func namesOf[T metav1.Object](objects []T) []string {
	var names []string
	for _, object := range objects {
		names = append(names, object.GetName())
	}
	slices.Sort(names)
	return names
}

func namespaced(name string, change ...func(*metav1.PartialObjectMetadata)) *metav1.PartialObjectMetadata {
	meta := namespaceMetadata()
	meta.Name, meta.Labels = name, map[string]string{config.EnabledKey: "true"}
	return changed(meta, change)
}

func TestPodsAndServicesFindEachOther(t *testing.T) {
	labelled := func(labels map[string]string) func(*corev1.Pod) {
		return func(pod *corev1.Pod) { pod.Labels = labels }
	}
	selecting := func(name string, selector map[string]string) *corev1.Service {
		return webService(func(s *corev1.Service) { s.Name, s.Spec.Selector = name, selector })
	}
	v := viewsOf(t,
		selecting("web", map[string]string{"app": "web"}),
		selecting("front", map[string]string{"app": "web", "tier": "front"}),
		selecting("api", map[string]string{"app": "api"}),
		webService(func(s *corev1.Service) { s.Name, s.Annotations = "plain", nil }),
		webService(func(s *corev1.Service) { s.Namespace = "other" }),
		selecting("nothing", nil),
		readyPod("both1", labelled(map[string]string{"app": "web", "tier": "front", "x": "y"})),
		readyPod("one2", labelled(map[string]string{"app": "web"})),
		readyPod("none3", labelled(map[string]string{"tier": "front"})),
		readyPod("other4", func(pod *corev1.Pod) { pod.Namespace = "other" }),
	)
	for service, want := range map[string][]string{
		"web": {"both1", "one2"}, "front": {"both1"}, "api": nil, "nothing": nil,
	} {
		key := keyOf(webService())
		key.Name = service
		if diff := cmp.Diff(want, namesOf(v.selectedBy(v.service(key)))); diff != "" {
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
		if diff := cmp.Diff(test.want, namesOf(v.selecting("shop", test.labels))); diff != "" {
			t.Errorf("unexpected Services for %v (-want +got):\n%s", test.labels, diff)
		}
	}
}

func TestServicesAreFoundByWhatTheyWant(t *testing.T) {
	source := webService()
	boss := webService(func(s *corev1.Service) { s.Name, s.Annotations[config.LeaderServiceKey] = "api", "boss" })
	v := viewsOf(t, source, leaderOf(source), boss, webService(func(s *corev1.Service) { s.Name, s.Annotations = "plain", nil }))
	key := keyOf(source)
	if diff := cmp.Diff([]string{"api", "web"}, namesOf(v.enabled("shop"))); diff != "" {
		t.Errorf("unexpected opted-in Services (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"web-leader"}, namesOf(v.ownedLeaderServices(source))); diff != "" {
		t.Errorf("unexpected leader Services (-want +got):\n%s", diff)
	}
	key.Name = "web-leader"
	if diff := cmp.Diff([]string{"web"}, namesOf(v.wanting(key))); diff != "" {
		t.Errorf("unexpected Services that want web-leader (-want +got):\n%s", diff)
	}
	key.Name = "boss"
	if diff := cmp.Diff([]string{"api"}, namesOf(v.wanting(key))); diff != "" {
		t.Errorf("unexpected Services that want boss (-want +got):\n%s", diff)
	}
}

func TestPodsAreFoundByTheirNodeAndTheirController(t *testing.T) {
	v := viewsOf(t,
		readyPod("a1", ownedByReplicaSet("r1")), readyPod("b2", ownedByReplicaSet("r1"), onNode("node-of-a1")),
		readyPod("c3", ownedByReplicaSet("r2")), readyPod("d4", onNode("")),
		replicaSet("r1", 1), replicaSet("r2", 2), replicaSet("r3", 1, bare),
	)
	if diff := cmp.Diff([]string{"a1", "b2"}, namesOf(v.podsOn("node-of-a1"))); diff != "" {
		t.Errorf("unexpected pods on the node (-want +got):\n%s", diff)
	}
	if got := namesOf(v.podsOn("")); got != nil {
		t.Errorf("pods without a node are found: %v", got)
	}
	if diff := cmp.Diff([]string{"a1", "b2"}, namesOf(v.podsOf("r1-uid"))); diff != "" {
		t.Errorf("unexpected pods of the ReplicaSet (-want +got):\n%s", diff)
	}
	if got := namesOf(v.podsOf("")); got != nil {
		t.Errorf("pods without an owner are found: %v", got)
	}
	if diff := cmp.Diff([]string{"r1", "r2"}, namesOf(v.replicaSetsOf("web-deployment-uid"))); diff != "" {
		t.Errorf("unexpected ReplicaSets of the Deployment (-want +got):\n%s", diff)
	}
}

func TestOptedIn(t *testing.T) {
	now := metav1.NewTime(t0)
	v := viewsOf(t,
		namespaced("in"),
		namespaced("out", func(m *metav1.PartialObjectMetadata) { m.Labels = nil }),
		namespaced("no", func(m *metav1.PartialObjectMetadata) { m.Labels[config.EnabledKey] = "false" }),
		namespaced("going", func(m *metav1.PartialObjectMetadata) { m.DeletionTimestamp = &now }),
	)
	for namespace, want := range map[string][2]bool{
		"in": {true, false}, "out": {false, false}, "no": {false, false}, "going": {false, true}, "unknown": {false, true},
	} {
		if got := [2]bool{v.optedIn(namespace), v.terminating(namespace)}; got != want {
			t.Errorf("namespace %s: opted in and terminating are %v, want %v", namespace, got, want)
		}
	}
}
