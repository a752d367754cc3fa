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

// conditionChange is the conditions to write, and the leader Service that gets them. Both are written together, because a condition that is
// not applied again is removed.
type conditionChange struct {
	service   *corev1.Service
	condition metav1.Condition
	// paused is the condition of a Service that is paused; nil for none.
	paused *metav1.Condition
}

// conditionChange returns the conditions that a leader Service lacks; nil if it says what it should, or if it is not known who leads.
func (in input) conditionChange(leaderService *corev1.Service, now time.Time) *conditionChange {
	want, known := in.condition()
	if !known {
		return nil
	}
	has := meta.FindStatusCondition(leaderService.Status.Conditions, config.LeaderReadyCondition)
	paused := in.pausedCondition(leaderService, now)
	if sameExceptTime(has, &want) && sameExceptTime(pausedConditionOf(leaderService), paused) {
		return nil
	}
	if has != nil && has.Status == want.Status {
		want.LastTransitionTime = has.LastTransitionTime
	} else {
		want.LastTransitionTime = metav1.NewTime(in.changedAt(has, want.Reason, now).Truncate(time.Second))
	}
	return &conditionChange{service: leaderService, condition: want, paused: paused}
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

// changedAt returns the time at which the condition got its status: at the last change of leader, unless that was before the condition's last change.
// Nothing says when a leader became the last resort, because it is still the same leader.
func (in input) changedAt(has *metav1.Condition, reason string, now time.Time) time.Time {
	at := in.state.Since
	if reason == conditionLastResort || at.IsZero() || at.After(now) || has != nil && !at.After(has.LastTransitionTime.Time) {
		return now
	}
	return at
}

// sameCondition reports whether two versions of a leader Service have the same conditions.
func sameCondition(before, after *corev1.Service) bool {
	return slices.Equal(before.Status.Conditions, after.Status.Conditions) // the informers keep only ours
}

// nothingHeldBack is the reason of the condition HandoversPaused while the leader would stay without the pause, too. Otherwise the reason
// is that of the move.
const nothingHeldBack = "NothingHeldBack"

// pausedCondition returns the condition that the leader Service should have while the source asks for a pause; nil otherwise. Its message
// names no pod: a name would cost a write for each change of who would follow.
func (in input) pausedCondition(leaderService *corev1.Service, now time.Time) *metav1.Condition {
	if !in.options.Paused {
		return nil
	}
	condition := &metav1.Condition{
		Type: config.HandoversPausedCondition, Status: metav1.ConditionTrue, Reason: nothingHeldBack,
		Message: "The Service has " + config.PausedKey + ". A leader that is lost is still replaced. Nothing is held back.",
	}
	if in.heldBack != "" {
		condition.Reason = in.heldBack
		condition.Message = "The Service has " + config.PausedKey + ". A leader that is lost is still replaced. The leader moves as soon as the pause ends."
	}
	if has := pausedConditionOf(leaderService); has != nil {
		condition.LastTransitionTime = has.LastTransitionTime
	} else {
		condition.LastTransitionTime = metav1.NewTime(now.Truncate(time.Second))
	}
	return condition
}

// pausedConditionOf returns the condition that a leader Service has; nil if it has none.
func pausedConditionOf(leaderService *corev1.Service) *metav1.Condition {
	return meta.FindStatusCondition(leaderService.Status.Conditions, config.HandoversPausedCondition)
}

// sameExceptTime reports whether two conditions say the same, whatever their times are.
func sameExceptTime(a, b *metav1.Condition) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Status == b.Status && a.Reason == b.Reason && a.Message == b.Message
}
