package election

import "cmp"

// compare orders two pods that may both lead. It is negative if a comes first. The order is total, so the decision does not depend on
// the order in which the pods were listed. The criteria, from the strongest to the weakest:
//
//  1. a pod that does not run to completion;
//  2. a pod that will not be deleted immediately (see Announcement.immediate); of two that will, the one that has longer to live;
//  3. the pod that carries more of the Service's ports and address families: an announcement that may take hours, or be withdrawn,
//     is no reason to leave a port without an endpoint;
//  4. a pod that is not announced to go; of two that are, the one that has longer to live: choosing the other one would cost another
//     hand-over;
//  5. the preferred pod;
//  6. the higher priority;
//  7. a pod on a node that the Service prefers. It counts less than a priority, which somebody has given to this very pod, and more than
//     what Tanist guesses from the leader's node: a preferred zone or pool has several nodes;
//  8. a pod on another node than leavingNode (empty: any node), because what removes the leader may remove its neighbours too;
//  9. the higher deletion cost, because a ReplicaSet that scales down deletes the lower first;
//  10. the strategy;
//  11. the name, then the UID.
func (r Rules) compare(a, b *Candidate, leavingNode string) int {
	order, _ := r.compareBy(a, b, leavingNode)
	return order
}

// compareBy is compare, with the criterion that decides. The criterion is empty for two pods with the same UID.
func (r Rules) compareBy(a, b *Candidate, leavingNode string) (int, Criterion) {
	for i, order := range [len(criteria)]int{
		trueFirst(!a.Finite, !b.Finite),
		cmp.Compare(a.Announced.immediateUrgency(), b.Announced.immediateUrgency()),
		cmp.Compare(a.Missing, b.Missing),
		cmp.Compare(a.Announced.urgency(), b.Announced.urgency()),
		trueFirst(r.prefers(a), r.prefers(b)),
		cmp.Compare(b.Priority, a.Priority),
		trueFirst(a.OnPreferredNode, b.OnPreferredNode),
		trueFirst(a.elsewhere(leavingNode), b.elsewhere(leavingNode)),
		cmp.Compare(b.DeletionCost, a.DeletionCost),
		r.Strategy.compare(a, b),
		cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.UID, b.UID)),
	} {
		if order != 0 {
			return order, criteria[i]
		}
	}
	return 0, ""
}

// prefers reports whether the pod is the preferred one.
func (r Rules) prefers(c *Candidate) bool {
	return r.Preferred != "" && c.Name == r.Preferred
}

// elsewhere reports whether the pod is on another node than leavingNode. It is true for every pod if leavingNode is empty.
func (c *Candidate) elsewhere(leavingNode string) bool {
	return leavingNode == "" || c.Node != leavingNode
}

// urgency orders announcements by how soon the pod goes. An older revision is replaced during a rollout. A node is drained after it was
// cordoned. A workload that scales down deletes its pods immediately. The target of a disruption is deleted by the next request.
func (a Announcement) urgency() int {
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

// immediate reports whether the deletion follows the announcement within a request or two. Any other announcement may take hours, or
// be withdrawn.
func (a Announcement) immediate() bool {
	return a.urgency() >= AnnouncedScaleDown.urgency()
}

// immediateUrgency is the urgency of an immediate announcement, and 0 for any other.
func (a Announcement) immediateUrgency() int {
	if !a.immediate() {
		return 0
	}
	return a.urgency()
}

// compare orders two pods by the strategy alone. An unknown strategy counts as the default, oldest.
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

// trueFirst orders true before false.
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
