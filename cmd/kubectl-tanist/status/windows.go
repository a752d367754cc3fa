package status

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/config"
)

// windows returns the warnings about a leader and a successor that have no drain window. The successor counts, because it is the next
// leader, and a window is added only to pods that are created.
func (f findings) windows(l Leader) []Warning {
	leader, successor := "", f.windowless(f.podNamed(l.Successor))
	if l.Leader != nil && l.Leader.Ready {
		leader = f.windowless(f.leaderPod)
	}
	switch {
	case leader != "" && successor != "":
		return []Warning{{NoDrainWindow, "a plain delete of " + l.Leader.Name + " costs requests: " + leader +
			". Its successor " + l.Successor + " has none either"}}
	case leader != "":
		return []Warning{{NoDrainWindow, "a plain delete of " + l.Leader.Name + " costs requests: " + leader}}
	case successor != "":
		return []Warning{{SuccessorNoWindow, "once it leads, a plain delete of " + l.Successor + " costs requests: " + successor}}
	}
	return nil
}

// windowless is Windowless for the pods of the Service. Few users may read the tuning, so its defaults are assumed. If it asks for no window,
// the pod still has none.
func (f findings) windowless(pod *corev1.Pod) string {
	return Windowless(pod, f.wanted.DrainWindowOr(config.DefaultTuning()))
}

// Windowless returns why a pod stops serving as soon as its deletion begins, although its Services ask for a window. It is empty if the pod
// keeps serving, if it should have no drain window, if it is being deleted, and for nil.
func Windowless(pod *corev1.Pod, asked time.Duration) string {
	if pod == nil || pod.DeletionTimestamp != nil {
		return ""
	}
	if window, ownHook := config.DrainWindowOf(&pod.Spec); window > 0 || ownHook {
		return ""
	}
	switch wanted := config.PodWindowFor(pod, asked); {
	case wanted.Window > 0:
		return "it was created before the window applied; delete it only after another pod has led for a few seconds " +
			"(kubectl tanist handover), or leave it to the next rollout"
	case asked > 0:
		return wanted.LeftAlone
	default:
		return ""
	}
}
