package planner

import (
	"time"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/election"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/trim"
)

// RecordMove adds the plan's move to the history in the write that makes the move. It is called at the commit and not when the plan is made,
// because a commit may have waited for other replicas meanwhile. now is the own clock's time, as that of the trigger.
func (in Input) RecordMove(p Plan, now time.Time) {
	if p.Decision.Move && p.WritesPrimary {
		leaderslice.RecordMove(p.Writes[0].Desired, p.Writes[0].Current, in.move(p, now))
	}
}

// move returns the plan's move as the history has it.
func (in Input) move(p Plan, now time.Time) leaderslice.Move {
	move := leaderslice.Move{
		At: p.After.Since, From: p.Before.Leader.Name, To: p.After.Leader.Name, Term: p.After.Term, Reason: p.After.Reason, By: p.by,
	}
	reason := election.Reason(p.After.Reason)
	if reason == election.ReasonPreferred && in.Source.Annotations[config.PreferredLeaderKey] == move.To {
		move.By = trim.PreferredBy(in.Source)
	}
	// A verdict comes some time after the loss, and nothing says when that was.
	if since := in.changeTime(&p); !since.IsZero() && !reason.Verdict() {
		move.Took = max(0, now.Sub(since)).Round(tookResolution).String()
	}
	return move
}

// tookResolution is the resolution of the durations in the history. A hand-over takes a few milliseconds.
const tookResolution = 100 * time.Microsecond
