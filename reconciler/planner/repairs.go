package planner

import (
	"slices"
	"strings"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/leaderslice"
)

// RepairedMetadata returns the keys of the labels and annotations that a plan repairs, if it changes nothing else. The values are left out:
// they need not be the same each time. It returns "" for a plan that changes the traffic or the leader.
func (p *Plan) RepairedMetadata() string {
	var all []string
	for _, write := range p.Writes {
		if p.Decision.Move || write.Current == nil || !leaderslice.SameTraffic(write.Current, write.Desired) {
			return ""
		}
		for _, change := range metadataChanges(write) {
			if !slices.Contains(all, change) {
				all = append(all, change)
			}
		}
	}
	return strings.Join(all, ", ")
}

// metadataChanges returns the keys of the labels and annotations that a write changes.
func metadataChanges(write cache.Write) []string {
	next := UpdatedSlice(write.Current, write.Desired)
	changes := slices.Concat(
		leaderslice.ChangedKeys("label ", write.Current.Labels, next.Labels),
		leaderslice.ChangedKeys("annotation ", write.Current.Annotations, next.Annotations))
	for i, change := range changes {
		changes[i], _, _ = strings.Cut(change, "=")
	}
	if len(changes) == 0 {
		return []string{"owner references"}
	}
	return changes
}
