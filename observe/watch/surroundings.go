package watch

import (
	"cmp"
	"hash/fnv"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/observe"
)

// surroundings are what the choice of targets depends on, besides the Services.
type surroundings struct {
	self, own string
	// replicas are the names of all ready replicas that answer.
	replicas []string
	nodes    []observe.Node
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

// references is how many more nodes are watched, to tell a lost node from an isolated observer.
const references = 5

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
