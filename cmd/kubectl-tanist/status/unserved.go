package status

import (
	"fmt"

	"github.com/tanist-dev/tanist/config"
)

// unserved returns the warning about a leader that does not serve as the EndpointSlices say. While Tanist runs, such a leader is replaced at
// once if any pod can follow.
func (f findings) unserved(l Leader) []Warning {
	switch leader := l.Leader; {
	case leader == nil:
		return nil
	case leader.State == PodGone:
		return []Warning{{LeaderGone, fmt.Sprintf(
			"pod %s no longer exists, has finished or is not selected any more, and the EndpointSlices still send it the traffic: %s", leader.Name, behind)}}
	case !leader.Ready && leader.State == PodNotReady:
		return []Warning{{LeaderNotReady, "it keeps the traffic as long as it may serve, because no other pod is ready"}}
	case !leader.Ready:
		return []Warning{{LeaderTerminating, "it is being deleted and keeps the traffic, because no other pod is ready"}}
	case leader.State == PodTerminating:
		return []Warning{{LeaderTerminating, "it is being deleted, and the EndpointSlices still say that it is ready: " + behind}}
	case leader.State == PodNotReady && f.wanted.NotReadyGrace > 0:
		return []Warning{{LeaderNotReady, fmt.Sprintf("pod %s is not ready and keeps the traffic for at most %s (%s); after that: %s",
			leader.Name, f.wanted.NotReadyGrace, config.NotReadyGraceKey, behind)}}
	case leader.State == PodNotReady:
		return []Warning{{LeaderNotReady, fmt.Sprintf("pod %s is not ready, and the EndpointSlices still send it the traffic: %s", leader.Name, behind)}}
	}
	return nil
}

// behind says why the EndpointSlices may show another state than the pod.
const behind = "either Tanist moves the leader in a moment, or it is not running, or Kubernetes does not hear from the pod's node, " +
	"and the pod tells Tanist that it is ready, or no other pod is"
