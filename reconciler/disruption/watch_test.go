package disruption

import (
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/test/gen"
)

// newWatcher returns a Watcher and its queue. There are two Services: web selects the test's pods, and other selects the pod c3.
func newWatcher(t *testing.T, objects ...metav1.Object) (Watcher, store.Queue) {
	t.Helper()
	other := gen.WebService(func(s *corev1.Service) { s.Name, s.Spec.Selector = "other", map[string]string{"app": "other"} })
	objects = append(objects, gen.WebService(), other, gen.ReadyPod("c3", func(pod *corev1.Pod) { pod.Labels["app"] = "other" }))
	stores := store.NewFake(objects...)
	enqueue := func(q store.Queue, pods []*corev1.Pod, concerns func(*corev1.Service) bool) {
		for _, pod := range pods {
			for _, service := range stores.ServicesSelecting(pod.Namespace, pod.Labels) {
				if concerns != nil && !concerns(service) {
					continue
				}
				q.Add(reconcile.Request{NamespacedName: client.ObjectKeyFromObject(service)})
			}
		}
	}
	return Watcher{Stores: stores, Tuning: config.NewStore(), Enqueue: enqueue}, gen.NewQueue(t)
}

func TestNodeEventsEnqueueServices(t *testing.T) {
	w, q := newWatcher(t, gen.ReadyPod("a1"), gen.ReadyPod("b2"))
	h := w.nodeHandler()
	stays, goes := gen.NodeNamed("node-of-a1"), gen.NodeNamed("node-of-a1", gen.Cordoned)

	gen.Update(t, h, q, stays, gen.NodeNamed("node-of-a1", gen.Tainted("x")))
	gen.WantEnqueued(t, q, "a taint that announces nothing")
	gen.Update(t, h, q, stays, gen.NodeNamed("node-of-a1", gen.WithKubelet("10.0.0.1", "z")))
	gen.WantEnqueued(t, q, "a node's kubelet has an address")
	gen.Update(t, h, q, stays, gen.NodeNamed("node-of-a1", gen.Unknown))
	gen.WantEnqueued(t, q, "Kubernetes has lost a node", "web")
	gen.Update(t, h, q, stays, goes)
	gen.WantEnqueued(t, q, "a node is cordoned", "web")
	gen.Update(t, h, q, goes, gen.NodeNamed("node-of-a1", gen.Cordoned, gen.ShutDown))
	gen.WantEnqueued(t, q, "a cordoned node shuts down")
	gen.Update(t, h, q, goes, gen.NodeNamed("node-of-a1", gen.Cordoned, gen.Unknown))
	gen.WantEnqueued(t, q, "Kubernetes has lost a cordoned node", "web")
	gen.Update(t, h, q, gen.NodeNamed("node-of-a1", gen.Cordoned, gen.Unknown), goes)
	gen.WantEnqueued(t, q, "Kubernetes hears a cordoned node again", "web")
	gen.Update(t, h, q, goes, stays)
	gen.WantEnqueued(t, q, "a node is uncordoned", "web")
	gen.Update(t, h, q, gen.NodeNamed("empty"), gen.NodeNamed("empty", gen.Cordoned))
	gen.WantEnqueued(t, q, "a node without pods is cordoned")
	h.Create(t.Context(), event.TypedCreateEvent[*corev1.Node]{Object: goes, IsInInitialList: true}, q)
	h.Create(t.Context(), event.TypedCreateEvent[*corev1.Node]{Object: stays}, q)
	h.Delete(t.Context(), event.TypedDeleteEvent[*corev1.Node]{Object: stays}, q)
	gen.WantEnqueued(t, q, "a cordoned node in the initial list, and a node that is created and deleted")
	h.Create(t.Context(), event.TypedCreateEvent[*corev1.Node]{Object: goes}, q)
	gen.WantEnqueued(t, q, "a cordoned node is created", "web")
	h.Delete(t.Context(), event.TypedDeleteEvent[*corev1.Node]{Object: goes}, q)
	gen.WantEnqueued(t, q, "a cordoned node is deleted", "web")

	gen.Tune(w.Tuning, "election: {handoverOnCordon: false}")
	gen.Update(t, h, q, stays, goes)
	gen.WantEnqueued(t, q, "a node is cordoned, which the tuning ignores")
}

// TestNodeEventsEnqueueTheServicesThatAsk: what a node says matters to a Service by what that Service asks for.
func TestNodeEventsEnqueueTheServicesThatAsk(t *testing.T) {
	asking := func(name, key, value string) *corev1.Service {
		return gen.WebService(func(s *corev1.Service) { s.Name, s.UID, s.Annotations[key] = name, types.UID(name), value })
	}
	w, q := newWatcher(t, gen.ReadyPod("a1"),
		asking("ignores-cordons", config.HandoverOnKey, "rollout"), asking("cordons", config.HandoverOnKey, "cordon"), asking("zone", config.PreferredNodesKey, "zone=a"))
	h := w.nodeHandler()
	inZone := func(zone string) func(*corev1.Node) {
		return func(node *corev1.Node) { node.Labels = map[string]string{"zone": zone} }
	}
	enqueued := func(what string, want ...string) {
		t.Helper()
		got := gen.Enqueued(q)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", what, got, want)
		}
	}
	stays := gen.NodeNamed("node-of-a1")
	gen.Update(t, h, q, stays, gen.NodeNamed("node-of-a1", gen.Cordoned))
	enqueued("a node is cordoned", "cordons", "web", "zone")
	gen.Update(t, h, q, stays, gen.NodeNamed("node-of-a1", inZone("a")))
	enqueued("a node gets the label", "zone")
	gen.Update(t, h, q, gen.NodeNamed("node-of-a1", inZone("a")), gen.NodeNamed("node-of-a1", inZone("b")))
	enqueued("a node loses the label", "zone")
	gen.Update(t, h, q, stays, gen.NodeNamed("node-of-a1", inZone("b")))
	enqueued("a node gets a label that no Service asks for")
	h.Create(t.Context(), event.TypedCreateEvent[*corev1.Node]{Object: gen.NodeNamed("node-of-a1", inZone("a"))}, q)
	enqueued("a node with the label is created", "zone")
	h.Delete(t.Context(), event.TypedDeleteEvent[*corev1.Node]{Object: gen.NodeNamed("node-of-a1", inZone("a"))}, q)
	enqueued("a node with the label is deleted", "zone")

	gen.Tune(w.Tuning, "election: {handoverOnCordon: false}")
	gen.Update(t, h, q, stays, gen.NodeNamed("node-of-a1", gen.Cordoned))
	enqueued("a node is cordoned, which the tuning ignores", "cordons")
}

func TestReplicaSetEventsEnqueueServices(t *testing.T) {
	w, q := newWatcher(t, gen.ReadyPod("a1", gen.OwnedByReplicaSet("r1")), gen.ReplicaSet("r1", 1), gen.ReplicaSet("r2", 2), gen.ReplicaSet("r3", 1, gen.Bare))
	h := w.replicaSetHandler()

	gen.Update(t, h, q, gen.ReplicaSet("r1", 1), gen.ReplicaSet("r1", 1, func(m *metav1.PartialObjectMetadata) { m.ResourceVersion = "61" }))
	gen.WantEnqueued(t, q, "the status of a ReplicaSet changes")
	gen.Update(t, h, q, gen.ReplicaSet("r1", 1), gen.ReplicaSet("r1", 3))
	gen.WantEnqueued(t, q, "a rollback", "web")
	gen.Update(t, h, q, gen.ReplicaSet("r2", 2), gen.ReplicaSet("r2", 3))
	gen.WantEnqueued(t, q, "the revision of a ReplicaSet without pods changes", "web")
	gen.Update(t, h, q, gen.ReplicaSet("r3", 1, gen.Bare), gen.ReplicaSet("r3", 2, gen.Bare))
	gen.WantEnqueued(t, q, "the revision of a ReplicaSet without an owner changes")
	h.Create(t.Context(), event.TypedCreateEvent[*metav1.PartialObjectMetadata]{Object: gen.ReplicaSet("r2", 2), IsInInitialList: true}, q)
	gen.WantEnqueued(t, q, "a ReplicaSet in the initial list")
	h.Create(t.Context(), event.TypedCreateEvent[*metav1.PartialObjectMetadata]{Object: gen.ReplicaSet("r2", 2)}, q)
	gen.WantEnqueued(t, q, "a ReplicaSet is created", "web")
	h.Delete(t.Context(), event.TypedDeleteEvent[*metav1.PartialObjectMetadata]{Object: gen.ReplicaSet("r2", 2)}, q)
	gen.WantEnqueued(t, q, "a ReplicaSet is deleted", "web")
}

func TestDeploymentEventsEnqueueServices(t *testing.T) {
	w, q := newWatcher(t, gen.ReadyPod("a1", gen.OwnedByReplicaSet("r1")), gen.ReplicaSet("r1", 1), gen.ReplicaSet("r2", 2))
	h := w.deploymentHandler()
	before := gen.Deployment("web-deployment")

	for what, after := range map[string]*appsv1.Deployment{
		"a Deployment is paused": gen.Deployment("web-deployment", gen.Paused), "the deletion of a Deployment begins": gen.Deployment("web-deployment", gen.BeingDeleted),
	} {
		gen.Update(t, h, q, before, after)
		gen.WantEnqueued(t, q, what, "web")
		gen.Update(t, h, q, after, before)
		gen.WantEnqueued(t, q, "no longer: "+what, "web")
	}
	gen.Update(t, h, q, gen.Deployment("web-deployment", func(d *appsv1.Deployment) { d.UID = "earlier" }), before)
	gen.WantEnqueued(t, q, "a Deployment was re-created", "web")
	gen.Update(t, h, q, before, gen.Deployment("web-deployment", func(d *appsv1.Deployment) { d.Spec.Replicas, d.Status.ReadyReplicas = new(int32(7)), 3 }))
	gen.WantEnqueued(t, q, "the replicas of a Deployment change")
	gen.Update(t, h, q, gen.Deployment("other"), gen.Deployment("other", gen.Paused))
	gen.WantEnqueued(t, q, "a Deployment without pods is paused")
	h.Create(t.Context(), event.TypedCreateEvent[*appsv1.Deployment]{Object: before, IsInInitialList: true}, q)
	gen.WantEnqueued(t, q, "a Deployment in the initial list")
	h.Create(t.Context(), event.TypedCreateEvent[*appsv1.Deployment]{Object: before}, q)
	gen.WantEnqueued(t, q, "a Deployment is created after its pods", "web")
	h.Delete(t.Context(), event.TypedDeleteEvent[*appsv1.Deployment]{Object: before}, q)
	gen.WantEnqueued(t, q, "a Deployment is deleted", "web")
}

func TestDaemonSetEventsEnqueueServices(t *testing.T) {
	w, q := newWatcher(t, gen.ReadyPod("a1", gen.OwnedByDaemonSet("v1", 1)))
	h := w.daemonSetHandler()
	before := gen.DaemonSet("agent", 1)

	for what, after := range map[string]*appsv1.DaemonSet{
		"a new template": gen.DaemonSet("agent", 2), "another strategy": gen.DaemonSet("agent", 1, gen.DaemonsOnDelete),
		"its deletion begins": gen.DaemonSet("agent", 1, gen.BeingDeleted),
	} {
		gen.Update(t, h, q, before, after)
		gen.WantEnqueued(t, q, what, "web")
	}
	gen.Update(t, h, q, before, gen.DaemonSet("agent", 1, func(set *appsv1.DaemonSet) { set.ResourceVersion, set.Status.NumberReady = "91", 3 }))
	gen.WantEnqueued(t, q, "the status of a DaemonSet changes")
	gen.Update(t, h, q, gen.DaemonSet("other", 1), gen.DaemonSet("other", 2))
	gen.WantEnqueued(t, q, "the template of a DaemonSet without pods changes")
	h.Create(t.Context(), event.TypedCreateEvent[*appsv1.DaemonSet]{Object: before}, q)
	gen.WantEnqueued(t, q, "a DaemonSet is created after its pod", "web")
}

func TestStatefulSetEventsEnqueueServices(t *testing.T) {
	w, q := newWatcher(t, gen.ReadyPod("db-0", gen.OwnedByStatefulSet("v1")))
	h := w.statefulSetHandler()
	before := gen.StatefulSet("db", 3, "v1")

	for what, after := range map[string]*appsv1.StatefulSet{
		"fewer replicas": gen.StatefulSet("db", 2, "v1"), "a new revision": gen.StatefulSet("db", 3, "v2"), "a partition": gen.StatefulSet("db", 3, "v1", gen.WithPartition(1)),
		"another strategy": gen.StatefulSet("db", 3, "v1", gen.OnDelete), "another first ordinal": gen.StatefulSet("db", 3, "v1", gen.StartingAt(1)),
	} {
		gen.Update(t, h, q, before, after)
		gen.WantEnqueued(t, q, what, "web")
	}
	gen.Update(t, h, q, before, gen.StatefulSet("db", 3, "v1", func(set *appsv1.StatefulSet) { set.Status.ReadyReplicas = 2 }))
	gen.Update(t, h, q, before, gen.StatefulSet("db", 3, "v1", gen.WithPartition(0)))
	gen.WantEnqueued(t, q, "the status changes, and the partition is set to its default")
	h.Create(t.Context(), event.TypedCreateEvent[*appsv1.StatefulSet]{Object: before, IsInInitialList: true}, q)
	gen.WantEnqueued(t, q, "a StatefulSet in the initial list")
	h.Create(t.Context(), event.TypedCreateEvent[*appsv1.StatefulSet]{Object: before}, q)
	gen.WantEnqueued(t, q, "a StatefulSet is created after its pod", "web")
	h.Delete(t.Context(), event.TypedDeleteEvent[*appsv1.StatefulSet]{Object: before}, q)
	gen.WantEnqueued(t, q, "a StatefulSet is deleted", "web")
}
