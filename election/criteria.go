package election

// Criterion is what places one pod before another in the order of succession.
type Criterion string

// The criteria. They are printed by the kubectl plugin, so they are stable.
const (
	// ByTrust is a pod that nobody doubts, before one that an observer believes lost or that has a mark.
	ByTrust Criterion = "Trust"
	// ByMinReady is a pod that has been Ready for its min-ready, before one that has not.
	ByMinReady Criterion = "MinReady"
	// ByCompletion is a pod that does not run to completion, before one that does.
	ByCompletion Criterion = "Completion"
	// ByDeletion is a pod that will not be deleted immediately, before one that will, or one that has longer to live.
	ByDeletion Criterion = "Deletion"
	// ByTraffic is the pod that carries more of the Service's ports and address families.
	ByTraffic Criterion = "Traffic"
	// ByAnnouncement is a pod that is not announced to go, before one that is, or one that has longer to live.
	ByAnnouncement Criterion = "Announcement"
	// ByPreference is the preferred pod.
	ByPreference Criterion = "Preference"
	// ByPriority is the pod with the higher priority.
	ByPriority Criterion = "Priority"
	// ByPreferredNode is a pod on a node that the Service prefers.
	ByPreferredNode Criterion = "PreferredNode"
	// ByNode is a pod on another node than the leader.
	ByNode Criterion = "Node"
	// ByDeletionCost is the pod with the higher deletion cost.
	ByDeletionCost Criterion = "DeletionCost"
	// ByStrategy is the pod that the strategy prefers.
	ByStrategy Criterion = "Strategy"
	// ByName is the pod whose name, and then UID, comes first.
	ByName Criterion = "Name"
)

// criteria are those of Rules.compare, in its order.
var criteria = [...]Criterion{
	ByCompletion, ByDeletion, ByTraffic, ByAnnouncement, ByPreference, ByPriority, ByPreferredNode, ByNode, ByDeletionCost, ByStrategy, ByName,
}
