package election

import "cmp"

// compare orders two pods that may both lead: negative when a comes first. It is a total order, so the result of an election does
// not depend on the order in which the pods were listed. From the strongest wish to the weakest:
//
//  1. a pod that does not run to completion;
//  2. a pod that is not deleted at once (see Announcement.atOnce), and of two that are, the one that has longer to live;
//  3. the pod that carries more of the Service's ports and address families: an announcement that may take hours, or be taken
//     back, is no reason to leave a port without an endpoint;
//  4. a pod that stays before one that is announced to go, and of those the one that has longest to live: whoever is chosen
//     against this rule costs another hand-over;
//  5. the preferred pod;
//  6. the higher priority;
//  7. a pod on another node than leavingNode (empty: no such wish), where what takes the leader may take its neighbours too;
//  8. the higher deletion cost, because a ReplicaSet that shrinks takes the lower first;
//  9. the strategy;
//  10. the name, then the UID.
func (r Rules) compare(a, b *Candidate, leavingNode string) int {
	return cmp.Or(
		trueFirst(!a.Finite, !b.Finite),
		cmp.Compare(a.Announced.immediate(), b.Announced.immediate()),
		cmp.Compare(a.Missing, b.Missing),
		cmp.Compare(a.Announced.imminence(), b.Announced.imminence()),
		trueFirst(r.prefers(a), r.prefers(b)),
		cmp.Compare(b.Priority, a.Priority),
		trueFirst(a.elsewhere(leavingNode), b.elsewhere(leavingNode)),
		cmp.Compare(b.DeletionCost, a.DeletionCost),
		r.Strategy.compare(a, b),
		cmp.Compare(a.Name, b.Name),
		cmp.Compare(a.UID, b.UID),
	)
}

// prefers says whether the pod is the preferred one.
func (r Rules) prefers(c *Candidate) bool {
	return r.Preferred != "" && c.Name == r.Preferred
}

// elsewhere says whether the pod is on another node than leavingNode; true for every pod when there is no such node.
func (c *Candidate) elsewhere(leavingNode string) bool {
	return leavingNode == "" || c.Node != leavingNode
}

// imminence orders announcements by how soon the pod goes: an older revision is replaced in the course of a rollout, a node is
// drained after it was cordoned, a workload that shrinks deletes its pods at once, and a disruption's target is deleted by the next
// request.
func (a Announcement) imminence() int {
	switch a {
	case NotAnnounced:
		return 0
	case AnnouncedRollout:
		return 1
	case AnnouncedNode:
		return 2
	case AnnouncedScaleDown:
		return 3
	default:
		return 4
	}
}

// atOnce says whether nothing but the next request or two stands between the announcement and the deletion. Anything else may take
// hours, or be taken back.
func (a Announcement) atOnce() bool {
	return a.imminence() >= AnnouncedScaleDown.imminence()
}

// immediate is imminence for pods that are deleted at once, and 0 for all others.
func (a Announcement) immediate() int {
	if !a.atOnce() {
		return 0
	}
	return a.imminence()
}

// compare orders two pods by the strategy alone. A strategy that is not known is the default, oldest.
func (s Strategy) compare(a, b *Candidate) int {
	switch s {
	case StrategyNewest:
		return b.Created.Compare(a.Created)
	case StrategyOrdinal:
		return cmp.Or(trueFirst(a.Ordinal >= 0, b.Ordinal >= 0), cmp.Compare(a.Ordinal, b.Ordinal))
	default:
		return a.Created.Compare(b.Created)
	}
}

// trueFirst orders two pods of which one may have a property that the other lacks.
func trueFirst(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	default:
		return 1
	}
}
