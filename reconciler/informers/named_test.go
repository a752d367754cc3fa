package informers

import (
	"fmt"
	"testing"
	"testing/synctest"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"
)

// namedPods returns a Named of pods in a cluster, and what it tells. It must be used in a bubble of synctest.
func namedPods(t *testing.T, c *cluster) (named *Named, told func() []string) {
	t.Helper()
	r := &recorded{}
	is := func(object any) string {
		if _, ok := object.(*corev1.Pod); ok {
			return "some"
		}
		return "none"
	}
	named = newNamed(Kind{Name: pods, Object: &corev1.Pod{}}, func(namespace string) toolscache.ListerWatcher { return c.lister(pods, namespace) },
		func(object any) (any, error) { return object, nil },
		func(name types.NamespacedName, before, after any) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.events = append(r.events, fmt.Sprintf("%s: %s to %s", name.Name, is(before), is(after)))
		})
	t.Cleanup(c.queue.ShutDown) // its own informers do not start
	stopped := make(chan error)
	go func() { stopped <- named.Start(t.Context()) }()
	t.Cleanup(func() {
		if err := <-stopped; err != nil {
			t.Errorf("failed to watch: %v", err)
		}
		for _, l := range c.served {
			l.Shutdown()
		}
	})
	return named, r.take
}

// The fake API server of these tests ignores field selectors, so each namespace has one pod.
func TestAnObjectIsWatchedFromWatchToStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, 0)
		named, told := namedPods(t, c)
		a, b := types.NamespacedName{Namespace: "one", Name: "a"}, types.NamespacedName{Namespace: "two", Name: "b"}
		if found := named.Get(a); found.Known || found.Object != nil {
			t.Errorf("got %+v of an object that is not watched", found)
		}
		release := c.hold(pods, "one")
		named.Watch(a)
		named.Watch(b)
		synctest.Wait()
		if found := named.Get(a); found.Known {
			t.Errorf("got %+v before the API server has answered", found)
		}
		if found := named.Get(b); !found.Known || found.Object != nil {
			t.Errorf("got %+v of an object that does not exist", found)
		}
		release()
		synctest.Wait()
		told()
		c.add(pod("one", "a"))
		if found := named.Get(a); !found.Known || found.Object == nil || found.Seen == "" {
			t.Errorf("got %+v of an object that exists", found)
		}
		if got := told(); len(got) != 1 || got[0] != "a: none to some" {
			t.Errorf("got %v", got)
		}
		c.remove(pod("one", "a"))
		if got := told(); len(got) != 1 || got[0] != "a: some to none" {
			t.Errorf("got %v", got)
		}
		named.Stop(a)
		synctest.Wait()
		c.add(pod("one", "a"))
		if got := told(); len(got) != 0 || named.Get(a).Known {
			t.Errorf("got %v of an object that is no longer watched", got)
		}
	})
}

func TestARefusedWatchIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, 0)
		named, told := namedPods(t, c)
		a := types.NamespacedName{Namespace: "one", Name: "a"}
		c.lister(pods, "one").forbidden.Store(true)
		named.Watch(a)
		synctest.Wait()
		if found := named.Get(a); found.Known || found.Refused == "" {
			t.Errorf("got %+v", found)
		}
		if got := told(); len(got) != 1 {
			t.Errorf("got %v", got)
		}
	})
}
