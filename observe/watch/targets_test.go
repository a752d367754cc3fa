package watch

import (
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/observe"
)

var kubelet = netip.MustParseAddrPort("192.0.2.1:10250")

func key(name string) types.NamespacedName {
	return types.NamespacedName{Namespace: "default", Name: name}
}

// podOf returns a pod that can be asked.
func podOf(name, node string) *observe.Pod {
	return &observe.Pod{UID: types.UID(name), Name: name, Node: node, Probe: &observe.Probe{Kind: observe.ProbeHTTP, Timeout: time.Second, FailureThreshold: 3}}
}

// led returns a Service with a leader and a candidate.
func led(leader, candidate *observe.Pod) *observe.Service {
	return &observe.Service{Leader: leader, Candidates: []observe.Pod{*candidate}, LossAfter: time.Second, ProbePods: true}
}

func nodesNamed(names ...string) []observe.Node {
	var all []observe.Node
	for i, name := range names {
		all = append(all, observe.Node{Name: name, Zone: fmt.Sprintf("zone-%d", i%3), Kubelet: kubelet})
	}
	return all
}

func TestAReplicaWatchesTheNodesOfLeadersAndTheirSuccessors(t *testing.T) {
	for name, test := range map[string]struct {
		change    func(s *observe.Service, in *surroundings)
		wantNodes []string
		wantPods  []types.UID
	}{
		"a leader elsewhere":        {func(*observe.Service, *surroundings) {}, []string{"a", "b"}, []types.UID{"web-0"}},
		"a leader on its own node":  {func(_ *observe.Service, in *surroundings) { in.own = "a" }, []string{"b"}, []types.UID{"web-0"}},
		"nobody leads":              {func(s *observe.Service, _ *surroundings) { s.Leader = nil }, nil, nil},
		"node losses switched off":  {func(s *observe.Service, _ *surroundings) { s.LossAfter = 0 }, []string{"b"}, []types.UID{"web-0"}},
		"pods must not be asked":    {func(s *observe.Service, _ *surroundings) { s.ProbePods = false }, []string{"a", "b"}, nil},
		"the leader has no probe":   {func(s *observe.Service, _ *surroundings) { s.Leader.Probe = nil }, []string{"a", "b"}, nil},
		"the leader has no node":    {func(s *observe.Service, _ *surroundings) { s.Leader.Node = "" }, []string{"b"}, []types.UID{"web-0"}},
		"a pod with a mark":         {func(s *observe.Service, _ *surroundings) { s.Marked = []observe.Pod{*podOf("web-9", "c")} }, []string{"a", "b", "c"}, []types.UID{"web-0", "web-9"}},
		"other nodes for reference": {func(_ *observe.Service, in *surroundings) { in.nodes = nodesNamed("a", "b", "c") }, []string{"a", "b", "c"}, []types.UID{"web-0"}},
		"a node without a kubelet is no reference": {
			func(_ *observe.Service, in *surroundings) { in.nodes = []observe.Node{{Name: "c"}} }, []string{"a", "b"}, []types.UID{"web-0"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, in := led(podOf("web-0", "a"), podOf("web-1", "b")), surroundings{self: "tanist-1", replicas: []string{"tanist-1"}}
			test.change(s, &in)
			got := choose(map[types.NamespacedName]*observe.Service{key("web"): s}, in)
			if diff := cmp.Diff(test.wantNodes, slices.Sorted(maps.Keys(got.nodes))); diff != "" {
				t.Errorf("the replica watches other nodes than wanted (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.wantPods, slices.Sorted(maps.Keys(got.pods))); diff != "" {
				t.Errorf("the replica watches other pods than wanted (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEachLeaderIsAskedByOneReplica(t *testing.T) {
	replicas := []string{"tanist-1", "tanist-2", "tanist-3"}
	services := map[types.NamespacedName]*observe.Service{}
	for i := range 300 {
		name := fmt.Sprintf("web-%d", i)
		services[key(name)] = led(podOf(name, "a"), podOf(name+"-next", "b"))
	}
	asked := map[types.UID]int{}
	for _, self := range replicas {
		got := choose(services, surroundings{self: self, replicas: replicas})
		if share := len(got.pods); share < 60 || share > 140 {
			t.Errorf("%s asks %d of 300 leaders, which is no fair share of three replicas", self, share)
		}
		for uid := range got.pods {
			asked[uid]++
		}
	}
	for uid, times := range asked {
		if times != 1 {
			t.Errorf("leader %s is asked by %d replicas, want one", uid, times)
		}
	}
	if len(asked) != len(services) {
		t.Errorf("%d leaders are asked, want all %d", len(asked), len(services))
	}
	starting := choose(services, surroundings{self: "tanist-4", replicas: replicas})
	if len(starting.pods) != len(services) {
		t.Errorf("a replica that is not known to be ready asks %d leaders, want all %d", len(starting.pods), len(services))
	}
}

// Kubernetes calls a replica on a lost node ready for most of a minute. What falls to it is watched by the others meanwhile.
func TestWhatFallsToAReplicaThatIsGoneIsWatched(t *testing.T) {
	var gone atomic.Bool
	peer := serve(t, func(response http.ResponseWriter, _ *http.Request) {
		if gone.Load() {
			panic(http.ErrAbortHandler)
		}
		_, _ = response.Write([]byte(`{}`))
	})
	other := observe.Replica{Name: "tanist-2", Node: "node-2", Address: netip.MustParseAddrPort(peer.Listener.Addr().String())}
	w, _ := newWatcher(t, &cluster{replicas: []observe.Replica{{Name: "tanist-1", Node: "node-1"}, other}})
	names := func() []string {
		w.ask(t.Context(), []observe.Replica{other}, nil)
		return w.lookAround().replicas
	}
	both := []string{"tanist-1", "tanist-2"}
	if diff := cmp.Diff(both, w.lookAround().replicas); diff != "" {
		t.Errorf("a replica that never answered may be kept apart (-want +got):\n%s", diff)
	}
	eventually(t, "the other replica answers", func() bool { return slices.Equal(names(), both) && !w.Peers.LastHeard("tanist-2").IsZero() })
	gone.Store(true)
	eventually(t, "it counts no more", func() bool { return slices.Equal(names(), both[:1]) })
	if len(w.replicas) != 1 {
		t.Errorf("it is no longer asked whether it is back: %v", w.replicas)
	}
	gone.Store(false)
	eventually(t, "it counts again", func() bool { return slices.Equal(names(), both) })
}

func TestReferencesAreOfManyZones(t *testing.T) {
	in := surroundings{self: "tanist-1", nodes: nodesNamed("a", "b", "c", "d", "e", "f", "g", "h", "i")}
	zones := map[string]int{}
	names := in.references(nil)
	for _, n := range in.nodes {
		if slices.Contains(names, n.Name) {
			zones[n.Zone]++
		}
	}
	if len(names) != references || len(zones) != 3 {
		t.Errorf("the references are %v, want %d nodes of all three zones", names, references)
	}
}

func TestAPodIsAskedOftenIfItIsToBeNoticedSoon(t *testing.T) {
	const shortest = 250 * time.Millisecond
	for freezeAfter, want := range map[time.Duration]time.Duration{
		time.Second: shortest, 3 * time.Second: shortest, 6 * time.Second: 500 * time.Millisecond, time.Minute: time.Second, 0: time.Second,
	} {
		if got := askEvery(freezeAfter, shortest); got != want {
			t.Errorf("a pod that may be silent for %s is asked every %s, want %s", freezeAfter, got, want)
		}
	}
}

func TestIntervalsGrowWithTheNumberOfTargets(t *testing.T) {
	tuning := config.DefaultTuning().Observe
	all := targets{nodes: map[string][]types.NamespacedName{}}
	if got := all.stretch(tuning); got != 1 {
		t.Errorf("without targets intervals grow by %g, want not at all", got)
	}
	for i := range 1000 {
		all.nodes[fmt.Sprint(i)] = nil
	}
	if got, want := all.stretch(tuning), 10_000/float64(tuning.MaxRate); got != want {
		t.Errorf("with 1,000 nodes asked ten times a second intervals grow by %g, want %g", got, want)
	}
}

func TestAReplicaWithNothingToWatchRestsAndDoesNotStandStill(t *testing.T) {
	w, _ := newWatcher(t, &cluster{})
	began := time.Now()
	start(t, w)
	looked := map[time.Time]bool{}
	eventually(t, "targets are chosen twice", func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		looked[w.targetsAt] = true
		delete(looked, time.Time{})
		return len(looked) == 2
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	if still, all := w.clock.Uncounted(), time.Since(began); still > all/2 {
		t.Errorf("of %s, the clock takes %s for times in which the replica could not run", all, still)
	}
}
