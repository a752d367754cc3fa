package watch

import (
	"context"
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
)

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
