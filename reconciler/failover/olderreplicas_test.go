package failover

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/test/gen"
)

// olderReplica returns the pod of a replica of an older version of Tanist.
func olderReplica(changes ...func(*corev1.Pod)) *corev1.Pod {
	return gen.ReadyPod("t1", append([]func(*corev1.Pod){func(pod *corev1.Pod) {
		pod.Namespace, pod.Labels = "tanist-system", map[string]string{config.ReplicaNameKey: config.ReplicaName}
	}}, changes...)...)
}

func TestOlderReplicas(t *testing.T) {
	pending := func(pod *corev1.Pod) { pod.Status.Phase = corev1.PodPending }
	for name, test := range map[string]struct {
		pod  *corev1.Pod
		want bool
	}{
		"a replica that runs": {pod: olderReplica(), want: true},
		"a replica that is not ready (its certificate is broken)": {pod: olderReplica(gen.NotReady), want: true},
		"a replica that is terminating and ready":                 {pod: olderReplica(gen.Terminating), want: true},
		"a replica that is terminating and not ready":             {pod: olderReplica(gen.Terminating, gen.NotReady)},
		"a replica whose image cannot be pulled":                  {pod: olderReplica(pending, gen.NotReady)},
		"a replica of this version":                               {pod: olderReplica(func(pod *corev1.Pod) { pod.Labels[config.RulesKey] = "1" })},
		"a replica of another installation":                       {pod: olderReplica(func(pod *corev1.Pod) { pod.Namespace = "other" })},
		"another program":                                         {pod: olderReplica(func(pod *corev1.Pod) { pod.Labels[config.ReplicaNameKey] = "web" })},
	} {
		if got := store.NewFake(test.pod).OlderReplicas(); got != test.want {
			t.Errorf("%s: counts %t, want %t", name, got, test.want)
		}
	}
}

func TestEveryServiceIsEnqueuedWhenOlderReplicasStartOrEnd(t *testing.T) {
	c, q := newController(t, nil, nil, gen.WebService()), gen.NewQueue(t)
	all := &store.AllServicesEnqueuer{Stores: c.stores}
	c.enqueueAll = all.EnqueueAll
	if err := all.Source().Start(t.Context(), q); err != nil {
		t.Fatal(err)
	}
	h := c.replicaHandler()
	created := olderReplica(gen.NotReady, func(pod *corev1.Pod) { pod.Status.Phase = corev1.PodPending })
	started, ready := olderReplica(gen.NotReady), olderReplica()
	h.Create(t.Context(), event.TypedCreateEvent[*corev1.Pod]{Object: created}, q)
	gen.WantEnqueued(t, q, "a replica is created that has not started")
	gen.Update(t, h, q, created, started)
	if got := gen.Enqueued(q); len(got) == 0 {
		t.Error("no Service is enqueued when a replica starts")
	}
	gen.Update(t, h, q, started, ready)
	gen.WantEnqueued(t, q, "a replica becomes ready that counted before")
	gen.Update(t, h, q, ready, olderReplica(gen.Terminating, gen.NotReady))
	if got := gen.Enqueued(q); len(got) == 0 {
		t.Error("no Service is enqueued when a replica ends")
	}
	h.Create(t.Context(), event.TypedCreateEvent[*corev1.Pod]{Object: ready}, q)
	if got := gen.Enqueued(q); len(got) == 0 {
		t.Error("no Service is enqueued when a running replica is created")
	}
	h.Delete(t.Context(), event.TypedDeleteEvent[*corev1.Pod]{Object: ready}, q)
	if got := gen.Enqueued(q); len(got) == 0 {
		t.Error("no Service is enqueued when a replica is deleted")
	}
}
