package explain

import (
	"fmt"

	"github.com/tanist-dev/tanist/election"
)

// behind says in words what places a pod after the one before it.
func (e *elected) behind(by election.Criterion, before election.Candidate) string {
	name := before.Name
	switch by {
	case election.ByTrust:
		return "a pod that seemed to be lost not long ago comes after " + name
	case election.ByMinReady:
		return name + " has been ready for long enough, and this pod has not"
	case election.ByCompletion:
		return "a pod that runs to completion comes after " + name
	case election.ByDeletion:
		return "it will be deleted sooner than " + name
	case election.ByTraffic:
		return name + " can take more of the traffic"
	case election.ByAnnouncement:
		return name + " stays, or stays for longer"
	case election.ByPreference:
		return name + " is the preferred leader"
	case election.ByPriority:
		return fmt.Sprintf("%s has the higher priority (%d)", name, before.Priority)
	case election.ByPreferredNode:
		return name + " is on a node that the Service prefers, and it is not"
	case election.ByNode:
		return "it is on the leader's node, and " + name + " is not"
	case election.ByDeletionCost:
		return fmt.Sprintf("%s has the higher deletion cost (%d)", name, before.DeletionCost)
	case election.ByStrategy:
		return fmt.Sprintf("the strategy %s prefers %s", e.rules.Strategy, name)
	default:
		return "nothing else distinguishes it from " + name + ", whose name comes first"
	}
}
