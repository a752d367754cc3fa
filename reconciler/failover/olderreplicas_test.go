package failover

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/test/gen"
)

// olderTanist is a replica of a version that does not know who may change what.
func olderTanist(changes ...func(*corev1.Pod)) *corev1.Pod {
	return gen.ReadyPod("t1", append([]func(*corev1.Pod){func(pod *corev1.Pod) {
		pod.Namespace, pod.Labels = "tanist-system", map[string]string{config.ReplicaNameKey: config.ReplicaName}
	}}, changes...)...)
}

func TestWhichReplicasOfOlderVersionsCount(t *testing.T) {
	pending := func(pod *corev1.Pod) { pod.Status.Phase = corev1.PodPending }
	for name, test := range map[string]struct {
		pod  *corev1.Pod
		want bool
	}{
		"one that runs": {pod: olderTanist(), want: true},
		"one that is not ready (its certificate is broken)": {pod: olderTanist(gen.NotReady), want: true},
		"one that is told to end and still answers":         {pod: olderTanist(gen.Terminating), want: true},
		"one that is told to end and does not answer":       {pod: olderTanist(gen.Terminating, gen.NotReady)},
		"one whose image cannot be had":                     {pod: olderTanist(pending, gen.NotReady)},
		"one of this version":                               {pod: olderTanist(func(pod *corev1.Pod) { pod.Labels[config.RulesKey] = "1" })},
		"one of another installation":                       {pod: olderTanist(func(pod *corev1.Pod) { pod.Namespace = "other" })},
		"another program":                                   {pod: olderTanist(func(pod *corev1.Pod) { pod.Labels[config.ReplicaNameKey] = "web" })},
	} {
		if got := store.NewFake(test.pod).OlderReplicas(); got != test.want {
			t.Errorf("%s: counts %t, want %t", name, got, test.want)
		}
	}
}

func TestEveryServiceIsLookedAtWhenOlderReplicasComeOrGo(t *testing.T) {
	s, q := &Controller{stores: store.NewFake(gen.WebService()), tuning: config.NewStore(), triggers: newTriggerTimes()}, gen.NewQueue(t)
	all := &store.AllServicesEnqueuer{Stores: s.stores}
	s.enqueueAll, s.leaders = all.EnqueueAll, cache.New()
	if err := all.Source().Start(t.Context(), q); err != nil {
		t.Fatal(err)
	}
	h := s.podHandler()
	created := olderTanist(gen.NotReady, func(pod *corev1.Pod) { pod.Status.Phase = corev1.PodPending })
	started, ready := olderTanist(gen.NotReady), olderTanist()
	h.Create(t.Context(), event.TypedCreateEvent[*corev1.Pod]{Object: created}, q)
	gen.WantEnqueued(t, q, "one that has not started")
	gen.Update(t, h, q, created, started)
	if got := gen.Enqueued(q); len(got) == 0 {
		t.Error("nobody is enqueued when it starts")
	}
	gen.Update(t, h, q, started, ready)
	gen.WantEnqueued(t, q, "one that counted before")
	gen.Update(t, h, q, ready, olderTanist(gen.Terminating, gen.NotReady))
	if got := gen.Enqueued(q); len(got) == 0 {
		t.Error("nobody is enqueued when it ends")
	}
	h.Create(t.Context(), event.TypedCreateEvent[*corev1.Pod]{Object: ready}, q)
	if got := gen.Enqueued(q); len(got) == 0 {
		t.Error("nobody is enqueued when one comes that runs")
	}
	h.Delete(t.Context(), event.TypedDeleteEvent[*corev1.Pod]{Object: ready}, q)
	if got := gen.Enqueued(q); len(got) == 0 {
		t.Error("nobody is enqueued when it is gone")
	}
}
