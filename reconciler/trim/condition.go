package trim

import (
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/config"
)

// maxConditionBytes limits a condition, as encoded. Tanist's own have less than half of that.
const maxConditionBytes = 512

// leaderConditions keeps the conditions that say whether a ready pod leads, and whether hand-overs are paused. One that is too long was
// written by someone else: it is left out, so that Tanist writes its own again.
func leaderConditions(conditions []metav1.Condition) []metav1.Condition {
	var kept []metav1.Condition
	for _, ours := range []string{config.LeaderReadyCondition, config.HandoversPausedCondition} {
		if found := meta.FindStatusCondition(conditions, ours); found != nil && found.Size() <= maxConditionBytes {
			kept = append(kept, *found)
		}
	}
	return kept
}
