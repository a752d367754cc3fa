package watch

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tanist-dev/tanist/observe"
	"github.com/tanist-dev/tanist/observe/probe"
)

func TestAKubeletIsHeard(t *testing.T) {
	node, _ := kubeletServer(t, "node-1")
	w, _ := newWatcher(t, &cluster{nodes: []observe.Node{node}})
	w.Set(key("web"), observe.Service{Leader: &observe.Pod{UID: "leader", Node: "node-1"}, LossAfter: time.Second})
	start(t, w)
	eventually(t, "the node is armed", func() bool {
		_, armed, _ := w.NodeAge("node-1")
		return armed && w.unwatched() == 0
	})
	if got := w.longestWindow(); got < w.Tuning.Load().Observe.LossAfter.Seconds() {
		t.Errorf("the window is %g s, less than the tuning's", got)
	}
	w.Forget(key("web"))
	eventually(t, "the node is not watched any more", func() bool {
		_, _, known := w.NodeAge("node-1")
		return !known
	})
}

// A kubelet that restarts, or hangs, is no lost node: its kernel answers.
func TestANodeWhoseKubeletIsGoneIsHeard(t *testing.T) {
	node, kubelet := kubeletServer(t, "node-1")
	w, reported := newWatcher(t, &cluster{nodes: []observe.Node{node}})
	w.Set(key("web"), observe.Service{Leader: &observe.Pod{UID: "leader", Node: "node-1"}, LossAfter: time.Second})
	start(t, w)
	eventually(t, "the node is armed", func() bool {
		_, armed, _ := w.NodeAge("node-1")
		return armed
	})
	kubelet.Close()
	from := w.now()
	eventually(t, "twice the window has passed", func() bool { return w.now() > from+2*time.Second+2*observe.Suspicious })
	if reported.count() > 0 || w.Verdict(key("web"), "leader") != observe.NotLost {
		t.Errorf("the node is believed to be lost because its kubelet refuses connections: %s", w.Verdict(key("web"), "leader"))
	}
}

// A full table of connections drops new ones, and leaves old ones alone.
func TestAKubeletIsAskedOnUntilAnotherConnectionStands(t *testing.T) {
	var asked atomic.Int64
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	t.Cleanup(server.Close)
	address := netip.MustParseAddrPort(server.Listener.Addr().String())
	w, _ := newWatcher(t, &cluster{})
	for name, test := range map[string]struct {
		kubelet  netip.AddrPort
		replaced bool
	}{
		"no other connection can be opened": {kubelet: droppingPort(t)},
		"another connection is opened":      {kubelet: address, replaced: true},
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := probe.DialKubelet(t.Context(), address, func() {})
			if err != nil {
				t.Fatal(err)
			}
			n := &node{Node: observe.Node{Name: "node-1", Kubelet: test.kubelet}, hearing: observe.NewHearing(), askedAt: -1}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			next, before := make(chan *probe.Kubelet, 1), asked.Load()
			go func() { next <- w.converse(ctx, n, conn, time.Millisecond) }()
			if !test.replaced {
				// In this time an attempt to open another one has failed.
				eventually(t, "the kubelet is asked on", func() bool { return asked.Load() > before+2*int64(freshWithin/w.nodeInterval()) })
				cancel()
			}
			got := <-next
			if replaced := got != nil; replaced != test.replaced {
				t.Errorf("the connection was replaced: %t, want %t", replaced, test.replaced)
			}
			if got != nil {
				got.Close()
			}
		})
	}
}
