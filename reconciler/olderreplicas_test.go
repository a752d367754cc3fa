package reconciler

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/config"
)

// olderTanist is a replica of a version that does not know who may change what.
func olderTanist(changes ...func(*corev1.Pod)) *corev1.Pod {
	return readyPod("t1", append([]func(*corev1.Pod){func(pod *corev1.Pod) {
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
		"one that is not ready (its certificate is broken)": {pod: olderTanist(notReady), want: true},
		"one that is told to end and still answers":         {pod: olderTanist(terminating), want: true},
		"one that is told to end and does not answer":       {pod: olderTanist(terminating, notReady)},
		"one whose image cannot be had":                     {pod: olderTanist(pending, notReady)},
		"one of this version":                               {pod: olderTanist(func(pod *corev1.Pod) { pod.Labels[config.RulesKey] = "1" })},
		"one of another installation":                       {pod: olderTanist(func(pod *corev1.Pod) { pod.Namespace = "other" })},
		"another program":                                   {pod: olderTanist(func(pod *corev1.Pod) { pod.Labels[config.ReplicaNameKey] = "web" })},
	} {
		if got := viewsOf(t, test.pod).olderReplicas(); got != test.want {
			t.Errorf("%s: counts %t, want %t", name, got, test.want)
		}
	}
}

func TestEveryServiceIsLookedAtWhenOlderReplicasComeOrGo(t *testing.T) {
	s, q := watched(t)
	s.alarm, s.leaders = &alarm{views: s.views}, cache.New()
	if err := s.alarm.source().Start(t.Context(), q); err != nil {
		t.Fatal(err)
	}
	h := s.podHandler()
	created := olderTanist(notReady, func(pod *corev1.Pod) { pod.Status.Phase = corev1.PodPending })
	started, ready := olderTanist(notReady), olderTanist()
	h.Create(t.Context(), event.TypedCreateEvent[*corev1.Pod]{Object: created}, q)
	wantWoken(t, q, "one that has not started")
	update(t, h, q, created, started)
	if got := woken(q); len(got) == 0 {
		t.Error("nobody is woken when it starts")
	}
	update(t, h, q, started, ready)
	wantWoken(t, q, "one that counted before")
	update(t, h, q, ready, olderTanist(terminating, notReady))
	if got := woken(q); len(got) == 0 {
		t.Error("nobody is woken when it ends")
	}
	h.Create(t.Context(), event.TypedCreateEvent[*corev1.Pod]{Object: ready}, q)
	if got := woken(q); len(got) == 0 {
		t.Error("nobody is woken when one comes that runs")
	}
	h.Delete(t.Context(), event.TypedDeleteEvent[*corev1.Pod]{Object: ready}, q)
	if got := woken(q); len(got) == 0 {
		t.Error("nobody is woken when it is gone")
	}
}
