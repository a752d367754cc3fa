package watch

import (
	"reflect"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/observe"
)

const (
	// candidateHeardFor is for how long the answer of a candidate counts.
	candidateHeardFor = 500 * time.Millisecond
	// heardTogetherFor is how long a candidate that was heard only after the verdict must have been heard. If all pods of a Service were
	// paused, one of them answers first when they go on.
	heardTogetherFor = 250 * time.Millisecond
	// readyFor is for how long at least a pod's word counts that it is ready, and for how long it is asked until it counts that it has not given it.
	readyFor = 3 * time.Second
	// isolatedFor is readyFor for a replica that hears hardly any other node either: its own network may come back.
	isolatedFor = 15 * time.Second
)

// Set says what to watch for a Service. It replaces what was said before.
func (w *Watcher) Set(key types.NamespacedName, observed observe.Service) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.services[key]
	if s == nil {
		s = &service{key: key}
		w.services[key] = s
	} else if reflect.DeepEqual(*s.Service, observed) {
		return
	}
	s.Service = &observed
	if observed.Leader == nil || s.verdict != observe.NotLost && w.verdict(s, observed.Leader) == observe.NotLost {
		s.verdict = observe.NotLost
	}
	w.outdated = true
}

// Forget ends the watch of a Service.
func (w *Watcher) Forget(key types.NamespacedName) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, found := w.services[key]; found {
		delete(w.services, key)
		w.outdated = true
	}
}

// Verdict returns why a pod of a Service is believed lost now.
func (w *Watcher) Verdict(key types.NamespacedName, uid types.UID) observe.Verdict {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.services[key]
	if s == nil || !w.enabled() {
		return observe.NotLost
	}
	of := s.pod(uid)
	if of == nil {
		return observe.NotLost
	}
	return w.verdict(s, of)
}

// DropsNewConnections reports whether the node of a Service's leader answers on connections alone that were open already. That is no verdict: the
// Service's clients may be well, too.
func (w *Watcher) DropsNewConnections(key types.NamespacedName) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.services[key]
	if s == nil || s.Leader == nil || !w.enabled() {
		return false
	}
	n := w.nodes[s.Leader.Node]
	return n != nil && n.dropsNew
}

// Heard reports whether a candidate of a Service may take over from a lost leader: it has answered a moment ago or, if it cannot be asked,
// its node has.
func (w *Watcher) Heard(key types.NamespacedName, uid types.UID) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.services[key]
	if s == nil {
		return false
	}
	h, heard := s.heard[uid]
	return heard && s.counts(h, w.clock.Now())
}

// hearing is since when and until when a candidate was heard.
type hearing struct{ from, to time.Duration }

// counts reports whether a candidate may take over: it was heard a moment ago, and either already before the verdict, or for long enough
// that the leader would have been heard as well if both had only been paused together. A crash is no pause.
func (s *service) counts(h hearing, now time.Duration) bool {
	return now-h.to <= candidateHeardFor &&
		(s.verdict == observe.LeaderCrashed || h.from <= s.verdictAt || now-h.from >= heardTogetherFor)
}

// SaysReady reports whether a pod of a Service says, by its own readiness probe, that it is ready, or this replica cannot tell: the pod has not been
// asked for long enough, or hardly any other node is heard either. It is false for a pod that cannot be asked.
func (w *Watcher) SaysReady(key types.NamespacedName, uid types.UID) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.enabled() {
		return false
	}
	s := w.services[key]
	if s == nil {
		return true // this replica has just started, and will be told what to watch
	}
	if of := s.pod(uid); of == nil || of.Probe == nil || !s.ProbePods {
		return false
	}
	p, now := w.pods[uid], w.clock.Now()
	if p == nil {
		return true // it will be asked soon
	}
	last := p.from
	if p.readyAt >= 0 {
		last = p.readyAt
	}
	counts := max(readyFor, 3*p.every)
	if w.isolated() {
		counts = max(counts, isolatedFor)
	}
	return now-last <= counts
}

// HeardFor returns for how long a pod has been heard without a gap; zero if it is not watched. A pod that cannot be asked is heard with its
// node.
func (w *Watcher) HeardFor(key types.NamespacedName, uid types.UID) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	s, now := w.services[key], w.clock.Now()
	if s == nil {
		return 0
	}
	if p := w.pods[uid]; p != nil {
		return p.heardFor(now)
	}
	of := s.pod(uid)
	switch {
	case of == nil || s.ProbePods && of.Probe != nil: // it will be asked soon
		return 0
	case of.Node != "" && of.Node == w.own:
		return now
	case w.nodes[of.Node] != nil:
		return w.nodes[of.Node].hearing.HeardFor(now)
	default:
		return 0
	}
}

// NodeAge implements peer.Source.
func (w *Watcher) NodeAge(name string) (age time.Duration, armed, known bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := w.nodes[name]
	if n == nil {
		return 0, false, false
	}
	now := w.clock.Now()
	return n.hearing.Silence(now), n.hearing.Armed(now) != observe.NotArmed, true
}

// pod returns a pod that the Service names; nil if it names none with this UID.
func (s *service) pod(uid types.UID) *observe.Pod {
	if s.Leader != nil && s.Leader.UID == uid {
		return s.Leader
	}
	for _, pods := range [][]observe.Pod{s.Candidates, s.Marked} {
		for i := range pods {
			if pods[i].UID == uid {
				return &pods[i]
			}
		}
	}
	return nil
}

// enabled reports whether the tuning asks to watch.
func (w *Watcher) enabled() bool { return w.Tuning.Load().Observe.Enabled }
