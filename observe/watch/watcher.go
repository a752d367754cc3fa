package watch

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/observe"
	"github.com/tanist-dev/tanist/observe/peer"
)

// Cluster is what a Watcher knows of the cluster. Its answers come from memory.
type Cluster interface {
	// ObservedNode returns a node; false if it does not exist.
	ObservedNode(name string) (observe.Node, bool)
	ObservedNodes() []observe.Node
	// Replicas are the ready replicas of Tanist, this one included.
	Replicas() []observe.Replica
}

// Options are what a Watcher shares with the rest of the program.
type Options struct {
	// Self is the name of this replica's pod.
	Self    string
	Cluster Cluster
	Tuning  *config.Store
	Peers   *peer.Peers
	Beacon  *peer.Beacon
	API     *peer.LiveChecker
	// Changed is called when the verdict on the leader of a Service may have changed, or a candidate was heard that a verdict waits for.
	Changed    func(types.NamespacedName)
	Registerer prometheus.Registerer
}

// Watcher watches leaders. Its methods are safe for concurrent use, and do not block.
type Watcher struct {
	Options
	metrics *metrics

	mu    sync.Mutex
	clock *observe.FairClock
	// services has what failover wants to be watched, nodes and pods what is watched for that.
	services map[types.NamespacedName]*service
	nodes    map[string]*node
	pods     map[types.UID]*pod
	// outdated says that services have changed since nodes and pods were derived from them.
	outdated  bool
	targetsAt time.Time
	// suspects are the nodes that are silent, silentPods the pods that do not answer.
	suspects   map[string]*node
	silentPods map[types.UID]*pod
	// armed is how many nodes can be heard, lively how many of them were heard a moment ago, as of the last look.
	armed, lively int
	// own is the node of this replica; empty if it is not known.
	own      string
	replicas []observe.Replica // without this one
	// interval is how often a kubelet is asked, stretch by how much the number of probes a second makes intervals longer.
	interval time.Duration
	stretch  float64
	// apiAt is when the API server last answered, by the clock; -1 for never.
	apiAt time.Duration

	// stopped says that the Watcher has ended.
	stopped bool

	// asking limits how many candidates are asked at a time.
	asking chan struct{}
}

// service is a Service that is watched.
type service struct {
	*observe.Service // which is replaced and never modified
	key              types.NamespacedName
	// verdict is the latest verdict on the leader, and when it was made.
	verdict   observe.Verdict
	verdictAt time.Duration
	// heard is when each candidate was heard; nil while nobody listens for them.
	heard map[types.UID]hearing
	// asked are the candidates that are being asked.
	asked sets.Set[types.UID]
	// keeping is whether pods of the Service serve a second connection beside a kept one, and keepingAt when that was found out.
	keeping   keeping
	keepingAt time.Duration
}

// New returns a Watcher and registers its metrics.
func New(options Options) (*Watcher, error) {
	w := &Watcher{
		Options: options, metrics: newMetrics(),
		clock:    observe.NewFairClock(time.Now()),
		services: map[types.NamespacedName]*service{}, nodes: map[string]*node{}, pods: map[types.UID]*pod{},
		suspects: map[string]*node{}, silentPods: map[types.UID]*pod{},
		interval: options.Tuning.Load().Observe.Interval.Duration, stretch: 1, apiAt: -1, asking: make(chan struct{}, maxCandidateAsks),
	}
	if err := w.metrics.register(w, options.Registerer); err != nil {
		return nil, err
	}
	return w, nil
}

// NeedLeaderElection implements manager.LeaderElectionRunnable: every replica watches.
func (w *Watcher) NeedLeaderElection() bool { return false }

// Start watches until ctx ends. It implements manager.Runnable.
func (w *Watcher) Start(ctx context.Context) error {
	var loops sync.WaitGroup
	defer loops.Wait()
	for _, loop := range []func(context.Context){w.listenToPeers, w.investigate} {
		loops.Go(func() { loop(ctx) })
	}
	tick := time.NewTicker(observe.Tick)
	defer tick.Stop()
	lastTargets := time.Time{}
	for every := observe.Tick; ; {
		select {
		case <-ctx.Done():
			w.stopAll()
			return nil
		case <-tick.C:
		}
		now, rested := time.Now(), every > observe.Tick
		if now.Sub(lastTargets) >= targetsEvery {
			w.updateTargets(ctx, now)
			lastTargets = now
			if next := w.pace(observe.Tick); next != every {
				every = next
				tick.Reset(every)
			}
		}
		if rested {
			w.rest(now)
		}
		for _, key := range w.look(ctx, now) {
			w.Changed(key)
		}
	}
}

// pace returns how often to do what is done often while there is something to watch.
func (w *Watcher) pace(often time.Duration) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.idle() {
		return max(often, targetsEvery)
	}
	return often
}

// idle reports whether there is nothing to watch. mu must be held.
func (w *Watcher) idle() bool { return !w.enabled() || len(w.services) == 0 }

// rest leaves out of the clock that there was nothing to watch: this replica did not want to run.
func (w *Watcher) rest(until time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.clock.Skip(until)
}

// look advances the clock, and returns the Services whose verdicts have changed, and those whose leader's node began or ended to drop new connections.
func (w *Watcher) look(ctx context.Context, at time.Time) []types.NamespacedName {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.clock.Advance(at)
	now := w.clock.Now()
	w.countNodes(now)
	var changed []types.NamespacedName
	for _, n := range w.nodes {
		if w.lookAtNode(ctx, n, now) {
			changed = w.evaluate(ctx, n.led, changed)
		}
		if drops := n.hearing.DropsNewConnections(now); drops != n.dropsNew {
			n.dropsNew = drops
			changed = append(changed, n.led...)
		}
	}
	for uid, p := range w.silentPods {
		changed = w.evaluate(ctx, p.leads, changed)
		if p.silentFrom < 0 && !p.crashed {
			delete(w.silentPods, uid)
		}
	}
	return changed
}

// evaluate renews the verdicts on the leaders of some Services, and appends those that have changed. It listens for the candidates of
// Services whose leader is suspected.
func (w *Watcher) evaluate(ctx context.Context, keys []types.NamespacedName, changed []types.NamespacedName) []types.NamespacedName {
	for _, key := range keys {
		s := w.services[key]
		if s == nil || s.Leader == nil {
			continue
		}
		if w.suspected(s) {
			w.listenForCandidates(ctx, s)
		}
		if verdict := w.verdict(s, s.Leader); verdict != s.verdict {
			s.verdict, s.verdictAt = verdict, w.clock.Now()
			changed = append(changed, key)
			if verdict != observe.NotLost {
				w.metrics.verdicts.WithLabelValues(string(verdict)).Inc()
			}
		}
	}
	return changed
}

// verdict returns why a pod of a Service is believed lost.
func (w *Watcher) verdict(s *service, of *observe.Pod) observe.Verdict {
	if p := w.pods[of.UID]; p != nil {
		switch {
		case p.crashed:
			return observe.LeaderCrashed
		case w.frozen(p, observe.FreezeAfter(s.FreezeAfter, of.Probe)):
			return observe.LeaderFrozen
		}
	}
	if n := w.suspects[of.Node]; n != nil && s.LossAfter > 0 && w.judge(n, s.LossAfter) == observe.OutcomeLost {
		return observe.NodeLost
	}
	return observe.NotLost
}

// now returns the time by the fair clock.
func (w *Watcher) now() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.clock.Now()
}

func (w *Watcher) stopAll() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stopped = true
	for _, n := range w.nodes {
		n.stop()
	}
	for _, p := range w.pods {
		p.stop()
	}
}
