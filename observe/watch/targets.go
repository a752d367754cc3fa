package watch

import (
	"cmp"
	"context"
	"hash/fnv"
	"net/netip"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/observe"
)

const (
	// targetsEvery is how often what to watch is derived from the Services, if they have changed.
	targetsEvery = 250 * time.Millisecond
	// replicasEvery is how often it is derived even if they have not: replicas and nodes come and go.
	replicasEvery = 2 * time.Second
	// candidateNodes is how many candidates of each Service have their nodes watched, so that these are armed when they are needed.
	candidateNodes = 2
	// references is how many more nodes are watched, to tell a lost node from an isolated observer.
	references = 5
)

// targets are what a replica watches.
type targets struct {
	// nodes has the Services led from each node.
	nodes map[string][]types.NamespacedName
	pods  map[types.UID]*podTarget
}

// podTarget is a pod to watch.
type podTarget struct {
	observe.Pod
	// leads are the Services that the pod leads. A pod with a mark may lead none.
	leads []types.NamespacedName
	// freezeAfter is the shortest silence that any of these Services acts upon; zero if none does.
	freezeAfter time.Duration
}

// surroundings are what the choice of targets depends on, besides the Services.
type surroundings struct {
	self, own string
	// replicas are the names of all ready replicas that answer.
	replicas []string
	nodes    []observe.Node
}

// choose returns what a replica watches: the nodes of all leaders and of those who would follow, except its own, a few more for reference,
// the processes of the leaders that fall to it, and the pods that must be heard before they may lead again.
func choose(services map[types.NamespacedName]*observe.Service, in surroundings) targets {
	all := targets{nodes: map[string][]types.NamespacedName{}, pods: map[types.UID]*podTarget{}}
	for key, s := range services {
		if s.Leader != nil {
			all.addLeader(key, s, in)
		}
		for i := range s.Marked {
			all.addNode(s.Marked[i].Node, in)
			if s.ProbePods && s.Marked[i].Probe != nil {
				all.pod(&s.Marked[i])
			}
		}
	}
	if len(all.nodes) > 0 {
		for _, name := range in.references(all.nodes) {
			all.addNode(name, in)
		}
	}
	return all
}

// addLeader adds the leader of a Service, and the nodes of those who would follow.
func (t *targets) addLeader(key types.NamespacedName, s *observe.Service, in surroundings) {
	leader := s.Leader
	if s.LossAfter > 0 {
		t.addNode(leader.Node, in, key)
	}
	for i := range min(len(s.Candidates), candidateNodes) {
		t.addNode(s.Candidates[i].Node, in)
	}
	if !s.ProbePods || leader.Probe == nil || !in.falls(leader.UID) {
		return
	}
	p := t.pod(leader)
	p.leads = append(p.leads, key)
	if d := observe.FreezeAfter(s.FreezeAfter, leader.Probe); d > 0 && (p.freezeAfter == 0 || d < p.freezeAfter) {
		p.freezeAfter = d
	}
}

// addNode adds a node, unless it is this replica's own.
func (t *targets) addNode(name string, in surroundings, led ...types.NamespacedName) {
	if name != "" && name != in.own {
		t.nodes[name] = append(t.nodes[name], led...)
	}
}

func (t *targets) pod(of *observe.Pod) *podTarget {
	p := t.pods[of.UID]
	if p == nil {
		p = &podTarget{Pod: *of}
		t.pods[of.UID] = p
	}
	return p
}

// falls reports whether the process of a leader is watched by this replica: of all ready replicas, the one with the highest hash.
func (in surroundings) falls(uid types.UID) bool {
	if !slices.Contains(in.replicas, in.self) {
		return true // this replica is not ready yet, or runs outside the cluster
	}
	return in.self == slices.MaxFunc(in.replicas, func(a, b string) int {
		return cmp.Or(cmp.Compare(hash(a, string(uid)), hash(b, string(uid))), cmp.Compare(a, b))
	})
}

// references returns nodes to watch besides others, of as many zones as possible.
func (in surroundings) references(watched map[string][]types.NamespacedName) []string {
	var rest []observe.Node
	for _, n := range in.nodes {
		if _, found := watched[n.Name]; !found && n.Name != in.own && n.Kubelet.IsValid() {
			rest = append(rest, n)
		}
	}
	slices.SortFunc(rest, func(a, b observe.Node) int {
		return cmp.Or(cmp.Compare(hash(in.self, a.Name), hash(in.self, b.Name)), cmp.Compare(a.Name, b.Name))
	})
	// The first of each zone comes first, then the second of each, and so on.
	seen := map[string]int{}
	place := map[string]int{}
	for _, n := range rest {
		place[n.Name] = seen[n.Zone]
		seen[n.Zone]++
	}
	slices.SortStableFunc(rest, func(a, b observe.Node) int { return cmp.Compare(place[a.Name], place[b.Name]) })
	var names []string
	for _, n := range rest[:min(len(rest), references)] {
		names = append(names, n.Name)
	}
	return names
}

func hash(parts ...string) uint64 {
	h := fnv.New64a()
	for _, part := range parts {
		_, _ = h.Write([]byte(part))
		_, _ = h.Write([]byte{0})
	}
	return h.Sum64()
}

// stretch returns by how much intervals grow so that a replica sends no more probes a second than it may.
func (t targets) stretch(tuning config.ObserveTuning) float64 {
	rate := float64(len(t.nodes)) / tuning.Interval.Seconds()
	for _, p := range t.pods {
		rate += 1 / askEvery(p.freezeAfter, tuning.ProbeInterval.Duration).Seconds()
	}
	return max(1, rate/float64(tuning.MaxRate))
}

// Intervals of the questions to a pod, as parts of its freezeAfter.
const (
	asksPerWindow  = 12
	maxAskInterval = time.Second
)

// askEvery returns how often a pod is asked: the sooner it is to be noticed, the more often.
func askEvery(freezeAfter, shortest time.Duration) time.Duration {
	if freezeAfter == 0 {
		return max(maxAskInterval, shortest)
	}
	return max(min(freezeAfter/asksPerWindow, maxAskInterval), shortest)
}

// updateTargets starts and ends the watches of nodes and pods as the Services ask. It chooses without the lock, because a hand-over that asks
// for a verdict waits for that.
func (w *Watcher) updateTargets(ctx context.Context, at time.Time) {
	services, outdated := w.outdatedServices(at)
	if !outdated {
		return
	}
	tuning := w.Tuning.Load().Observe
	wanted := choose(services, w.lookAround())
	w.mu.Lock()
	defer w.mu.Unlock()
	w.interval, w.stretch = tuning.Interval.Duration, wanted.stretch(tuning)
	w.updateNodes(ctx, wanted)
	w.updatePods(ctx, wanted, tuning)
}

// outdatedServices returns what to watch for each Service. It returns false if nothing has changed.
func (w *Watcher) outdatedServices(at time.Time) (services map[types.NamespacedName]*observe.Service, outdated bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.outdated && at.Sub(w.targetsAt) < replicasEvery {
		return nil, false
	}
	w.outdated, w.targetsAt = false, at
	if w.idle() {
		return nil, true
	}
	services = make(map[types.NamespacedName]*observe.Service, len(w.services))
	for key, s := range w.services {
		services[key] = s.Service
	}
	return services, true
}

// lookAround reads what surrounds this replica, and remembers where it is and who its peers are.
func (w *Watcher) lookAround() surroundings {
	in := surroundings{self: w.Self, nodes: w.Cluster.ObservedNodes()}
	replicas := w.Cluster.Replicas()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.replicas = nil
	for _, r := range replicas {
		if r.Name == w.Self {
			w.own = r.Node
		} else {
			w.replicas = append(w.replicas, r)
		}
		if !w.gone(r.Name) {
			in.replicas = append(in.replicas, r.Name)
		}
	}
	in.own = w.own
	return in
}

// goneAfter is how long a replica that has answered before must be silent until the others watch what falls to it. Kubernetes calls it ready for
// up to a minute longer. For a replica that is only cut off, two watch the same for a while.
const goneAfter = time.Second

// gone reports whether a replica answers no more. One that never did may be kept apart by a policy.
func (w *Watcher) gone(replica string) bool {
	heard := w.Peers.LastHeard(replica)
	return !heard.IsZero() && time.Since(heard) > goneAfter
}

func (w *Watcher) updateNodes(ctx context.Context, wanted targets) {
	for name, n := range w.nodes {
		known, exists := w.Cluster.ObservedNode(name)
		if _, found := wanted.nodes[name]; !found || !exists || known.Kubelet != n.Kubelet {
			n.stop()
			delete(w.nodes, name)
			delete(w.suspects, name)
			if n.suspicion != nil {
				n.suspicion.end()
			}
		}
	}
	for name, led := range wanted.nodes {
		n := w.nodes[name]
		if n == nil {
			known, exists := w.Cluster.ObservedNode(name)
			if !exists || !known.Kubelet.IsValid() {
				continue
			}
			n = w.startNode(ctx, known)
			w.nodes[name] = n
		}
		n.led = led
	}
}

func (w *Watcher) updatePods(ctx context.Context, wanted targets, tuning config.ObserveTuning) {
	for uid, p := range w.pods {
		target := wanted.pods[uid]
		if target == nil || !sameProbe(target.Probe, p.Probe) {
			p.stop()
			delete(w.pods, uid)
			delete(w.silentPods, uid)
		}
	}
	for uid, target := range wanted.pods {
		p := w.pods[uid]
		if p == nil {
			p = w.startPod(ctx, target)
			w.pods[uid] = p
		}
		p.podTarget = *target
		p.every = time.Duration(w.stretch * float64(askEvery(target.freezeAfter, tuning.ProbeInterval.Duration)))
	}
	w.forgetFresh()
}

// forgetFresh forgets the fresh answers that pods gave for their nodes and that are no longer watched. Where the node's own ports are closed to
// this replica, nothing answers for the node from then on, and that is no loss.
func (w *Watcher) forgetFresh() {
	watched := sets.New[netip.Addr]()
	for _, p := range w.pods {
		watched.Insert(p.Probe.Address.Addr())
	}
	for _, n := range w.nodes {
		if n.freshFrom != n.Kubelet.Addr() && !watched.Has(n.freshFrom) {
			n.hearing.ForgetFresh()
		}
	}
}

// sameProbe reports whether two pods are asked in the same way.
func sameProbe(a, b *observe.Probe) bool {
	return a.Kind == b.Kind && a.Address == b.Address && a.Host == b.Host && a.Path == b.Path && a.Service == b.Service &&
		slices.Equal(a.Headers, b.Headers)
}
