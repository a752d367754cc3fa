package leaderservice

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/config"
)

// The reasons of the condition LeaderReady. The last two are also those of Events and metrics.
const (
	conditionLeaderReady = "LeaderReady"
	conditionNoCandidate = "NoCandidate"
	conditionLastResort  = "LastResort"
)

// conditionMessages say the same for every leader: a name would cost a write for each move.
var conditionMessages = map[string]string{
	conditionLeaderReady: "A ready pod leads. The annotation " + config.LeaderKey + " names it.",
	conditionNoCandidate: "No pod can lead: none that the Service selects is ready and has any of its ports.",
	conditionLastResort:  "The leader is being deleted and keeps the traffic as long as it serves, because no other pod can lead.",
}

// conditionChange is the condition to write, and the leader Service that gets it.
type conditionChange struct {
	service   *corev1.Service
	condition metav1.Condition
}

// conditionChange returns the condition that a leader Service lacks; nil if it says what it should, or if it is not known who leads.
func (in input) conditionChange(leaderService *corev1.Service, now time.Time) *conditionChange {
	want, known := in.condition()
	if !known {
		return nil
	}
	has := meta.FindStatusCondition(leaderService.Status.Conditions, config.LeaderReadyCondition)
	if has != nil && has.Status == want.Status && has.Reason == want.Reason && has.Message == want.Message {
		return nil
	}
	if has != nil && has.Status == want.Status {
		want.LastTransitionTime = has.LastTransitionTime
	} else {
		want.LastTransitionTime = metav1.NewTime(in.changedAt(has, want.Reason, now).Truncate(time.Second))
	}
	return &conditionChange{service: leaderService, condition: want}
}

// condition returns what the slices say, without the time. It returns false if there is no slice that says who leads.
func (in input) condition() (condition metav1.Condition, known bool) {
	if in.state.Term == 0 || !slices.ContainsFunc(in.slices, in.ownsSlice) {
		return metav1.Condition{}, false
	}
	condition = metav1.Condition{Type: config.LeaderReadyCondition, Status: metav1.ConditionFalse, Reason: conditionLastResort}
	switch {
	case in.state.Leader.Name == "":
		condition.Reason = conditionNoCandidate
	case slices.ContainsFunc(in.slices, in.leaderIsReadyIn):
		condition.Status, condition.Reason = metav1.ConditionTrue, conditionLeaderReady
	}
	condition.Message = conditionMessages[condition.Reason]
	return condition, true
}

// leaderIsReadyIn reports whether a slice of any family sends traffic to the leader: it may lack an address of the primary family.
func (in input) leaderIsReadyIn(slice *discoveryv1.EndpointSlice) bool {
	return in.ownsSlice(slice) && slices.ContainsFunc(slice.Endpoints, func(e discoveryv1.Endpoint) bool {
		return e.TargetRef != nil && e.TargetRef.UID == in.state.Leader.UID && (e.Conditions.Ready == nil || *e.Conditions.Ready)
	})
}

// changedAt returns when the condition got its status: at the last change of leader, unless that was before the condition's last change.
// Nothing says when a leader became the last resort, because it is still the same leader.
func (in input) changedAt(has *metav1.Condition, reason string, now time.Time) time.Time {
	at := in.state.Since
	if reason == conditionLastResort || at.IsZero() || at.After(now) || has != nil && !at.After(has.LastTransitionTime.Time) {
		return now
	}
	return at
}

// sameCondition reports whether two versions of a leader Service have the same condition.
func sameCondition(before, after *corev1.Service) bool {
	return slices.Equal(before.Status.Conditions, after.Status.Conditions) // the informers keep only this condition
}
