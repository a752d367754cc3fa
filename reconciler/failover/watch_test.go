package failover

import (
	"testing"
	"time"

	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/informers"
	"github.com/tanist-dev/tanist/test/gen"
)

// listed are pods of which the newest list has this version.
type listed struct {
	informers.Static
	version string
}

func (l listed) Delivered(string) string { return l.version }

// TestTheVersionOfADeletionThatANewListShows is the list's. With the pod's, which is older, replicas that still have the pod would not know that they are behind.
func TestTheVersionOfADeletionThatANewListShows(t *testing.T) {
	for name, test := range map[string]struct {
		unknown bool
		want    string
	}{"an event": {false, "12"}, "a new list": {true, "77"}} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.leaders.Observe(gen.ShopWeb, leaderslice.Parse(f.slice()), time.Now())
			f.stores.Pods = listed{f.stores.Pods.(informers.Static), "77"}
			q := workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[reconcile.Request]())
			defer q.ShutDown()
			gone := gen.ReadyPod("b2", func(pod *corev1.Pod) { pod.ResourceVersion = "12" })
			f.podHandler().Delete(t.Context(), event.TypedDeleteEvent[*corev1.Pod]{Object: gone, DeleteStateUnknown: test.unknown}, q)
			if record, _ := f.leaders.Peek(gen.ShopWeb); record.PodsVersion != test.want {
				t.Errorf("got version %q, want %q", record.PodsVersion, test.want)
			}
		})
	}
}
