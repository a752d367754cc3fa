package failover

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/election"
	"github.com/tanist-dev/tanist/reconciler/notify"
	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/retry"
)

// maxRounds is how often one reconciliation decides again because its commit was refused, before the work queue's delay.
const maxRounds = 3

// Controller decides who leads each Service and writes it into the EndpointSlices. It runs on every replica.
type Controller struct {
	stores   *store.Stores
	live     client.Reader // reads from the API server
	client   client.Writer
	leaders  *cache.Leaders
	tuning   *config.Store
	clock    *Clock
	holds    func() bool // whether this replica holds the Lease for certain
	recorder events.EventRecorder
	metrics  *metrics

	events   *notify.EventSender
	triggers *triggerTimes
	warnings *notify.Deduplicator
	// repairs space out what someone undoes again and again, refusals what the API server refuses; told are the refusals that were told.
	repairs, refusals *notify.Backoff
	told              *notify.Deduplicator
	limiter           *limiter
	deferral          deferral
	standing          *store.Enqueuer
	// enqueueAll enqueues every Service.
	enqueueAll func()
	quiet      *notify.QuietPeriod
	// queue is there once the controller has started.
	queue atomic.Pointer[store.Queue]
}

// longestBehind is how long a replica waits for its informers when it has not seen what a slice's writer had seen. Then it reads live.
const longestBehind = 2 * time.Second

// behindDelay is how long a replica that is behind waits before it looks again, at first. Later it is half of what it has waited: events
// enqueue it as well, and whoever is behind for want of CPU must not use it up for looking.
const behindDelay = 10 * time.Millisecond

// Reconcile brings the slices of one Service's leader Service up to date. What admission has prepared is committed when the leader is
// seen to leave; everything else is decided now. A commit that is refused, because someone else's came first, is decided again from
// a live read.
func (s *Controller) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	key := request.NamespacedName
	trigger := s.triggers.take(key)
	in, found := s.gather(key)
	if !found {
		s.release(key, in.source)
		return reconcile.Result{}, nil
	}
	in.trigger = trigger
	read := readNothing
	if plan, prepared := s.takePrepared(key, &in); prepared {
		// It waits for nobody: neither for its turn nor at the limiter.
		switch err := s.commit(ctx, key, in, plan); {
		case err == nil:
			s.enqueueAfter(key, 0) // who would follow next is decided after the other hand-overs that are due
			return reconcile.Result{}, nil
		case errors.Is(err, errOutdated):
			read = readSlices
		}
	}
	if !s.limiter.enter(key) {
		s.triggers.putBack(key, in.trigger)
		return reconcile.Result{}, nil
	}
	defer s.limiter.leave()
	result, err := s.decideAndCommit(ctx, key, in, read)
	return result, retry.UnlessStopping(ctx, err)
}

// decideAndCommit decides and commits, again from a live read when what was known turns out to be outdated.
func (s *Controller) decideAndCommit(ctx context.Context, key types.NamespacedName, in input, read reading) (reconcile.Result, error) {
	for range maxRounds {
		complete, found, err := s.complete(ctx, key, in, read)
		if err != nil {
			s.triggers.putBack(key, in.trigger)
			return reconcile.Result{}, err
		}
		if !found {
			s.settled(key, nil)
			return reconcile.Result{}, nil
		}
		result, err := s.settle(ctx, key, complete)
		switch {
		case errors.Is(err, errOutdated):
			read = readSlices
			continue
		case errors.Is(err, errBehind):
			read = readPods
			continue
		case notify.Refused(err):
			s.triggers.putBack(key, in.trigger)
			return s.tellRefusal(key, complete, err), nil
		case err != nil:
			s.triggers.putBack(key, in.trigger)
		}
		return result, err
	}
	s.triggers.putBack(key, in.trigger)
	return reconcile.Result{}, fmt.Errorf("failed to commit: refused %d times: %w", maxRounds, errOutdated)
}

// errBehind asks for another decision from a live read: the informers have been behind for too long.
var errBehind = errors.New("the informers are behind what another replica has seen")

// settle decides, applies and reports, once.
func (s *Controller) settle(ctx context.Context, key types.NamespacedName, in input) (reconcile.Result, error) {
	now := time.Now()
	plan := decide(in, s.clock.Now())
	if len(plan.writes) == 0 {
		s.leaders.SetState(key, plan.standing(), plan.highest)
	} else {
		wait, err := s.wait(key, in, plan, now)
		if wait == 0 && err == nil {
			wait = s.spaceOut(key, in, plan, now)
		}
		if wait > 0 || err != nil {
			s.leaders.SetState(key, plan.standing(), plan.highest)
			s.triggers.putBack(key, in.trigger)
			return reconcile.Result{RequeueAfter: wait}, err
		}
		plan.path = s.path()
		if err := s.commit(ctx, key, in, plan); err != nil {
			return reconcile.Result{}, err
		}
	}
	s.settled(key, plan.decision.Successor)
	s.warn(key, in, plan)
	s.refusals.Forget(key)
	s.told.Filter(key, nil)
	return reconcile.Result{RequeueAfter: retry.MinNonZero(requeueAfter(plan), s.leaders.ExpirePrepared(key, now))}, nil
}

// commit writes a plan, and reports it as soon as its first write is there: that switches the leader.
func (s *Controller) commit(ctx context.Context, key types.NamespacedName, in input, plan plan) error {
	committed, err := s.apply(ctx, key, in.tuning, plan.writes)
	switch {
	case plan.path == pathPrepared:
		s.leaders.CountPrepared(outcomeOf(committed, err))
	case in.authority == authorityAll && in.admissible(plan):
		s.deferral.learn(err)
	}
	if committed {
		s.leaders.SetState(key, plan.after, plan.after.Term)
		s.report(ctx, key, in, plan)
	}
	return err
}

// settled takes note of who follows, and lets the leader Service controller know when that is another pod than before.
func (s *Controller) settled(key types.NamespacedName, successor *election.Candidate) {
	if s.leaders.Decided(key, successor) {
		s.standing.EnqueueAfter(key, notify.Deferral)
	}
}

// wait is how long to leave a commit to others, or to informers that are behind. errBehind says that they have been for too long.
func (s *Controller) wait(key types.NamespacedName, in input, plan plan, now time.Time) (time.Duration, error) {
	needed := s.leaders.NeededSince(key, now)
	if in.behind() {
		waited := now.Sub(s.leaders.BehindSince(key, now))
		if waited >= longestBehind {
			return 0, errBehind
		}
		return max(behindDelay, min(waited/2, longestBehind-waited)), nil
	}
	first := plan.moves && in.authority == authorityAll && (!in.admissible(plan) || !s.deferral.yields())
	if first {
		return 0, nil
	}
	return commitDelay(needed, s.leaders.OthersCommitted(), in.tuning.Commit.BackupDelay.Duration, now), nil
}

func (s *Controller) path() path {
	if s.holds() {
		return pathUnprepared
	}
	return pathBackup
}

// authority is what this replica may change now.
func (s *Controller) authority() authority {
	switch {
	case s.stores.OlderReplicas():
		return authorityDead
	case s.holds():
		return authorityAll
	default:
		return authorityLosses
	}
}

// requeueAfter is when to decide again although no event came; zero for never.
func requeueAfter(plan plan) time.Duration {
	if len(plan.taken) > 0 {
		return retry.MinNonZero(takenRecheck, plan.decision.LookAgain)
	}
	return plan.decision.LookAgain
}

// takenRecheck is how often a name that someone else's object has is tried again: objects that are not ours are not watched.
const takenRecheck = time.Minute
