package planner

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/election"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/disruption"
	"github.com/tanist-dev/tanist/reconciler/notify"
)

// Warnings returns the problems of a Service's pods and slices.
func Warnings(in Input, p Plan) []notify.Warning {
	var all []notify.Warning
	for _, unfit := range p.unfit {
		all = append(all, notify.Warning{
			Object: in.Source, Related: unfit.pod, Reason: notify.ReasonUnfitPod, Action: notify.ActionElect,
			Note: "pod " + unfit.pod.Name + " cannot lead: " + unfit.problem,
		})
	}
	for _, pod := range in.Pods {
		if _, err := config.ParsePriority(pod.Annotations); err != nil {
			all = append(all, notify.Warning{
				Object: pod, Related: in.Source, Reason: notify.ReasonInvalidAnnotation, Action: notify.ActionRead,
				Note: err.Error() + "; until it is corrected, the priority is 0",
			})
		}
		if _, err := config.ParseCandidate(pod.Annotations); err != nil {
			all = append(all, notify.Warning{
				Object: pod, Related: in.Source, Reason: notify.ReasonInvalidAnnotation, Action: notify.ActionRead,
				Note: err.Error() + "; until it is corrected, the pod may lead",
			})
		}
		// Admission warns of this as well. But controllers create most pods, and nobody reads the warnings that they get.
		if wrong := config.PodWindowFor(pod, 0).Wrong; wrong != nil {
			all = append(all, notify.Warning{
				Object: pod, Related: in.Source, Reason: notify.ReasonInvalidAnnotation, Action: notify.ActionRead,
				Note: wrong.Error() + "; the pod was created with the drain window that its Services ask for",
			})
		}
	}
	for _, name := range p.takenNames {
		all = append(all, notify.Warning{Object: in.Source, Reason: notify.ReasonSliceTaken, Action: notify.ActionElect, Note: sliceTakenNote(in, name)})
	}
	return slices.Concat(all, wishWarnings(in, p), followedLeaseWarnings(in, p), leaderWarnings(in, p.Decision))
}

// sliceTakenNote returns the note about a slice that has the name of one of ours. If it has the name of the primary family's slice, Tanist
// writes no slice, and another name for the leader Service helps. Otherwise the primary family has a leader, and another name would take
// that away from its clients.
func sliceTakenNote(in Input, name string) string {
	note := "EndpointSlice " + name + " was not created by Tanist, so Tanist does not change it: "
	if name == leaderslice.Names(in.LeaderService)[0] {
		return note + "choose another name for the leader Service with the annotation " + config.LeaderServiceKey
	}
	return note + "its address family has no leader until it is deleted; first stop what creates it, then delete it"
}

// leaderWarnings returns the problems of the leader. A leader that is terminating has none: another pod is to follow it.
func leaderWarnings(in Input, decision election.Decision) []notify.Warning {
	leader := decision.Leader
	if leader == nil || leader.Terminating {
		return nil
	}
	pod := in.Pod(types.UID(leader.UID))
	if pod == nil {
		return nil
	}
	var all []notify.Warning
	if decision.KeptOutOfSight() {
		why := "no other pod is ready"
		if leader.SaysReady {
			why = "as long as it answers Tanist by its readiness probe, it stays"
		}
		all = append(all, notify.Warning{
			Object: in.Source, Related: pod, Reason: notify.ReasonLeaderOutOfSight, Action: notify.ActionElect,
			Note: "pod " + pod.Name + " keeps the traffic although it is not ready: Kubernetes does not hear from node " + leader.Node +
				", so the pod may well serve, and " + why,
		})
	}
	add := func(reason, problem string, expected bool) {
		if problem != "" {
			all = append(all, notify.Warning{
				Object: in.Source, Related: pod, Reason: reason, Action: notify.ActionElect, Expected: expected,
				Note: "pod " + pod.Name + " leads " + problem,
			})
		}
	}
	add(notify.ReasonLeaderIncomplete, incomplete(in, leader, pod), false)
	add(notify.ReasonNoReadinessProbe, unprobed(leader), true)
	add(notify.ReasonNoDrainWindow, withoutDrainWindow(in, decision, pod), true)
	return all
}

// incomplete describes a leader that lacks a port, or an address of a family that its Service requires. Clients of that port or family have
// no endpoint. Of the families that a Service only prefers, one is enough.
func incomplete(in Input, leader *election.Candidate, pod *corev1.Pod) string {
	if leader.Missing == 0 {
		return ""
	}
	_, lacks := leaderslice.SlicePorts(in.Source.Spec.Ports, pod)
	policy := in.LeaderService.Spec.IPFamilyPolicy
	if families := leaderslice.MissingFamilies(pod, leaderslice.Families(in.LeaderService)); len(families) > 0 &&
		(policy == nil || *policy != corev1.IPFamilyPolicyPreferDualStack) {
		lacks = slices.Insert(lacks, 0, disruption.MissingAddress(families))
	}
	if len(lacks) == 0 {
		return ""
	}
	return "but can receive only part of the traffic, until a pod is ready that can receive more: " + disruption.Summarize(lacks)
}

// unprobed describes a leader that counts as ready although no probe checks whether it serves. The user may know that it serves as soon as
// it runs, so the Event is Normal.
func unprobed(leader *election.Candidate) string {
	if !leader.Unprobed {
		return ""
	}
	return "without a readiness probe: it counts as ready as long as its containers run, whether or not it serves"
}

// withoutDrainWindow describes a leader that has no drain window although it should. When such a leader is deleted, it stops serving at
// once, while the traffic is still being moved. A leader whose disruption is announced is replaced before its deletion. A leader whose user
// opted it out is as intended.
func withoutDrainWindow(in Input, decision election.Decision, pod *corev1.Pod) string {
	if !decision.Ready || decision.Leader.Announced != election.NotAnnounced {
		return ""
	}
	if window, ownHook := config.DrainWindowOf(&pod.Spec); window > 0 || ownHook {
		return ""
	}
	reason := drainWindowReason(in, pod)
	if reason == "" {
		return ""
	}
	return "without a drain window, so requests fail if it is deleted while it leads: " + reason
}

// drainWindowReason says why a pod has no drain window although it should have one. It is empty when the pod should not.
func drainWindowReason(in Input, pod *corev1.Pod) string {
	asked := in.Options.DrainWindowOr(in.Tuning)
	switch wanted := config.PodWindowFor(pod, asked); {
	case asked == 0 && wanted.Window == 0:
		return ""
	case wanted.LeftAlone != "":
		return wanted.LeftAlone
	case wanted.Window > 0:
		return "it was created before the drain window applied; delete it only after another pod has led for a few seconds " +
			"(kubectl tanist handover), or leave it to the next rollout"
	default:
		return ""
	}
}

// wishWarnings returns what a user should know about wishes that hold a move back, or that contradict each other.
func wishWarnings(in Input, p Plan) []notify.Warning {
	var all []notify.Warning
	if next := p.Decision.HeldBack; next != nil {
		// The user has asked for it, so it is no Warning.
		all = append(all, notify.Warning{
			Object: in.Source, Reason: notify.ReasonHandoverHeldBack, Action: notify.ActionElect, Expected: true,
			Note: "pod " + next.Name + " would lead (" + string(p.Decision.HeldBackReason) + "), but the Service has " + config.PausedKey +
				": the leader moves when the pause ends, or when it is lost",
		})
	}
	if c := preferredExcluded(in.Options.PreferredLeader, p.candidates); c != nil {
		all = append(all, notify.Warning{
			Object: in.Source, Related: in.Pod(types.UID(c.UID)), Reason: notify.ReasonPreferredLeaderExcluded, Action: notify.ActionElect,
			Note: config.PreferredLeaderKey + " names pod " + c.Name + ", which is not made leader: " + c.Excluded +
				"; the other rules decide until that changes",
		})
	}
	return all
}

// preferredExcluded returns the preferred pod if it is excluded; nil otherwise.
func preferredExcluded(preferred string, candidates []election.Candidate) *election.Candidate {
	for i := range candidates {
		if preferred != "" && candidates[i].Name == preferred && candidates[i].Excluded != "" {
			return &candidates[i]
		}
	}
	return nil
}
