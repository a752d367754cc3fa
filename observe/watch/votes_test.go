package watch

import (
	"testing"
	"time"

	"github.com/tanist-dev/tanist/observe"
	"github.com/tanist-dev/tanist/observe/peer"
)

func TestAPeerThatHearsTheNodeVetoes(t *testing.T) {
	w, _, look := silentNode(t, key("web"))
	look(observe.Suspicious + observe.Tick)
	hears := observe.Replica{Name: "tanist-2", Node: "node-2"}
	for range 20 {
		w.count([]observe.Replica{hears}, map[string]peer.Votes{"node-1": {{Replica: "tanist-2", Node: "node-2", Armed: true}}})
		if changed := look(100 * time.Millisecond); len(changed) > 0 {
			t.Fatalf("reported %v although a peer hears the node", changed)
		}
	}
	if changed := look(votesFor - 100*time.Millisecond - observe.Tick); len(changed) > 0 {
		t.Errorf("reported %v because questions to the peer were lost for a moment", changed)
	}
	if changed := look(2 * votesFor); len(changed) != 1 {
		t.Errorf("reported %v, want the Service once the peer's word is old", changed)
	}
}

func TestAPeerOnTheNodeShowsThatItLives(t *testing.T) {
	w, _, look := silentNode(t, key("web"))
	for range 20 {
		w.count([]observe.Replica{{Name: "tanist-2", Node: "node-1"}}, nil)
		w.asked(w.nodes["node-1"])
		if changed := look(100 * time.Millisecond); len(changed) > 0 {
			t.Fatalf("reported %v although a peer on the node answers", changed)
		}
	}
}

// A suspicion ends, and another one of the same node begins while a third node is suspected. What a replica wrote in between proves nothing.
func TestEachSuspicionHasBeaconsOfItsOwn(t *testing.T) {
	w, _ := newWatcher(t, &cluster{})
	begin := func(name string) {
		w.suspects[name] = &node{suspicion: &suspicion{beacons: map[string]*beacon{}}}
	}
	w.replicas = []observe.Replica{{Name: "tanist-2", Node: "node-1"}}
	begin("node-1")
	begin("node-2")
	first, _ := w.beaconsToCheck()
	same, _ := w.beaconsToCheck()
	begin("node-1")
	second, _ := w.beaconsToCheck()
	if len(first) != 1 || len(same) != 1 || len(second) != 1 {
		t.Fatalf("there are %d, %d and %d beacons, want one of the replica on the suspected node", len(first), len(same), len(second))
	}
	if same[0] != first[0] || second[0] == first[0] {
		t.Error("a beacon must be the same for as long as a suspicion lasts, and no longer")
	}
}

// A replica on a silent node may be cut off from the others, and not from the API server. It needs a moment to notice that and to say that it
// lives.
func TestAReplicaOnTheNodeMaySayInTheAPIThatItLives(t *testing.T) {
	w, _, look := silentNode(t, key("web"))
	w.replicas = []observe.Replica{{Name: "tanist-2", Node: "node-1"}}
	look(observe.Suspicious + observe.Tick)
	beacons, _ := w.beaconsToCheck()
	writes := *w.Beacon
	writes.Pod = "tanist-2"
	check := func() {
		t.Helper()
		w.checkBeacon(t.Context(), beacons[0])
	}
	check()
	if changed := look(2 * time.Second); len(changed) > 0 {
		t.Errorf("reported %v although it was read too early whether the replica lives", changed)
	}
	if err := writes.SayAlive(t.Context()); err != nil {
		t.Fatal(err)
	}
	check()
	if changed := look(beaconFor); len(changed) > 0 {
		t.Errorf("reported %v although the replica has said that it lives", changed)
	}
	check()
	if changed := look(2 * observe.Tick); len(changed) != 1 {
		t.Errorf("reported %v, want the Service: the replica has said nothing since", changed)
	}
}

// Two calls of the replica take as long as two of this one.
func TestTheReplicaOnTheNodeMayHaveASlowAPIServer(t *testing.T) {
	w, _, _ := silentNode(t, key("web"))
	n := w.nodes["node-1"]
	w.replicas = []observe.Replica{{Name: "tanist-2", Node: "node-1"}, {Name: "tanist-3", Node: "node-2"}}
	from := w.clock.Now()
	for name, test := range map[string]struct {
		beacon *beacon
		want   bool
		later  time.Duration
	}{
		"never read":                {nil, false, 0},
		"not read yet":              {&beacon{readFrom: -1}, false, 0},
		"read early":                {&beacon{readFrom: from + beaconDue - 1}, false, 0},
		"read late enough":          {&beacon{readFrom: from + beaconDue}, true, 0},
		"read slowly":               {&beacon{readFrom: from + beaconDue, took: 200 * time.Millisecond}, false, 0},
		"read, and not again since": {&beacon{readFrom: from + beaconDue}, false, beaconFor},
		"read slowly, later":        {&beacon{readFrom: from + beaconDue + 400*time.Millisecond, took: 200 * time.Millisecond}, true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			n.suspicion = &suspicion{beacons: map[string]*beacon{}}
			if test.beacon != nil {
				test.beacon.aliveAt = -1
				n.suspicion.beacons["tanist-2"] = test.beacon
			}
			if _, read := w.beaconsOf(n, from+2*time.Second+test.later); read != test.want {
				t.Errorf("the beacon counts as read: %t, want %t", read, test.want)
			}
		})
	}
}
