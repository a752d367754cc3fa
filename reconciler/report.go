package reconciler

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/klog/v2"
	logf "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/election"
)

// report speaks of what has been committed; nothing of it is in the way of this commit or the next.
func (s *succession) report(ctx context.Context, key types.NamespacedName, situation situation, plan plan) {
	before, after, now := plan.before, plan.after, time.Now()
	if plan.decision.Move {
		duration := time.Duration(0)
		if !situation.cause.IsZero() {
			duration = now.Sub(situation.cause)
		}
		s.metrics.handover(after.Reason, plan.path, duration)
		if election.Reason(after.Reason) == election.ReasonLeaderDeleted && plan.path == pathUnprepared && !s.leaders.Admitted(key, before.Leader.UID) {
			s.metrics.unadmitted.Inc()
		}
		logf.FromContext(ctx).V(1).Info("Leader changed",
			"service", klog.KRef(key.Namespace, key.Name), "from", before.Leader.Name, "to", after.Leader.Name,
			"term", after.Term, "reason", after.Reason, "path", plan.path, "duration", duration)
	}
	eventType, reason, note := tell(plan)
	if reason == "" {
		return
	}
	event, err := newEvent(situation.source, s.written(key, plan), now)
	if err != nil {
		logf.FromContext(ctx).Error(err, "Failed to make Event", "reason", reason, "note", note)
		return
	}
	event.Type, event.Reason, event.Note = eventType, reason, fitNote(note)
	s.events.send(ctx, event)
}

// written is the slice that an Event tells of, in the version that was committed.
func (s *succession) written(key types.NamespacedName, plan plan) runtime.Object {
	record, _ := s.leaders.Peek(key)
	for _, write := range plan.writes {
		if slice := record.Slices[write.Desired.Name].Object; slice != nil {
			return slice
		}
	}
	return nil
}

// tell puts a commit into the words of an Event; no reason when there is nothing to tell.
func tell(plan plan) (eventType, reason, note string) {
	before, after := plan.before, plan.after
	switch {
	case after.Leader.Name == "" && plan.decision.Move:
		return corev1.EventTypeWarning, reasonNoLeader, fmt.Sprintf(
			"%s led and nobody can follow: no pod that the Service selects is ready and has any of its ports (term %d)", before.Leader.Name, after.Term)
	case after.Leader.Name == "" && after.Reason != before.Reason:
		// Its pods may not have been made yet: nothing to act upon so far.
		return corev1.EventTypeNormal, reasonNoLeader, "nobody can lead yet: no pod that the Service selects is ready and has any of its ports"
	case !after.Leader.Ready && before.Leader.Ready:
		return corev1.EventTypeWarning, reasonLastResort,
			after.Leader.Name + " is terminating and keeps the traffic as long as it serves: nobody can follow"
	case plan.decision.Move && before.Leader.Name != "":
		return corev1.EventTypeNormal, reasonLeaderChanged,
			fmt.Sprintf("%s leads after %s: %s (term %d)", after.Leader.Name, before.Leader.Name, after.Reason, after.Term)
	case plan.decision.Move:
		return corev1.EventTypeNormal, reasonLeaderChanged,
			fmt.Sprintf("%s leads: %s (term %d)", after.Leader.Name, after.Reason, after.Term)
	default:
		return "", "", ""
	}
}

// complain says what a user has to mend before the Service's pods can all lead, and lead without loss, once for each. Only the replica with the Lease
// does, or everything would be said as often as there are replicas.
func (s *succession) complain(key types.NamespacedName, situation situation, plan plan) {
	if !s.holds() {
		return
	}
	emit(s.recorder, s.complaints.news(key, grievances(situation, plan)))
}

// grievances are what is wrong with a Service's pods and slices.
func grievances(situation situation, plan plan) []complaint {
	var all []complaint
	for _, unfit := range plan.unfit {
		all = append(all, complaint{
			about: situation.source, related: unfit.pod, reason: reasonUnfitPod, action: actionElect,
			note: "pod " + unfit.pod.Name + " cannot lead: " + unfit.problem,
		})
	}
	for _, pod := range situation.pods {
		if _, err := config.ParsePriority(pod.Annotations); err != nil {
			all = append(all, complaint{
				about: pod, related: situation.source, reason: reasonInvalidAnnotation, action: actionRead,
				note: err.Error() + "; the priority is 0 until then",
			})
		}
		// Whoever creates pods is a controller as a rule, and nobody reads the warnings it is given.
		if wrong := config.PodWindowFor(pod, 0, 0).Wrong; wrong != nil {
			all = append(all, complaint{
				about: pod, related: situation.source, reason: reasonInvalidAnnotation, action: actionRead,
				note: wrong.Error() + "; what the pod's Services ask for was used when it was created",
			})
		}
	}
	for _, name := range plan.taken {
		all = append(all, complaint{about: situation.source, reason: reasonSliceTaken, action: actionElect, note: takenNote(situation, name)})
	}
	all = append(all, incomplete(situation, plan.decision)...)
	all = append(all, unprobed(situation, plan.decision)...)
	return append(all, windowless(situation, plan.decision)...)
}

// takenNote is about a slice that has the name of one of ours. Another name for the leader Service helps where there is no leader yet.
// Where one family has one, it would take that away from its clients.
func takenNote(situation situation, name string) string {
	note := "EndpointSlice " + name + " was not made by Tanist and is left alone: "
	if name == sliceNames(situation.leaderService)[0] {
		return note + "choose another name with " + config.LeaderServiceKey
	}
	return note + "until it is gone, this address family has no leader; have its maker stop, and then delete it"
}
