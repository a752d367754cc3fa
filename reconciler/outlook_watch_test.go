package reconciler

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/tanist-dev/tanist/config"
)

// watched is a succession whose Services are web (pods a1 and b2, on nodes of their own) and other (pod c3).
func watched(t *testing.T, objects ...metav1.Object) (*succession, queue) {
	t.Helper()
	other := webService(func(s *corev1.Service) { s.Name, s.Spec.Selector = "other", map[string]string{"app": "other"} })
	objects = append(objects, webService(), other, readyPod("c3", func(pod *corev1.Pod) { pod.Labels["app"] = "other" }))
	s := &succession{views: viewsOf(t, objects...), tuning: config.NewStore(), causes: newCauses()}
	q := workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[reconcile.Request]())
	t.Cleanup(q.ShutDown)
	return s, q
}

// woken empties the queue.
func woken(q queue) []string {
	var names []string
	for q.Len() > 0 {
		request, _ := q.Get()
		names = append(names, request.Name)
		q.Done(request)
	}
	return names
}

func wantWoken(t *testing.T, q queue, what string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, woken(q)); diff != "" {
		t.Errorf("%s: unexpected Services woken (-want +got):\n%s", what, diff)
	}
}

func update[T client.Object](t *testing.T, h handler.TypedEventHandler[T, reconcile.Request], q queue, before, after T) {
	t.Helper()
	h.Update(t.Context(), event.TypedUpdateEvent[T]{ObjectOld: before, ObjectNew: after}, q)
}

func TestNodesWakeWhomTheyConcern(t *testing.T) {
	s, q := watched(t, readyPod("a1"), readyPod("b2"))
	h := s.nodeHandler()
	stays, goes := nodeNamed("node-of-a1"), nodeNamed("node-of-a1", cordoned)

	update(t, h, q, stays, nodeNamed("node-of-a1", tainted("x")))
	wantWoken(t, q, "a node that stays")
	update(t, h, q, stays, goes)
	wantWoken(t, q, "a node is cordoned", "web")
	update(t, h, q, goes, nodeNamed("node-of-a1", cordoned, shutDown))
	wantWoken(t, q, "a node that goes anyway")
	update(t, h, q, goes, stays)
	wantWoken(t, q, "a cordon is taken back", "web")
	update(t, h, q, nodeNamed("empty"), nodeNamed("empty", cordoned))
	wantWoken(t, q, "an empty node is cordoned")
	h.Create(t.Context(), event.TypedCreateEvent[*corev1.Node]{Object: goes, IsInInitialList: true}, q)
	h.Create(t.Context(), event.TypedCreateEvent[*corev1.Node]{Object: stays}, q)
	h.Delete(t.Context(), event.TypedDeleteEvent[*corev1.Node]{Object: stays}, q)
	wantWoken(t, q, "nodes that were there, come and go")
	h.Create(t.Context(), event.TypedCreateEvent[*corev1.Node]{Object: goes}, q)
	wantWoken(t, q, "a node that comes and goes", "web")
	h.Delete(t.Context(), event.TypedDeleteEvent[*corev1.Node]{Object: goes}, q)
	wantWoken(t, q, "a node is gone", "web")

	tune(s.tuning, "election: {handoverOnCordon: false}")
	update(t, h, q, stays, goes)
	wantWoken(t, q, "cordons are switched off")
}

func TestReplicaSetsWakeWhomTheyConcern(t *testing.T) {
	s, q := watched(t, readyPod("a1", ownedByReplicaSet("r1")), replicaSet("r1", 1), replicaSet("r2", 2), replicaSet("r3", 1, bare))
	h := s.replicaSetHandler()

	update(t, h, q, replicaSet("r1", 1), replicaSet("r1", 1, func(m *metav1.PartialObjectMetadata) { m.ResourceVersion = "61" }))
	wantWoken(t, q, "a status changes")
	update(t, h, q, replicaSet("r1", 1), replicaSet("r1", 3))
	wantWoken(t, q, "a rollback", "web")
	update(t, h, q, replicaSet("r2", 2), replicaSet("r2", 3))
	wantWoken(t, q, "a sibling without pods", "web")
	update(t, h, q, replicaSet("r3", 1, bare), replicaSet("r3", 2, bare))
	wantWoken(t, q, "another ReplicaSet")
	h.Create(t.Context(), event.TypedCreateEvent[*metav1.PartialObjectMetadata]{Object: replicaSet("r2", 2), IsInInitialList: true}, q)
	wantWoken(t, q, "one that was there")
	h.Create(t.Context(), event.TypedCreateEvent[*metav1.PartialObjectMetadata]{Object: replicaSet("r2", 2)}, q)
	wantWoken(t, q, "a new revision", "web")
	h.Delete(t.Context(), event.TypedDeleteEvent[*metav1.PartialObjectMetadata]{Object: replicaSet("r2", 2)}, q)
	wantWoken(t, q, "a revision is gone", "web")
}

func TestDeploymentsWakeWhomTheyConcern(t *testing.T) {
	s, q := watched(t, readyPod("a1", ownedByReplicaSet("r1")), replicaSet("r1", 1), replicaSet("r2", 2))
	h := s.deploymentHandler()
	before := deployment("web-deployment")

	for what, after := range map[string]*appsv1.Deployment{
		"it is paused": deployment("web-deployment", paused), "its deletion begins": deployment("web-deployment", beingDeleted),
	} {
		update(t, h, q, before, after)
		wantWoken(t, q, what, "web")
		update(t, h, q, after, before)
		wantWoken(t, q, what+", and no longer", "web")
	}
	update(t, h, q, deployment("web-deployment", func(d *appsv1.Deployment) { d.UID = "earlier" }), before)
	wantWoken(t, q, "it was made anew", "web")
	update(t, h, q, before, deployment("web-deployment", func(d *appsv1.Deployment) { d.Spec.Replicas, d.Status.ReadyReplicas = new(int32(7)), 3 }))
	wantWoken(t, q, "nothing that matters")
	update(t, h, q, deployment("other"), deployment("other", paused))
	wantWoken(t, q, "another Deployment")
	h.Create(t.Context(), event.TypedCreateEvent[*appsv1.Deployment]{Object: before, IsInInitialList: true}, q)
	wantWoken(t, q, "one that was there")
	h.Create(t.Context(), event.TypedCreateEvent[*appsv1.Deployment]{Object: before}, q)
	wantWoken(t, q, "one that comes after its pods", "web")
	h.Delete(t.Context(), event.TypedDeleteEvent[*appsv1.Deployment]{Object: before}, q)
	wantWoken(t, q, "one that goes", "web")
}

func TestDaemonSetsWakeWhomTheyConcern(t *testing.T) {
	s, q := watched(t, readyPod("a1", ownedByDaemonSet("v1", 1)))
	h := s.daemonSetHandler()
	before := daemonSet("agent", 1)

	for what, after := range map[string]*appsv1.DaemonSet{
		"a new template": daemonSet("agent", 2), "another strategy": daemonSet("agent", 1, daemonsOnDelete),
		"its deletion begins": daemonSet("agent", 1, beingDeleted),
	} {
		update(t, h, q, before, after)
		wantWoken(t, q, what, "web")
	}
	update(t, h, q, before, daemonSet("agent", 1, func(set *appsv1.DaemonSet) { set.ResourceVersion, set.Status.NumberReady = "91", 3 }))
	wantWoken(t, q, "nothing that matters")
	update(t, h, q, daemonSet("other", 1), daemonSet("other", 2))
	wantWoken(t, q, "another DaemonSet")
	h.Create(t.Context(), event.TypedCreateEvent[*appsv1.DaemonSet]{Object: before}, q)
	wantWoken(t, q, "one that comes after its pod", "web")
}

func TestStatefulSetsWakeWhomTheyConcern(t *testing.T) {
	s, q := watched(t, readyPod("db-0", ownedByStatefulSet("v1")))
	h := s.statefulSetHandler()
	before := statefulSet("db", 3, "v1")

	for what, after := range map[string]*appsv1.StatefulSet{
		"fewer replicas": statefulSet("db", 2, "v1"), "a new revision": statefulSet("db", 3, "v2"), "a partition": statefulSet("db", 3, "v1", withPartition(1)),
		"another strategy": statefulSet("db", 3, "v1", onDelete), "another first ordinal": statefulSet("db", 3, "v1", startingAt(1)),
	} {
		update(t, h, q, before, after)
		wantWoken(t, q, what, "web")
	}
	update(t, h, q, before, statefulSet("db", 3, "v1", func(set *appsv1.StatefulSet) { set.Status.ReadyReplicas = 2 }))
	update(t, h, q, before, statefulSet("db", 3, "v1", withPartition(0)))
	wantWoken(t, q, "nothing that matters")
	h.Create(t.Context(), event.TypedCreateEvent[*appsv1.StatefulSet]{Object: before, IsInInitialList: true}, q)
	wantWoken(t, q, "one that was there")
	h.Create(t.Context(), event.TypedCreateEvent[*appsv1.StatefulSet]{Object: before}, q)
	wantWoken(t, q, "one that comes after its pod", "web")
	h.Delete(t.Context(), event.TypedDeleteEvent[*appsv1.StatefulSet]{Object: before}, q)
	wantWoken(t, q, "one that goes", "web")
}

func TestTheAlarmWakesEveryService(t *testing.T) {
	s, q := watched(t, webService(func(s *corev1.Service) { s.Name, s.Annotations = "plain", nil }))
	a := &alarm{views: s.views}
	a.ring() // nobody listens yet
	if err := a.source().Start(t.Context(), q); err != nil {
		t.Fatal(err)
	}
	wantWoken(t, q, "before it rings")
	a.ring()
	got := woken(q)
	if diff := cmp.Diff(map[string]bool{"web": true, "other": true}, map[string]bool{got[0]: true, got[1]: true}); len(got) != 2 || diff != "" {
		t.Errorf("woken: %v", got)
	}
}
