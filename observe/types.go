package observe

import (
	"net/netip"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// Verdict is why a pod is believed to be lost although the API does not say so. It is also the reason of the move that follows.
type Verdict string

const (
	// NotLost means that nothing is known of the pod, or that it was heard.
	NotLost Verdict = ""
	// NodeLost means that the pod's node has been silent for longer than the window.
	NodeLost Verdict = "NodeLost"
	// LeaderFrozen means that the pod's kernel answers and its process does not.
	LeaderFrozen Verdict = "LeaderFrozen"
	// LeaderCrashed means that the pod's process no longer listens.
	LeaderCrashed Verdict = "LeaderCrashed"
)

// Service is what an observer has to know of one Service with a leader.
type Service struct {
	// Leader is nil if nobody leads, or if the leader is already on its way out (it terminates).
	Leader *Pod
	// LeaderOutOfSight says that Kubernetes calls the leader not ready only because it no longer hears from its node. Then each replica asks the
	// leader itself whether it is ready.
	LeaderOutOfSight bool
	// Candidates are the other pods that could lead, the best first.
	Candidates []Pod
	// Marked are pods that a verdict has moved the leader away from, until their marks expire. Each replica must hear them itself before
	// they may lead again.
	Marked []Pod
	// LossAfter is how long the leader's node must have been silent. Zero switches NodeLost off.
	LossAfter time.Duration
	// FreezeAfter is for how long the leader must have left a request unanswered to count as hung. Zero switches LeaderFrozen off. If it is nil, the
	// readiness probe of the leader decides (see Probe.Patience).
	FreezeAfter *time.Duration
	// ProbePods allows connections to the pods. Without it, only their nodes are watched.
	ProbePods bool
}

// Pod is a pod that leads, or could lead.
type Pod struct {
	UID  types.UID
	Name string
	Node string
	// Probe is how the pod can be asked from outside. It is nil if that is not possible.
	Probe *Probe
}

// Probe is a readiness probe that can be repeated from another node.
type Probe struct {
	Kind    ProbeKind
	Address netip.AddrPort
	// Host, Path and Headers are of an HTTP request. Headers are in order, because a name may be there twice. Host is empty for the
	// address.
	Host, Path string
	Headers    []Header
	// Service is the service that a gRPC health check asks for; often empty.
	Service string
	// Timeout is timeoutSeconds.
	Timeout          time.Duration
	FailureThreshold int
}

// Header is one header of an HTTP request.
type Header struct{ Name, Value string }

// ProbeKind is how a pod is asked.
type ProbeKind string

const (
	ProbeHTTP  ProbeKind = "http"
	ProbeHTTPS ProbeKind = "https"
	ProbeGRPC  ProbeKind = "grpc"
	ProbeTCP   ProbeKind = "tcp"
)

// MinFreezeAfter is the shortest silence that is taken for a hang if the user did not ask for another.
const MinFreezeAfter = time.Second

// Patience is how long the user's own probe tolerates a hang, without the pauses between its attempts.
func (p *Probe) Patience() time.Duration {
	return max(p.Timeout*time.Duration(p.FailureThreshold), MinFreezeAfter)
}

// FreezeAfter returns for how long a pod must have left a request unanswered to count as hung, if its Service asks for this much or for nothing, and
// this is its probe, if any; zero for never.
func FreezeAfter(asked *time.Duration, probe *Probe) time.Duration {
	switch {
	case asked != nil:
		return *asked
	case probe != nil:
		return probe.Patience()
	default:
		return 0
	}
}

// Node is a node and its kubelet.
type Node struct {
	Name string
	Zone string
	// Kubelet is the kubelet's address; zero if it is not known.
	Kubelet netip.AddrPort
}

// Replica is a replica of Tanist.
type Replica struct {
	// Name is the name of its pod.
	Name string
	Node string
	// Address is where its peers ask it.
	Address netip.AddrPort
}
