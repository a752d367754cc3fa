package election

import "time"

// Successors returns up to limit pods that could follow a leader, the best first. The first one is that of Decision.Successor. If it is on
// the leader's node, the second one is on another node if any pod is: whoever looks for a pod that outlives the node needs it. There are
// none with Rules.Following.
func Successors(rules Rules, candidates []Candidate, leader Candidate, now time.Time, limit int) []Candidate {
	if rules.Following != nil {
		return nil
	}
	e := newEvaluation(rules, candidates, now).announceRollouts(leader.UID)
	var all []Candidate
	taken := map[string]bool{leader.UID: true}
	take := func(mayFollow func(Candidate) bool) bool {
		free := func(c Candidate) bool { return !taken[c.UID] && mayFollow(c) }
		next := e.nextOf(leader.UID, leader.Node, func(c Candidate) bool { return free(c) && c.trusted() })
		if next == nil {
			next = e.nextOf(leader.UID, leader.Node, free)
		}
		if next == nil || len(all) == limit {
			return false
		}
		taken[next.UID] = true
		all = append(all, *next)
		return true
	}
	anywhere := func(Candidate) bool { return true }
	if take(anywhere) && !all[0].elsewhere(leader.Node) {
		take(func(c Candidate) bool { return c.elsewhere(leader.Node) && c.trusted() })
	}
	for take(anywhere) {
	}
	return all
}
