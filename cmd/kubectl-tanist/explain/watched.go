package explain

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/observe"
)

// watched says how Tanist notices a loss of the leader that nobody announces, and what it does not notice.
func (e *elected) watched(l status.Leader, tuning config.Tuning) []string {
	if l.Watched == nil {
		return nil
	}
	var all []string
	if l.Watched.Node {
		all = append(all, fmt.Sprintf("its node %s, by the kubelet: lost when it has been silent for %s", l.Leader.Node, e.options.LossAfterOr(tuning)))
	}
	if pod := e.pods[l.Leader.UID]; l.Watched.Pod && pod != nil {
		probe := config.RepeatableProbe(&pod.Spec)
		text := "its pod, by its readiness probe (" + probeText(probe) + "): a crash at once"
		if after := e.freezeAfter(probe); after > 0 {
			text += fmt.Sprintf(", a hang when it has not answered for %s", after)
		}
		all = append(all, text)
	}
	for _, reason := range l.Watched.Reasons {
		all = append(all, "not "+reason)
	}
	return all
}

// freezeAfter returns for how long the leader must have left a request unanswered to count as hung; zero for never.
func (e *elected) freezeAfter(probe *corev1.Probe) time.Duration {
	repeated := observe.Probe{Timeout: time.Duration(probe.TimeoutSeconds) * time.Second, FailureThreshold: int(probe.FailureThreshold)}
	return observe.FreezeAfter(e.options.FreezeAfter, &repeated)
}

func probeText(probe *corev1.Probe) string {
	switch {
	case probe.HTTPGet != nil:
		return fmt.Sprintf("httpGet %s on port %s", probe.HTTPGet.Path, probe.HTTPGet.Port.String())
	case probe.GRPC != nil:
		return fmt.Sprintf("grpc on port %d", probe.GRPC.Port)
	default:
		return "tcpSocket on port " + probe.TCPSocket.Port.String()
	}
}
