package informers

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
)

// TestAMissingRightConcernsItsNamespaceAlone also checks that the namespace is watched once the right is there.
func TestAMissingRightConcernsItsNamespaceAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, 0, "shop", "bank")
		c.add(service("shop", "web"))
		c.add(service("bank", "api"))
		forbidden := c.lister(pods, "shop").forbidden
		forbidden.Store(true)
		c.start()
		expect(t, "Services", c.keys(services), "bank/api")
		if err := c.Ready(nil); err != nil {
			t.Errorf("a missing right makes the replica unready: %v", err)
		}
		c.measures(t, 0, 1, 1)
		forbidden.Store(false)
		pass(2 * refusedFor)
		expect(t, "Services", c.keys(services), "bank/api", "shop/web")
		c.measures(t, 0, 0, 2)
	})
}

// measures checks how many namespaces are in each state.
func (c *cluster) measures(t *testing.T, syncing, forbidden, synced int) {
	t.Helper()
	counts, _ := c.states(time.Now())
	if counts[stateSyncing] != syncing || counts[stateForbidden] != forbidden || counts[stateSynced] != synced {
		t.Errorf("got %v, want %d syncing, %d forbidden, %d synced", counts, syncing, forbidden, synced)
	}
}

func TestMetrics(t *testing.T) {
	c := newCluster(t, 0)
	const want = `# HELP tanist_watched_namespaces Namespaces that this replica watches one by one; none while it watches the whole cluster.
# TYPE tanist_watched_namespaces gauge
tanist_watched_namespaces{state="forbidden"} 0
tanist_watched_namespaces{state="synced"} 0
tanist_watched_namespaces{state="syncing"} 0
# HELP tanist_watches_cluster Whether this replica watches the objects of all namespaces, because many have opted in.
# TYPE tanist_watches_cluster gauge
tanist_watches_cluster 0
`
	if err := testutil.CollectAndCompare(c.Informers, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
	if problems, err := testutil.CollectAndLint(c.Informers); err != nil || len(problems) > 0 {
		t.Errorf("got %v, %v", problems, err)
	}
}
