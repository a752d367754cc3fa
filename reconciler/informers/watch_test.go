package informers

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	toolscache "k8s.io/client-go/tools/cache"
)

// pass lets time pass in a bubble.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func expect(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestANamespaceIsReadOnceAllOfItsInformersAreSynced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, 0, "shop", "bank")
		c.add(pod("shop", "a"))
		c.add(service("shop", "web"))
		c.add(service("bank", "api"))
		release := c.hold(pods, "shop")
		c.start()
		expect(t, "Services", c.keys(services), "bank/api")
		expect(t, "events of Services", c.told[services].take(), "initial bank/api")
		if c.Ready(nil) == nil {
			t.Error("the replica is ready before a namespace can be read that was wanted at the start")
		}
		if objects := c.Objects(services).In("shop").List(); len(objects) > 0 {
			t.Errorf("objects can be read: %v", objects)
		}
		release()
		synctest.Wait()
		expect(t, "Services", c.keys(services), "bank/api", "shop/web")
		expect(t, "pods", c.keys(pods), "shop/a")
		expect(t, "events of Services", c.told[services].take(), "initial shop/web")
		if err := c.Ready(nil); err != nil {
			t.Errorf("the replica is not ready: %v", err)
		}
	})
}

func TestNamespacesComeAndGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, 0)
		c.add(pod("shop", "a"))
		c.add(service("shop", "web"))
		c.start()
		expect(t, "pods", c.keys(pods))
		c.wants("shop", true)
		expect(t, "pods", c.keys(pods), "shop/a")
		c.add(pod("shop", "b"))
		c.remove(pod("shop", "a"))
		expect(t, "events of pods", c.told[pods].take(), "created shop/b", "deleted shop/a", "initial shop/a")

		before := c.Objects(pods).In("shop")
		c.wants("shop", false)
		pass(stopDelay / 2)
		expect(t, "pods of a namespace that is not wanted for a moment", c.keys(pods), "shop/b")
		c.wants("shop", true)
		pass(2 * stopDelay)
		if c.Objects(pods).In("shop") != before {
			t.Error("a namespace that was not wanted for a moment is watched anew")
		}
		expect(t, "events of pods", c.told[pods].take())

		c.wants("shop", false)
		pass(2 * stopDelay)
		expect(t, "pods", c.keys(pods))
		expect(t, "events of pods", c.told[pods].take(), "lost shop/b")
		expect(t, "events of Services", c.told[services].take(), "initial shop/web", "lost shop/web")
		if len(c.byNamespace) > 0 || len(c.readable.Load().byNamespace) > 0 {
			t.Error("something is left of a namespace that is not watched")
		}
		c.wants("shop", true)
		expect(t, "pods of a namespace that is wanted again", c.keys(pods), "shop/b")
	})
}

func TestANamespaceThatGoesBeforeItIsSyncedIsNeverRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, 0, "shop")
		c.add(service("shop", "web"))
		release := c.hold(pods, "shop")
		c.start()
		c.wants("shop", false)
		pass(2 * stopDelay)
		release() // an informer that waits for an answer ends with it
		synctest.Wait()
		expect(t, "events of Services", c.told[services].take())
		if err := c.Ready(nil); err != nil {
			t.Errorf("the replica is not ready: %v", err)
		}
	})
}

// Preview environments come and go. Those that have just gone must not count.
func TestNamespacesThatAreNoLongerWantedDoNotCountForTheLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, 2, "a", "b")
		for _, namespace := range []string{"a", "b", "c"} {
			c.add(service(namespace, "web"))
		}
		c.start()
		c.wants("a", false)
		c.wants("c", true)
		expect(t, "Services", c.keys(services), "a/web", "b/web", "c/web")
		if c.all != nil {
			t.Error("the whole cluster is watched for two namespaces, the limit")
		}
		c.wants("a", true)
		synctest.Wait()
		if c.all != nil {
			t.Error("the whole cluster is watched although the third namespace has been watched all the time")
		}
		c.wants("d", true)
		synctest.Wait()
		if c.all == nil {
			t.Error("the whole cluster is not watched for four namespaces")
		}
	})
}

func TestTheWholeClusterIsWatchedBeyondTheLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, 2, "a", "b")
		for _, namespace := range []string{"a", "b", "c", "d"} {
			c.add(service(namespace, "web"))
		}
		c.start()
		expect(t, "events of Services", c.told[services].take(), "initial a/web", "initial b/web")
		release := c.hold(pods, "")
		c.wants("c", true)
		c.wants("d", true)
		expect(t, "Services before the cluster is known", c.keys(services), "a/web", "b/web")
		if err := c.Ready(nil); err != nil {
			t.Errorf("a replica that goes on with its namespaces is not ready: %v", err)
		}
		if len(c.byNamespace) > 2 {
			t.Errorf("%d namespaces are watched one by one", len(c.byNamespace))
		}
		release()
		synctest.Wait()
		expect(t, "Services", c.keys(services), "a/web", "b/web", "c/web", "d/web")
		expect(t, "events of Services", c.told[services].take(), "initial a/web", "initial b/web", "initial c/web", "initial d/web")

		pass(2 * stopDelay)
		expect(t, "events of Services when the namespaces' informers have stopped", c.told[services].take())
		c.add(service("a", "api"))
		expect(t, "events of Services", c.told[services].take(), "created a/api")
		for _, namespace := range []string{"a", "b", "c", "d"} {
			c.wants(namespace, false)
		}
		pass(2 * stopDelay)
		expect(t, "events of Services when few are wanted again", c.told[services].take())
		if states, cluster := c.states(time.Now()); cluster != 1 || len(states) > 0 {
			t.Errorf("got %v and %v", states, cluster)
		}
	})
}

func TestManyNamespacesAtTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, 2, "a", "b", "c")
		c.add(service("a", "web"))
		release := c.hold(services, "")
		c.start()
		if len(c.byNamespace) > 0 {
			t.Errorf("%d namespaces are watched one by one", len(c.byNamespace))
		}
		if c.Ready(nil) == nil {
			t.Error("the replica is ready before the cluster is known")
		}
		release()
		synctest.Wait()
		expect(t, "Services", c.keys(services), "a/web")
		if err := c.Ready(nil); err != nil {
			t.Errorf("the replica is not ready: %v", err)
		}
	})
}

func TestWhatIsDeletedWhileTheClusterIsNotKnownYetIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, 1, "a")
		c.add(service("a", "web"))
		c.start()
		// The namespace's watch lags behind: it never hears of the deletion.
		c.lister(services, "a").DeleteDropWatch(service("a", "web"))
		c.lister(services, "").Delete(service("a", "web"))
		c.wants("b", true)
		pass(2 * stopDelay)
		expect(t, "events of Services", c.told[services].take(), "initial a/web", "lost a/web")
	})
}

func TestAHandlerThatComesLaterGetsEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, 0, "shop")
		c.add(service("shop", "web"))
		c.start()
		c.wants("bank", true)
		late := c.handle(services)
		synctest.Wait()
		c.add(service("bank", "api"))
		expect(t, "events", late.take(), "created bank/api", "initial shop/web")
	})
}

// TestHandlersAreCalledInOrder: what a handler of Services depends on is there before, and so is what another one asks of its own event.
func TestHandlersAreCalledInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, 0, "shop")
		var told []string
		c.Handle(services, toolscache.ResourceEventHandlerFuncs{AddFunc: func(any) { told = append(told, "Service") }})
		for _, handler := range []string{"first", "second"} {
			c.Handle(pods, toolscache.ResourceEventHandlerFuncs{AddFunc: func(object any) {
				told = append(told, handler)
				if newest := c.Objects(pods).Delivered("shop"); newest != object.(*corev1.Pod).ResourceVersion {
					t.Errorf("a handler got version %s, and the newest delivered version is %s", object.(*corev1.Pod).ResourceVersion, newest)
				}
			}})
		}
		c.add(service("shop", "web"))
		c.add(pod("shop", "a"))
		c.start()
		expect(t, "handlers", told, "first", "second", "Service")
		c.add(pod("shop", "b"))
		expect(t, "handlers", told[3:], "first", "second")
	})
}
