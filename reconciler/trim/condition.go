package trim

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/config"
)

// maxConditionBytes limits a condition, as encoded. Tanist's own have less than half of that.
const maxConditionBytes = 512

// leaderCondition keeps the condition that says whether a ready pod leads. One that is too long was written by someone else: it is left out, so
// that Tanist writes its own again.
func leaderCondition(conditions []metav1.Condition) []metav1.Condition {
	for i := range conditions {
		if conditions[i].Type == config.LeaderReadyCondition && conditions[i].Size() <= maxConditionBytes {
			return []metav1.Condition{conditions[i]}
		}
	}
	return nil
}
