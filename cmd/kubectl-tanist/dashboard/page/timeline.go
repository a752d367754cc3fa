package page

import (
	"slices"
	"time"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/explain"
	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
	"github.com/tanist-dev/tanist/election"
	"github.com/tanist-dev/tanist/leaderslice"
)

// complete adds the change of leader that began the present term, if the history does not have it.
func complete(l status.Leader, moves []leaderslice.Move) []leaderslice.Move {
	if l.Term == 0 || l.Since == nil || len(moves) > 0 && moves[len(moves)-1].Term >= l.Term {
		return moves
	}
	move := leaderslice.Move{At: *l.Since, Term: l.Term, Reason: l.Reason}
	if l.Leader != nil {
		move.To = l.Leader.Name
	}
	if len(moves) > 0 {
		move.From = moves[len(moves)-1].To
	}
	return append(slices.Clip(moves), move)
}

// bandsOf returns who led when, without what ended before since.
func bandsOf(moves []leaderslice.Move, since time.Time) []Band {
	bands := []Band{}
	add := func(b Band) {
		if b.To == nil || b.To.After(since) {
			bands = append(bands, b)
		}
	}
	for i := range moves {
		move := &moves[i]
		if i == 0 && move.From != "" {
			add(Band{Pod: move.From, To: &move.At})
		}
		b := Band{Pod: move.To, From: &move.At}
		if i+1 < len(moves) {
			b.To = &moves[i+1].At
		}
		add(b)
	}
	return bands
}

// movesOf returns the changes of leader since a time.
func movesOf(moves []leaderslice.Move, since time.Time) []Move {
	all := []Move{}
	for _, move := range moves {
		if move.At.After(since) {
			all = append(all, Move{Move: move, Kind: KindOf(move), ReasonText: explain.ReasonText(election.Reason(move.Reason))})
		}
	}
	return all
}

// ledAt reports whether a pod led at a time, which may be in whole seconds: a leader of any moment of that second counts.
func ledAt(bands []Band, pod string, at time.Time) bool {
	return slices.ContainsFunc(bands, func(b Band) bool {
		return b.Pod == pod && (b.From == nil || b.From.Before(at.Add(time.Second))) && (b.To == nil || !b.To.Before(at))
	})
}
