package page

import (
	"cmp"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
)

// happening is a disruption with what identifies it. Informers show the same one again and again.
type happening struct {
	id string
	Disruption
}

// ofPod returns what has happened to a pod: what its present state tells, and what has changed since before. before is nil for a pod that was
// not known, and after for one that is gone.
func ofPod(before, after *corev1.Pod, now time.Time) []happening {
	if after == nil {
		if before.DeletionTimestamp != nil {
			return deletion(before)
		}
		return []happening{{"gone", Disruption{At: now, Text: "is gone, without a deletion that was seen"}}}
	}
	all := deletion(after)
	for _, condition := range after.Status.Conditions {
		switch at := condition.LastTransitionTime.Time; {
		case condition.Type == corev1.DisruptionTarget && condition.Status == corev1.ConditionTrue:
			all = append(all, happening{"announced", Disruption{
				At: at, Planned: true, Text: "was about to be evicted, preempted or deleted" + inBrackets(condition.Reason),
			}})
		// A pod that starts is not ready either. That is no disruption.
		case condition.Type == corev1.PodReady && before != nil && status.Ready(before) && !status.Ready(after) && after.DeletionTimestamp == nil:
			at = cmp.Or(at, now)
			all = append(all, happening{"not ready " + at.String(), Disruption{At: at, Text: "was no longer ready" + inBrackets(condition.Reason)}})
		}
	}
	if after.DeletionTimestamp == nil {
		all = append(all, ended(after)...)
	}
	return all
}

// deletion returns the deletion of a pod. The API server sets the time at which it should have ended.
func deletion(pod *corev1.Pod) []happening {
	if pod.DeletionTimestamp == nil {
		return nil
	}
	at := pod.DeletionTimestamp.Time
	if grace := pod.DeletionGracePeriodSeconds; grace != nil {
		at = at.Add(-time.Duration(*grace) * time.Second)
	}
	return []happening{{"deletion", Disruption{At: at, Planned: true, Text: "was asked to end: its deletion began"}}}
}

// ended returns the containers of a pod that have ended although nobody deleted the pod. Each has its last end, and the one before.
func ended(pod *corev1.Pod) []happening {
	var all []happening
	for i := range pod.Status.ContainerStatuses {
		container := &pod.Status.ContainerStatuses[i]
		for _, end := range []*corev1.ContainerStateTerminated{container.LastTerminationState.Terminated, container.State.Terminated} {
			if end != nil {
				all = append(all, happening{"ended " + container.Name + end.FinishedAt.String(), Disruption{
					At:   end.FinishedAt.Time,
					Text: fmt.Sprintf("ended: container %s, exit code %d%s", container.Name, end.ExitCode, inBrackets(end.Reason)),
				}})
			}
		}
	}
	return all
}

func inBrackets(text string) string {
	if text == "" {
		return ""
	}
	return " (" + text + ")"
}
