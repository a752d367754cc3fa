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

// succession decides who leads each Service and writes it into the EndpointSlices. It runs on every replica.
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
// wake it as well, and whoever is behind for want of CPU must not use it up for looking.
const behindDelay = 10 * time.Millisecond

// Reconcile brings the slices of one Service's leader Service up to date. A commit that is refused, because someone else's came
// first, is decided again from a live read.
func (s *Controller) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	key := request.NamespacedName
	cause := s.triggers.take(key)
	read := readNothing
	handedOver, conflicted := s.commitPrepared(ctx, key, cause)
	switch {
	case handedOver:
		cause = time.Time{} // what follows is only who would be next
	case conflicted:
		read = readSlices
	}
	if !s.limiter.enter(key) {
		s.triggers.putBack(key, cause)
		return reconcile.Result{}, nil
	}
	defer s.limiter.leave()
	for range maxRounds {
		situation, ok, err := s.load(ctx, key, read)
		if err != nil {
			s.triggers.putBack(key, cause)
			return reconcile.Result{}, retry.UnlessStopping(ctx, err)
		}
		if !ok {
			s.settled(key, nil)
			return reconcile.Result{}, nil
		}
		situation.trigger = cause
		result, err := s.settle(ctx, key, situation)
		switch {
		case errors.Is(err, errOutdated):
			read = readSlices
			continue
		case errors.Is(err, errBehind):
			read = readPods
			continue
		case notify.Refused(err):
			s.triggers.putBack(key, cause)
			return s.tellRefusal(key, situation, err), nil
		case err != nil:
			s.triggers.putBack(key, cause)
		}
		return result, retry.UnlessStopping(ctx, err)
	}
	s.triggers.putBack(key, cause)
	return reconcile.Result{}, fmt.Errorf("failed to commit: refused %d times: %w", maxRounds, errOutdated)
}

// errBehind asks for another decision from a live read: the informers have been behind for too long.
var errBehind = errors.New("the informers are behind what another replica has seen")

// settle decides, applies and reports, once.
func (s *Controller) settle(ctx context.Context, key types.NamespacedName, situation input) (reconcile.Result, error) {
	now := time.Now()
	plan := decide(situation, s.clock.Now())
	if len(plan.writes) == 0 {
		s.leaders.Believe(key, plan.standing(), plan.highest)
	} else {
		wait, err := s.wait(key, situation, plan, now)
		if wait == 0 && err == nil {
			wait = s.spaceOut(key, situation, plan, now)
		}
		if wait > 0 || err != nil {
			s.leaders.Believe(key, plan.standing(), plan.highest)
			s.triggers.putBack(key, situation.trigger)
			return reconcile.Result{RequeueAfter: wait}, err
		}
		if err := s.commit(ctx, key, situation, plan); err != nil {
			return reconcile.Result{}, err
		}
	}
	s.settled(key, plan.decision.Successor)
	s.warn(key, situation, plan)
	s.refusals.Forget(key)
	s.told.Unsent(key, nil)
	return reconcile.Result{RequeueAfter: retry.MinNonZero(requeueAfter(plan), s.preparedFor(key, now))}, nil
}

// commit writes a plan, and reports it as soon as its first write is there: that switches the leader.
func (s *Controller) commit(ctx context.Context, key types.NamespacedName, situation input, plan plan) error {
	plan.path = s.path()
	committed, err := s.apply(ctx, key, situation.tuning, plan.writes)
	if situation.authority == authorityAll && situation.admissible(plan) {
		s.deferral.learn(err)
	}
	if committed {
		s.leaders.Believe(key, plan.after, plan.after.Term)
		s.report(ctx, key, situation, plan)
	}
	return err
}

// settled takes note of who follows, and lets stewardship know when that is another pod than before.
func (s *Controller) settled(key types.NamespacedName, successor *election.Candidate) {
	if s.leaders.Settled(key, successor) {
		s.standing.EnqueueAfter(key, notify.Deferral)
	}
}

// wait is how long to leave a commit to others, or to informers that are behind. errBehind says that they have been for too long.
func (s *Controller) wait(key types.NamespacedName, situation input, plan plan, now time.Time) (time.Duration, error) {
	needed := s.leaders.Needed(key, now)
	if situation.behind() {
		waited := now.Sub(s.leaders.Behind(key, now))
		if waited >= longestBehind {
			return 0, errBehind
		}
		return max(behindDelay, min(waited/2, longestBehind-waited)), nil
	}
	first := plan.moves && situation.authority == authorityAll && (!situation.admissible(plan) || !s.deferral.yields())
	if first {
		return 0, nil
	}
	return commitDelay(needed, s.leaders.OthersCommitted(), situation.tuning.Commit.BackupDelay.Duration, now), nil
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

// lookAgain is when to look again although no event came; zero for never.
func requeueAfter(plan plan) time.Duration {
	if len(plan.taken) > 0 {
		return retry.MinNonZero(takenRecheck, plan.decision.LookAgain)
	}
	return plan.decision.LookAgain
}

// preparedFor is how long what is prepared for a Service still lasts; zero when nothing is. What has expired is dropped here, whatever
// keeps it from being judged (see commitPrepared).
func (s *Controller) preparedFor(key types.NamespacedName, now time.Time) time.Duration {
	until := s.leaders.PreparedUntil(key)
	if until.IsZero() {
		return 0
	}
	if left := until.Sub(now); left > 0 {
		return left
	}
	s.leaders.TakePrepared(key, func(p *cache.Prepared) cache.Outcome {
		if now.Before(p.Expires) { // admitted again meanwhile
			return ""
		}
		return cache.OutcomeExpired
	})
	return 0
}

// takenRecheck is how often a name that someone else's object has is tried again: objects that are not ours are not watched.
const takenRecheck = time.Minute
