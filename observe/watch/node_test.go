package watch

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/observe"
)

// silent is the address of a kubelet that nobody answers for (RFC 5737).
var silent = netip.MustParseAddrPort("192.0.2.1:10250")

// silentNode returns a Watcher that has heard a node, and last heard it before `since`. Its clock stands still until look is called.
func silentNode(t *testing.T, services ...types.NamespacedName) (w *Watcher, reported *changes, look func(d time.Duration) []types.NamespacedName) {
	t.Helper()
	w, reported = newWatcher(t, &cluster{nodes: []observe.Node{{Name: "node-1", Kubelet: silent}, {Name: "node-2", Kubelet: silent}}})
	for i, name := range services {
		w.services[name] = &service{key: name, Service: &observe.Service{
			Leader: &observe.Pod{UID: "leader", Node: "node-1"}, LossAfter: time.Duration(i+1) * time.Second,
		}}
	}
	// No probe is sent: the context is over.
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	at := time.Now()
	look = func(d time.Duration) (changed []types.NamespacedName) {
		for until := at.Add(d); at.Before(until); {
			at = at.Add(observe.Tick)
			changed = append(changed, w.look(ctx, at)...)
		}
		return changed
	}
	look(3 * time.Second)
	n := &node{Node: w.Cluster.ObservedNodes()[0], hearing: observe.NewHearing(), led: services, stop: func() {}, askedAt: -1}
	for heard := time.Duration(0); heard <= w.clock.Now(); heard += 100 * time.Millisecond {
		n.hearing.Heard(observe.Steady, heard, heard)
		n.hearing.Heard(observe.Fresh, heard, heard)
	}
	w.nodes["node-1"] = n
	w.apiAt = w.clock.Now() + time.Minute // the API server answers all the time
	for range 5 {
		n.hearing.Asked(w.clock.Now())
	}
	return w, reported, look
}

func TestALostNodeIsReportedForEachServiceAtItsOwnTime(t *testing.T) {
	soon, late := key("soon"), key("late")
	w, _, look := silentNode(t, soon, late)
	if changed := look(time.Second - observe.Tick); len(changed) > 0 {
		t.Errorf("reported %v before the window has passed", changed)
	}
	if diff := cmp.Diff([]types.NamespacedName{soon}, look(3*observe.Tick)); diff != "" {
		t.Errorf("unexpected reports after the shorter window (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]types.NamespacedName{late}, look(time.Second)); diff != "" {
		t.Errorf("unexpected reports after the longer window (-want +got):\n%s", diff)
	}
	if got := w.Verdict(soon, "leader"); got != observe.NodeLost {
		t.Errorf("the verdict is %q, want %s", got, observe.NodeLost)
	}
	w.heard(w.nodes["node-1"], observe.Other, 0)
	if got := w.Verdict(soon, "leader"); got != observe.NotLost {
		t.Errorf("the verdict is %q although the node was heard again", got)
	}
	look(observe.Tick)
	if w.suspects["node-1"] != nil {
		t.Error("the node is still suspected although it was heard again")
	}
}

func TestANodeThatDropsNewConnectionsIsReportedAndNotLost(t *testing.T) {
	w, _, look := silentNode(t, key("web"))
	n := w.nodes["node-1"]
	var changed []types.NamespacedName
	for range 450 {
		w.heard(n, observe.Steady, w.now())
		changed = append(changed, look(100*time.Millisecond)...)
	}
	if diff := cmp.Diff([]types.NamespacedName{key("web")}, changed); diff != "" {
		t.Errorf("unexpected reports (-want +got):\n%s", diff)
	}
	if !w.DropsNewConnections(key("web")) || w.nodesDroppingConnections() != 1 || w.Verdict(key("web"), "leader") != observe.NotLost {
		t.Errorf("dropped: %t, nodes: %g, verdict: %q; want no verdict", w.DropsNewConnections(key("web")), w.nodesDroppingConnections(),
			w.Verdict(key("web"), "leader"))
	}
	w.heardFresh(n, silent.Addr(), w.now())
	if diff := cmp.Diff([]types.NamespacedName{key("web")}, look(observe.Tick)); diff != "" || w.DropsNewConnections(key("web")) {
		t.Errorf("unexpected reports after a new connection (-want +got):\n%s", diff)
	}
}

func TestNoVerdictWithoutTheAPIServer(t *testing.T) {
	w, _, look := silentNode(t, key("web"))
	w.apiAt = w.clock.Now() - 2*time.Second
	if changed := look(3 * time.Second); len(changed) > 0 {
		t.Errorf("reported %v although the API server does not answer", changed)
	}
}

// A replica that stood still finds old questions without answers, and must give the answers time to be read.
func TestNoVerdictRightAfterTheObserverStoodStill(t *testing.T) {
	w, _, look := silentNode(t, key("web"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	changed := w.look(ctx, time.Now().Add(time.Hour))
	if len(changed) > 0 || w.Verdict(key("web"), "leader") != observe.NotLost {
		t.Errorf("reported %v at the end of a pause of the observer", changed)
	}
	if changed := look(observe.Suspicious); len(changed) > 0 {
		t.Errorf("reported %v soon after a pause of the observer", changed)
	}
}

// A node that stays away is not asked about for ever, and does not make the loss of another one look like that of many.
func TestANodeThatStaysAwayIsNoLongerSuspected(t *testing.T) {
	w, _, look := silentNode(t, key("web"))
	look(2 * time.Second)
	if w.Verdict(key("web"), "leader") != observe.NodeLost || w.armed != 1 {
		t.Fatalf("the verdict is %q with %d armed nodes, want %s with one", w.Verdict(key("web"), "leader"), w.armed, observe.NodeLost)
	}
	look(2 * time.Minute)
	if _, suspected := w.beaconsToCheck(); suspected || w.armed != 0 {
		t.Errorf("after two minutes %d nodes are suspected and %d armed, want none", len(w.suspects), w.armed)
	}
}

// A pod that answered for a node whose own ports are closed answers no more when it is no longer watched. That is no loss of the node.
func TestANodeThatWasHeardThroughAPodAloneIsNotMissedWithoutIt(t *testing.T) {
	address := netip.MustParseAddrPort("192.0.2.9:8080")
	for name, test := range map[string]struct {
		from    netip.Addr
		watched bool
		want    observe.Armed
	}{
		"the node itself has answered":         {silent.Addr(), false, observe.PartlyArmed},
		"a pod has answered, and is watched":   {address.Addr(), true, observe.PartlyArmed},
		"a pod has answered, and is no longer": {address.Addr(), false, observe.NotArmed},
	} {
		t.Run(name, func(t *testing.T) {
			w, _ := newWatcher(t, &cluster{})
			n := &node{Node: observe.Node{Name: "node-1", Kubelet: silent}, hearing: observe.NewHearing()}
			w.nodes["node-1"] = n
			w.heardFresh(n, test.from, 0)
			if test.watched {
				w.pods["pod"] = &pod{podTarget: podTarget{Pod: observe.Pod{Probe: &observe.Probe{Address: address}}}}
			}
			w.forgetFresh()
			if got := n.hearing.Armed(w.clock.Now()); got != test.want {
				t.Errorf("it is armed: %d, want %d", got, test.want)
			}
		})
	}
}

// Where there are more questions than a replica may ask in a second, nodes are asked less often. They must still show that the network is well.
func TestANodeIsLostAlthoughTheOthersAreSeldomAsked(t *testing.T) {
	for name, test := range map[string]struct {
		stretch     float64
		isolated    bool
		least, most time.Duration // after the node's silence began; none for no verdict
	}{
		"as often as usual":                      {stretch: 1, least: time.Second, most: time.Second + 2*observe.Tick},
		"every 750 ms":                           {stretch: 7.5, least: 1100 * time.Millisecond, most: 1300 * time.Millisecond},
		"every 5 s":                              {stretch: 50, least: 5 * time.Second, most: 8 * time.Second},
		"every 750 ms, and none is heard either": {stretch: 7.5, isolated: true},
		"every 5 s, and none is heard either":    {stretch: 50, isolated: true},
	} {
		t.Run(name, func(t *testing.T) {
			w, _, look := silentNode(t, key("web"))
			w.stretch = test.stretch
			every, began := w.stretchedInterval(), w.clock.Now()
			var others []*node
			for i := range 20 {
				n := &node{Node: observe.Node{Name: fmt.Sprint("other-", i)}, hearing: observe.NewHearing(), stop: func() {}, askedAt: -1}
				phase := every * time.Duration(i) / 20
				for at := began - 40*every + phase; at <= began; at += every {
					n.hearing.Heard(observe.Steady, at, at)
					n.hearing.Heard(observe.Fresh, at, at)
				}
				n.askedAt = began - every + phase
				w.nodes[n.Name], others = n, append(others, n)
			}
			for w.clock.Now() < began+20*time.Second {
				changed, now := look(observe.Tick), w.clock.Now()
				if took := now - began; len(changed) > 0 {
					if took < test.least || took > test.most {
						t.Errorf("it is lost after %s, want from %s to %s", took, test.least, test.most)
					}
					return
				}
				for _, n := range others {
					if now < n.askedAt+every {
						continue
					}
					n.askedAt = now
					n.hearing.Asked(now)
					if !test.isolated {
						n.hearing.Heard(observe.Steady, now, now)
					}
				}
			}
			if test.most > 0 {
				t.Errorf("it is not lost after 20 s")
			}
		})
	}
}
