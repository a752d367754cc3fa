package reconciler

import (
	"context"
	"errors"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/config"
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

	causes     *causes
	complaints *complaints
	gate       *gate
}

// Reconcile brings the slices of one Service's leader Service up to date. A commit that is refused, because someone else's came
// first, is decided again from a live read.
func (s *succession) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	if !s.gate.enter(ctx) {
		return reconcile.Result{}, nil
	}
	defer s.gate.leave()

	key := request.NamespacedName
	cause := s.causes.take(key)
	for round := range maxRounds {
		situation, ok, err := s.load(ctx, key, round > 0)
		if err != nil {
			s.causes.putBack(key, cause)
			return reconcile.Result{}, unlessStopping(ctx, err)
		}
		if !ok {
			s.leaders.Settled(key, nil)
			return reconcile.Result{}, nil
		}
		situation.cause = cause
		result, err := s.settle(ctx, key, situation)
		if errors.Is(err, errOutdated) {
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
		if wait := s.wait(key, situation, now); wait > 0 {
			s.causes.putBack(key, situation.cause)
			return reconcile.Result{RequeueAfter: wait}, nil
		}
		committed, err := s.apply(ctx, key, situation.tuning, plan.writes)
		if committed {
			s.report(ctx, key, situation, plan)
		}
		if err != nil {
			return reconcile.Result{}, err
		}
	}
	s.leaders.Settled(key, plan.decision.Successor)
	s.complain(key, situation, plan)
	return reconcile.Result{RequeueAfter: lookAgain(plan)}, nil
}

// wait is how long to leave a commit to others.
func (s *succession) wait(key types.NamespacedName, situation situation, now time.Time) time.Duration {
	seen := sighting{
		needed: s.leaders.Needed(key, now), atWork: s.leaders.OthersAtWork(), foreign: situation.record.Foreign,
		behind: situation.behind(s.views.podsSeen()),
	}
	return turn(s.holdsLease(), seen, situation.tuning.Commit.BackupDelay.Duration, now)
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

// takenRecheck is how often a name that someone else's object has is tried again: objects that are not ours are not watched.
const takenRecheck = time.Minute
