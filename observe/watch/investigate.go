package watch

import (
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tanist-dev/tanist/observe"
	"github.com/tanist-dev/tanist/observe/peer"
)

const (
	// helloEvery is how often the peers are asked whether they are there, and about silent nodes.
	helloEvery = 100 * time.Millisecond
	// votesFor is how long a peer's answer counts.
	votesFor = time.Second
	// checkAPIEvery and checkBeaconEvery are how often the API is asked while a node is suspected. The API server may have been lost with the
	// node: while it does not answer, checkAPIAgain is how soon it is asked again, on another connection, which may reach another API server.
	checkAPIEvery    = 500 * time.Millisecond
	checkAPIAgain    = 150 * time.Millisecond
	checkBeaconEvery = 150 * time.Millisecond
	// lonelyAfter is how long no peer must have answered before this replica says through the API that it lives.
	lonelyAfter = 400 * time.Millisecond
	// lonelyFor is for how long it says so: for longer than a suspicion lasts. A replica that never heard its peers says nothing: a policy may
	// keep them apart.
	lonelyFor = 3 * time.Minute
	// At first it says so in every round, because whoever suspects its node has a second to see it. From sayAliveOften on it says so every
	// sayAliveEvery.
	sayAliveOften = 5 * time.Second
	sayAliveEvery = 500 * time.Millisecond
)

// listenToPeers asks the peers all the time: for their votes on silent nodes, and otherwise only whether they are there. While none is, it
// writes to the API that this replica lives: whoever suspects its node can read it.
func (w *Watcher) listenToPeers(ctx context.Context) {
	var lastHeard, said time.Time
	for ; ctx.Err() == nil; pause(ctx, w.pace(helloEvery)) {
		replicas, silent := w.peersAndSuspects()
		if len(replicas) == 0 {
			lastHeard = time.Time{}
			continue
		}
		if w.ask(ctx, replicas, silent) {
			lastHeard = time.Now()
			continue
		}
		alone := time.Since(lastHeard)
		if alone >= lonelyAfter && alone <= lonelyFor && (alone < sayAliveOften || time.Since(said) >= sayAliveEvery) {
			said = time.Now()
			// An error means that the API cannot be reached either. Then nobody can be told.
			_ = w.Beacon.SayAlive(ctx)
		}
	}
}

// peersAndSuspects returns whom to ask, and about which nodes.
func (w *Watcher) peersAndSuspects() ([]observe.Replica, []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.idle() {
		return nil, nil
	}
	return slices.Clone(w.replicas), slices.Sorted(maps.Keys(w.suspects))
}

// ask asks the peers about silent nodes, or else only whether they are there, and reports whether any peer has answered. A peer that answers
// shows that its node lives.
func (w *Watcher) ask(ctx context.Context, replicas []observe.Replica, silent []string) bool {
	began := time.Now()
	votes := map[string]peer.Votes{}
	if len(silent) == 0 {
		w.Peers.Hello(ctx, replicas)
	} else {
		votes = w.Peers.Ask(ctx, replicas, silent)
	}
	var answered []observe.Replica
	for _, r := range replicas {
		if !w.Peers.LastHeard(r.Name).Before(began) {
			answered = append(answered, r)
		}
	}
	w.count(answered, votes)
	return len(answered) > 0
}

// investigate asks the API while nodes are suspected: whether it answers this replica, and whether replicas on these nodes have written to
// it.
func (w *Watcher) investigate(ctx context.Context) {
	var checks sync.WaitGroup
	defer checks.Wait()
	lastAPI, lastBeacons := time.Time{}, time.Time{}
	var apiAnswers atomic.Bool
	for ; ctx.Err() == nil; pause(ctx, w.pace(observe.Tick)) {
		beacons, suspected := w.beaconsToCheck()
		if !suspected {
			lastAPI, lastBeacons = time.Time{}, time.Time{}
			continue
		}
		if since := time.Since(lastAPI); since >= checkAPIEvery || since >= checkAPIAgain && !apiAnswers.Load() {
			lastAPI = time.Now()
			apiAnswers.Store(false)
			checks.Go(func() {
				if w.checkAPI(ctx) {
					apiAnswers.Store(true)
				}
			})
		}
		if time.Since(lastBeacons) < checkBeaconEvery {
			continue
		}
		lastBeacons = time.Now()
		for _, b := range beacons {
			if b.busy.CompareAndSwap(false, true) {
				checks.Go(func() {
					defer b.busy.Store(false)
					w.checkBeacon(ctx, b)
				})
			}
		}
	}
}

// beaconsToCheck returns the beacons of the replicas on suspected nodes. It reports whether any node is suspected.
func (w *Watcher) beaconsToCheck() (all []*beacon, suspected bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range w.replicas {
		n := w.suspects[r.Node]
		if n == nil {
			continue
		}
		b := n.suspicion.beacons[r.Name]
		if b == nil {
			b = &beacon{watch: w.Beacon.Watch(r.Name), aliveAt: -1, readFrom: -1}
			n.suspicion.beacons[r.Name] = b
		}
		all = append(all, b)
	}
	return all, len(w.suspects) > 0
}

// checkAPI reports whether the API server answers, and records when it did.
func (w *Watcher) checkAPI(ctx context.Context) bool {
	if w.API.Check(ctx) != nil {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.apiAt = w.clock.Now()
	return true
}
