package reconciler

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
)

// maxRounds is how often one reconciliation decides again because its commit was refused, before the work queue's delay.
const maxRounds = 3

// succession decides who leads each Service and writes it into the EndpointSlices. It runs on every replica.
type succession struct {
	views    *views
	live     client.Reader // reads from the API server
	client   client.Writer
	leaders  *cache.Leaders
	options  *optionsInForce
	tuning   *config.Store
	elected  <-chan struct{} // closed when this replica holds the Lease
	recorder events.EventRecorder
	metrics  *metrics

	events     *eventSender
	causes     *causes
	complaints *complaints
	gate       *gate
	precedence precedence
	bell       *bell
	calm       *calm
	// queue is there once the controller has started.
	queue atomic.Pointer[queue]
}

// Reconcile brings the slices of one Service's leader Service up to date. A commit that is refused, because someone else's came
// first, is decided again from a live read.
func (s *succession) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	key := request.NamespacedName
	cause := s.causes.take(key)
	admitted := !s.leaders.PreparedUntil(key).IsZero()
	handedOver, conflicted := s.commitPrepared(ctx, key, cause)
	if handedOver {
		cause = time.Time{} // what follows is only who would be next
	}
	if !s.gate.enter(ctx) {
		s.causes.putBack(key, cause)
		return reconcile.Result{}, nil
	}
	defer s.gate.leave()
	for range maxRounds {
		situation, ok, err := s.load(ctx, key, conflicted)
		if err != nil {
			s.causes.putBack(key, cause)
			return reconcile.Result{}, unlessStopping(ctx, err)
		}
		if !ok {
			s.settled(key, nil)
			return reconcile.Result{}, nil
		}
		situation.cause, situation.admitted = cause, admitted
		result, err := s.settle(ctx, key, situation)
		if errors.Is(err, errOutdated) {
			conflicted = true
			continue
		}
		if err != nil {
			s.causes.putBack(key, cause)
		}
		return result, unlessStopping(ctx, err)
	}
	s.causes.putBack(key, cause)
	return reconcile.Result{}, fmt.Errorf("failed to commit: refused %d times: %w", maxRounds, errOutdated)
}

// unlessStopping is the error, unless it is only that the program is being stopped, which is nothing to log.
func unlessStopping(ctx context.Context, err error) error {
	select {
	case <-ctx.Done():
		return nil
	default:
		return err
	}
}

// settle decides, applies and reports, once.
func (s *succession) settle(ctx context.Context, key types.NamespacedName, situation situation) (reconcile.Result, error) {
	now := time.Now()
	plan := decide(situation, now)
	if len(plan.writes) > 0 {
		if wait := s.wait(key, situation, plan, now); wait > 0 {
			s.causes.putBack(key, situation.cause)
			return reconcile.Result{RequeueAfter: wait}, nil
		}
		plan.path = s.path()
		committed, err := s.apply(ctx, key, situation.tuning, plan.writes)
		if s.holdsLease() && situation.admissible(plan) {
			s.precedence.learn(err)
		}
		if committed {
			s.report(ctx, key, situation, plan)
		}
		if err != nil {
			return reconcile.Result{}, err
		}
	}
	s.settled(key, plan.decision.Successor)
	s.complain(key, situation, plan)
	return reconcile.Result{RequeueAfter: sooner(lookAgain(plan), s.preparedFor(key, now))}, nil
}

// settled takes note of who follows, and lets stewardship know when that is another pod than before.
func (s *succession) settled(key types.NamespacedName, successor *election.Candidate) {
	if s.leaders.Settled(key, successor) {
		s.bell.ring(key)
	}
}

// wait is how long to leave a commit to others.
func (s *succession) wait(key types.NamespacedName, situation situation, plan plan, now time.Time) time.Duration {
	first := s.holdsLease() && (!situation.admissible(plan) || !s.precedence.yields())
	seen := sighting{
		needed: s.leaders.Needed(key, now), atWork: s.leaders.OthersAtWork(), foreign: situation.record.Foreign,
		behind: situation.behind(s.views.podsSeen()),
	}
	return turn(first, seen, situation.tuning.Commit.BackupDelay.Duration, now)
}

func (s *succession) path() path {
	if s.holdsLease() {
		return pathUnprepared
	}
	return pathBackup
}

func (s *succession) holdsLease() bool {
	select {
	case <-s.elected:
		return true
	default:
		return false
	}
}

// lookAgain is when to look again although no event came; zero for never.
func lookAgain(plan plan) time.Duration {
	if len(plan.taken) > 0 {
		return takenRecheck
	}
	return plan.decision.LookAgain
}

// preparedFor is how long what is prepared for a Service still lasts, at least a moment; zero when nothing is. Then its end is taken
// note of.
func (s *succession) preparedFor(key types.NamespacedName, now time.Time) time.Duration {
	until := s.leaders.PreparedUntil(key)
	if until.IsZero() {
		return 0
	}
	return max(until.Sub(now), time.Millisecond)
}

// sooner is the shorter of two delays, of which zero means never.
func sooner(a, b time.Duration) time.Duration {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// takenRecheck is how often a name that someone else's object has is tried again: objects that are not ours are not watched.
const takenRecheck = time.Minute
