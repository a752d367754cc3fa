package planner

import (
	"fmt"
	"maps"
	"time"

	"github.com/tanist-dev/tanist/leaderslice"
)

// Unstable describes how the decision that follows a commit would differ from the commit, although nothing else has changed; "" if it would
// not. It reads what the commit writes with the same functions. A commit that would not read back would be followed by another one at once,
// and that by another.
//
// A leader that is lost is replaced even if another move would follow: until then there is no traffic.
func (in Input) Unstable(p Plan, now time.Time) string {
	if !p.WritesPrimary {
		return ""
	}
	written := leaderslice.Parse(p.Writes[0].Desired)
	next := in
	next.Record.Slices = maps.Clone(in.Record.Slices)
	if next.Record.Slices == nil {
		next.Record.Slices = map[string]leaderslice.Slice{}
	}
	next.Record.Slices[written.Name] = written
	next.Record.HighestTerm = max(in.Record.HighestTerm, p.After.Term)
	again := Decide(next, now)
	switch before := again.Before; {
	case before.Term != p.After.Term:
		return "its term would not be believed" // without the number, which is another one each time
	case before.Leader.UID != p.After.Leader.UID:
		return fmt.Sprintf("pod %q would be read as %q", p.After.Leader.Name, before.Leader.Name)
	case p.Decision.Move && p.Decision.Reason.Loss():
		return ""
	case again.Decision.Move:
		return fmt.Sprintf("the leader would move on from %q to %q at once", p.After.Leader.Name, again.After.Leader.Name)
	case again.WritesPrimary:
		return "the EndpointSlice would be written again at once"
	}
	return ""
}
