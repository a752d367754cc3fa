package page

import (
	"cmp"
	"slices"
	"time"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/explain"
	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/history"
	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/election"
)

// Rows returns the rows of a namespace, sorted by the names of their Services. As in `kubectl tanist get`, these are the Services that ask for
// a leader, also in a wrong way. o.Service is not used.
func Rows(o status.Objects, journal *Journal, now time.Time) []Row {
	var rows []Row
	for _, service := range o.Services {
		if config.Enabled(service.Annotations) || config.Mistyped(service.Annotations) {
			o.Service = service
			rows = append(rows, rowOf(o, journal, now))
		}
	}
	slices.SortFunc(rows, func(a, b Row) int { return cmp.Compare(a.Status.Service, b.Status.Service) })
	return rows
}

func rowOf(o status.Objects, journal *Journal, now time.Time) Row {
	since := now.Add(-Window)
	l := status.Of(o)
	moves := complete(l, history.Of(o.Service, o.Services, o.Slices).Moves)
	row := Row{
		Status: l, ReasonText: explain.ReasonText(election.Reason(l.Reason)), Watched: watched(l),
		Bands: bandsOf(moves, since), Moves: movesOf(moves, since), Disruptions: journal.of(o.Service, since),
	}
	for i := range row.Disruptions {
		d := &row.Disruptions[i]
		d.Led = ledAt(row.Bands, d.Pod, d.At)
	}
	return row
}

// watched says how a loss of the leader that nobody announces is noticed. It is empty if nobody leads.
func watched(l status.Leader) string {
	switch w := l.Watched; {
	case l.Leader == nil:
		return ""
	case w == nil:
		return "not known"
	case w.Node && w.Pod:
		return "node and pod"
	case w.Node:
		return "node only"
	case w.Pod:
		return "pod only"
	}
	return "no"
}
