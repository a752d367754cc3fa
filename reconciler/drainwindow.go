package reconciler

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/election"
)

// windowless tells of a leader that would cost requests if it were simply deleted: it stops serving at once, while the traffic is
// still being moved. One that is announced to go is followed before that, and one whose user opted it out is as wanted.
func windowless(situation situation, decision election.Decision) []complaint {
	leader := decision.Leader
	if leader == nil || !decision.Ready || leader.Terminating || leader.Announced != election.NotAnnounced {
		return nil
	}
	pod := situation.pod(types.UID(leader.UID))
	if pod == nil {
		return nil
	}
	if window, ownHook := config.DrainWindowOf(&pod.Spec); window > 0 || ownHook {
		return nil
	}
	note := windowlessNote(pod, situation)
	if note == "" {
		return nil
	}
	return []complaint{{
		about: situation.source, related: pod, reason: reasonNoDrainWindow, action: actionElect, known: true,
		note: "pod " + pod.Name + " leads and has no drain window, so deleting it plainly costs requests: " + note,
	}}
}

// windowlessNote says why a pod has no window although it should; empty when it should not.
func windowlessNote(pod *corev1.Pod, situation situation) string {
	asked := situation.options.DrainWindowOr(situation.tuning)
	switch wanted := config.PodWindowFor(pod, asked, situation.tuning.Election.LongestDrainWindow()); {
	case asked == 0 && wanted.Window == 0:
		return ""
	case wanted.LeftAlone != "":
		return wanted.LeftAlone
	case wanted.Window > 0:
		return "it was created before the window applied; re-create it"
	default:
		return ""
	}
}
