package reconciler

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/test/gen"
)

// creations simulates the controller of a ReplicaSet whose pods are refused. It tries again after 5 ms, and waits twice as long each time.
// It returns which attempts were made without a drain window.
func creations(w *refusedWindows, n int, outcome func(attempt int, windowed bool) *corev1.Pod) (windowless []int) {
	now, delay := gen.T0, 5*time.Millisecond
	for attempt := range n {
		windowed := w.accepted(workload{uid: "set"}, now)
		if !windowed {
			windowless = append(windowless, attempt)
		}
		now = now.Add(delay)
		if pod := outcome(attempt, windowed); pod != nil {
			w.appeared(pod)
		} else {
			delay = min(2*delay, 1000*time.Second)
		}
	}
	return windowless
}

func ownedPod(owner types.UID, windowed bool) *corev1.Pod {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
		OwnerReferences: []metav1.OwnerReference{{Kind: "ReplicaSet", Name: "web", UID: owner, Controller: new(true)}},
	}}
	if !windowed {
		pod.Annotations = map[string]string{config.DrainWindowRefusedKey: "3s"}
	}
	return pod
}

func TestRefusedDrainWindows(t *testing.T) {
	cases := map[string]struct {
		attempts int
		outcome  func(attempt int, windowed bool) *corev1.Pod
		want     []int
	}{
		"every pod is created": {
			attempts: 1000, outcome: func(_ int, windowed bool) *corev1.Pod { return ownedPod("set", windowed) },
		},
		"a policy refuses pods with a window and accepts pods without one": {
			attempts: 16, want: []int{10, 11, 12, 13, 14, 15},
			outcome: func(_ int, windowed bool) *corev1.Pod {
				if windowed {
					return nil
				}
				return ownedPod("set", false)
			},
		},
		"a quota refuses all pods for a while, and all pods created after that have a window": {
			attempts: 100, want: []int{10}, // the quota refuses that one too
			outcome: func(attempt int, windowed bool) *corev1.Pod {
				if attempt < 12 {
					return nil
				}
				return ownedPod("set", windowed)
			},
		},
		"a quota refuses all pods for hours, and trials become rarer": {
			attempts: 60, want: []int{10, 21, 42}, outcome: func(int, bool) *corev1.Pod { return nil },
		},
		"pods of earlier attempts appear late": {
			attempts: 20, want: []int{10},
			outcome: func(attempt int, _ bool) *corev1.Pod {
				if attempt < 10 {
					return nil
				}
				return ownedPod("set", true)
			},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			w := newRefusedWindows()
			w.appeared(ownedPod("other", true))
			if diff := cmp.Diff(test.want, creations(w, test.attempts, test.outcome)); diff != "" {
				t.Errorf("unexpected attempts without a window (-want +got):\n%s", diff)
			}
		})
	}
}

func TestManyPodsCreatedAtOnceAreNotTakenForRefused(t *testing.T) {
	w := newRefusedWindows()
	for i := range 1000 {
		if !w.accepted(workload{uid: "set"}, gen.T0.Add(time.Duration(i)*time.Millisecond)) {
			t.Fatalf("pod %d has no window", i)
		}
	}
	w.appeared(ownedPod("other", true))
	if len(w.owners) != 1 {
		t.Error("a pod of another workload ends the series of attempts")
	}
	w.appeared(ownedPod("set", true))
	if len(w.owners) != 0 {
		t.Errorf("%d workloads are remembered", len(w.owners))
	}
}

func TestTheNumberOfRememberedWorkloadsIsLimited(t *testing.T) {
	w := newRefusedWindows()
	refused := func(_ int, windowed bool) *corev1.Pod {
		if windowed {
			return nil
		}
		return ownedPod("set", false)
	}
	creations(w, 16, refused)
	for i := range 3 * maxOwners {
		w.accepted(workload{"flood", types.UID(fmt.Sprint(i))}, gen.T0)
	}
	if got := len(w.owners); got > maxOwners {
		t.Errorf("got %d workloads, want at most %d", got, maxOwners)
	}
	if !w.known(workload{uid: "set"}) {
		t.Error("a workload of another namespace is forgotten")
	}
	w.appeared(&corev1.Pod{}) // without an owner
}

func TestAWorkloadIsKnownInItsNamespaceAlone(t *testing.T) {
	w := newRefusedWindows()
	creations(w, 16, func(_ int, windowed bool) *corev1.Pod {
		if windowed {
			return nil
		}
		return ownedPod("set", false)
	})
	if !w.known(workload{uid: "set"}) || w.known(workload{"other", "set"}) || !w.accepted(workload{"other", "set"}, gen.T0) {
		t.Error("want the workload to be refused, and not one of the same UID in another namespace")
	}
}
