package watch

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/observe"
	"github.com/tanist-dev/tanist/observe/peer"
)

// cluster is a Cluster of a test.
type cluster struct {
	nodes    []observe.Node
	replicas []observe.Replica
}

func (c *cluster) ObservedNodes() []observe.Node { return c.nodes }

func (c *cluster) Replicas() []observe.Replica { return c.replicas }

func (c *cluster) ObservedNode(name string) (observe.Node, bool) {
	for _, n := range c.nodes {
		if n.Name == name {
			return n, true
		}
	}
	return observe.Node{}, false
}

// changes are the Services that a Watcher has reported.
type changes struct {
	mu  sync.Mutex
	all []types.NamespacedName
}

func (c *changes) add(key types.NamespacedName) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, key)
}

func (c *changes) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.all)
}

// newWatcher returns a Watcher that is not started, and what it reports.
func newWatcher(t *testing.T, in *cluster) (*Watcher, *changes) {
	t.Helper()
	reported := &changes{}
	api := serve(t, func(http.ResponseWriter, *http.Request) {})
	connections, err := peer.NewConnections(&rest.Config{Host: api.URL})
	if err != nil {
		t.Fatal(err)
	}
	live, err := connections.NewLiveChecker()
	if err != nil {
		t.Fatal(err)
	}
	leases := fake.NewFakeClient()
	w, err := New(Options{
		Self: "tanist-1", Cluster: in, Tuning: config.NewStore(), Peers: peer.NewPeers(), API: live, Changed: reported.add,
		Beacon:     &peer.Beacon{Namespace: "tanist-system", Pod: "tanist-1", Leases: leases},
		Registerer: prometheus.NewRegistry(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return w, reported
}

// start starts a Watcher until the test ends.
func start(t *testing.T, w *Watcher) {
	t.Helper()
	var running sync.WaitGroup
	running.Go(func() {
		if err := w.Start(t.Context()); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(running.Wait) // the context of a test ends before its cleanups run
}

// serve serves HTTP until the test ends.
func serve(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

// probeOf is how a server is asked.
func probeOf(server *httptest.Server) *observe.Probe {
	return &observe.Probe{
		Kind: observe.ProbeHTTP, Address: netip.MustParseAddrPort(strings.TrimPrefix(server.URL, "http://")), Path: "/", Timeout: time.Second, FailureThreshold: 3,
	}
}

// kubeletServer plays a kubelet, and returns its node.
func kubeletServer(t *testing.T, name string) (observe.Node, *httptest.Server) {
	t.Helper()
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.StartTLS()
	t.Cleanup(server.Close)
	return observe.Node{Name: name, Kubelet: netip.MustParseAddrPort(strings.TrimPrefix(server.URL, "https://"))}, server
}

// eventually waits until something is true.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.NewTimer(20 * time.Second)
	defer deadline.Stop()
	for !is() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("not within 20s: %s", what)
		}
	}
}
