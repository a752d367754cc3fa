package status

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/config"
)

// Watched says whether Tanist would notice the loss of a leader that nobody announces, as far as the API tells. Whether Tanist reaches the
// node and the pod is known to its replicas alone: see the metric tanist_unwatched_leaders.
type Watched struct {
	// Node is true if a loss of the leader's node is noticed.
	Node bool `json:"node"`
	// Pod is true if a leader that crashes or hangs is noticed.
	Pod bool `json:"pod"`
	// Reasons say what is not noticed, and why.
	Reasons []string `json:"reasons,omitempty"`
}

// Why something of a leader is not watched. Other reasons name the annotation that says so.
const (
	ObserveOff        = "observe.enabled is false in the tuning"
	OnlyNode          = "the cluster has no other"
	Unprobed          = "it has no readiness probe"
	ProbeUnrepeatable = "no readiness probe of it can be repeated from another node, as an httpGet, grpc or tcpSocket to the pod itself can"
)

// Observation is what holds for all leaders. The zero value is what an installation has by default.
type Observation struct {
	// Off is true if the tuning switches it off.
	Off bool
	// OneNode is true if the cluster has a single node.
	OneNode bool
	// OnlyNamespaces are the only namespaces that may opt in, separated by commas; empty if all may, or if that is not known.
	OnlyNamespaces string
}

// MayOptIn reports whether the label has an effect in a namespace.
func (o Observation) MayOptIn(namespace string) bool {
	return o.OnlyNamespaces == "" || slices.Contains(strings.Split(o.OnlyNamespaces, ","), namespace)
}

// watched returns how the leader is watched. It is nil if nobody leads, or if the leader's pod is not known.
func (f findings) watched(l Leader) *Watched {
	if l.Leader == nil || f.leaderPod == nil {
		return nil
	}
	switch {
	case f.wanted.FollowLease != "":
		return &Watched{Reasons: []string{"the Service follows Lease " + f.wanted.FollowLease + ": its application notices a loss"}}
	case f.Observation.Off:
		return &Watched{Reasons: []string{ObserveOff}}
	case f.leaderPod.DeletionTimestamp != nil:
		return &Watched{Reasons: []string{"the leader is being deleted"}}
	}
	node, pod := f.nodeUnwatched(l), f.podUnwatched()
	w := &Watched{Node: node == "", Pod: pod == ""}
	if node != "" {
		w.Reasons = append(w.Reasons, "its node: "+node)
	}
	if pod != "" {
		w.Reasons = append(w.Reasons, "its pod: "+pod)
	} else if after := f.wanted.FreezeAfter; after != nil && *after == 0 {
		w.Reasons = append(w.Reasons, fmt.Sprintf("its pod, if it hangs: %s is 0s", config.FreezeAfterKey))
	}
	return w
}

// nodeUnwatched returns why a loss of the leader's node is not noticed; empty if it is.
func (f findings) nodeUnwatched(l Leader) string {
	switch after := f.wanted.LossAfter; {
	case after != nil && *after == 0:
		return config.LossAfterKey + " is 0s"
	case l.Leader.Node == "":
		return "it is not known"
	case f.Observation.OneNode:
		return OnlyNode
	}
	return ""
}

// podUnwatched returns why a leader that crashes or hangs is not noticed; empty if it is.
func (f findings) podUnwatched() string {
	switch {
	case !f.wanted.ProbePods:
		return config.ProbeKey + " is off"
	case config.RepeatableProbe(&f.leaderPod.Spec) != nil:
		return ""
	case hasReadinessProbe(&f.leaderPod.Spec):
		return ProbeUnrepeatable
	}
	return Unprobed
}

func hasReadinessProbe(spec *corev1.PodSpec) bool {
	for _, containers := range [][]corev1.Container{spec.Containers, spec.InitContainers} {
		for i := range containers {
			if containers[i].ReadinessProbe != nil {
				return true
			}
		}
	}
	return false
}
