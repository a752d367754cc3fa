package failover

import (
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/notify"
)

// warnings returns the problems of a Service's pods and slices.
func warnings(in input, p plan) []notify.Warning {
	var all []notify.Warning
	for _, ineligible := range p.ineligible {
		all = append(all, notify.Warning{
			Object: in.source, Related: ineligible.pod, Reason: notify.ReasonUnfitPod, Action: notify.ActionElect,
			Note: "pod " + ineligible.pod.Name + " cannot lead: " + ineligible.problem,
		})
	}
	for _, pod := range in.pods {
		if _, err := config.ParsePriority(pod.Annotations); err != nil {
			all = append(all, notify.Warning{
				Object: pod, Related: in.source, Reason: notify.ReasonInvalidAnnotation, Action: notify.ActionRead,
				Note: err.Error() + "; until it is corrected, the priority is 0",
			})
		}
		// Admission warns of this as well. But controllers create most pods, and nobody reads the warnings that they get.
		if wrong := config.PodWindowFor(pod, 0, 0).Wrong; wrong != nil {
			all = append(all, notify.Warning{
				Object: pod, Related: in.source, Reason: notify.ReasonInvalidAnnotation, Action: notify.ActionRead,
				Note: wrong.Error() + "; the pod was created with the drain window that its Services ask for",
			})
		}
	}
	for _, name := range p.takenNames {
		all = append(all, notify.Warning{Object: in.source, Reason: notify.ReasonSliceTaken, Action: notify.ActionElect, Note: sliceTakenNote(in, name)})
	}
	return append(all, leaderWarnings(in, p.decision)...)
}

// sliceTakenNote returns the note about a slice that has the name of one of ours. If it has the name of the primary family's slice, Tanist
// writes no slice, and another name for the leader Service helps. Otherwise the primary family has a leader, and another name would take
// that away from its clients.
func sliceTakenNote(in input, name string) string {
	note := "EndpointSlice " + name + " was not created by Tanist, so Tanist does not change it: "
	if name == leaderslice.Names(in.leaderService)[0] {
		return note + "choose another name for the leader Service with the annotation " + config.LeaderServiceKey
	}
	return note + "its address family has no leader until it is deleted; first stop what creates it, then delete it"
}
