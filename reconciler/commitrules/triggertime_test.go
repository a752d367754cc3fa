package commitrules

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/test/gen"
)

func TestTriggerTime(t *testing.T) {
	// since changes a condition some seconds before the event.
	since := func(kind corev1.PodConditionType, status corev1.ConditionStatus, seconds int) func(*corev1.Pod) {
		return func(pod *corev1.Pod) {
			condition := corev1.PodCondition{Type: kind, Status: status, LastTransitionTime: metav1.NewTime(gen.T0.Add(-time.Duration(seconds) * time.Second))}
			for i := range pod.Status.Conditions {
				if pod.Status.Conditions[i].Type == kind {
					pod.Status.Conditions[i] = condition
					return
				}
			}
			pod.Status.Conditions = append(pod.Status.Conditions, condition)
		}
	}
	deleted := func(seconds int, grace int64) func(*corev1.Pod) {
		return func(pod *corev1.Pod) {
			end := metav1.NewTime(gen.T0.Add(time.Duration(grace-int64(seconds)) * time.Second))
			pod.DeletionTimestamp, pod.DeletionGracePeriodSeconds = &end, &grace
		}
	}
	const ready, unready = corev1.ConditionTrue, corev1.ConditionFalse
	leader := func(changes ...func(*corev1.Pod)) *corev1.Pod { return gen.ReadyPod("a1", changes...) }
	follower := func(changes ...func(*corev1.Pod)) *corev1.Pod { return gen.ReadyPod("b2", changes...) } // ready for a minute
	cases := map[string]struct {
		leaving, successor *corev1.Pod
		event              time.Time
		want               time.Duration // before gen.T0
		wantNone           bool
	}{
		"the deletion is seen late":                       {leaving: leader(deleted(5, 30)), successor: follower(), want: 5 * time.Second},
		"the deletion without a grace period":             {leaving: leader(deleted(5, 0)), successor: follower(), want: 5 * time.Second},
		"the deletion is seen within a second":            {leaving: leader(deleted(0, 30)), successor: follower(), event: gen.T0.Add(999 * time.Millisecond), want: -999 * time.Millisecond},
		"the deletion is seen a second later":             {leaving: leader(deleted(0, 30)), successor: follower(), event: gen.T0.Add(time.Second), want: 0},
		"the deletion was long ago":                       {leaving: leader(deleted(31, 300)), successor: follower(), want: 0},
		"the API server's clock is ahead":                 {leaving: leader(deleted(-5, 30)), successor: follower(), want: 0},
		"the lost readiness is seen late":                 {leaving: leader(since(corev1.PodReady, unready, 4)), successor: follower(), want: 4 * time.Second},
		"the unknown readiness is seen late":              {leaving: leader(since(corev1.PodReady, corev1.ConditionUnknown, 4)), successor: follower(), want: 4 * time.Second},
		"the announced eviction is seen late":             {leaving: leader(since(corev1.DisruptionTarget, ready, 4)), successor: follower(), want: 4 * time.Second},
		"the eviction was called off":                     {leaving: leader(since(corev1.DisruptionTarget, unready, 4)), successor: follower(), want: 0},
		"the deletion comes after the announced eviction": {leaving: leader(since(corev1.DisruptionTarget, ready, 9), deleted(7, 30)), successor: follower(), want: 7 * time.Second},
		"the leader is deleted, then not ready, and no pod can follow": {
			leaving: leader(deleted(9, 30), since(corev1.PodReady, unready, 3)), want: 3 * time.Second,
		},
		"the leader is deleted, and a pod can follow later": {
			leaving: leader(deleted(9, 30)), successor: follower(since(corev1.PodReady, ready, 2)), want: 2 * time.Second,
		},
		"the leader has not been ready for long, and a pod can follow later": {
			leaving: leader(since(corev1.PodReady, unready, 600)), successor: follower(since(corev1.PodReady, ready, 2)), want: 2 * time.Second,
		},
		"the leader is healthy, and an option or a rollout moves it": {leaving: leader(), successor: follower(since(corev1.PodReady, ready, 3)), want: 0},
		"no pod led, and the first pod is ready":                     {successor: follower(since(corev1.PodReady, ready, 3)), want: 3 * time.Second},
		"no pod led, and the pod is older than the Service":          {successor: follower(), want: 0},
		"no pod led, and the kubelet's clock is ahead":               {successor: follower(since(corev1.PodReady, ready, -3)), want: 0},
		"no pod led, and none leads":                                 {want: 0},
		"a condition without a time": {leaving: leader(func(pod *corev1.Pod) {
			pod.Status.Conditions[0] = corev1.PodCondition{Type: corev1.PodReady, Status: unready}
		}), want: 0},
		"there was no event":                        {leaving: leader(deleted(5, 30)), successor: follower(), event: time.Time{}.UTC(), wantNone: true},
		"a pod without conditions":                  {leaving: leader(func(pod *corev1.Pod) { pod.Status.Conditions = nil }), successor: follower(), want: 0},
		"the deletion with an unknown grace period": {leaving: leader(gen.Terminating), successor: follower(), want: 0},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			event := test.event
			if event.IsZero() && !test.wantNone {
				event = gen.T0
			}
			got := TriggerTime(test.leaving, test.successor, event)
			if test.wantNone {
				if !got.IsZero() {
					t.Errorf("got %s, want none", got)
				}
				return
			}
			if want := gen.T0.Add(-test.want); !got.Equal(want) {
				t.Errorf("got %s before the event, want %s", gen.T0.Sub(got), test.want)
			}
		})
	}
}
