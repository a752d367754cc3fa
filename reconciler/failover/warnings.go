package failover

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

// withoutDrainWindow tells of a leader that would cost requests if it were simply deleted: it stops serving at once, while the traffic is
// still being moved. One that is announced to go is followed before that, and one whose user opted it out is as wanted.
func withoutDrainWindow(in input, decision election.Decision) []notify.Warning {
	leader := decision.Leader
	if leader == nil || !decision.Ready || leader.Terminating || leader.Announced != election.NotAnnounced {
		return nil
	}
	pod := in.pod(types.UID(leader.UID))
	if pod == nil {
		return nil
	}
	if window, ownHook := config.DrainWindowOf(&pod.Spec); window > 0 || ownHook {
		return nil
	}
	note := drainWindowNote(pod, in)
	if note == "" {
		return nil
	}
	return []notify.Warning{{
		Object: in.source, Related: pod, Reason: notify.ReasonNoDrainWindow, Action: notify.ActionElect, Expected: true,
		Note: "pod " + pod.Name + " leads and has no drain window, so deleting it plainly costs requests: " + note,
	}}
}

// drainWindowNote says why a pod has no window although it should; empty when it should not.
func drainWindowNote(pod *corev1.Pod, in input) string {
	asked := in.options.DrainWindowOr(in.tuning)
	switch wanted := config.PodWindowFor(pod, asked, in.tuning.Election.LongestDrainWindow()); {
	case asked == 0 && wanted.Window == 0:
		return ""
	case wanted.LeftAlone != "":
		return wanted.LeftAlone
	case wanted.Window > 0:
		return "it was created before the window applied; delete it only after another pod has led for a few seconds " +
			"(kubectl tanist handover), or leave it to the next rollout"
	default:
		return ""
	}
}

// unprobed tells of a leader that counts as ready although nothing has asked whether it answers. Its user may know that it is up at
// once, so this is no warning.
func unprobed(in input, decision election.Decision) []notify.Warning {
	leader := decision.Leader
	if leader == nil || !leader.Unprobed || leader.Terminating {
		return nil
	}
	pod := in.pod(types.UID(leader.UID))
	if pod == nil {
		return nil
	}
	return []notify.Warning{{
		Object: in.source, Related: pod, Reason: notify.ReasonNoReadinessProbe, Action: notify.ActionElect, Expected: true,
		Note: "pod " + pod.Name + " leads and has no readiness probe: it counts as ready as soon as its containers have started, " +
			"and as long as they run, whether it answers or not",
	}}
}

// incomplete tells of a leader that lacks a port, or an address of a family that its Service requires: clients of that port or family
// have no endpoint. Of families that a Service only prefers, one is enough.
func incomplete(in input, decision election.Decision) []notify.Warning {
	leader := decision.Leader
	if leader == nil || leader.Terminating || leader.Missing == 0 {
		return nil
	}
	pod := in.pod(types.UID(leader.UID))
	if pod == nil {
		return nil
	}
	_, lacks := leaderslice.SlicePorts(in.source.Spec.Ports, pod)
	policy := in.leaderService.Spec.IPFamilyPolicy
	if families := leaderslice.MissingFamilies(pod, leaderslice.Families(in.leaderService)); len(families) > 0 &&
		(policy == nil || *policy != corev1.IPFamilyPolicyPreferDualStack) {
		lacks = slices.Insert(lacks, 0, disruption.NoAddress(families))
	}
	if len(lacks) == 0 {
		return nil
	}
	return []notify.Warning{{
		Object: in.source, Related: pod, Reason: notify.ReasonLeaderIncomplete, Action: notify.ActionElect,
		Note: "pod " + pod.Name + " leads and carries only a part of the traffic, until a pod is ready that carries more: " +
			disruption.InWords(lacks),
	}}
}

// warnings are what is wrong with a Service's pods and slices.
func warnings(in input, plan plan) []notify.Warning {
	var all []notify.Warning
	for _, unfit := range plan.unfit {
		all = append(all, notify.Warning{
			Object: in.source, Related: unfit.pod, Reason: notify.ReasonUnfitPod, Action: notify.ActionElect,
			Note: "pod " + unfit.pod.Name + " cannot lead: " + unfit.problem,
		})
	}
	for _, pod := range in.pods {
		if _, err := config.ParsePriority(pod.Annotations); err != nil {
			all = append(all, notify.Warning{
				Object: pod, Related: in.source, Reason: notify.ReasonInvalidAnnotation, Action: notify.ActionRead,
				Note: err.Error() + "; the priority is 0 until then",
			})
		}
		// Whoever creates pods is a controller as a rule, and nobody reads the warnings it is given.
		if wrong := config.PodWindowFor(pod, 0, 0).Wrong; wrong != nil {
			all = append(all, notify.Warning{
				Object: pod, Related: in.source, Reason: notify.ReasonInvalidAnnotation, Action: notify.ActionRead,
				Note: wrong.Error() + "; what the pod's Services ask for was used when it was created",
			})
		}
	}
	for _, name := range plan.taken {
		all = append(all, notify.Warning{Object: in.source, Reason: notify.ReasonSliceTaken, Action: notify.ActionElect, Note: takenNote(in, name)})
	}
	all = append(all, incomplete(in, plan.decision)...)
	all = append(all, unprobed(in, plan.decision)...)
	return append(all, withoutDrainWindow(in, plan.decision)...)
}

// takenNote is about a slice that has the name of one of ours. Another name for the leader Service helps where there is no leader yet.
// Where one family has one, it would take that away from its clients.
func takenNote(in input, name string) string {
	note := "EndpointSlice " + name + " was not made by Tanist and is left alone: "
	if name == leaderslice.Names(in.leaderService)[0] {
		return note + "choose another name with " + config.LeaderServiceKey
	}
	return note + "until it is gone, this address family has no leader; have its maker stop, and then delete it"
}
